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
  /// How many windows or samples a row is made of, where that is known before.
  var weight = 0
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
    var stream = VectorStream(roster: roster, steps: steps, marks: marks) { range, worker, body in
      try rows(range, worker) { series, row in
        try change(series, row)
        try body(series, row)
      }
    }
    stream.weight = weight
    return stream
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

/// Rows in memory, in pieces as large as what was found, not as what was asked for.
///
/// Written by one thread, or by several each its own rows; then only read.
final class RowStore: @unchecked Sendable {
  // They own the memory.
  private let builders: [RowBuilder]
  private let rows: [UnsafeMutablePointer<Double>]
  let steps: Int

  /// `rows` rows without any value.
  convenience init(rows count: Int, steps: Int) {
    let builder = RowBuilder(steps: steps)
    for _ in 0..<count { builder.appendAbsent() }
    self.init([builder], steps: steps)
  }

  /// The rows of several builders, in order.
  init(_ builders: [RowBuilder], steps: Int) {
    self.builders = builders
    rows = builders.flatMap(\.rows)
    self.steps = steps
  }

  /// The rows of several stores, in order.
  init(joining stores: [RowStore]) {
    builders = stores.flatMap(\.builders)
    rows = stores.flatMap(\.rows)
    steps = stores.first?.steps ?? 0
  }

  @inline(__always)
  func row(_ index: Int) -> Row { Row(start: rows[index], count: steps) }
}

/// Gathers the rows of one block, some at a time. Used by one thread at a time.
final class RowBuilder: @unchecked Sendable {
  private var pieces: [UnsafeMutablePointer<Double>] = []
  fileprivate private(set) var rows: [UnsafeMutablePointer<Double>] = []
  private let steps: Int
  private let rowsPerPiece: Int

  init(steps: Int) {
    self.steps = steps
    rowsPerPiece = max(1, min(Blocks.size, (1 << 16) / max(1, steps)))
  }

  deinit { for piece in pieces { piece.deallocate() } }

  func append(_ row: Row) {
    if let source = row.baseAddress { next().initialize(from: source, count: steps) }
  }

  func appendAbsent() { next().initialize(repeating: Absent.value, count: steps) }

  private func next() -> UnsafeMutablePointer<Double> {
    let place = rows.count % rowsPerPiece
    if place == 0 {
      pieces.append(UnsafeMutablePointer<Double>.allocate(capacity: rowsPerPiece * steps))
    }
    rows.append(pieces[pieces.count - 1] + place * steps)
    return rows[rows.count - 1]
  }
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

  /// The rows of all `tables`, in order; they stay where they are.
  init(joining tables: [Table]) {
    roster = Roster(joining: tables.map(\.roster))
    store = RowStore(joining: tables.map(\.store))
    let isMarked = tables.contains { table in (0..<table.count).contains { table.marks[$0] } }
    marks = isMarked ? .some(tables.flatMap { $0.marks.list($0.count) }) : .none
  }

  /// The rows at `positions`, in that order.
  func picking(_ positions: [Int32]) -> Table {
    let picked = RowStore(rows: positions.count, steps: steps)
    for (index, position) in positions.enumerated() {
      _ = picked.row(index).update(fromContentsOf: store.row(Int(position)))
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

/// How many samples the query may still hold.
final class Budget: Sendable {
  private let used = Atomic<Int>(0)
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  func take(_ samples: Int) throws {
    let total = used.add(samples, ordering: .relaxed).newValue
    if total > limit {
      throw EngineError.limit(
        "query processing would load too many samples into memory in query execution: "
          + "query_samples allows \(limit); narrow the selectors, shorten the time range or widen "
          + "the step")
    }
  }
}
