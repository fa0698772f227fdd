import MxModel
import MxPromQL

extension Evaluator {
  /// `quantile(0.9, x)`: over the values of each group.
  func quantiles(
    _ node: Aggregation, _ stream: VectorStream, _ grid: Grid
  ) throws -> VectorStream {
    guard let parameter = node.parameter else {
      preconditionFailure("BUG: quantile without its parameter")
    }
    let level = try scalar(parameter, grid)
    noteBadQuantiles(level, grid, parameter.position)
    let table = try table(stream)
    let groups = try groups(node.grouping, table.roster)
    let members = groups.members()
    var marks = [Bool](repeating: false, count: groups.count)
    for series in 0..<table.count where table.marks[series] {
      marks[Int(groups.ids[series])] = true
    }
    try budget.take(groups.count * grid.count)
    let result = Table(roster: groups.roster, marks: .some(marks), steps: grid.count)
    try forEachBlock(groups.count) { [expiry] group, _ in
      var values: [Double] = []
      let row = result.row(group)
      for step in row.indices {
        try expiry.check(step, size: members[group].count)
        values.removeAll(keepingCapacity: true)
        for series in members[group] {
          let value = table.row(Int(series))[step]
          if Absent.isPresent(value) { values.append(value) }
        }
        if !values.isEmpty { row[step] = Quantile.of(&values, level[step]) }
      }
    }
    return result.compacted().stream
  }

  /// `count_values("version", x)`: how often each value occurs in each group.
  func countedValues(
    _ node: Aggregation, _ stream: VectorStream, _ grid: Grid
  ) throws -> VectorStream {
    guard case .string(let literal)? = node.parameter?.unwrapped else {
      preconditionFailure("BUG: count_values without its label")
    }
    guard let name = literal.validText, !name.isEmpty else {
      throw EngineError.query("invalid label name \(EscapedText.quoted(literal.bytes))")
    }
    let table = try table(stream)
    let groups = try groups(node.grouping, table.roster)
    var rows: [LabelSet] = []
    var known: [LabelSet: Int] = [:]
    // By bits: every NaN is the label NaN, but 0 and -0 differ as their texts do.
    var places: [UInt64: Int] = [:]
    var counts: [[Double]] = []
    var marks: [Bool] = []
    for (group, members) in groups.members().enumerated() {
      places.removeAll(keepingCapacity: true)
      let labels = try groups.roster.labels(group)
      for series in members {
        try expiry.check(Int(series), size: grid.count)
        for (step, value) in table.row(Int(series)).enumerated() where Absent.isPresent(value) {
          let bits = value.isNaN ? OrdinaryNaN.value.bitPattern : value.bitPattern
          if places[bits] == nil {
            let named = labels.setting(name, to: NumberText.plain(value))
            if known[named] == nil {
              try budget.take(grid.count)
              known[named] = rows.count
              rows.append(named)
              counts.append([Double](repeating: 0, count: grid.count))
              marks.append(false)
            }
            places[bits] = known[named]
          }
          guard let place = places[bits] else { continue }
          counts[place][step] += 1
          if table.marks[Int(series)] { marks[place] = true }
        }
      }
    }
    let result = Table(roster: Roster(rows), marks: .some(marks), steps: grid.count)
    for place in rows.indices {
      let row = result.row(place)
      for step in row.indices where counts[place][step] > 0 { row[step] = counts[place][step] }
    }
    // In label order, so that what comes first does not depend on other steps.
    return result.picking(rows.indices.sorted { rows[$0] < rows[$1] }.map { Int32($0) }).stream
  }
}

/// Bytes as Go quotes them: what is no UTF-8 as `\xc5`.
enum EscapedText {
  static func quoted(_ bytes: [UInt8]) -> String {
    var result = "\""
    var rest = bytes[...]
    while let byte = rest.first {
      let length = (1...min(4, rest.count)).first {
        String(validating: rest.prefix($0), as: UTF8.self) != nil
      }
      if let length {
        let inside = LabelKey.quoted(String(decoding: rest.prefix(length), as: UTF8.self))
        result += inside.dropFirst().dropLast()
        rest = rest.dropFirst(length)
      } else {
        let digits = String(byte, radix: 16)
        result += "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
        rest = rest.dropFirst()
      }
    }
    return result + "\""
  }
}
