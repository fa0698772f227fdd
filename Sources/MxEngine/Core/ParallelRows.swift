import Glibc
import MxModel

/// Computing streams on all threads.
extension Evaluator {
  /// Computes all of `stream`, on all threads.
  func table(_ stream: VectorStream) throws -> Table { try rows(stream).table }

  /// The same, and which series of `stream` each row is.
  func rows(_ stream: VectorStream) throws -> (table: Table, series: [Int32]) {
    let series = stream.roster.count
    let steps = stream.steps
    let found = try parts(stream)
    let store = RowStore(found.map(\.rows), steps: steps)
    let positions = found.flatMap(\.series)
    if positions.count == series {
      return (Table(roster: stream.roster, marks: stream.marks, store: store), positions)
    }
    let table = Table(
      roster: stream.roster.picking(positions), marks: stream.marks.picking(positions),
      store: store)
    return (table, positions)
  }

  /// Rows of neighbouring series that have values.
  private struct Part {
    let rows: RowBuilder
    var series: [Int32] = []
  }

  /// Rows do not depend on each other, so the blocks of few series may be of any
  /// size. Where it is not known how much there is to do, the time that a first few take
  /// says whether another thread is worth its start and the pages that two then decode (a
  /// year of hourly windows of 100 series is, 100 gauges of an hour are not).
  private func parts(_ stream: VectorStream) throws -> [Part] {
    let series = stream.roster.count
    if options.threads == 1 || series > Blocks.size {
      return try parts(stream, Blocks.count(series)) { Blocks.range($0, of: series) }
    }
    if stream.weight * series >= Evaluator.worthThreads { return try shared(stream, 0..<series) }
    let start = Evaluator.clock()
    var first: [Part] = []
    var taken = 0
    for (taste, worthThreads) in Evaluator.tastes where taken < series {
      let upTo = min(series, taste)
      first.append(try part(stream, taken..<upTo, 0))
      taken = upTo
      let left = series - taken
      let expected = (Evaluator.clock() - start) / Double(taken) * Double(left)
      if expected < worthThreads { continue }
      return try first + shared(stream, taken..<series)
    }
    if taken < series { first.append(try part(stream, taken..<series, 0)) }
    return first
  }

  /// After so many series: the seconds of work ahead from which on a second thread helps.
  /// The first ones open files and decode pages of many, so they say less.
  private static let tastes = [(2, 0.012), (8, 0.004)]

  /// So many windows are some 5 ms of work (2026-11-29).
  private static let worthThreads = 200_000

  /// Computes these series on all threads. Neighbours are read from the same pages, so each
  /// thread has its own stretch of them; its pieces become smaller towards the end,
  /// where another may take them.
  private func shared(_ stream: VectorStream, _ series: Range<Int>) throws -> [Part] {
    let threads = min(options.threads, series.count)
    var pieces: [Range<Int>] = []
    var shares: [Range<Int>] = []
    for thread in 0..<threads {
      var left =
        series.lowerBound + thread * series.count / threads..<series.lowerBound + (thread + 1)
        * series.count / threads
      let first = pieces.count
      while !left.isEmpty {
        let end = left.lowerBound + (left.count + 1) / 2
        pieces.append(left.lowerBound..<end)
        left = end..<left.upperBound
      }
      shares.append(first..<pieces.count)
    }
    let parts = Slots<Part>(pieces.count)
    try parallelFor(shares: shares) { [expiry, pieces] piece, worker in
      try expiry.check()
      parts.set(piece, try self.part(stream, pieces[piece], worker))
    }
    return parts.take()
  }

  private static func clock() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private func parts(
    _ stream: VectorStream, _ count: Int, _ range: @escaping @Sendable (Int) -> Range<Int>
  ) throws -> [Part] {
    let parts = Slots<Part>(count)
    try forEachBlock(count) { block, worker in
      parts.set(block, try self.part(stream, range(block), worker))
    }
    return parts.take()
  }

  private func part(_ stream: VectorStream, _ range: Range<Int>, _ worker: Int) throws -> Part {
    var part = Part(rows: RowBuilder(steps: stream.steps))
    try stream.rows(range, worker) { number, row in
      guard row.hasValues else { return }
      try budget.take(stream.steps)
      part.rows.append(row)
      part.series.append(Int32(truncatingIfNeeded: number))
    }
    return part
  }

  /// Runs blocks on all threads; stops where the time is over.
  func forEachBlock(
    _ count: Int, _ body: @escaping @Sendable (_ block: Int, _ worker: Int) throws -> Void
  ) throws {
    try parallelFor(count: count, workers: options.threads) { [expiry] block, worker in
      try expiry.check()
      try body(block, worker)
    }
  }
}
