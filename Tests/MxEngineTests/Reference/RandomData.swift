import MxEngine
import MxModel
import MxTestSupport

/// A few metrics with everything that makes data unpleasant: gaps, late and
/// irregular clocks, resets, stale markers, NaN and infinities.
///
/// Values are quarters of whole numbers, so that sums are exact in whatever order
/// and comparisons downstream cannot flip by a rounding.
struct RandomData {
  var series: [NaiveEvaluator.Series] = []

  init(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for host in ["a", "b", "c"] {
      for dc in ["x", "y"] where Int.random(in: 0..<10, using: &generator) > 0 {
        add(LabelSet(name: "g", [("host", host), ("dc", dc)]), &generator, isCounter: false)
        add(
          LabelSet(name: "c_total", [("host", host), ("dc", dc), ("job", dc + "1")]), &generator,
          isCounter: true)
      }
      for bound in ["0.5", "1", "2.5", "+Inf"] {
        add(
          LabelSet(name: "h_bucket", [("host", host), ("le", bound)]), &generator, isCounter: true)
      }
    }
    for dc in ["x", "y", "z"] {
      add(LabelSet(name: "one", [("dc", dc)]), &generator, isCounter: false)
    }
    series.sort { $0.labels < $1.labels }
  }

  private mutating func add(
    _ labels: LabelSet, _ generator: inout SeededGenerator, isCounter: Bool
  ) {
    var points: [NaiveEvaluator.Point] = []
    let pace: Int64 =
      [15_000, 15_000, 30_000, 60_000, 400_000].randomElement(using: &generator) ?? 15_000
    let jitter: Int64 = [0, 0, 700].randomElement(using: &generator) ?? 0
    var time = Int64.random(in: -10...20, using: &generator) * 5000
    var value = Double(Int.random(in: 0...40, using: &generator)) / 4
    while time < 1_800_000 {
      let dice = Int.random(in: 0..<100, using: &generator)
      if dice < 3 { time += pace * Int64.random(in: 2...30, using: &generator) }
      if isCounter {
        value += Double(Int.random(in: 0...20, using: &generator)) / 4
        if dice == 50 { value = Double(Int.random(in: 0...3, using: &generator)) }
      } else {
        value = Double(Int.random(in: -30...30, using: &generator)) / 4
      }
      var written = value
      if dice == 60 { written = StaleMarker.value }
      if dice == 61, !isCounter { written = .nan }
      if dice == 62, !isCounter {
        written = Bool.random(using: &generator) ? .infinity : -.infinity
      }
      points.append(NaiveEvaluator.Point(time: time, value: written))
      time += pace + (jitter == 0 ? 0 : Int64.random(in: -jitter...jitter, using: &generator))
    }
    if !points.isEmpty { series.append((labels, points)) }
  }

  var source: MemorySource {
    var batch = SampleBatch()
    for (labels, points) in series {
      let ref = batch.series.intern(labels)
      for point in points { batch.append(ref, point.time, point.value) }
    }
    return MemorySource(batch)
  }
}
