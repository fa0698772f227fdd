import MxModel
import MxPromQL

/// Matches the elements of two vectors by labels and computes a value for each pair.
///
/// One side is 'many' (its elements become results), the other 'one'; where both
/// must be unique, the left is 'many'. Series are put into groups by the labels
/// compared, once for all steps; what may not be is checked at each step, since
/// series come and go.
struct VectorJoin {
  private let node: BinaryExpr
  private let matching: VectorMatching
  private let evaluator: Evaluator
  private let pair: PairOperator
  /// `group_right`: the left operand is the one side.
  private let isSwapped: Bool

  init(_ node: BinaryExpr, _ matching: VectorMatching, _ evaluator: Evaluator) {
    self.node = node
    self.matching = matching
    self.evaluator = evaluator
    pair = PairOperator(op: node.op, returnsBool: node.returnsBool)
    isSwapped = matching.cardinality == .oneToMany
  }

  /// Both sides in memory with the groups of their series.
  private struct Sides {
    var many: Table
    var one: Table
    var manyGroups: [Int32]
    var oneGroups: [Int32]
    /// Group -> its series of the one side, in order.
    var oneMembers: [[Int32]]
    var manyMembers: [[Int32]]
    /// Step -> whether the side has any element.
    var manyIsThere: [Bool]
    var oneIsThere: [Bool]
  }

  /// A series of the result: from a pair of series, or from one and a fill value.
  private struct Output: Hashable {
    var many: Int32
    /// -1 where the labels do not depend on it.
    var one: Int32
  }

  /// The series of the result while they are filled.
  private struct Results {
    var outputs: [Output] = []
    var places: [Output: Int] = [:]
    /// Output -> step -> value.
    var values: [[Double]] = []
    /// Output -> step -> whether a pair was there, even one that a comparison filters.
    var pairs: [[Bool]] = []
    let steps: Int

    /// Lets `body` fill the row of one output, which is made where it is new.
    mutating func with(
      _ output: Output, _ budget: Budget,
      _ body: (Row, UnsafeMutableBufferPointer<Bool>) -> Void
    ) throws {
      var place = outputs.count
      if let known = places[output] {
        place = known
      } else {
        try budget.take(steps)
        places[output] = place
        outputs.append(output)
        values.append([Double](repeating: Absent.value, count: steps))
        pairs.append([Bool](repeating: false, count: steps))
      }
      values[place].withUnsafeMutableBufferPointer { row in
        pairs[place].withUnsafeMutableBufferPointer { pairs in body(row, pairs) }
      }
    }
  }

  func join(_ left: VectorStream, _ right: VectorStream) throws -> VectorStream {
    let leftTable = try evaluator.table(left)
    let rightTable = try evaluator.table(right)
    // Of native histograms alone, which were refused when they were read.
    if node.op == .trimLower || node.op == .trimUpper { return .empty(steps: left.steps) }
    let sides = try sides(leftTable, rightTable)
    try checkOneSide(sides)
    var results = Results(steps: sides.many.steps)
    for many in 0..<sides.many.count {
      try evaluator.expiry.check(many, size: results.steps)
      try match(many, sides, &results)
    }
    if let fill = fillMany?.value {
      for one in 0..<sides.one.count { try fillMissing(one, fill, sides, &results) }
    }
    try checkManySide(sides)
    return try finished(sides, results)
  }

  /// The results of one series of the many side.
  private func match(_ many: Int, _ sides: Sides, _ results: inout Results) throws {
    let ones = sides.oneMembers[Int(sides.manyGroups[many])]
    let manyRow = sides.many.row(many)
    for one in ones {
      let oneRow = sides.one.row(Int(one))
      let output = Output(many: Int32(many), one: keyOfOne(one))
      try results.with(output, evaluator.budget) { row, pairs in
        for step in row.indices
        where Absent.isPresent(manyRow[step]) && Absent.isPresent(oneRow[step]) {
          row[step] = value(manyRow[step], oneRow[step])
          pairs[step] = true
        }
      }
    }
    guard let fill = fillOne?.value else { return }
    try results.with(Output(many: Int32(many), one: -1), evaluator.budget) { row, pairs in
      for step in row.indices where Absent.isPresent(manyRow[step]) {
        if ones.contains(where: { Absent.isPresent(sides.one.row(Int($0))[step]) }) { continue }
        row[step] = value(manyRow[step], fill)
        pairs[step] = true
      }
    }
  }

