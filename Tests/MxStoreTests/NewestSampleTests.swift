import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// When a store was last fed, told from what is computed of it.
@Suite struct NewestSampleTests {
  @Test(
    arguments: 0..<8 as Range<UInt64>,
    [[], ["up"], ["up", "reqs_total"], ["up", "cpu", "reqs_total"]])
  func isTheNewestOfTheOtherSeries(seed: UInt64, names: [String]) throws {
    var work = StoreWorkload(seed: seed)
    let (store, _) = try StoreTests.emptyStore()
    for step in 0..<16 {
      if step % 5 == 4 { try work.compact(store) } else { try work.commit(to: store) }
      try addAlerts(to: store, &work)
      let report = Report()
      let others = (names + ["ALERTS"]).map { [Matcher(equal: LabelName.metric, $0)] }
      let found = try Snapshot(store, report).newestSample(besides: others, report)
      let model = work.model.series.filter { series in
        !names.contains(series.key.metricName ?? "") && series.key.metricName != "ALERTS"
      }
      #expect(found == model.values.flatMap(\.keys).max(), "after step \(step)")
      #expect(report.damage.isEmpty)
    }
  }

  /// Always the newest of all, as an alert on missing data is.
  private func addAlerts(to store: Store, _ work: inout StoreWorkload) throws {
    work.now += 30_000
    var batch = SampleBatch()
    batch.append(LabelSet(name: "ALERTS", [("alertname", "Watchdog")]), work.now, 1)
    try work.commit(batch, to: store)
  }
}
