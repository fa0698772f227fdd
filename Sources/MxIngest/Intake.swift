import MxCodec
import MxFiles
package import MxFormats
package import MxModel
package import MxStore

/// How an input becomes samples of the store.
package struct IntakeOptions: Sendable {
  /// The present, ms.
  package var now: Int64
  /// Nil: recognised by content.
  package var format: Format?
  package var decoding: FormatOptions
  /// The time of samples without one was said: a file's own does not count.
  package var hasTimestamp = false
  /// False: everything is read and checked, and nothing written.
  package var stores = true
  /// Labels of the command line: the gate adds them, and what is refused remembers them.
  package var labels: [(name: String, value: String)] = []
  /// Names the inputs of the run; nil: by content.
  package var batchID: String?
  package var lockWait: Double = 60
  /// The store's conflict policy from now on; nil leaves it.
  package var conflict: ConflictPolicy?
  package var grace: Int64?
  /// Rows of one commit: 2 Mi are 40 MiB, and as much again while they are sorted.
  package var batchRows = 1 << 21
  /// What is decoded at a time; pieces begin at multiples of it, however an input
  /// arrives, because its commits must fall on the same bytes when it comes again.
  package var pieceSize = 1 << 20
  /// Whether commits are made while more is read.
  package var isParallel = true
  /// Below so many free bytes, or such a share of the disk, nothing is taken.
  package var minFreeBytes = 0
  package var minFreeShare = 0.0

  package init(now: Int64) {
    self.now = now
    decoding = FormatOptions(defaultTime: now)
  }
}

/// What came of all inputs of a run.
package struct IntakeResult: Sendable {
  package var inputs = 0
  package var bytes = 0
  /// Samples that are in the store now and were not before: each event of an instant,
  /// but no sample that came twice.
  package var samples = 0
  package var series = 0
  /// Inputs, or parts of them, that the store had already, and their rows.
  package var repeated = 0
  package var repeatedRows = 0
  package var duplicates = DuplicateCounts()
  package var tally = GateTally()
  /// The first of the lines and samples that were refused.
  package var refusals: [Refusal] = []
  package var commits = 0
  package var pressures: [LimitPressure] = []
  /// The first samples, where nothing is stored.
  package var preview: [(labels: LabelSet, sample: Sample)] = []

  package init() {}

  /// Lines and samples refused.
  package var refused: Int { tally.problems + tally.refusedRows }
}

