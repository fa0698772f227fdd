import MxModel

/// What a script has loaded so far.
struct ScriptData {
  private struct Point {
    var sample: ScriptSample
    var start: Int64?
  }

  private var series: [LabelSet: [Int64: Point]] = [:]

  mutating func clear() { series = [:] }

  mutating func load(_ load: ScriptLoad) throws(ScriptError) {
    var starts: [LabelSet: [Int64?]] = [:]
    var block: [LabelSet: [Int64: Point]] = [:]
    for notation in load.series {
      if notation.isStartTimes {
        starts[notation.labels] = notation.startOffsets
        continue
      }
      var points: [Int64: Point] = [:]
      let offsets = starts[notation.labels]
      for (index, sample) in notation.samples.enumerated() where sample != .missing {
        let time = Int64(index) * load.interval
        let offset = offsets.flatMap { index < $0.count ? $0[index] : nil }
        points[time] = Point(sample: sample, start: offset.map { time + $0 })
      }
      block[notation.labels] = points
    }
    if load.convertsHistograms {
      for (labels, points) in ScriptData.converted(block) { block[labels] = points }
    }
    for (labels, points) in block {
      series[labels, default: [:]].merge(points) { _, new in new }
    }
  }

  /// Native histograms with the bounds of classic ones, named as their base.
  private static func converted(
    _ block: [LabelSet: [Int64: Point]]
  ) -> [LabelSet: [Int64: Point]] {
    var buckets: [LabelSet: [Int64: [(bound: Double, count: Double)]]] = [:]
    var sums: [LabelSet: [Int64: Double]] = [:]
    var counts: [LabelSet: [Int64: Double]] = [:]
    for (labels, points) in block {
      guard let name = labels.metricName else { continue }
      for (time, point) in points {
        guard case .float(let value) = point.sample else { continue }
        if name.hasSuffix("_bucket"), let le = labels[LabelName.bucketBound],
          let bound = BucketBound.parse(le)
        {
          let base = labels.setting(LabelName.metric, to: String(name.dropLast(7)))
            .removing([LabelName.bucketBound])
          buckets[base, default: [:]][time, default: []].append((bound, value))
        } else if name.hasSuffix("_sum") {
          sums[labels.setting(LabelName.metric, to: String(name.dropLast(4))), default: [:]][time] =
            value
        } else if name.hasSuffix("_count") {
          counts[labels.setting(LabelName.metric, to: String(name.dropLast(6))), default: [:]][
            time] = value
        }
      }
    }
    var result: [LabelSet: [Int64: Point]] = [:]
    for (base, byTime) in buckets {
      for (time, unsorted) in byTime {
        let sorted = unsorted.sorted { $0.bound < $1.bound }
        var histogram = NativeHistogram()
        histogram.schema = -53
        histogram.customBounds = sorted.map(\.bound).filter(\.isFinite)
        var before = 0.0
        for bucket in sorted {
          histogram.positiveCounts.append(bucket.count - before)
          before = bucket.count
        }
        histogram.positiveSpans = [
          NativeHistogram.Span(offset: 0, length: UInt32(histogram.positiveCounts.count))
        ]
        histogram.count = counts[base]?[time] ?? before
        histogram.sum = sums[base]?[time] ?? 0
        result[base, default: [:]][time] = Point(sample: .histogram(histogram), start: nil)
      }
    }
    return result
  }

  var source: MemorySource {
    var batch = SampleBatch()
    let hasStarts = series.values.contains { $0.values.contains { $0.start != nil } }
    var starts: [Int64] = []
    for (labels, points) in series {
      let ref = batch.series.intern(labels)
      for (time, point) in points {
        switch point.sample {
        case .missing: continue
        case .float(let value): batch.append(ref, time, value)
        case .histogram(let histogram): batch.append(ref, time, histogram)
        }
        starts.append(point.start ?? .min)
      }
    }
    if hasStarts { batch.startTimes = starts }
    return MemorySource(batch)
  }
}
