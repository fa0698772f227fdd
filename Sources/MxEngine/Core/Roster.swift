import MxModel

/// Who the series of a vector are.
///
/// Labels stay where they are, as small numbers in the source's columns, until
/// somebody asks for a whole label set: the output, or a message. An operation that
/// sets a label anew lays a column over the base's; `or` puts rosters end to end.
struct Roster: Sendable {
  private indirect enum Base: Sendable {
    case selection(any Selection)
    case sets([LabelSet])
    /// Rosters end to end, and where each begins.
    case joined([Roster], starts: [Int])
  }

  private let base: Base
  /// Position -> number in the base; nil where they are the same.
  private let refs: [Int32]?
  private let filter: LabelFilter
  /// Labels that are not the base's, by position; the filter hides what they replace.
  private let overlays: [LabelOverlay]
  let count: Int

  init(_ selection: any Selection) {
    self.init(.selection(selection), count: selection.count)
  }

  init(_ sets: [LabelSet]) {
    self.init(.sets(sets), count: sets.count)
  }

  /// The series of all `rosters`, in order.
  init(joining rosters: [Roster]) {
    var starts: [Int] = []
    var count = 0
    for roster in rosters {
      starts.append(count)
      count += roster.count
    }
    self.init(.joined(rosters, starts: starts), count: count)
  }

  private init(
    _ base: Base, refs: [Int32]? = nil, filter: LabelFilter = .all,
    overlays: [LabelOverlay] = [], count: Int
  ) {
    self.base = base
    self.refs = refs
    self.filter = filter
    self.overlays = overlays
    self.count = count
  }

  static let empty = Roster([LabelSet]())

  /// These series with fewer labels.
  func dropping(_ names: Set<String>) -> Roster {
    Roster(
      base, refs: refs, filter: filter.dropping(names),
      overlays: overlays.filter { !names.contains($0.name) }, count: count)
  }

  func keeping(_ names: Set<String>) -> Roster {
    Roster(
      base, refs: refs, filter: filter.keeping(names),
      overlays: overlays.filter { names.contains($0.name) }, count: count)
  }

  /// These series with one label set anew, by position.
  func setting(_ name: String, to column: LabelColumn) -> Roster {
    let others = dropping([name])
    return Roster(
      base, refs: refs, filter: others.filter,
      overlays: others.overlays + [LabelOverlay(name, column)], count: count)
  }

  /// The series at `positions`, in that order.
  func picking(_ positions: [Int32]) -> Roster {
    let picked = refs.map { refs in positions.map { refs[Int($0)] } } ?? positions
    return Roster(
      base, refs: picked, filter: filter, overlays: overlays.map { $0.picking(positions) },
      count: positions.count)
  }

  private func number(_ position: Int) -> Int { refs.map { Int($0[position]) } ?? position }

  // MARK: Label sets

  func labels(_ position: Int) throws -> LabelSet {
    let number = number(position)
    let whole =
      switch base {
      case .selection(let selection): try selection.labels(number)
      case .sets(let sets): sets[number]
      case .joined(let rosters, let starts):
        try Roster.labels(number, rosters, starts)
      }
    return whole.key.withUnsafeBytes { LabelSet(key: finished($0, position, filter.cutter)) }
  }

  private static func labels(
    _ number: Int, _ rosters: [Roster], _ starts: [Int]
  ) throws -> LabelSet {
    let part = starts.lastIndex { $0 <= number } ?? 0
    return try rosters[part].labels(number - starts[part])
  }

  /// So many labels are put together from columns; more are cut from whole keys.
  private static let fewLabels = 4

  func allLabels() throws -> [LabelSet] {
    var result: [LabelSet] = []
    result.reserveCapacity(count)
    if case .selection = base, case .keeping(let names) = filter, names.count <= Roster.fewLabels {
      let columns = try names.map { LabelOverlay($0, try column($0)) } + overlays
      return Roster.sets(of: columns, count: count)
    }
    let cutter = filter.cutter
    try forEachBase { position, key in
      result.append(LabelSet(key: finished(key, position, cutter)))
    }
    return result
  }

