import MxModel
import MxPromQL
import Synchronization

extension Evaluator {
  /// `absent(v)`: 1 at each step where `v` has nothing.
  func absent(_ node: Call, _ grid: Grid) throws -> VectorStream {
    let stream = try vector(node.arguments[0], grid)
    var matchers: [Matcher] = []
    if case .selector(let selector) = node.arguments[0].unwrapped { matchers = selector.matchers }
    return try absent(stream, matchers, grid)
  }

  func absentOverTime(_ node: Call, _ samples: SampleStream, _ grid: Grid) throws -> VectorStream {
    guard let kernel = OverTime.pick(.absentOverTime, samples.windows) else {
      preconditionFailure("BUG: no kernel for absent_over_time")
    }
    let stream = try windowed(samples, keepsName: true) { _, samples, row in
      try kernel(samples, row)
    }
    return try absentOverTime(node, stream, grid)
  }

  /// `stream` has a value where there was any sample.
  func absentOverTime(_ node: Call, _ stream: VectorStream, _ grid: Grid) throws -> VectorStream {
    var matchers: [Matcher] = []
    if case .range(let range) = node.arguments[0].unwrapped { matchers = range.selector.matchers }
    return try absent(stream, matchers, grid)
  }

  private func absent(
    _ stream: VectorStream, _ matchers: [Matcher], _ grid: Grid
  ) throws -> VectorStream {
    let seen = Mutex([Bool](repeating: false, count: grid.count))
    try forEachBlock(Blocks.count(stream.roster.count)) { block, worker in
      var here = [Bool](repeating: false, count: grid.count)
      try stream.rows(Blocks.range(block, of: stream.roster.count), worker) { _, row in
        for step in row.indices where Absent.isPresent(row[step]) { here[step] = true }
      }
      seen.withLock { seen in
        for step in here.indices where here[step] { seen[step] = true }
      }
    }
    let table = Table(roster: Roster([Evaluator.labels(equalTo: matchers)]), steps: grid.count)
    let row = table.row(0)
    for (step, isSeen) in seen.withLock({ $0 }).enumerated() where !isSeen { row[step] = 1 }
    return table.stream
  }

  /// The labels that `=` matchers ask for; one that is asked for twice or otherwise
  /// is not known.
  private static func labels(equalTo matchers: [Matcher]) -> LabelSet {
    var counts: [String: Int] = [:]
    for matcher in matchers { counts[matcher.name, default: 0] += 1 }
    return LabelSet(
      matchers.filter {
        $0.op == .equal && counts[$0.name] == 1 && $0.name != LabelName.metric
      }.map { ($0.name, $0.value) })
  }
}