  /// The results of one series of the one side where nothing is there to match.
  private func fillMissing(
    _ one: Int, _ fill: Double, _ sides: Sides, _ results: inout Results
  ) throws {
    let members = sides.manyMembers[Int(sides.oneGroups[one])]
    let oneRow = sides.one.row(one)
    try results.with(Output(many: -1, one: Int32(one)), evaluator.budget) { row, pairs in
      for step in row.indices where Absent.isPresent(oneRow[step]) {
        if members.contains(where: { Absent.isPresent(sides.many.row(Int($0))[step]) }) { continue }
        row[step] = value(fill, oneRow[step])
        pairs[step] = true
      }
    }
  }

  // As Prometheus has it: under `group_right`, too, `fill_left` stands in for the
  // many side and `fill_right` for the one side.
  private var fillOne: Literal? { matching.fillRight }
  private var fillMany: Literal? { matching.fillLeft }

  /// Labels are copied from the one side only where some are named.
  private func keyOfOne(_ one: Int32) -> Int32 { matching.include.isEmpty ? -1 : one }

  @inline(__always)
  private func value(_ many: Double, _ one: Double) -> Double {
    isSwapped ? pair.value(one, many, kept: one) : pair.value(many, one, kept: many)
  }

  private func sides(_ left: Table, _ right: Table) throws -> Sides {
    let many = isSwapped ? right : left
    let one = isSwapped ? left : right
    let signatures = try Signatures.joint([many.roster, one.roster], matching.labelsCompared)
    var oneMembers = [[Int32]](repeating: [], count: signatures.count)
    for (series, group) in signatures.groups[1].enumerated() {
      oneMembers[Int(group)].append(Int32(series))
    }
    var manyMembers = [[Int32]](repeating: [], count: signatures.count)
    for (series, group) in signatures.groups[0].enumerated() {
      manyMembers[Int(group)].append(Int32(series))
    }
    return Sides(
      many: many, one: one, manyGroups: signatures.groups[0], oneGroups: signatures.groups[1],
      oneMembers: oneMembers, manyMembers: manyMembers, manyIsThere: VectorJoin.presence(many),
      oneIsThere: VectorJoin.presence(one))
  }

  private static func presence(_ table: Table) -> [Bool] {
    var presence = [Bool](repeating: false, count: table.steps)
    for series in 0..<table.count {
      let row = table.row(series)
      for step in row.indices where Absent.isPresent(row[step]) { presence[step] = true }
    }
    return presence
  }

  /// The step where two of `members` are there at once, and which two.
  private func clash(
    _ members: [Int32], _ table: Table, where isRelevant: (Int) -> Bool
  ) -> (Int32, Int32)? {
    guard members.count > 1 else { return nil }
    for step in 0..<table.steps where isRelevant(step) {
      var first: Int32?
      for series in members where Absent.isPresent(table.row(Int(series))[step]) {
        if let first { return (first, series) }
        first = series
      }
    }
    return nil
  }

  /// The one side must have one element a group; where a side is empty nobody looks.
  private func checkOneSide(_ sides: Sides) throws {
    let isFilled = matching.fillLeft != nil || matching.fillRight != nil
    for members in sides.oneMembers {
      let found = clash(members, sides.one) { isFilled || sides.manyIsThere[$0] }
      guard let (first, second) = found else { continue }
      let labels = [
        try sides.one.roster.labels(Int(first)), try sides.one.roster.labels(Int(second)),
      ]
      let group: LabelSet
      switch matching.labelsCompared {
      case .on(let names): group = LabelFilter.keeping(Set(names)).apply(labels[0])
      case .ignoring(let names): group = LabelFilter.dropping(Set(names)).apply(labels[0])
      }
      let pair = labels.map(\.description).sorted().joined(separator: ", ")
      throw EngineError.query(
        "found duplicate series for the match group \(group) on the "
          + "\(isSwapped ? "left" : "right") hand-side of the operation: [\(pair)]"
          + ";many-to-many matching not allowed: matching labels must be unique on one side")
    }
  }

