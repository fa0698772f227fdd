import Glibc
import MxCodec
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// Folding keeps the number of live segments small however many commits come, and
/// writes no sample again and again.
@Suite struct FoldTests {
  private static let hour: Int64 = 1_700_000_000_000 / 3_600_000 * 3_600_000

  /// Commits in a manifest alone: what is planned is done at once.
  private struct Plan {
    var manifest = Manifest(storeID: ContentHash(high: 1, low: 2))
    var nextID: UInt64 = 1
    /// Commits written again, one counted as often as it was.
    var rewritten = 0
    var largest = 0

    mutating func commit(at time: Int64, from: Int64? = nil, bytes: Int = 300) {
      if let job = MergePlan.fold(manifest, now: time, grace: Removal.defaultGrace) { fold(job) }
      manifest.lastSequence += 1
      add(
        manifest.lastSequence...manifest.lastSequence, TimeRange(from: from ?? time, to: time),
        level: 0, samples: 1, bytes: bytes)
    }

    private mutating func fold(_ job: MergeJob) {
      let inputs = job.inputs.compactMap { manifest.segment($0) }
      #expect(inputs.count == job.inputs.count)
      #expect(inputs.map(\.lastSequence) == inputs.map(\.lastSequence).sorted())
      let bytes = inputs.reduce(0) { $0 + $1.bytes }
      let samples = inputs.reduce(0) { $0 + $1.samples }
      largest = max(largest, bytes)
      rewritten += samples
      manifest.segments.removeAll { job.inputs.contains($0.id) }
      add(
        inputs[0].firstSequence...inputs[inputs.count - 1].lastSequence,
        inputs.reduce(inputs[0].range) { $0.union($1.range) },
        level: job.level, samples: samples, bytes: bytes)
    }

    private mutating func add(
      _ sequences: ClosedRange<UInt64>, _ range: TimeRange, level: UInt8, samples: Int, bytes: Int
    ) {
      var info = SegmentInfo(
        id: nextID, kind: .samples, firstSequence: sequences.lowerBound,
        lastSequence: sequences.upperBound, range: range)
      info.level = level
      info.samples = samples
      info.bytes = bytes
      nextID += 1
      manifest.segments.append(info)
    }

    func live(in hour: Int64) -> Int {
      manifest.segments.count { $0.range.to / 3_600_000 == hour / 3_600_000 }
    }
  }

  @Test(arguments: [8, 9, 64, 65, 600, 3000])
  func segmentsOfAnHourGrowWithTheLogarithmOfItsCommits(commits: Int) {
    var plan = Plan()
    var most = 0
    for number in 0..<commits {
      plan.commit(at: FoldTests.hour + Int64(number))
      most = max(most, plan.manifest.segments.count)
    }
    // Commits as a number of base 8 has so many digits, none of them over 7.
    let digits = String(commits, radix: 8).count
    #expect(most <= 7 * digits + 1)
    #expect(plan.rewritten <= commits * (digits - 1))
    #expect(plan.manifest.segments.reduce(0) { $0 + $1.samples } == commits)
  }

  /// Whoever waits for the lock waits for a mebibyte at most.
  @Test func whatIsLargeIsLeftToCompaction() {
    var plan = Plan()
    for number in 0..<300 { plan.commit(at: FoldTests.hour + Int64(number), bytes: 9_000) }
    #expect(plan.largest > 500_000)
    #expect(plan.largest <= MergePlan.foldBytes)
    #expect(plan.manifest.segments.count <= 24)
    for number in 0..<20 {
      plan.commit(at: FoldTests.hour + 1000 + Int64(number), bytes: 200_000)
    }
    // The first few fitted beside small ones; no eight of them fit together.
    #expect(plan.manifest.segments.count { $0.bytes == 200_000 } >= 15)
    #expect(plan.largest <= MergePlan.foldBytes)
  }

  /// Two hours that take turns (a live scrape beside a replay) are folded each for itself.
  @Test func hoursThatTakeTurnsAreBothFolded() {
    var plan = Plan()
    for number in 0..<500 {
      plan.commit(at: FoldTests.hour + Int64(number))
      plan.commit(at: FoldTests.hour - 36_000_000 + Int64(number))
    }
    #expect(plan.live(in: FoldTests.hour) <= 24)
    #expect(plan.live(in: FoldTests.hour - 36_000_000) <= 24)
  }

  /// Nothing is folded across a commit that reaches into the hour from another:
  /// which of them wins would change.
  @Test func nothingIsFoldedAcrossWhatOverlaps() {
    var plan = Plan()
    for number in 0..<6 { plan.commit(at: FoldTests.hour + Int64(number)) }
    plan.commit(at: FoldTests.hour + 3_600_000, from: FoldTests.hour)
    for number in 6..<10 { plan.commit(at: FoldTests.hour + Int64(number)) }
    #expect(plan.rewritten == 0)
    for number in 10..<20 { plan.commit(at: FoldTests.hour + Int64(number)) }
    #expect(plan.rewritten == 8)
    #expect(plan.manifest.segments.contains { $0.firstSequence == 8 && $0.lastSequence == 15 })
  }

  /// A deletion that may be taken back for a day does not keep what follows it
  /// from being folded.
  @Test func whatFollowsAYoungDeletionIsFolded() {
    var plan = Plan()
    for number in 0..<5 { plan.commit(at: FoldTests.hour + Int64(number)) }
    plan.manifest.lastSequence += 1
    plan.manifest.tombstones = [
      Tombstone(
        sequence: plan.manifest.lastSequence, record: 99, matchers: [], range: .all,
        made: FoldTests.hour)
    ]
    for number in 5..<300 { plan.commit(at: FoldTests.hour + Int64(number)) }
    #expect(plan.manifest.segments.count { $0.lastSequence < 6 } == 5)
    #expect(plan.manifest.segments.count <= 5 + 22)
    #expect(plan.manifest.segments.allSatisfy { $0.firstSequence > 6 || $0.lastSequence < 6 })
  }

  /// Commits as a web server gets them: the same samples, few segments. 3,000 of them
  /// with MX_LONG=1.
  @Test func manySmallCommitsLeaveFewSegments() throws {
    let commits = getenv("MX_LONG") == nil ? 200 : 3000
    let (store, _) = try StoreTests.emptyStore()
    var model = StoreModel()
    var most = 0
    var folded = 0
    var held: Set<UInt64> = []
    for number in 0..<commits {
      let now = FoldTests.hour + Int64(number) * 10
      var batch = SampleBatch()
      for series in 0..<5 {
        // Some come again and change: the later one wins in any state of folding.
        let time = series == 0 ? now / 100 * 100 : now
        batch.append(
          LabelSet(name: "load", [("worker", "\(series)")]), time, Double(number % 13))
      }
      model.add(batch)
      let writer = StoreWriter(
        store, CommitOptions(now: now), random: SeededGenerator(seed: UInt64(number)))
      try writer.append(batch)
      try writer.commit()
      if number % 50 == 0 { _ = try store.removeRetired(now: now, grace: 0, Report()) }
      let live = try store.manifest(Report()).segments
      most = max(most, live.count)
      for segment in live where segment.level == 1 && held.insert(segment.id).inserted {
        folded += segment.samples
      }
    }
    let digits = String(commits, radix: 8).count
    #expect(most <= 7 * digits + 1)
    #expect(folded <= commits * 5 * (digits - 1))
    #expect(try StoreModel(reading: store) == model)
    #expect(try StoreModel(rebuilding: store) == model)
  }
}
