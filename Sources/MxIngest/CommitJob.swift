import MxCodec
import MxModel
import MxStore
import Synchronization

/// One commit of an intake, done while the intake reads on: sorting and encoding
/// take as long as parsing does.
final class CommitJob: Sendable {
  /// What is stored, and what came of it.
  struct Work: Sendable {
    let store: Store
    let report: Report
    var options: CommitOptions
    /// The ids of the inputs inside, where they have one, each with the first of its rows.
    var inputs: [(id: ContentHash?, firstRow: Int)]
    var batch: SampleBatch
    var duplicates = DuplicateCounts()
    /// Inputs that another run took meanwhile, and their rows without those that count.
    var repeated = 0
    var repeatedRows = 0

    init(
      _ store: Store, _ report: Report, _ options: CommitOptions,
      inputs: [(id: ContentHash?, firstRow: Int)], batch: SampleBatch
    ) {
      self.store = store
      self.report = report
      self.options = options
      self.inputs = inputs
      self.batch = batch
    }
  }

  private let work: Mutex<Work>

  init(_ work: Work) { self.work = Mutex(work) }

  /// `spill`: a writer that holds rows of the same commit already.
  func run(spill: StoreWriter? = nil) throws {
    try work.withLock { try $0.run(spill: spill) }
  }

  /// Hands the outcome over; once, after `run`.
  func finished() -> Work {
    work.withLock { work in
      var result = work
      work.batch = SampleBatch()
      result.batch.series = SeriesTable()
      return result
    }
  }
}

extension CommitJob.Work {
  mutating func run(spill: StoreWriter?) throws {
    var spill = spill
    while batch.count > 0 || spill != nil {
      let writer = spill ?? StoreWriter(store, options)
      options.batches = inputs.compactMap(\.id)
      writer.options = options
      do {
        try writer.append(batch)
        try writer.commit()
      } catch StoreError.held(let id) {
        writer.discard()
        let held = try store.heldBatches(report)
        options.batchesCheckedTo = held.sequence
        giveUp(id, whole: spill != nil)
        spill = nil
        continue
      }
      duplicates += writer.result.duplicates
      return
    }
  }

  /// Another run took the input `id` while this one read it.
  private mutating func giveUp(_ id: ContentHash, whole: Bool) {
    guard let index = inputs.firstIndex(where: { $0.id == id }) else {
      preconditionFailure("BUG: an input of another commit")
    }
    // A container that spilled is all there is.
    let first = whole ? 0 : inputs[index].firstRow
    let end =
      whole || index + 1 == inputs.count ? batch.count : inputs[index + 1].firstRow
    repeatedRows += batch.refs[first..<end].count { ref in
      !EventCount.isCount(batch.series.labels(ref).metricName ?? "")
    }
    batch.removeRows(first..<end)
    for later in inputs.indices.dropFirst(index + 1) { inputs[later].firstRow -= end - first }
    inputs.remove(at: index)
    repeated += 1
  }
}
