import MxConfig
import MxEngine
import MxModel
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
}