  /// The label sets that have these labels and no others.
  private static func sets(of labels: [LabelOverlay], count: Int) -> [LabelSet] {
    let labels = labels.sorted { $0.escapedName.lexicographicallyPrecedes($1.escapedName) }
    return (0..<count).map { position in
      var key: [UInt8] = []
      for label in labels {
        let value = label.escapedValue(position)
        if value.isEmpty { continue }
        key.reserveCapacity(key.count + label.escapedName.count + value.count + 2)
        key += label.escapedName
        key.append(0)
        key += value
        key.append(0)
      }
      return LabelSet(key: key)
    }
  }

  /// Calls `body` with the key that the base has for each position, in order.
  private func forEachBase(_ body: (Int, UnsafeRawBufferPointer) throws -> Void) throws {
    switch base {
    case .selection(let selection):
      var position = 0
      try selection.keys(refs ?? (0..<Int32(count)).map { $0 }) { key in
        try body(position, key)
        position += 1
      }
    case .sets(let sets):
      for position in 0..<count {
        try sets[number(position)].key.withUnsafeBytes { try body(position, $0) }
      }
    case .joined(let rosters, let starts):
      var position = 0
      func tell(_ labels: [LabelSet]) throws {
        for set in labels {
          try set.key.withUnsafeBytes { try body(position, $0) }
          position += 1
        }
      }
      guard let refs else {
        for roster in rosters { try tell(roster.allLabels()) }
        return
      }
      for run in Roster.runs(of: refs, starts, count: rosters.reduce(0) { $0 + $1.count }) {
        try tell(rosters[run.part].picking(run.positions).allLabels())
      }
    }
  }

  /// `refs` cut where the next one is of another part.
  private static func runs(
    of refs: [Int32], _ starts: [Int], count: Int
  ) -> [(part: Int, positions: [Int32])] {
    var runs: [(part: Int, positions: [Int32])] = []
    var inside = 0..<0
    for ref in refs {
      if !inside.contains(Int(ref)) {
        let part = starts.lastIndex { $0 <= Int(ref) } ?? 0
        inside = starts[part]..<(part + 1 < starts.count ? starts[part + 1] : count)
        runs.append((part, []))
      }
      runs[runs.count - 1].positions.append(ref - Int32(inside.lowerBound))
    }
    return runs
  }

  /// The base's key with the filter and the overlays applied.
  private func finished(
    _ key: UnsafeRawBufferPointer, _ position: Int, _ cutter: LabelCutter
  ) -> [UInt8] {
    if overlays.isEmpty, cutter.changesNothing { return Array(key) }
    var result: [UInt8] = []
    cutter.append(key, to: &result)
    for overlay in overlays {
      result =
        LabelCutter.setting(
          LabelSet(key: result), escaped: overlay.escapedName, to: overlay.escapedValue(position)
        ).key
    }
    return result
  }

  // MARK: Columns

  /// Labels lie in a source's columns, as numbers.
  var hasColumns: Bool {
    switch base {
    case .selection: true
    case .sets: false
    case .joined(let rosters, _): rosters.allSatisfy(\.hasColumns)
    }
  }

  /// One series' metric name, "" where it has none.
  func metricName(_ position: Int) throws -> String {
    guard filter.allows(LabelName.metric) || overlays.contains(where: \.isMetric) else {
      return ""
    }
    return try labels(position).metricName ?? ""
  }

  /// The names of all labels that any series has, sorted.
  func labelNames() throws -> [String] {
    let names =
      switch base {
      case .selection(let selection): selection.labelNames
      case .sets(let sets): Roster.names(of: (0..<count).map { sets[number($0)] })
      case .joined(let rosters, _):
        Array(try rosters.reduce(into: Set<String>()) { $0.formUnion(try $1.labelNames()) })
      }
    return (names.filter { filter.allows($0) } + overlays.map(\.name)).sorted()
  }

