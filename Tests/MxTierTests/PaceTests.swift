import MxEngine
import MxModel
import MxPromQL
import MxStore
import MxTestSupport
import Testing

/// The automatic lookback: visible for two and a half times the smallest gap between
/// the last four samples.
@Suite struct PaceTests {
  private static let minute: Int64 = 60_000
  private static let hour: Int64 = 3_600_000

  /// The rule as the guide has it, said once more.
  static func visible(_ samples: [Sample], at time: Int64) -> Double? {
    let known = samples.filter { $0.time <= time }
    guard let newest = known.last else { return nil }
    if StaleMarker.isStale(newest.value) { return nil }
    if time - newest.time < 5 * minute { return newest.value }
    let last = known.suffix(4).filter { !StaleMarker.isStale($0.value) }
    let gaps = zip(last, last.dropFirst()).map { $1.time - $0.time }
    guard let gap = gaps.min() else { return nil }
    return time - newest.time <= min(gap, 26 * hour) * 5 / 2 ? newest.value : nil
  }

  /// Paces from a minute to two days, markers, and commits cut anywhere: what a store's
  /// segments happen to hold must not show.
  @Test(arguments: 0..<12 as Range<UInt64>)
  func anyPaceInAnySegmentsFollowsTheRule(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let files = SimulatedFileSystem()
    try files.makeDirectory("/data")
    let store = Store(path: "/data/s", files: files)
    let paces = [1, 5, 7, 60, 360, 1440, 1700, 2900].map { Int64($0) * PaceTests.minute }
    let pace = paces[Int(seed) % paces.count]
    var samples: [Sample] = []
    var time = TierWork.start
    for number in 0..<30 {
      let dice = Int.random(in: 0..<10, using: &random)
      time += dice == 0 ? pace * 4 : dice == 1 ? pace / 3 + 1 : pace
      samples.append(Sample(time: time, value: dice == 2 ? StaleMarker.value : Double(number)))
    }
    var batch = SampleBatch()
    for (number, sample) in samples.enumerated() {
      batch.append(LabelSet(name: "job"), sample.time, sample.value)
      if number == samples.count - 1 || Int.random(in: 0..<4, using: &random) == 0 {
        let writer = StoreWriter(
          store, CommitOptions(now: sample.time), random: SeededGenerator(seed: random.next()))
        try writer.append(batch)
        try writer.commit()
        batch = SampleBatch()
      }
    }
    let snapshot = try Snapshot(store, Report())
    for _ in 0..<60 {
      let sample = samples[Int.random(in: 0..<samples.count, using: &random)]
      // On a sample, and at the edges of what is granted.
      let late = [
        0, 1, 5 * PaceTests.minute - 1, 5 * PaceTests.minute, pace * 5 / 2, pace * 5 / 2 + 1,
        65 * PaceTests.hour, Int64.random(in: 0...pace * 3, using: &random),
      ]
      let start = sample.time + late[Int.random(in: 0..<late.count, using: &random)]
      let step = [PaceTests.minute, pace / 2 + 1, pace][Int.random(in: 0..<3, using: &random)]
      let count = Int.random(in: 1...30, using: &random)
      let query = TierQuery("job", start: start, step: step, count: count)
      let answer = try query.answer(snapshot)
      for index in 0..<count {
        let expected = PaceTests.visible(samples, at: start + Int64(index) * step)
        let found = answer.value(LabelSet(name: "job"), index)
        #expect(found == expected, "seed \(seed), pace \(pace), \(query), step \(index)")
      }
    }
  }
}
