import MxConfig
import MxEngine
import MxModel
import MxTestSupport
import Testing

@testable import MxRules

/// Recording rules give the same samples live, late, and backfilled in any pieces.
@Suite struct RecordingPlanTests {
  static let start: Int64 = 1_795_132_800_000

  static func group(_ interval: Int64, _ rules: [(String, String)]) -> [RuleGroup] {
    var text = "groups:\n- name: g\n  interval: \(interval / 1000)s\n  rules:\n"
    for (name, expr) in rules { text += "  - record: \(name)\n    expr: \(expr)\n" }
    let problems = ConfigProblems()
    let file = RuleReader.read(Array(text.utf8), file: "r.yml", problems: problems)
    #expect(problems.isEmpty)
    return file.groups
  }

  @Test func livePicksUpAfterTheLastRunHoweverLate() {
    let groups = RecordingPlanTests.group(60_000, [("a", "up")])
    let late = RecordingPlanTests.start + 3 * 86_400_000 + 1234
    let due = RecordingPlan.live(groups, [groups[0].key: RecordingPlanTests.start], now: late)
    #expect(due[0].steps.count == 3 * 1440 && due[0].steps.skipped == 0)
    #expect(due[0].steps.first == RecordingPlanTests.start + 60_000)
    #expect(due[0].previous == RecordingPlanTests.start)
    // Twice the same hour and a clock that went back: nothing is due.
    let back = RecordingPlan.live(
      groups, [groups[0].key: late], now: late - 12 * 3_600_000)
    #expect(back[0].steps.count == 0)
  }

  @Test(arguments: [7000, 60_000, 90_000, 7_200_000] as [Int64])
  func piecesAddUpToTheWhole(interval: Int64) {
    let groups = RecordingPlanTests.group(interval, [("a", "up")])
    let range = TimeRange(
      from: RecordingPlanTests.start + 12_345, to: RecordingPlanTests.start + 40_000_000)
    let due = RecordingPlan.again(groups, range)
    let whole = (0..<due[0].steps.count).map { due[0].steps[$0] }
    for width in [60_000, 3_600_000, 86_400_000] as [Int64] {
      var found: [Int64] = []
      for piece in RecordingPlan.pieces(due, width: width) {
        #expect(piece[0].previous == found.last ?? due[0].previous)
        found += (0..<piece[0].steps.count).map { piece[0].steps[$0] }
      }
      #expect(found == whole, "\(width)")
    }
    #expect(whole.allSatisfy { $0 % interval == 0 && range.contains($0) })
    #expect(whole.first.map { $0 - interval < range.from } ?? true)
  }

  /// Rules of two groups that read each other, before and after them and themselves.
  static func tangle(_ random: inout SeededGenerator) -> [RuleGroup] {
    var text = "groups:\n"
    for (group, interval) in [(0, 60), (1, [60, 120, 180].randomElement(using: &random)!)] {
      text += "- name: g\(group)\n  interval: \(interval)s\n"
      if Bool.random(using: &random) { text += "  query_offset: 60s\n" }
      text += "  rules:\n"
      for rule in 0..<3 {
        let other = "r\(Int.random(in: 0..<6, using: &random))"
        let expr = [
          "m", "m unless \(other)", "sum by (i) (\(other))", "max_over_time(\(other)[3m])",
          "\(other) or m", "m > 5 unless \(other) offset 1m", "count(\(other)) + absent(m{i='1'})",
        ].randomElement(using: &random)!
        text += "  - record: r\(group * 3 + rule)\n    expr: \"\(expr)\"\n"
      }
    }
    let problems = ConfigProblems()
    let file = RuleReader.read(Array(text.utf8), file: "r.yml", problems: problems)
    #expect(problems.isEmpty, "\(text)")
    return file.groups
  }

  /// Whatever reads what, and however runs fall: the same samples and stale markers.
  @Test func anyCutOfAnyRulesGivesTheSame() throws {
    var random = SeededGenerator(seed: 5)
    var stale = 0
    for round in 0..<60 {
      let groups = Self.tangle(&random)
      var data = SampleBatch()
      for series in 0..<3 {
        for step in 0..<40 as Range<Int64> where Int.random(in: 0..<4, using: &random) > 0 {
          data.append(
            LabelSet(name: "m", [("i", "\(series)")]), Self.start + step * 60_000,
            Double(Int.random(in: 0..<10, using: &random)))
        }
      }
      let first = Self.start + 300_000
      let end = first + 30 * 60_000
      let last = Dictionary(uniqueKeysWithValues: groups.map { ($0.key, first) })
      let whole = try RecordingCorpusTests.run(
        [RecordingPlan.live(groups, last, now: end)], data)
      var lasts = last
      var runs: [[GroupDue]] = []
      var now = first
      while now < end {
        now = min(end, now + Int64.random(in: 1...9, using: &random) * 47_000)
        let due = RecordingPlan.live(groups, lasts, now: now)
        runs.append(due)
        for one in due where one.steps.count > 0 { lasts[one.group.key] = one.steps.last }
      }
      let cut = try RecordingCorpusTests.run(runs, data)
      let difference = cut.symmetricDifference(whole).sorted {
        ($0.time, $0.labels) < ($1.time, $1.labels)
      }
      #expect(difference.isEmpty, "round \(round): \(groups.flatMap { $0.rules.map(\.text) })")
      stale += whole.count { StaleMarker.isStale(Double(bitPattern: $0.bits)) }
    }
    #expect(stale > 100)
  }
}
