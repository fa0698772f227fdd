import MxEngine
import MxModel
import MxPromQL
import MxTestSupport
import Testing

/// Several sources must answer as one that took in their samples one after the other.
@Suite struct MergedSourceTests {
  /// Three batches that share some series and instants.
  private func batches(_ seed: UInt64) -> [SampleBatch] {
    var generator = SeededGenerator(seed: seed)
    return (0..<3).map { _ in
      var batch = SampleBatch()
      for _ in 0..<Int.random(in: 0...60, using: &generator) {
        let labels = LabelSet(
          name: ["a_total", "b"].randomElement(using: &generator) ?? "",
          [("job", String(Int.random(in: 0...2, using: &generator)))])
        let value =
          Int.random(in: 0...9, using: &generator) == 0
          ? StaleMarker.value : Double.random(in: 0...9, using: &generator)
        batch.append(labels, Int64.random(in: 0...40, using: &generator) * 15_000, value)
      }
      batch.metadata = [MetricMetadata(family: "b", type: .gauge, help: "\(seed)")]
      return batch
    }
  }

  private func joined(_ batches: [SampleBatch]) -> SampleBatch {
    var all = SampleBatch()
    for batch in batches {
      for row in 0..<batch.count {
        all.append(batch.series.labels(batch.refs[row]), batch.times[row], batch.values[row])
      }
      all.metadata += batch.metadata
    }
    return all
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func answersAreThoseOfOneSource(seed: UInt64) throws {
    let batches = batches(seed)
    let merged = MergedSource(batches.map { MemorySource($0) })
    let single = MemorySource(joined(batches))
    for text in [
      "{__name__=~\".+\"}", "rate(a_total[2m])", "sum by (job) (b)", "a_total[5m]",
      "topk(1, b) or a_total", "label_replace(b, \"x\", \"$1\", \"job\", \"(.)\")",
    ] {
      let tree = try PromQL.parse(text)
      let windows: [QueryWindow] =
        tree.type == .matrix
        ? [.instant(300_000)]
        : [.instant(300_000), .range(start: 0, end: 600_000, step: 30_000)]
      for window in windows {
        func answer(_ source: any SeriesSource) throws -> String {
          let result = try Engine().evaluate(
            tree, text: text, window, source: source, report: Report())
          return "\(result.value) \(result.annotations)"
        }
        #expect(try answer(merged) == answer(single), "\(text) \(window)")
      }
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func catalogueAndNewestSamplesAreThoseOfOneSource(seed: UInt64) throws {
    let batches = batches(seed)
    let merged = MergedSource(batches.map { MemorySource($0) })
    let single = MemorySource(joined(batches))
    func facts(_ source: any SeriesSource) throws -> [String] {
      let report = Report()
      let all = try source.open([SelectRequest([], range: .all)], report: report)[0]
      var facts = try source.labelNames(matching: [], range: .all, report: report)
      facts += try source.labelValues("job", matching: [], range: .all, report: report)
      for series in 0..<all.count {
        let newest = try all.latest(series, atOrBefore: 300_000, limit: 3, worker: 0)
        facts.append(
          "\(try all.labels(series)) \(newest.map { "\($0.time) \($0.value.bitPattern)" })")
        let column = try all.column("job")
        facts.append(column.values[Int(column.ids[series])])
      }
      return facts
    }
    #expect(try facts(merged) == facts(single))
    #expect(try merged.metadata(of: "b")?.type == .gauge)
    #expect(try merged.allMetadata().count == 1)
  }
}
