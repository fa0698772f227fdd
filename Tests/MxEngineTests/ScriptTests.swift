import MxEngine
import Testing

@Suite struct ScriptTests {
  private static let folder: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast()
    return parts.joined(separator: "/") + "/Scripts"
  }()

  @Test(arguments: ["rates", "windows", "matching", "histograms"])
  func ourScriptsPass(name: String) throws {
    let bytes = try #require(Corpora.read("\(Self.folder)/\(name).test"))
    let results = try PromQLTestScript().run(String(decoding: bytes, as: UTF8.self))
    #expect(results.count > 5)
    for result in results {
      if case .failed(let reason) = result.outcome {
        Issue.record("\(name).test:\(result.line): \(result.query): \(reason)")
      }
      if case .skipped = result.outcome { #expect(result.query.contains("native")) }
    }
  }

  private func outcome(_ script: String) throws -> PromQLTestScript.Outcome {
    let results = try PromQLTestScript().run(script)
    return try #require(results.last).outcome
  }

  /// A runner that passes everything would pass the scripts above, too.
  @Test(arguments: [
    ("eval instant at 0 m\n  m 3", "a wrong value"),
    ("eval instant at 0 m\n  m 2\n  n 2", "a series that is not there"),
    ("eval instant at 0 m", "a series that is not expected"),
    ("eval instant at 0 m\n  expect fail", "no failure"),
    ("eval instant at 0 1 +", "a query that does not parse"),
    ("eval instant at 0 m\n  expect warn\n  m 2", "no warning"),
    ("eval instant at 0 quantile(2, m)\n  expect no_warn\n  {} Inf", "a warning"),
    ("eval range from 0 to 1m step 1m m\n  m 2", "a point too many"),
    ("eval instant at 0 m + on () n\n  {} 1", "an empty side"),
    ("eval instant at 0 time()\n  1", "a wrong scalar"),
    ("eval instant at 0 \"a\"\n  expect string \"b\"", "a wrong string"),
    ("eval_ordered instant at 0 sort({__name__=~\"a|b\"})\n  a 2\n  b 1", "a wrong order"),
  ])
  func whatIsWrongFails(script: String, why: String) throws {
    let outcome = try outcome("load 1m\n  m 2 3\n  a 2\n  b 1\n\n\(script)\n")
    guard case .failed = outcome else {
      Issue.record("\(why) passes: \(outcome)")
      return
    }
  }

  @Test(arguments: [
    "load\n  m 1", "load 1m\n  m 1 b", "load 1m\n  m 1x", "load 1m\n  m{a=\"b\" 1", "jump",
    "eval instant", "eval sometimes 1", "eval range from 0 to 1m m", "load 1m\n  m {{sum:a}}",
    "load 1m\n  m 1x99999999999", "eval instant at 0 m\n  expect luck", "load 1m\n  m@st 1q",
    "load 1m\n  m {{schema:1}}+{{schema:0}}x2", "load_fast 1m\n  m 1",
    "eval instant at 0 m\n  expect fail regex: (",
  ])
  func whatIsNoScriptIsRefused(script: String) {
    #expect(throws: ScriptError.self) { try PromQLTestScript().run(script) }
  }

  @Test func sequencesAreReadAsDocumented() throws {
    let script = """
      load 1m
        a 1 2x1 _x2 3+0.5x2 stale
        b _ -1-1x2 1h NaN

      eval instant at 20m count_over_time(a[21m])
        {} 6
      eval instant at 7m last_over_time(a[1m])
        a 4
      eval instant at 20m last_over_time(a[12m])

      eval instant at 3m b
        b -3
      eval instant at 4m b
        b 3600
      """
    for result in try PromQLTestScript().run(script.replacing("eval", with: "\neval")) {
      #expect(result.outcome == .passed, "line \(result.line): \(result.query)")
    }
  }
}
