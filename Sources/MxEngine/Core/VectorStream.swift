import MxModel
import Synchronization

/// Whose metric name is to be dropped at the end (delayed name removal).
enum NameMarks: Sendable {
  case none
  case all
  case some([Bool])

  @inline(__always)
  subscript(series: Int) -> Bool {
    switch self {
    case .none: false
    case .all: true
    case .some(let marks): marks[series]
    }
  }

  func picking(_ positions: [Int32]) -> NameMarks {
    if case .some(let marks) = self { return .some(positions.map { marks[Int($0)] }) }
    return self
  }

  func list(_ count: Int) -> [Bool] { (0..<count).map { self[$0] } }
}

/// An instant vector at all steps, computed series by series when asked.
///
/// `rows` calls its last argument once for each series of a range, in order,
/// that has a value at any step. The row is the callee's to change, and valid
/// only during the call. Two threads may ask at once as different workers.
struct VectorStream: Sendable {
  typealias Body = (_ series: Int, _ row: Row) throws -> Void
  typealias Rows = @Sendable (_ series: Range<Int>, _ worker: Int, _ body: Body) throws -> Void

  var roster: Roster
  var steps: Int
  var marks: NameMarks
  let rows: Rows

  init(roster: Roster, steps: Int, marks: NameMarks = .none, rows: @escaping Rows) {
    self.roster = roster
    self.steps = steps
    self.marks = marks
    self.rows = rows
  }

  static func empty(steps: Int) -> VectorStream {
    VectorStream(roster: .empty, steps: steps) { _, _, _ in }
  }

  /// The same series with each row changed in place. Rows that lose all their
  /// values are passed on; whoever counts looks.
  func mapping(_ change: @escaping @Sendable (_ series: Int, _ row: Row) throws -> Void)
    -> VectorStream
  {
    let rows = rows
    return VectorStream(roster: roster, steps: steps, marks: marks) { range, worker, body in
      try rows(range, worker) { series, row in
        try change(series, row)
        try body(series, row)
      }
    }
  }

  /// One step's values at each of `steps` steps.
  func broadcast(to steps: Int) -> VectorStream {
    if steps == self.steps { return self }
    let rows = rows
    return VectorStream(roster: roster, steps: steps, marks: marks) { range, worker, body in
      let wide = Row.allocate(capacity: steps)
      defer { wide.deallocate() }
      try rows(range, worker) { series, row in
        wide.initialize(repeating: row[0])
        try body(series, wide)
      }
    }
  }
}

/// Work is cut into blocks of this many series; sums are folded block by block,
/// so the number is part of what a sum is.
enum Blocks {
  static let size = 256

  static func count(_ series: Int) -> Int { (series + size - 1) / size }

  static func range(_ block: Int, of series: Int) -> Range<Int> {
    block * size..<min(series, (block + 1) * size)
  }
}

/// Rows in memory: only series that have values, one after the other.
final class RowStore: @unchecked Sendable {
  // Written by several threads only while it is made, each its own block.
  let base: UnsafeMutablePointer<Double>
  let steps: Int

  init(rows: Int, steps: Int) {
    base = UnsafeMutablePointer<Double>.allocate(capacity: max(1, rows * steps))
    self.steps = steps
  }

  deinit { base.deallocate() }

  @inline(__always)
  func row(_ index: Int) -> Row { Row(start: base + index * steps, count: steps) }
}

/// An instant vector at all steps, in memory.
struct Table: Sendable {
  var roster: Roster
  var marks: NameMarks
  let store: RowStore

  var count: Int { roster.count }
  var steps: Int { store.steps }

  @inline(__always)
  func row(_ series: Int) -> Row { store.row(series) }

  init(roster: Roster, marks: NameMarks, store: RowStore) {
    self.roster = roster
    self.marks = marks
    self.store = store
  }

  /// `count` rows without any value, to be filled.
  init(roster: Roster, marks: NameMarks = .none, steps: Int) {
    self.roster = roster
    self.marks = marks
    store = RowStore(rows: roster.count, steps: steps)
    store.base.initialize(repeating: Absent.value, count: max(1, roster.count * steps))
  }

  var stream: VectorStream {
    let store = store
    return VectorStream(roster: roster, steps: steps, marks: marks) { range, _, body in
      let copy = Row.allocate(capacity: store.steps)
      defer { copy.deallocate() }
      for series in range {
        let row = store.row(series)
        guard row.hasValues else { continue }
        _ = copy.update(fromContentsOf: row)
        try body(series, copy)
      }
    }
  }

  /// The rows at `positions`, in that order.
  func picking(_ positions: [Int32]) -> Table {
    let picked = RowStore(rows: positions.count, steps: steps)
    for (index, position) in positions.enumerated() {
      (picked.base + index * steps).update(from: store.base + Int(position) * steps, count: steps)
    }
    return Table(
      roster: roster.picking(positions), marks: marks.picking(positions), store: picked)
  }

  /// Without rows that have no value.
  func compacted() -> Table {
    let positions = (0..<Int32(count)).filter { row(Int($0)).hasValues }
    return positions.count == count ? self : picking(positions)
  }
}

extension Evaluator {
  /// Computes all of `stream`, on all threads.
  func table(_ stream: VectorStream) throws -> Table {
    let series = stream.roster.count
    let steps = stream.steps
    let blocks = Blocks.count(series)
    let store = RowStore(rows: series, steps: steps)
    let found = Mutex([[Int32]](repeating: [], count: blocks))
    try forEachBlock(blocks) { block, worker in
      var kept: [Int32] = []
      var next = block * Blocks.size
      try stream.rows(Blocks.range(block, of: series), worker) { number, row in
        guard row.hasValues else { return }
        (store.base + next * steps).update(from: row.baseAddress ?? store.base, count: steps)
        next += 1
        kept.append(Int32(truncatingIfNeeded: number))
      }
      try self.budget.take(kept.count * steps)
      found.withLock { $0[block] = kept }
    }
    let perBlock = found.withLock { $0 }
    var positions: [Int32] = []
    for (block, kept) in perBlock.enumerated() where !kept.isEmpty {
      let from = store.base + block * Blocks.size * steps
      let to = store.base + positions.count * steps
      if from != to { to.update(from: from, count: kept.count * steps) }
      positions += kept
    }
    if positions.count == series {
      return Table(roster: stream.roster, marks: stream.marks, store: store)
    }
    return Table(
      roster: stream.roster.picking(positions), marks: stream.marks.picking(positions),
      store: store)
  }

  /// Runs blocks on all threads; stops where the time is over.
  func forEachBlock(
    _ count: Int, _ body: @escaping @Sendable (_ block: Int, _ worker: Int) throws -> Void
  ) throws {
    let hasExpired = options.hasExpired
    try parallelFor(count: count, workers: options.threads) { block, worker in
      if let hasExpired, hasExpired() { throw EngineError.timeout }
      try body(block, worker)
    }
  }
}

/// How many samples the query may still hold.
final class Budget: Sendable {
  private let used = Atomic<Int>(0)
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  func take(_ samples: Int) throws {
    let total = used.add(samples, ordering: .relaxed).newValue
    if total > limit {
      throw EngineError.limit(
        "query processing would load too many samples into memory in query execution: more than "
          + "\(limit); narrow the selectors, shorten the time range or widen the step")
    }
  }
}
