import MxCLI
import MxIngest
import MxJSON
import MxModel
import MxStore

/// The way of batches that a run made itself into the store: through the gate,
/// one commit a round.
final class BatchWriter {
  /// `--dry-run`: the first rows are shown and nothing is written.
  let isDry: Bool
  private let run: Run
  private let source: String
  private var session: IngestSession?
  private var lane: GateLane?
  private(set) var samples = 0
  /// Whether something was refused, in any round.
  private(set) var hasRefused = false

  /// Rows that `--dry-run` shows.
  private static let shown = 20

  /// `source` is what refusals name.
  init(_ source: String, _ run: Run) {
    self.source = source
    self.run = run
    isDry = run.arguments.has("dry-run")
  }

  /// Takes the rows of `batch`, whose series stay, without a commit. All batches of
  /// a round have one table of series.
  func take(_ batch: inout SampleBatch, now: Int64) throws {
    if isDry { return try show(&batch) }
    if session == nil {
      let begun = try IngestSession(run, now: now)
      try begun.intake.checkSpace()
      session = begun
      lane = begun.gate.lane(source: source)
    }
    guard let session, let lane else { preconditionFailure("BUG: no session") }
    try session.intake.take(&batch, lane)
  }

  /// Makes the round durable, with its own figures beside it. `refused`: lines that did
  /// not become rows.
  func commit(
    _ figures: [(name: String, value: Double, help: String)], refused: Int, now: Int64
  ) throws {
    guard let session else { return }
    var own = SelfSamples.batch(
      tool: run.arguments.table.name, verb: run.verb, try figures + standing(session, refused),
      at: now)
    let count = own.count
    try session.intake.take(&own, session.gate.lane(source: "mx"))
    if try session.finish(saysSummary: false) != .success { hasRefused = true }
    samples += max(0, session.intake.result.samples - count)
    self.session = nil
    lane = nil
  }

  /// What the gate has to say of the round, under the names of `--stats-file`.
  private func standing(
    _ session: IngestSession, _ refused: Int
  ) throws -> [(name: String, value: Double, help: String)] {
    let tally = session.intake.result.tally
    return [
      ("samples", Double(tally.passed), "Samples committed."),
      ("refused", Double(session.intake.result.refused + refused), "Lines refused."),
      ("dropped", Double(tally.droppedRows), "Samples dropped by relabelling."),
      ("counter_resets", Double(tally.resets), "Decreases of counters."),
      IngestSession.limitUsed(try session.gate.pressures()),
    ]
  }

  private func show(_ batch: inout SampleBatch) throws {
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
    batch.removeRows()
    batch.metadata = []
  }
}