/// Takes inputs of any format into a store, several of them in one commit.
///
/// Memory is one batch of two million rows and the labels of the series seen: a
/// longer stream is committed as it goes, and each commit names what of
/// the stream it holds. Fed again, an input goes on behind the last of these.
package final class Intake {
  private let store: Store
  private let options: IntakeOptions
  private let gate: Gate
  private let report: Report
  private let rejects: RejectedWriter?
  package private(set) var result = IntakeResult()
  /// What the input turned out to be that was read last.
  package private(set) var format: Format?
  /// The inputs that the next commit carries: their ids, where they have one, each with
  /// the first of its rows.
  private var pending: [(id: ContentHash?, firstRow: Int)] = []
  private var held: HeldBatches?
  /// Rows that were counted as taken, and that another run took meanwhile.
  private var rowsGivenUp = 0
  /// Holds rows of one container that is too large for memory and not at its end.
  private var spill: StoreWriter?

  /// The commit that is being made.
  private var job: (work: CommitJob, thread: Background)?

  /// Above so many bytes of labels a commit is waited for: the table is shared with
  /// it, and a new series would copy it.
  private static let sharedKeys = 32 << 20
  /// Samples that a run shows which stores nothing.
  private static let previewRows = 20
  /// Refusals kept for telling.
  private static let shown = 100

  package init(
    _ store: Store, _ options: IntakeOptions, _ gate: Gate, _ report: Report,
    rejects: RejectedWriter? = nil
  ) {
    self.store = store
    self.options = options
    self.gate = gate
    self.report = report
    self.rejects = rejects
  }

  /// Takes rows that were decoded elsewhere, such as a scrape. `lane` is the
  /// caller's for all batches of one table of series.
  package func take(_ batch: inout SampleBatch, _ lane: GateLane) throws {
    try gate.pass(&batch, lane)
    result.inputs += 1
    account(lane)
    if gate.batch.count >= options.batchRows { try commit() }
  }

  /// Reads one input to its end. `next` fills a buffer and returns how much; 0 is
  /// the end, nil that nobody waits for it: whole lines of a pipe count then, and a file
  /// up to the last of its commits, behind which it goes on when it comes again. `delivery`: what makes it the same as an earlier one, where the run names
  /// none. `modified`: the time of samples that carry none.
  /// `format` where it is not that of the run; `lines`: what messages call its lines.
  package func take(
    name: String, _ delivery: Delivery, format: Format? = nil, modified: Int64?,
    lines: [Int] = [],
    next: (UnsafeMutableRawBufferPointer) throws -> Int?
  ) throws {
    result.inputs += 1
    var options = options
    if let format { options.format = format }
    let input = IntakeInput(
      name, delivery, options, gate, modified: modified, number: result.inputs)
    input.lane.lineNumbers = lines
    input.firstRow = gate.batch.count
    input.firstRefusal = result.refusals.count
    do {
      if try isHeld(input.identity.announced) {
        result.repeated += 1
        return try drain(next)
      }
      if try read(input, next) {
        try end(input)
      } else {
        try leave(input)
      }
    } catch {
      spill?.discard()
      spill = nil
      rejects?.discard()
      gate.removeRows(from: min(input.firstRow, gate.batch.count))
      _ = gate.takeRefusals()
      throw error
    }
    if gate.batch.count >= options.batchRows { try commit() }
  }

  /// Keeps refusals of an earlier run that could not be tried again.
  package func keep(_ refusals: [Refusal]) throws {
    try rejects?.add(refusals)
    try rejects?.end()
  }

  /// Whether it came to its end.
  private func read(
    _ input: IntakeInput, _ next: (UnsafeMutableRawBufferPointer) throws -> Int?
  ) throws -> Bool {
    let unpack = Inflater(acceptsPlain: true)
    let piece = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(options.pieceSize, 1 << 16), alignment: 64)
    defer { piece.deallocate() }
    while true {
      guard let count = try next(piece) else {
        try input.flush { try take($0, of: input) }
        try pass(input) { input, batch in
          try input.stream.stop(into: &batch, problems: &input.problems)
        }
        return false
      }
      if count == 0 { break }
      result.bytes += count
      try unpack.push(UnsafeRawBufferPointer(rebasing: piece[..<count])) { plain in
        try input.add(plain) { try take($0, of: input) }
      }
    }
    try unpack.finish { plain in try input.add(plain) { try take($0, of: input) } }
    try input.flush { try take($0, of: input) }
    try pass(input) { input, batch in
      try input.stream.finish(into: &batch, problems: &input.problems)
    }
    return true
  }

  /// One piece of the plain input.
  private func take(_ piece: UnsafeRawBufferPointer, of input: IntakeInput) throws {
    input.identity.update(piece)
    try pass(input) { input, batch in
      try input.stream.feed(piece, into: &batch, problems: &input.problems)
    }
    // Of many series more rows: a commit costs a look at each series it has.
    let rows = options.batchRows + 4 * input.stream.textsKnown
    if input.rowsSinceBoundary >= rows { try boundary(input) }
  }

  /// Decodes what `decode` has, and lets it through the gate.
  private func pass(
    _ input: IntakeInput, _ decode: (IntakeInput, inout SampleBatch) throws -> Void
  ) throws {
    let before = input.lane.tally.rows
    defer { format = input.stream.format }
    if gate.isDirect {
      let first = gate.batch.count
      try gate.pass(input.lane) { batch in
        try decode(input, &batch)
        input.noteTimes(batch.times[first...])
      }
    } else {
      try decode(input, &input.batch)
      input.noteTimes(input.batch.times[...])
      try gate.pass(&input.batch, input.lane)
    }
    input.rowsSinceBoundary += input.lane.tally.rows - before
    gate.note(&input.problems, format: input.stream.format, input.lane)
    try keepRefusals(defaultTime: input.defaultTime)
  }

  /// `defaultTime`: of samples without a time in the input that is being read.
  private func keepRefusals(defaultTime: Int64? = nil) throws {
    var (refusals, more) = gate.takeRefusals()
    if refusals.isEmpty, more == 0 { return }
    var context = RefusalContext(options)
    if defaultTime != options.now { context.time = defaultTime }
    for index in refusals.indices {
      refusals[index].context = refusals[index].isSample ? context.ofSample : context
    }
    result.refusals += refusals.prefix(Intake.shown - min(Intake.shown, result.refusals.count))
    try rejects?.add(refusals)
    rejects?.add(uncounted: more)
  }

  // MARK: - Commits

  /// A long input is cut here: what it gave so far becomes durable under its own
  /// name, or is dropped where an earlier run has done that.
  private func boundary(_ input: IntakeInput) throws {
    input.rowsSinceBoundary = 0
    if !options.stores { return look() }
    if input.stream.isContainer { return try spillOver(input) }
    let id = input.identity.prefix()
    if try isHeld(id) {
      dropRepeated(input)
    } else {
      pending.append((id, input.firstRow))
      account(input.lane)
      try commit()
    }
    input.firstRow = gate.batch.count
    input.firstRefusal = result.refusals.count
  }

  /// A container counts as a whole or not at all: what does not fit into memory
  /// waits on disk, uncommitted.
  private func spillOver(_ input: IntakeInput) throws {
    if spill == nil, input.firstRow > 0 {
      // Earlier inputs are done and must not wait for this one.
      let rows = gate.withdraw(from: input.firstRow)
      try commit()
      gate.restore(rows)
      input.firstRow = 0
    }
    try settle()
    let writer = spill ?? StoreWriter(store, commitOptions())
    spill = writer
    try writer.append(gate.batch)
    gate.removeRows()
  }

  private func end(_ input: IntakeInput) throws {
    let id = input.identity.whole()
    if input.isEmpty { return }
    if try isHeld(id) {
      dropRepeated(input)
      return
    }
    account(input.lane)
    try rejects?.end()
    pending.append((id, input.firstRow))
    if spill != nil { try commit() }
  }

  /// An input that was not read to its end.
  private func leave(_ input: IntakeInput) throws {
    if input.identity.whole() == nil, !input.stream.isContainer {
      account(input.lane)
      try rejects?.end()
      pending.append((nil, input.firstRow))
      return
    }
    spill?.discard()
    spill = nil
    drop(input)
  }

  private func dropRepeated(_ input: IntakeInput) {
    result.repeated += 1
    result.repeatedRows += input.lane.tally.passed
    drop(input)
  }

  /// Takes back what an input gave since its last commit.
  private func drop(_ input: IntakeInput) {
    input.lane.tally = GateTally()
    result.refusals.removeLast(result.refusals.count - input.firstRefusal)
    gate.removeRows(from: input.firstRow)
    rejects?.discard()
  }

  /// Moves what a lane counted to the run's figures.
  private func account(_ lane: GateLane) {
    result.tally += lane.tally
    lane.tally = GateTally()
  }

  private func isHeld(_ id: ContentHash?) throws -> Bool {
    guard let id, options.stores else { return false }
    if held == nil { held = try store.heldBatches(report) }
    return held?.ids.contains(id) ?? false || pending.contains { $0.id == id }
  }

  private func commitOptions() -> CommitOptions {
    var commit = CommitOptions(now: options.now)
    commit.lockWait = options.lockWait
    commit.conflict = options.conflict
    commit.batches = pending.compactMap(\.id)
    commit.batchesCheckedTo = held?.sequence
    if let grace = options.grace { commit.grace = grace }
    return commit
  }

  /// Makes all that was taken so far durable, or begins to: `finish` waits for it.
  package func commit() throws {
    try settle()
    try join()
    try rejects?.seal()
    if !options.stores {
      look()
    } else if gate.batch.count > 0 || spill != nil {
      try checkSpace()
      try begin()
    }
    for id in pending.compactMap(\.id) { held?.ids.insert(id) }
    pending = []
  }

  /// Keeps the first rows to be shown, and forgets all.
  private func look() {
    for row in 0..<min(gate.batch.count, Intake.previewRows - result.preview.count) {
      let labels = gate.batch.series.labels(gate.batch.refs[row])
      result.preview.append(
        (labels, Sample(time: gate.batch.times[row], value: gate.batch.values[row])))
    }
    gate.removeRows()
  }

  private func settle() throws {
    for lane in gate.settle() { account(lane) }
    try keepRefusals()
  }

  private func begin() throws {
    result.commits += 1
    let isSmall = gate.batch.count < options.batchRows
    let keys = gate.batch.series.keyBytes
    let work = CommitJob(
      CommitJob.Work(
        store, report, commitOptions(), inputs: pending, batch: gate.detach()))
    if spill != nil || isSmall || keys > Intake.sharedKeys || !options.isParallel {
      try work.run(spill: spill)
      spill = nil
      account(work)
      return
    }
    job = (work, Background { try work.run() })
  }

  /// Waits for the commit that is being made.
  private func join() throws {
    guard let (work, thread) = job else { return }
    job = nil
    try thread.join()
    account(work)
  }

  private func account(_ work: CommitJob) {
    var done = work.finished()
    result.duplicates += done.duplicates
    result.repeated += done.repeated
    result.repeatedRows += done.repeatedRows
    rowsGivenUp += done.repeatedRows
    gate.recycle(&done.batch)
  }

  /// Commits the rest and says what is to be said.
  package func finish() throws {
    try commit()
    try join()
    result.series = gate.series
    if options.stores {
      result.samples =
        result.tally.passed - rowsGivenUp - result.duplicates.identical
        - result.duplicates.conflicting
    }
    result.pressures = try gate.conclude()
    try keepMetadata()
    if result.duplicates.conflicting > 0 {
      report.warn(
        "\(result.duplicates.conflicting) samples have the instant of another of their series "
          + "(times are whole milliseconds): the policy 'on_conflict' decided")
    }
  }

  /// Types and helps without a sample wait for one.
  private func keepMetadata() throws {
    if !options.stores { return }
    if result.commits == 0 { try gate.letMetadataWait() }
    try gate.saveWaiting()
  }

  /// Refuses before a disk is full: the manifest and the ledger need space too.
  package func checkSpace() throws {
    guard options.minFreeBytes > 0 || options.minFreeShare > 0,
      let space = try store.freeSpace()
    else { return }
    let needed = max(options.minFreeBytes, Int(Double(space.total) * options.minFreeShare))
    if space.free < needed { throw IntakeError.lowSpace(free: space.free, needed: needed) }
  }

  private func drain(_ next: (UnsafeMutableRawBufferPointer) throws -> Int?) throws {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)
    defer { piece.deallocate() }
    while let count = try next(piece), count > 0 { result.bytes += count }
  }
}

/// Why an input was not taken.
package enum IntakeError: Error, Equatable {
  /// The bytes look like none of the formats.
  case unknownFormat
  /// Compressed in a way that is not undone here; the program that does.
  case packed(kind: String, program: String)
  /// The disk has less free than is to stay free.
  case lowSpace(free: Int, needed: Int)
}