  /// The names of all labels in `sets`, sorted.
  static func names(of sets: [LabelSet]) -> [String] {
    var names = SeriesTable()
    for labels in sets {
      labels.key.withUnsafeBytes { bytes in
        var cursor = LabelCursor(bytes)
        while let pair = cursor.next() { _ = names.intern(pair.name) }
      }
    }
    return (0..<names.count).map { names.withKey(UInt32($0)) { LabelKey.text($0) } }.sorted()
  }

  /// One label of all series as small numbers; 0 is the missing label.
  func column(_ name: String) throws -> LabelColumn {
    if let overlay = overlays.first(where: { $0.name == name }) { return overlay.column }
    guard filter.allows(name) else {
      return LabelColumn(ids: [UInt32](repeating: 0, count: count), values: [""])
    }
    switch base {
    case .selection(let selection): return picked(try selection.column(name))
    case .joined(let rosters, _):
      return picked(LabelColumn(joining: try rosters.map { try $0.column(name) }))
    case .sets(let sets):
      let wanted = LabelKey.escaped(Array(name.utf8))
      var known = SeriesTable()
      _ = known.intern(LabelSet.empty)
      var column = LabelColumn(ids: [], values: [])
      column.ids.reserveCapacity(count)
      for position in 0..<count {
        column.ids.append(Roster.value(of: wanted, in: sets[number(position)], &known))
      }
      column.values = (0..<known.count).map { known.withKey(UInt32($0)) { LabelKey.text($0) } }
      return column
    }
  }

  private func picked(_ column: LabelColumn) -> LabelColumn {
    guard let refs else { return column }
    return LabelColumn(ids: refs.map { column.ids[Int($0)] }, values: column.values)
  }

  private static func value(
    of name: [UInt8], in labels: LabelSet, _ known: inout SeriesTable
  ) -> UInt32 {
    labels.key.withUnsafeBytes { bytes in
      var cursor = LabelCursor(bytes)
      while let pair = cursor.next() {
        if name.withUnsafeBytes({ LabelKey.compare($0, pair.name) == 0 }) {
          return known.intern(pair.value)
        }
      }
      return 0
    }
  }
}

/// A label that an operation set, of all series of a roster.
struct LabelOverlay: Sendable {
  let name: String
  let column: LabelColumn
  let escapedName: [UInt8]
  private let escapedValues: [[UInt8]]

  init(_ name: String, _ column: LabelColumn) {
    self.name = name
    self.column = column
    escapedName = LabelKey.escaped(Array(name.utf8))
    escapedValues = column.values.map { LabelKey.escaped(Array($0.utf8)) }
  }

  private init(_ other: LabelOverlay, picking positions: [Int32]) {
    name = other.name
    column = LabelColumn(
      ids: positions.map { other.column.ids[Int($0)] }, values: other.column.values)
    escapedName = other.escapedName
    escapedValues = other.escapedValues
  }

  var isMetric: Bool { name == LabelName.metric }

  func escapedValue(_ position: Int) -> [UInt8] { escapedValues[Int(column.ids[position])] }

  func picking(_ positions: [Int32]) -> LabelOverlay {
    LabelOverlay(self, picking: positions)
  }
}

extension LabelColumn {
  /// The columns end to end, with common numbers; values in order of first appearance.
  init(joining columns: [LabelColumn]) {
    var known: [String: UInt32] = ["": 0]
    self.init(ids: [], values: [""])
    ids.reserveCapacity(columns.reduce(0) { $0 + $1.ids.count })
    for column in columns {
      let common = column.values.map { value -> UInt32 in
        let next = UInt32(values.count)
        let id = known[value] ?? next
        if id == next {
          known[value] = next
          values.append(value)
        }
        return id
      }
      for id in column.ids { ids.append(common[Int(id)]) }
    }
  }
}