  /// One-to-one: the left must have one element a group too, where it meets any.
  private func checkManySide(_ sides: Sides) throws {
    guard matching.cardinality == .oneToOne else { return }
    for (group, members) in sides.manyMembers.enumerated() {
      let ones = sides.oneMembers[group]
      let found = clash(members, sides.many) { step in
        fillOne != nil || ones.contains { Absent.isPresent(sides.one.row(Int($0))[step]) }
      }
      if found != nil {
        throw EngineError.query(
          "multiple matches for labels: many-to-one matching must be explicit "
            + "(group_left/group_right)")
      }
    }
  }

  /// Rows to a stream: labels, and no two of them the same at one step.
  private func finished(_ sides: Sides, _ results: Results) throws -> VectorStream {
    let outputs = results.outputs
    let steps = results.steps
    let used = outputs.indices.filter { results.pairs[$0].contains(true) }
    let delays = evaluator.options.delaysNameRemoval
    let naming = ResultNaming(matching, dropsName: pair.dropsName && !delays)
    let labels = try used.map { place -> LabelSet in
      let output = outputs[place]
      let one = try output.one >= 0 ? sides.one.roster.labels(Int(output.one)) : nil
      let many = try output.many >= 0 ? sides.many.roster.labels(Int(output.many)) : nil
      return naming.labels(many: many, one: one)
    }
    let marks = used.map { place -> Bool in
      if delays, pair.dropsName { return true }
      let output = outputs[place]
      return output.many >= 0 && sides.many.marks[Int(output.many)]
    }
    if matching.cardinality != .oneToOne { try checkUnique(used, labels, results.pairs) }
    let table = Table(roster: Roster(labels), marks: .some(marks), steps: steps)
    for (place, output) in used.enumerated() {
      results.values[output].withUnsafeBufferPointer { row in
        _ = table.row(place).update(fromContentsOf: row)
      }
    }
    return try evaluator.merged(table.compacted()).stream
  }

  /// Many-to-one: results of one step must differ in their labels.
  private func checkUnique(_ used: [Int], _ labels: [LabelSet], _ pairs: [[Bool]]) throws {
    var seen: [LabelSet: [Int]] = [:]
    for (place, output) in used.enumerated() {
      for other in seen[labels[place]] ?? [] {
        for step in pairs[output].indices where pairs[output][step] && pairs[other][step] {
          throw EngineError.query(
            "multiple matches for labels: grouping labels must ensure unique matches")
        }
      }
      seen[labels[place], default: []].append(output)
    }
  }
}

/// What results of a join are called.
private struct ResultNaming {
  private let matching: VectorMatching
  private let compared: LabelCutter
  private let result: LabelCutter
  private let names: LabelCutter

  init(_ matching: VectorMatching, dropsName: Bool) {
    self.matching = matching
    switch matching.labelsCompared {
    case .on(let labels): compared = LabelCutter(Set(labels), keeps: true)
    case .ignoring(let labels): compared = LabelCutter(Set(labels), keeps: false)
    }
    let isOneToOne = matching.cardinality == .oneToOne
    result = LabelCutter(
      isOneToOne ? Set(matching.labels) : [], keeps: isOneToOne && matching.isOn)
    names = LabelCutter(dropsName ? ReservedLabels.all : [], keeps: false)
  }

  func labels(many: LabelSet?, one: LabelSet?) -> LabelSet {
    guard let many else {
      // A fill value on the many side has the labels that were compared.
      return compared.cut(one ?? .empty)
    }
    var labels = result.cut(names.cut(many))
    guard matching.cardinality != .oneToOne, let one else { return labels }
    for name in matching.include { labels = labels.setting(name, to: one[name] ?? "") }
    return labels
  }
}
