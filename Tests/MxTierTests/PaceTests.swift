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

  /// Hours of one pace each, broken off somewhere, of which retention leaves windows and
  /// the odd sample: what is visible is what was.
  @Test(arguments: 0..<12 as Range<UInt64>)
  func whatRetentionTakesChangesNoPace(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let files = SimulatedFileSystem()
    try files.makeDirectory("/data")
    let store = Store(path: "/data/s", files: files)
    let samples = PaceTests.hours(60, &random)
    let now = TierWork.start + 60 * PaceTests.hour
    let tiers = [PaceTests.minute, 5 * PaceTests.minute, PaceTests.hour]
    let rules = RetentionRules(
      [
        RetentionPolicy(
          matchers: [],
          ages: [
            0: 6 * PaceTests.hour, tiers[0]: 12 * PaceTests.hour,
            tiers[1]: 24 * PaceTests.hour, tiers[2]: .max,
          ])
      ], tiers: tiers, lag: PaceTests.minute)
    var batch = SampleBatch()
    for sample in samples { batch.append(LabelSet(name: "job"), sample.time, sample.value) }
    let writer = StoreWriter(
      store, CommitOptions(now: now), random: SeededGenerator(seed: random.next()))
    try writer.append(batch)
    try writer.commit()
    for age: Int64 in [0, 0, 20] {
      let now = now + age * PaceTests.hour + 2 * PaceTests.minute
      var random = SeededGenerator(seed: seed &+ 50)
      try check(store, samples, "seed \(seed) after \(age) h", &random)
      _ = try store.rollUp(
        RollupOptions(now: now), Report(), random: SeededGenerator(seed: random.next()))
      let plan = RetentionPlan(try store.manifest(Report()), rules, now: now)
      _ = try store.retain(
        plan, rules, RetentionOptions(now: now), Report(),
        random: SeededGenerator(seed: random.next()))
      try check(store, samples, "seed \(seed) after \(age) h and retention", &random)
    }
  }

  private func check(
    _ store: Store, _ samples: [Sample], _ when: String, _ random: inout SeededGenerator
  ) throws {
    let snapshot = try Snapshot(store, Report())
    for _ in 0..<40 {
      let count = [1, 1, 5, 20][Int.random(in: 0..<4, using: &random)]
      let first = Int64.random(in: 1...Int64(64 - count), using: &random)
      let query = TierQuery(
        "job", start: TierWork.start + first * PaceTests.hour, step: PaceTests.hour, count: count)
      let answer = try query.answer(snapshot)
      for index in 0..<count {
        let expected = PaceTests.visible(samples, at: query.time(index))
        let found = answer.value(LabelSet(name: "job"), index)
        #expect(found == expected, "\(when): \(query), step \(index)")
      }
    }
  }

  private static func hours(_ count: Int64, _ random: inout SeededGenerator) -> [Sample] {
    let paces = [1, 1, 10, 30, 36, 60, 120, 200, 360].map { Int64($0) * 10_000 }
    var samples: [Sample] = []
    // The first is dense, so that tiers begin where all does.
    for number in 0..<count where number == 0 || Int.random(in: 0..<6, using: &random) > 0 {
      let pace = number == 0 ? paces[0] : paces[Int.random(in: 0..<paces.count, using: &random)]
      let length = Int64.random(in: 35...60, using: &random) * minute
      let begin = TierWork.start + number * hour
      for time in stride(from: begin + pace, through: begin + length, by: Int(pace)) {
        samples.append(Sample(time: time, value: Double(samples.count)))
      }
    }
    return samples
  }
}
