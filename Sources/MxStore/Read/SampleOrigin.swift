package import MxModel

extension Snapshot {
  /// The segments that hold a sample of `labels` at `time`, newest commit first: where a
  /// sample comes from, and which others it won against.
  package func segments(
    holding labels: LabelSet, at time: Int64, _ report: Report
  ) throws -> [SegmentInfo] {
    let matchers = labels.pairs.map { Matcher(equal: $0.name, $0.value) }
    let instant = TimeRange(from: time, to: time)
    var found: [SegmentInfo] = []
    for info in manifest.segments where info.kind == .samples && info.range.contains(time) {
      var single = manifest
      single.segments = [info]
      let selection = try StoreSelection(
        Snapshot(store, single), SelectRequest(matchers, range: instant), report)
      try selection.read(0..<selection.count, instant, worker: 0) { series, samples in
        if samples.count > 0, try selection.labels(series) == labels { found.append(info) }
      }
    }
    return found.sorted { $0.lastSequence > $1.lastSequence }
  }
}
