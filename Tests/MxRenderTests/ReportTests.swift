import MxRender
import Testing

/// The dashboards that ship, and those of others, drawn with synthetic data.
///
/// MX_RENDER_OUT=DIR writes the pages there, to be looked at.
@Suite struct ReportTests {
  static let now: Int64 = 1_795_262_400_000

  func draw(_ path: String) throws -> RenderedDashboard {
    let bytes = try #require(Files.read(path))
    let dashboard = try Dashboard.decode(bytes)
    let drawn = try dashboard.rendered(
      PlanOptions(now: Self.now), RenderOptions(), source: SyntheticSource().source)
    if let folder = Files.environment("MX_RENDER_OUT") {
      let stem = path.split(separator: "/").suffix(2).joined(separator: "-")
      for file in drawn.files { Files.write(file.bytes, "\(folder)/\(stem).html") }
    }
    return drawn
  }

  @Test func shippedDashboardsAreDrawnWhole() throws {
    let paths = Files.list(Files.root() + "/reports").filter {
      $0.hasSuffix(".json") && !$0.contains("/reports/site/")
    }
    #expect(!paths.isEmpty)
    for path in paths {
      let drawn = try draw(path)
      #expect(drawn.problems.isEmpty, "\(path): \(drawn.problems.map(\.text))")
      #expect(drawn.coverage.notDrawn == 0 && drawn.coverage.drawnInPart == 0)
    }
  }
}
