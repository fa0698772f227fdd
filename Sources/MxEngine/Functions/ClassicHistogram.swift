import MxModel
import MxPromQL

/// Buckets of classic histograms: series that differ in `le` alone.
struct BucketGroups {
  /// Group -> its buckets, sorted by bound.
  var members: [[(bound: Double, series: Int32)]]
  /// Labels without `le`, the name included.
  var roster: Roster
  var marks: NameMarks
}

/// The buckets of one histogram at one step.
struct Buckets {
  var bounds: [Double] = []
  /// Cumulative.
  var counts: [Double] = []

  mutating func removeAll() {
    bounds.removeAll(keepingCapacity: true)
    counts.removeAll(keepingCapacity: true)
  }

  /// Adds a bucket; they come in order of bounds, and equal bounds are one bucket.
  mutating func add(_ bound: Double, _ count: Double) {
    if let last = bounds.last, last == bound {
      counts[counts.count - 1] += count
    } else {
      bounds.append(bound)
      counts.append(count)
    }
  }

  /// What `makeMonotonic` had to lift.
  struct Lift {
    var lowest: Double
    var highest: Double
    var difference: Double
  }

  /// Lifts counts that fall. A fall within 1e-12 is rounding and says nothing.
  mutating func makeMonotonic() -> Lift? {
    guard var previous = counts.first else { return nil }
    var lift: Lift?
    for index in counts.indices.dropFirst() {
      let count = counts[index]
      if count == previous { continue }
      if Buckets.almostEqual(previous, count) {
        counts[index] = previous
        continue
      }
      if count < previous {
        let difference = previous - count
        lift = Lift(
          lowest: min(lift?.lowest ?? bounds[index], bounds[index]),
          highest: max(lift?.highest ?? bounds[index], bounds[index]),
          difference: max(lift?.difference ?? difference, difference))
        counts[index] = previous
        continue
      }
      previous = count
    }
    return lift
  }

  private static func almostEqual(_ a: Double, _ b: Double) -> Bool {
    if a == b { return true }
    let sum = abs(a) + abs(b)
    let difference = abs(a - b)
    if a == 0 || b == 0 || sum < Double.leastNormalMagnitude {
      return difference < 1e-12 * Double.leastNormalMagnitude
    }
    return difference / min(sum, Double.greatestFiniteMagnitude) < 1e-12
  }

  /// Whether there is enough to say anything: an open last bucket, and one more.
  private var isUsable: Bool {
    bounds.count >= 2 && bounds[bounds.count - 1] == .infinity && !(counts.last == 0)
  }

  func quantile(_ level: Double) -> Double {
    if level.isNaN { return .nan }
    if level < 0 { return -.infinity }
    if level > 1 { return .infinity }
    guard isUsable, let total = counts.last else { return .nan }
    var rank = level * total
    // The last bucket takes what no other does.
    var index = 0
    while index < counts.count - 1, !(counts[index] >= rank) { index += 1 }
    if index == counts.count - 1 { return bounds[counts.count - 2] }
    if index == 0, bounds[0] <= 0 { return bounds[0] }
    let end = bounds[index]
    var start = 0.0
    var count = counts[index]
    if index > 0 {
      start = bounds[index - 1]
      count -= counts[index - 1]
      rank -= counts[index - 1]
    }
    return start + (end - start) * (rank / count)
  }

  /// The share of observations between two bounds.
  func fraction(_ lower: Double, _ upper: Double) -> Double {
    guard bounds.last == .infinity, let total = counts.last, total != 0, !lower.isNaN,
      !upper.isNaN
    else { return .nan }
    if lower >= upper { return 0 }
    return (rank(upper) - rank(lower)) / total
  }

  /// How many observations lie at or below `bound`, evenly spread in each bucket.
  private func rank(_ bound: Double) -> Double {
    var low = bounds[0] > 0 ? 0 : -Double.infinity
    var below = 0.0
    for index in bounds.indices {
      let high = bounds[index]
      if bound <= low { return below }
      if bound < high {
        // An open bucket is not divided: what is in it lies at its open end.
        if low.isInfinite { return counts[index] }
        if high.isInfinite { return below }
        return below + (counts[index] - below) * (bound - low) / (high - low)
      }
      low = high
      below = counts[index]
    }
    return below
  }
}

extension Evaluator {
  private func bucketGroups(_ table: Table, _ place: SourceRange) throws -> BucketGroups {
    let signatures = try Signatures.of(table.roster, .ignoring([LabelName.bucketBound]))
    let column = try table.roster.column(LabelName.bucketBound)
    let bounds = column.values.map { BucketBound.parse($0) }
    var members = [[(bound: Double, series: Int32)]](repeating: [], count: signatures.count)
    var firsts = [Int32](repeating: 0, count: signatures.count)
    var noted = Set<String>()
    for series in (0..<table.count).reversed() {
      let group = Int(signatures.groups[0][series])
      firsts[group] = Int32(series)
      let id = Int(column.ids[series])
      guard let bound = bounds[id] else {
        let name = try table.roster.metricName(series)
        if noted.insert("\(id) \(name)").inserted {
          notes.warn(
            "bucket label \"le\" is missing or has a malformed value of "
              + LabelKey.quoted(column.values[id])
              + (name.isEmpty ? "" : " for metric name \(LabelKey.quoted(name))"), place)
        }
        continue
      }
      members[group].append((bound, Int32(series)))
    }
    for group in members.indices {
      members[group].sort { ($0.bound, $0.series) < ($1.bound, $1.series) }
    }
    return BucketGroups(
      members: members,
      roster: table.roster.dropping([LabelName.bucketBound]).picking(firsts),
      marks: table.marks.picking(firsts))
  }

