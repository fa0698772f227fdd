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

  /// `or`: all of the left, and of the right what has nothing like it there.
  func united(
    _ left: VectorStream, _ right: VectorStream, _ matching: VectorMatching
  ) throws -> VectorStream {
    let first = try table(left)
    let signatures = try Signatures.joint([first.roster, right.roster], matching.labelsCompared)
    let taken = try presence(first.stream, signatures.groups[0], signatures.count)
    let groups = signatures.groups[1]
    let steps = right.steps
    let second = try table(
      right.mapping { series, row in
        let start = Int(groups[series]) * steps
        for step in row.indices where taken[start + step] { row[step] = Absent.value }
      })
    if second.count == 0 { return first.stream }
    return try merged(first.followed(by: second)).stream
  }

  /// Group x step: whether any series of the group has a value there.
  private func presence(
    _ stream: VectorStream, _ groups: [Int32], _ count: Int
  ) throws -> [Bool] {
    let steps = stream.steps
    var presence = [Bool](repeating: false, count: count * steps)
    for block in 0..<Blocks.count(stream.roster.count) {
      if let hasExpired = options.hasExpired, hasExpired() { throw EngineError.timeout }
      try stream.rows(Blocks.range(block, of: stream.roster.count), 0) { series, row in
        let start = Int(groups[series]) * steps
        for step in row.indices where Absent.isPresent(row[step]) { presence[start + step] = true }
      }
    }
    return presence
  }
}

extension Table {
  /// These rows and then those.
  func followed(by other: Table) throws -> Table {
    let labels = try roster.allLabels() + other.roster.allLabels()
    let store = RowStore(rows: count + other.count, steps: steps)
    store.base.update(from: self.store.base, count: count * steps)
    (store.base + count * steps).update(from: other.store.base, count: other.count * steps)
    let marks = marks.list(count) + other.marks.list(other.count)
    return Table(roster: Roster(labels), marks: .some(marks), store: store)
  }
}
