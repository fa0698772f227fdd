import MxModel
import MxPromQL

extension VectorMatching {
  /// The labels by which elements find each other; the name never counts by itself.
  var labelsCompared: MatchLabels {
    isOn ? .on(labels) : .ignoring(labels + [LabelName.metric])
  }
}

extension Evaluator {
  /// `and`, `unless`: elements of the left by whether the right has one like it.
  func intersected(
    _ op: BinaryOperator, _ left: VectorStream, _ right: VectorStream, _ matching: VectorMatching
  ) throws -> VectorStream {
    let signatures = try Signatures.joint([left.roster, right.roster], matching.labelsCompared)
    let presence = try presence(right, signatures.groups[1], signatures.count)
    let groups = signatures.groups[0]
    let steps = left.steps
    let wantsPresent = op == .and
    return left.mapping { series, row in
      let start = Int(groups[series]) * steps
      for step in row.indices where presence[start + step] != wantsPresent {
        row[step] = Absent.value
      }
    }
  }

  /// `a or b or …` under one matching: all of the first, and of each further one what
  /// has nothing like it before. Taken at once, so that a long chain, as dashboards
  /// write them, costs what its operands cost.
  func united(_ operands: [VectorStream], _ matching: VectorMatching) throws -> VectorStream {
    let signatures = try Signatures.joint(operands.map(\.roster), matching.labelsCompared)
    let shared = signatures.sharedGroups
    guard shared.contains(true) else {
      return try Table(joining: operands.map { try table($0) }).stream
    }
    let steps = operands[0].steps
    var taken = [Bool](repeating: false, count: signatures.count * steps)
    var tables: [Table] = []
    for (operand, groups) in zip(operands, signatures.groups) {
      let before = taken
      let found = try rows(
        operand.mapping { series, row in
          let group = Int(groups[series])
          guard shared[group] else { return }
          for step in row.indices where before[group * steps + step] { row[step] = Absent.value }
        })
      for (place, series) in found.series.enumerated() where shared[Int(groups[Int(series)])] {
        let start = Int(groups[Int(series)]) * steps
        let row = found.table.row(place)
        for step in row.indices where Absent.isPresent(row[step]) { taken[start + step] = true }
      }
      tables.append(found.table)
    }
    return try merged(Table(joining: tables)).stream
  }

  /// Group x step: whether any series of the group has a value there.
  private func presence(
    _ stream: VectorStream, _ groups: [Int32], _ count: Int
  ) throws -> [Bool] {
    let steps = stream.steps
    var presence = [Bool](repeating: false, count: count * steps)
    for block in 0..<Blocks.count(stream.roster.count) {
      try expiry.check()
      try stream.rows(Blocks.range(block, of: stream.roster.count), 0) { series, row in
        let start = Int(groups[series]) * steps
        for step in row.indices where Absent.isPresent(row[step]) { presence[start + step] = true }
      }
    }
    return presence
  }
}

extension Signatures {
  /// Group -> whether series of more than one roster are in it.
  fileprivate var sharedGroups: [Bool] {
    var owners = [Int](repeating: -1, count: count)
    var shared = [Bool](repeating: false, count: count)
    for (roster, groups) in groups.enumerated() {
      for group in groups {
        let group = Int(group)
        if owners[group] >= 0, owners[group] != roster { shared[group] = true }
        owners[group] = roster
      }
    }
    return shared
  }
}
