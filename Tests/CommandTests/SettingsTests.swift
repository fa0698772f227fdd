import MxConfig
import MxModel
import MxRules
import MxStore
import Testing

@testable import MxTools

@Suite struct SettingsTests {
  private static let day: Int64 = 86_400_000

  private func read(_ text: String) -> (settings: Settings, problems: [String]) {
    let problems = ConfigProblems()
    let settings = SettingsReader.read(Array(text.utf8), file: "mx.yml", problems: problems)
    problems.sort()
    return (settings, problems.all.map { $0.description + ($0.hint.map { " (\($0))" } ?? "") })
  }

  @Test func everySectionIsRead() {
    let (settings, problems) = read(
      """
      labels: {site: lab}
      site_url: https://metrics.example/
      on_conflict: max
      retention:
        - match: '{__name__=~"debug_.*"}'
          raw: 2d
        - {raw: 15d, 1m: 30d, 5m: 90d, 1h: 2y}
      storage: {max_bytes: 50GiB, min_free: 10%, grace: 6h, rejected_bytes: 1MiB}
      limits: {series_per_metric: 5, series_total: off, future: off, body_bytes: 1KiB}
      rollup: {tiers: [1h, 1m], lag: 2m}
      alert: {history: 30d, no_data: keep, delay: 1m, max_catchup: 2d}
      relabel:
        - {source_labels: [job], regex: 'x.*', action: drop}
      uses: {rules: [jobs/rules/*.yml], dashboards: reports/*.json}
      """)
    #expect(problems == [])
    #expect(settings.labels.map(\.name) == ["site"])
    #expect(settings.conflict == .max)
    #expect(settings.retention.count == 2)
    #expect(settings.retention[0].policy.matchers.count == 1)
    #expect(settings.retention[1].policy.age(of: 0) == 15 * Self.day)
    #expect(settings.retention[1].policy.age(of: 600_000) == 730 * Self.day)
    #expect(settings.storage.grace == 6 * 3_600_000)
    #expect(settings.limits.seriesPerMetric == 5)
    #expect(settings.limits.future == nil)
    #expect(settings.limits.labelsPerSeries == 32)
    #expect(settings.rollup.tiers == [60_000, 3_600_000])
    #expect(settings.alert.noData == .keep)
    #expect(settings.relabel.rules.count == 1)
    #expect(settings.uses.dashboards == ["reports/*.json"])
  }

  /// Every mistake has its line, and one does not hide the next.
  @Test func mistakesAreSaidWithTheirLines() {
    let (_, problems) = read(
      """
      retentoin: []
      retention:
        - {raw: 30d, 1h: 15d}
        - {raw: 1d}
        - {match: 'up', row: 1d}
      limits: {future: soon, series_per_metrics: 1}
      rollup: {tiers: [7m]}
      relabel:
        - {action: replaec}
      """)
    for expected in [
      "mx.yml:1: unknown field 'retentoin' (did you mean 'retention'?)",
      "mx.yml:3: 1h is kept for 15d, less than raw with 30d",
      "mx.yml:4: this policy is never reached: line 3 matches every series",
      "mx.yml:5: unknown field 'row'",
      "mx.yml:6: 'future': 'soon' is not a duration",
      "mx.yml:6: unknown field 'series_per_metrics'",
      "mx.yml:7: '7m' is no tier",
      "mx.yml:9: unknown relabel action 'replaec'",
    ] {
      #expect(problems.contains { $0.hasPrefix(expected) }, "\(expected) in \(problems)")
    }
  }
}
