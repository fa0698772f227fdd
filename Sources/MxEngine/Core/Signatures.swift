import MxModel

/// Which labels make two series the same.
enum MatchLabels: Hashable, Sendable {
  case on([String])
  /// All but these; the metric name must be listed to be ignored.
  case ignoring([String])
}

/// Series of one or two vectors, numbered by the labels that they share.
///
/// Works on the numbers of label columns: each label name refines the groups
/// so far. Strings are only looked at once a distinct value.
struct Signatures {
  /// Roster -> position -> group, numbered in order of first appearance, the
  /// first roster's series first.
  var groups: [[Int32]]
  var count: Int

  static func of(_ roster: Roster, _ labels: MatchLabels) throws -> Signatures {
    try joint([roster], labels)
  }

  static func joint(_ rosters: [Roster], _ labels: MatchLabels) throws -> Signatures {
    if rosters.contains(where: { !$0.hasColumns }) { return try byKeys(rosters, labels) }
    let names: [String]
    switch labels {
    case .on(let listed): names = Array(Set(listed)).sorted()
    case .ignoring(let listed):
      var all = Set<String>()
      for roster in rosters { all.formUnion(try roster.labelNames()) }
      names = all.subtracting(listed).sorted()
    }
    let total = rosters.reduce(0) { $0 + $1.count }
    var groups = [Int32](repeating: 0, count: total)
    var count = total == 0 ? 0 : 1
    for name in names {
      let (ids, distinct) = try jointColumn(rosters, name)
      if distinct > 1 { refine(&groups, &count, by: ids, distinct: distinct) }
    }
    var start = 0
    var split: [[Int32]] = []
    for roster in rosters {
      split.append(Array(groups[start..<start + roster.count]))
      start += roster.count
    }
    return Signatures(groups: split, count: count)
  }

  /// Where labels are not in columns, whole keys are told apart.
  private static func byKeys(_ rosters: [Roster], _ labels: MatchLabels) throws -> Signatures {
    let cutter =
      switch labels {
      case .on(let names): LabelCutter(Set(names), keeps: true)
      case .ignoring(let names): LabelCutter(Set(names), keeps: false)
      }
    var known = SeriesTable()
    var key: [UInt8] = []
    var groups: [[Int32]] = []
    for roster in rosters {
      var ids: [Int32] = []
      ids.reserveCapacity(roster.count)
      for labels in try roster.allLabels() {
        key.removeAll(keepingCapacity: true)
        labels.key.withUnsafeBytes { cutter.append($0, to: &key) }
        ids.append(Int32(bitPattern: key.withUnsafeBytes { known.intern($0) }))
      }
      groups.append(ids)
    }
    return Signatures(groups: groups, count: known.count)
  }

  /// One label over all rosters with common numbers.
  private static func jointColumn(
    _ rosters: [Roster], _ name: String
  ) throws -> (ids: [UInt32], distinct: Int) {
    if rosters.count == 1 {
      let column = try rosters[0].column(name)
      return (column.ids, column.values.count)
    }
    let joined = LabelColumn(joining: try rosters.map { try $0.column(name) })
    return (joined.ids, joined.values.count)
  }

  /// Splits each group by `ids`, and numbers the new groups by first appearance.
  private static func refine(
    _ groups: inout [Int32], _ count: inout Int, by ids: [UInt32], distinct: Int
  ) {
    let pairs = count.multipliedReportingOverflow(by: distinct)
    var next: Int32 = 0
    if !pairs.overflow, pairs.partialValue <= max(1 << 16, 4 * groups.count) {
      var table = [Int32](repeating: -1, count: pairs.partialValue)
      for index in groups.indices {
        let slot = Int(groups[index]) * distinct + Int(ids[index])
        if table[slot] < 0 {
          table[slot] = next
          next += 1
        }
        groups[index] = table[slot]
      }
    } else {
      var table = PairTable(capacity: groups.count)
      for index in groups.indices {
        let key = UInt64(UInt32(groups[index])) << 32 | UInt64(ids[index])
        groups[index] = table.number(of: key, next: &next)
      }
    }
    count = Int(next)
  }
}

/// An open-addressed table from pairs of numbers to numbers.
private struct PairTable {
  private var keys: [UInt64]
  private var numbers: [Int32]
  private let mask: Int

  init(capacity: Int) {
    var size = 64
    while size < capacity * 2 { size *= 2 }
    keys = [UInt64](repeating: 0, count: size)
    numbers = [Int32](repeating: -1, count: size)
    mask = size - 1
  }

  mutating func number(of key: UInt64, next: inout Int32) -> Int32 {
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
    while numbers[slot] >= 0 {
      if keys[slot] == key { return numbers[slot] }
      slot = (slot + 1) & mask
    }
    keys[slot] = key
    numbers[slot] = next
    next += 1
    return next - 1
  }
}
