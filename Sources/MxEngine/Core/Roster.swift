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

  func apply(_ labels: LabelSet) -> LabelSet {
    switch self {
    case .all: labels
    case .dropping(let names): LabelBytes.filtered(labels, names, keeps: false)
    case .keeping(let names): LabelBytes.filtered(labels, names, keeps: true)
    }
  }
}

/// Label sets cut without being taken apart.
enum LabelBytes {
  /// The pairs of `labels` whose names are in `names` (`keeps`), or are not.
  static func filtered(_ labels: LabelSet, _ names: Set<String>, keeps: Bool) -> LabelSet {
    let wanted = names.map { LabelKey.escaped(Array($0.utf8)) }
    return labels.key.withUnsafeBytes { bytes in
      var key: [UInt8] = []
      key.reserveCapacity(bytes.count)
      var cursor = LabelCursor(bytes)
      while let pair = cursor.next() {
        let isNamed = wanted.contains { pair.name.elementsEqual($0) }
        guard isNamed == keeps else { continue }
        key.append(contentsOf: pair.name)
        key.append(0)
        key.append(contentsOf: pair.value)
        key.append(0)
      }
      return LabelSet(key: key)
    }
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

  func allLabels() throws -> [LabelSet] { try (0..<count).map { try labels($0) } }

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
      var names = Set<String>()
      for position in 0..<count {
        for pair in sets[number(position)].pairs where filter.allows(pair.name) {
          names.insert(pair.name)
        }
      }
      return names.sorted()
    }
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
      var known: [String: UInt32] = ["": 0]
      var column = LabelColumn(ids: [], values: [""])
      column.ids.reserveCapacity(count)
      for position in 0..<count {
        let value = sets[number(position)][name] ?? ""
        if let id = known[value] {
          column.ids.append(id)
        } else {
          let id = UInt32(column.values.count)
          known[value] = id
          column.values.append(value)
          column.ids.append(id)
        }
      }
      return column
    }
  }
}
