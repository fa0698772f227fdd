import MxEngine
import Testing

/// Prometheus' own scripts: everything passes but what meets a native histogram.
@Suite struct PublicScriptTests {
  @Test func everyPublicScriptPasses() throws {
    let names = Corpora.names("\(Corpora.root)/promql", ".test")
    if names.isEmpty { return print("skipped: no corpora") }
    var passed = 0
    var skipped = 0
    for name in names {
      let text = try #require(Corpora.text("promql/\(name)"))
      for result in try PromQLTestScript().run(text) {
        switch result.outcome {
        case .passed: passed += 1
        case .skipped: skipped += 1
        case .failed(let reason):
          Issue.record("\(name):\(result.line): \(result.query): \(reason)")
        }
      }
    }
    print("public scripts: \(passed) passed, \(skipped) skipped for native histograms")
    #expect(passed > 700)
  }
}
