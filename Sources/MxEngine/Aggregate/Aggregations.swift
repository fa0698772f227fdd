import MxModel
import MxPromQL

extension Evaluator {
  /// `sum by (job) (x)` and the other thirteen.
  func aggregate(_ node: Aggregation, _ grid: Grid) throws -> VectorStream {
    let stream = try vector(node.argument, grid)
    switch node.op {
    case .sum, .avg, .min, .max, .count, .group, .stddev, .stdvar:
      return try folded(node, stream, grid)
    case .quantile: return try quantiles(node, stream, grid)
    case .topk, .bottomk, .limitk, .limitRatio: return try selected(node, stream, grid)
    case .countValues: return try countedValues(node, stream, grid)
    }
  }

  /// Which group each series is in, and what the groups are called.
  func groups(_ grouping: Aggregation.Grouping, _ roster: Roster) throws -> Groups {
    switch grouping {
    case .all: return Groups(try Signatures.of(roster, .on([])), roster.keeping([]))
    case .by(let names):
      return Groups(try Signatures.of(roster, .on(names)), roster.keeping(Set(names)))
    case .without(let names):
      let dropped = names + [LabelName.metric]
      return Groups(
        try Signatures.of(roster, .ignoring(dropped)), roster.dropping(Set(dropped)))
    }
  }

  /// The aggregations that need one value a group: nothing but the groups' own
  /// accumulators is kept, block by block.
  private func folded(
    _ node: Aggregation, _ stream: VectorStream, _ grid: Grid
  ) throws -> VectorStream {
    let groups = try groups(node.grouping, stream.roster)
    try budget.take(groups.count * grid.count)
    let fold = GroupFold(op: node.op, groups: groups, steps: grid.count)
    try run(fold, stream)
    if node.op == .avg, fold.isOverflown {
      // A running sum left the range of doubles: means are taken term by term.
      let careful = CarefulMeans(groups: groups, steps: grid.count)
      for block in 0..<Blocks.count(stream.roster.count) {
        try stream.rows(Blocks.range(block, of: stream.roster.count), 0) { series, row in
          careful.add(series, row)
        }
      }
      return careful.table(groups, marks: fold.marks(stream.marks)).compacted().stream
    }
    return fold.table(marks: fold.marks(stream.marks)).compacted().stream
  }

  /// Blocks are computed some at a time and folded in order, so that at most a few
  /// blocks' accumulators exist at once and the result depends on no thread.
  private func run(_ fold: GroupFold, _ stream: VectorStream) throws {
    let series = stream.roster.count
    let blocks = Blocks.count(series)
    if options.threads == 1 || blocks == 1 {
      for block in 0..<blocks {
        try expiry.check()
        let part = try fold.part(stream, Blocks.range(block, of: series), 0)
        fold.take(part)
      }
      return
    }
    let wave = options.threads * 4
    for start in stride(from: 0, to: blocks, by: wave) {
      let count = min(wave, blocks - start)
      let parts = Slots<GroupFold.Part>(count)
      try forEachBlock(count) { item, worker in
        parts.set(item, try fold.part(stream, Blocks.range(start + item, of: series), worker))
      }
      for part in parts.take() { fold.take(part) }
    }
  }
}

/// Series to groups.
struct Groups: Sendable {
  /// Series -> group.
  let ids: [Int32]
  let count: Int
  /// One member's labels of each group, cut down to the group's.
  let roster: Roster

  init(_ signatures: Signatures, _ cut: Roster) {
    ids = signatures.groups[0]
    count = signatures.count
    var firsts = [Int32](repeating: -1, count: count)
    for (series, group) in ids.enumerated() where firsts[Int(group)] < 0 {
      firsts[Int(group)] = Int32(series)
    }
    roster = cut.picking(firsts)
  }

  /// The series of each group, in order.
  func members() -> [[Int32]] {
    var members = [[Int32]](repeating: [], count: count)
    for (series, group) in ids.enumerated() { members[Int(group)].append(Int32(series)) }
    return members
  }
}
