import MxModel
import MxPromQL

extension Evaluator {
  /// `topk`, `bottomk`, `limitk`, `limit_ratio`: some of the elements, as they are.
  func selected(
    _ node: Aggregation, _ stream: VectorStream, _ grid: Grid
  ) throws -> VectorStream {
    guard let parameter = node.parameter else {
      preconditionFailure("BUG: \(node.op.name) without its parameter")
    }
    let amount = try scalar(parameter, grid)
    let table = try table(stream)
    if node.op == .limitRatio {
      return try ratioLimited(table, amount, grid, parameter.position)
    }
    for value in amount.values { try Evaluator.check(count: value) }
    let groups = try groups(node.grouping, table.roster)
    let members = groups.members()
    try budget.take(table.count * grid.count)
    let result = Table(roster: table.roster, marks: table.marks, steps: grid.count)
    var order: [Int32] = []
    for step in 0..<grid.count {
      let count = Int(max(0, amount[step].rounded(.towardZero)))
      guard count >= 1 else { continue }
      try expiry.check(step, size: table.count)
      for group in members {
        let chosen = pick(node.op, table, group, step, count)
        for series in chosen { result.row(Int(series))[step] = table.row(Int(series))[step] }
        if !isRangeQuery { order += chosen }
      }
    }
    if grid.count == 1, !isRangeQuery { return result.picking(order).stream }
    return result.compacted().stream
  }

  private static func check(count: Double) throws {
    if count.isNaN { throw EngineError.query("Parameter value is NaN") }
    if count >= 0x1p63 || count < -0x1p63 {
      let verb = count >= 0x1p63 ? "overflows" : "underflows"
      throw EngineError.query("Scalar value \(NumberText.general(count)) \(verb) int64")
    }
  }

  /// The members of one group that stay at one step, best first.
  private func pick(
    _ op: AggregateOperator, _ table: Table, _ group: [Int32], _ step: Int, _ count: Int
  ) -> [Int32] {
    let present = group.filter { Absent.isPresent(table.row(Int($0))[step]) }
    if op == .limitk { return Array(present.prefix(count)) }
    let isDescending = op == .topk
    func precedes(_ left: Int32, _ right: Int32) -> Bool {
      ValueOrder.precedes(
        table.row(Int(left))[step], table.row(Int(right))[step], isDescending: isDescending)
        ?? (left < right)
    }
    if count >= present.count { return present.sorted(by: precedes) }
    // Few of many: keep the best so far in order.
    var best: [Int32] = []
    if count <= 64 {
      for series in present {
        if best.count == count, let last = best.last, !precedes(series, last) { continue }
        var low = 0
        var high = best.count
        while low < high {
          let middle = (low + high) / 2
          if precedes(series, best[middle]) { high = middle } else { low = middle + 1 }
        }
        if best.count == count { best.removeLast() }
        best.insert(series, at: low)
      }
      return best
    }
    return Array(present.sorted(by: precedes).prefix(count))
  }

  /// Series whose label hash lies below the ratio, or above for a negative one.
  private func ratioLimited(
    _ table: Table, _ amount: ScalarColumn, _ grid: Grid, _ place: SourceRange
  ) throws -> VectorStream {
    var ratios: [Double] = []
    for value in amount.values {
      if value.isNaN { throw EngineError.query("Ratio value is NaN") }
      let capped = max(-1, min(1, value))
      if capped != value {
        notes.warn(
          "ratio value should be between -1 and 1, got \(NumberText.general(value)), capping to "
            + NumberText.general(capped), place)
      }
      ratios.append(capped)
    }
    let limits = ScalarColumn(values: ratios)
    try budget.take(table.count * grid.count)
    let result = Table(roster: table.roster, marks: table.marks, steps: grid.count)
    for series in 0..<table.count {
      let place = LabelHash.fraction(try table.roster.labels(series))
      let from = table.row(series)
      let to = result.row(series)
      for step in from.indices where Absent.isPresent(from[step]) {
        let limit = limits[step]
        let isIn = limit >= 0 ? place < limit : place >= 1 + limit
        if isIn { to[step] = from[step] }
      }
    }
    return result.compacted().stream
  }
}

/// A fixed place in [0, 1) for every label set: `limit_ratio` keeps those below.
///
/// XXH64 of the names and values, each ended by a byte 0xff, as Prometheus hashes
/// label sets, so that both keep the same series.
enum LabelHash {
  static func fraction(_ labels: LabelSet) -> Double {
    var bytes: [UInt8] = []
    for pair in labels.pairs {
      bytes += Array(pair.name.utf8) + [0xff] + Array(pair.value.utf8) + [0xff]
    }
    return Double(hash(bytes)) / Double(UInt64.max)
  }

  private static let primes: [UInt64] = [
    0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63,
    0x27D4_EB2F_1656_67C5,
  ]

  private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 {
    value << bits | value >> (64 - bits)
  }

  private static func round(_ state: UInt64, _ input: UInt64) -> UInt64 {
    rotate(state &+ input &* primes[1], 31) &* primes[0]
  }

  static func hash(_ bytes: [UInt8]) -> UInt64 {
    func word(_ at: Int) -> UInt64 {
      (0..<8).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64(8 * $1) }
    }
    var index = 0
    var state: UInt64
    if bytes.count >= 32 {
      var lanes = [primes[0] &+ primes[1], primes[1], 0, 0 &- primes[0]]
      while index + 32 <= bytes.count {
        for lane in 0..<4 { lanes[lane] = round(lanes[lane], word(index + 8 * lane)) }
        index += 32
      }
      state =
        rotate(lanes[0], 1) &+ rotate(lanes[1], 7) &+ rotate(lanes[2], 12) &+ rotate(lanes[3], 18)
      for lane in lanes { state = (state ^ round(0, lane)) &* primes[0] &+ primes[3] }
    } else {
      state = primes[4]
    }
    state = state &+ UInt64(bytes.count)
    while index + 8 <= bytes.count {
      state = rotate(state ^ round(0, word(index)), 27) &* primes[0] &+ primes[3]
      index += 8
    }
    if index + 4 <= bytes.count {
      let half = (0..<4).reduce(UInt64(0)) { $0 | UInt64(bytes[index + $1]) << UInt64(8 * $1) }
      state = rotate(state ^ (half &* primes[0]), 23) &* primes[1] &+ primes[2]
      index += 4
    }
    while index < bytes.count {
      state = rotate(state ^ (UInt64(bytes[index]) &* primes[4]), 11) &* primes[0]
      index += 1
    }
    state = (state ^ state >> 33) &* primes[1]
    state = (state ^ state >> 29) &* primes[2]
    return state ^ state >> 32
  }
}
