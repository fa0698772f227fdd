import MxModel

/// Which labels of a series are left.
enum LabelFilter: Hashable, Sendable {
  case all
  case dropping(Set<String>)
  case keeping(Set<String>)

  func dropping(_ names: Set<String>) -> LabelFilter {
    switch self {
    case .all: .dropping(names)
    case .dropping(let others): .dropping(others.union(names))
    case .keeping(let kept): .keeping(kept.subtracting(names))
    }
  }

  func keeping(_ names: Set<String>) -> LabelFilter {
    switch self {
    case .all: .keeping(names)
    case .dropping(let dropped): .keeping(names.subtracting(dropped))
    case .keeping(let kept): .keeping(kept.intersection(names))
    }
  }

  func allows(_ name: String) -> Bool {
    switch self {
    case .all: true
    case .dropping(let names): !names.contains(name)
    case .keeping(let names): names.contains(name)
    }
  }

  func apply(_ labels: LabelSet) -> LabelSet { cutter.cut(labels) }

  /// This filter made ready for many label sets.
  var cutter: LabelCutter {
    switch self {
    case .all: LabelCutter([], keeps: false)
    case .dropping(let names): LabelCutter(names, keeps: false)
    case .keeping(let names): LabelCutter(names, keeps: true)
    }
  }
}

/// Label sets cut and changed as bytes, without being taken apart into strings.
struct LabelCutter: Sendable {
  private let names: [[UInt8]]
  private let keeps: Bool

  /// Keeps the labels of these names only, or all but these.
  init(_ names: Set<String>, keeps: Bool) {
    self.names = names.map { LabelKey.escaped(Array($0.utf8)) }
    self.keeps = keeps
  }

  var changesNothing: Bool { names.isEmpty && !keeps }

  func cut(_ labels: LabelSet) -> LabelSet {
    if changesNothing { return labels }
    var key: [UInt8] = []
    labels.key.withUnsafeBytes { append($0, to: &key) }
    return LabelSet(key: key)
  }

  /// Appends what is left of `bytes` to `key`.
  func append(_ bytes: UnsafeRawBufferPointer, to key: inout [UInt8]) {
    key.reserveCapacity(key.count + bytes.count)
    var cursor = LabelCursor(bytes)
    while let pair = cursor.next() {
      guard isNamed(pair.name) == keeps else { continue }
      key.append(contentsOf: pair.name)
      key.append(0)
      key.append(contentsOf: pair.value)
      key.append(0)
    }
  }

  private func isNamed(_ name: UnsafeRawBufferPointer) -> Bool {
    for wanted in names where wanted.count == name.count {
      let isEqual = wanted.withUnsafeBytes { LabelKey.compare($0, name) == 0 }
      if isEqual { return true }
    }
    return false
  }

  /// `labels` with one label set anew; an empty value removes it.
  static func setting(
    _ labels: LabelSet, _ name: [UInt8], to value: [UInt8]
  ) -> LabelSet {
    let name = LabelKey.escaped(name)
    let value = LabelKey.escaped(value)
    var key: [UInt8] = []
    key.reserveCapacity(labels.key.count + name.count + value.count + 2)
    var isWritten = value.isEmpty
    func write() {
      key += name
      key.append(0)
      key += value
      key.append(0)
      isWritten = true
    }
    labels.key.withUnsafeBytes { bytes in
      var cursor = LabelCursor(bytes)
      while let pair = cursor.next() {
        let order = name.withUnsafeBytes { LabelKey.compare($0, pair.name) }
        if order <= 0, !isWritten { write() }
        if order == 0 { continue }
        key.append(contentsOf: pair.name)
        key.append(0)
        key.append(contentsOf: pair.value)
        key.append(0)
      }
    }
    if !isWritten { write() }
    return LabelSet(key: key)
  }
}

/// Who the series of a vector are.
///
/// Labels stay where they are, as small numbers in the source's columns, until
/// somebody asks for a whole label set: the output, or a message.
struct Roster: Sendable {
  enum Base: Sendable {
    case selection(any Selection)
    case sets([LabelSet])
  }

  private let base: Base
  /// Position -> number in the base; nil where they are the same.
  private let refs: [Int32]?
  private let filter: LabelFilter
  let count: Int

  init(_ selection: any Selection) {
    base = .selection(selection)
    refs = nil
    filter = .all
    count = selection.count
  }

  init(_ sets: [LabelSet]) {
    base = .sets(sets)
    refs = nil
    filter = .all
    count = sets.count
  }

  private init(base: Base, refs: [Int32]?, filter: LabelFilter, count: Int) {
    self.base = base
    self.refs = refs
    self.filter = filter
    self.count = count
  }

  static let empty = Roster([LabelSet]())

  /// These series with fewer labels.
  func dropping(_ names: Set<String>) -> Roster {
    Roster(base: base, refs: refs, filter: filter.dropping(names), count: count)
  }

  func keeping(_ names: Set<String>) -> Roster {
    Roster(base: base, refs: refs, filter: filter.keeping(names), count: count)
  }

  /// The series at `positions`, in that order.
  func picking(_ positions: [Int32]) -> Roster {
    let picked = refs.map { refs in positions.map { refs[Int($0)] } } ?? positions
    return Roster(base: base, refs: picked, filter: filter, count: positions.count)
  }

  private func number(_ position: Int) -> Int { refs.map { Int($0[position]) } ?? position }

  func labels(_ position: Int) throws -> LabelSet {
    switch base {
    case .selection(let selection): filter.apply(try selection.labels(number(position)))
    case .sets(let sets): filter.apply(sets[number(position)])
    }
  }

  func allLabels() throws -> [LabelSet] {
    let cutter = filter.cutter
    return try (0..<count).map { position in
      switch base {
      case .selection(let selection): cutter.cut(try selection.labels(number(position)))
      case .sets(let sets): cutter.cut(sets[number(position)])
      }
    }
  }

  /// Labels lie in a source's columns, as numbers.
  var hasColumns: Bool {
    if case .selection = base { return true }
    return false
  }

  /// One series' metric name, "" where it has none.
  func metricName(_ position: Int) throws -> String {
    guard filter.allows(LabelName.metric) else { return "" }
    return try labels(position).metricName ?? ""
  }

  /// The names of all labels that any series has, sorted.
  func labelNames() throws -> [String] {
    switch base {
    case .selection(let selection):
      return selection.labelNames.filter { filter.allows($0) }
    case .sets(let sets):
      return Roster.names(of: (0..<count).map { sets[number($0)] })
        .filter { filter.allows($0) }
    }
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
    guard filter.allows(name) else {
      return LabelColumn(ids: [UInt32](repeating: 0, count: count), values: [""])
    }
    switch base {
    case .selection(let selection):
      var column = try selection.column(name)
      if let refs { column.ids = refs.map { column.ids[Int($0)] } }
      return column
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
