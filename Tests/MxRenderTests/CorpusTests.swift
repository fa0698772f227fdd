import MxRender
import Testing

/// Dashboards that people run, where they are beside the project.
@Suite struct CorpusTests {
  @Test func everyDashboardIsReadAndDrawn() throws {
    let folder = Files.root() + "/../shared/corpora/dashboards"
    let paths = Files.list(folder).filter { $0.hasSuffix(".json") }
    if paths.isEmpty {
      print("skipped: no corpora")
      return
    }
    var total = Coverage()
    var bytes = 0
    for (index, path) in paths.enumerated() {
      let drawn = try ReportTests().draw(path)
      total.drawn += drawn.coverage.drawn
      total.drawnInPart += drawn.coverage.drawnInPart
      total.notDrawn += drawn.coverage.notDrawn
      #expect(drawn.coverage.failed == 0, "\(path)")
      #expect(!drawn.problems.contains { $0.severity == .error }, "\(path): \(drawn.problems)")
      for file in drawn.files {
        bytes += file.bytes.count
        // A hundred megabytes of markup take minutes to read without optimisation.
        if index % 12 == 0 { Pages.expectSafe(file.bytes, path) }
      }
    }
    print("\(paths.count) dashboards, \(bytes) bytes: \(total)")
    #expect(paths.count >= 233)
    let all = Double(total.drawn + total.drawnInPart + total.notDrawn)
    #expect(Double(total.drawn + total.drawnInPart) / all > 0.95)
  }
}
