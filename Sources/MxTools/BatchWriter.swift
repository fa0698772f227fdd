import MxCLI
import MxFiles
import MxJSON
import MxModel
import MxStore

/// The way of a run's own batches into the store: one commit each.
final class BatchWriter {
  let store: Store
  let settings: Settings
  /// `--dry-run`: the first rows are shown and nothing is written.
  let isDry: Bool
  private let run: Run
  private let labels: [(name: String, value: String)]
  private(set) var samples = 0

  /// Rows that `--dry-run` shows.
  private static let shown = 20

  init(_ settings: Settings, _ run: Run) throws {
    self.settings = settings
    self.run = run
    store = Store(path: run.common.store, files: DiskFileSystem())
    isDry = run.arguments.has("dry-run")
    labels = try run.arguments.pairs("label") + settings.labels
  }

  func commit(_ batch: SampleBatch, now: Int64) throws {
    if batch.count == 0 { return }
    if isDry { return try show(batch) }
    var options = CommitOptions(now: now)
    options.lockWait = run.common.lock.seconds
    options.conflict = settings.conflict
    let writer = StoreWriter(store, options)
    try writer.append(batch)
    try writer.commit()
    samples += writer.result.samples
  }

  private func show(_ batch: SampleBatch) throws {
    var table = TableWriter([("series", .left), ("time", .left), ("value", .right)])
    for row in 0..<min(batch.count, Self.shown) {
      table.append([
        "\(batch.series.labels(batch.refs[row]))", TimeText.rfc3339(batch.times[row]),
        MxJSON.NumberText.general(batch.values[row]),
      ])
    }
    try table.write(to: run.output)
    if batch.count > Self.shown {
      run.output.summary("\(batch.count - Self.shown) more samples are not shown")
    }
  }
}