  func histogramQuantile(_ node: Call, _ grid: Grid) throws -> VectorStream {
    let isMany = node.function == .histogramQuantiles
    let argument = node.arguments[isMany ? 0 : 1]
    let table = try table(vector(argument, grid))
    let groups = try bucketGroups(table, argument.position)
    guard isMany else {
      let level = try scalar(node.arguments[0], grid)
      noteBadQuantiles(level, grid, node.arguments[0].position)
      let rows = try quantiles(groups, table, [level], grid, argument.position)
      return try droppingName(rows[0].compacted().stream)
    }
    guard case .string(let literal) = node.arguments[1].unwrapped else {
      preconditionFailure("BUG: histogram_quantiles without its label")
    }
    guard let name = literal.validText, !name.isEmpty else {
      throw EngineError.query("invalid label name \(EscapedText.quoted(literal.bytes))")
    }
    var levels: [ScalarColumn] = []
    for argument in node.arguments.dropFirst(2) {
      let level = try scalar(argument, grid)
      noteBadQuantiles(level, grid, argument.position)
      levels.append(level)
    }
    let rows = try quantiles(groups, table, levels, grid, argument.position)
    return try labelled(rows, levels, name, grid)
  }

  /// One table a level, a row a histogram.
  private func quantiles(
    _ groups: BucketGroups, _ table: Table, _ levels: [ScalarColumn], _ grid: Grid,
    _ place: SourceRange
  ) throws -> [Table] {
    try budget.take(groups.members.count * grid.count * levels.count)
    let results = levels.map { _ in
      Table(roster: groups.roster, marks: groups.marks, steps: grid.count)
    }
    let names = try MetricNames(groups.roster)
    let notes = notes
    try forEachBlock(groups.members.count) { group, _ in
      var buckets = Buckets()
      let members = groups.members[group]
      for step in 0..<grid.count {
        buckets.removeAll()
        for member in members {
          let count = table.row(Int(member.series))[step]
          if Absent.isPresent(count) { buckets.add(member.bound, count) }
        }
        if buckets.bounds.isEmpty { continue }
        let canBeFixed = buckets.bounds.count >= 2 && buckets.bounds.last == .infinity
        if canBeFixed, let lift = buckets.makeMonotonic() {
          notes.inform(
            ForcedMonotonicity(
              metric: names.name(group), lowest: lift.lowest, highest: lift.highest,
              largestDifference: lift.difference, from: grid.time(step), to: grid.time(step)),
            place)
        }
        for (index, level) in levels.enumerated() {
          results[index].row(group)[step] = buckets.quantile(level[step])
        }
      }
    }
    return results
  }

  /// The levels as a label; a level that changes with time makes a series for each.
  private func labelled(
    _ rows: [Table], _ levels: [ScalarColumn], _ name: String, _ grid: Grid
  ) throws -> VectorStream {
    var all: [Table] = []
    for (table, level) in zip(rows, levels) {
      for value in Set(level.values.map(\.bitPattern)).sorted() {
        let text = NumberText.openMetrics(Double(bitPattern: value))
        let column = LabelColumn(
          ids: [UInt32](repeating: 1, count: table.count), values: ["", text])
        let roster = table.roster.setting(name, to: column)
        let part = Table(roster: roster, marks: table.marks, steps: grid.count)
        for series in 0..<table.count {
          for step in 0..<grid.count where level[step].bitPattern == value {
            part.row(series)[step] = table.row(series)[step]
          }
        }
        all.append(part)
      }
    }
    if all.isEmpty { return .empty(steps: grid.count) }
    return try droppingName(merged(Table(joining: all).compacted()).stream)
  }

  func histogramFraction(_ node: Call, _ grid: Grid) throws -> VectorStream {
    let lower = try scalar(node.arguments[0], grid)
    let upper = try scalar(node.arguments[1], grid)
    let argument = node.arguments[2]
    let table = try table(vector(argument, grid))
    let groups = try bucketGroups(table, argument.position)
    try budget.take(groups.members.count * grid.count)
    let result = Table(roster: groups.roster, marks: groups.marks, steps: grid.count)
    try forEachBlock(groups.members.count) { group, _ in
      var buckets = Buckets()
      for step in 0..<grid.count {
        buckets.removeAll()
        for member in groups.members[group] {
          let count = table.row(Int(member.series))[step]
          if Absent.isPresent(count) { buckets.add(member.bound, count) }
        }
        if buckets.bounds.isEmpty { continue }
        _ = buckets.makeMonotonic()
        result.row(group)[step] = buckets.fraction(lower[step], upper[step])
      }
    }
    return try droppingName(result.compacted().stream)
  }
}

/// The `le` label as a number: decimal, with an exponent, or an infinity.
enum BucketBound {
  static func parse(_ text: String) -> Double? {
    switch text {
    case "+Inf", "Inf", "inf", "+inf": return .infinity
    case "-Inf", "-inf": return -.infinity
    case "NaN", "nan": return .nan
    default:
      guard let first = text.utf8.first, first < 0x80,
        text.utf8.allSatisfy({ (48...57).contains($0) || "+-.eE_xXpPaAbBcCdDfF".utf8.contains($0) })
      else { return nil }
      return Double(text.utf8.contains(UInt8(ascii: "_")) ? "" : text)
    }
  }
}
