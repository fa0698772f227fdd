import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// Room for others: what min_free may cost, and what it may not.
struct PressureTests {
  private let disk = SimulatedFileSystem()
  private let store: Store
  private let now: Int64

  init() throws {
    try disk.makeDirectory("/data")
    store = Store(path: "/data/s", files: disk)
    _ = try RetentionTests.spaced(store, hours: 6, seed: 1)
    now = RollupTests.start + 6 * RetentionTests.hour
  }

  /// Something else takes so much that `free` bytes are left.
  private func fill(leaving free: Int) throws {
    disk.capacity = 1 << 30
    disk.capacity = (1 << 30) - (try disk.freeSpace("/").free) + free
  }

  private func makeRoom(_ minFree: Int) throws -> PressureResult {
    var options = RetentionOptions(now: now)
    options.grace = 86_400_000
    return try store.makeRoom(SpaceLimits(minFree: minFree), options, Report())
  }

  private func samples() throws -> Int {
    try store.manifest(Report()).segments.reduce(0) { $0 + $1.samples }
  }

  @Test func theOldestGoWhereThatIsEnough() throws {
    let before = try samples()
    try fill(leaving: 5000)
    let result = try makeRoom(6000)
    #expect(result.missing == 0)
    #expect(!result.isInVain)
    #expect(!result.dropped.isEmpty)
    #expect(try samples() > before / 2)
  }

  /// A disk that something else has filled took all of a store's history, for nothing.
  @Test func nothingGoesWhereAllWouldNotBeEnough() throws {
    let before = try samples()
    try fill(leaving: 0)
    let result = try makeRoom(1 << 24)
    #expect(result.dropped.isEmpty)
    #expect(result.isInVain)
    #expect(result.missing > 0)
    #expect(try samples() == before)
  }

  /// Without a word in the settings everything is kept: only what waits for its grace goes.
  @Test func whereMinFreeTakesNoDataOnlyFilesThatWaitGo() throws {
    _ = try store.mergeAll(now: now, Report())
    let before = try samples()
    try fill(leaving: 0)
    var limits = SpaceLimits(minFree: 1 << 20)
    limits.minFreeTakesData = false
    let result = try store.makeRoom(limits, RetentionOptions(now: now), Report())
    #expect(result.removal.files > 1)
    #expect(result.dropped.isEmpty && result.isKept && !result.isInVain)
    #expect(result.missing > 0)
    #expect(try samples() == before)
  }

  /// A snapshot holds the files: removing them gives nothing back.
  @Test func noMoreThanTwiceOfWhatIsMissingGoes() throws {
    let before = try samples()
    try disk.makeDirectory("/data/held")
    for info in try store.manifest(Report()).segments {
      let path = store.segmentPath(info)
      try disk.link(path, to: "/data/held/\(info.id)")
    }
    try fill(leaving: 5000)
    let result = try makeRoom(6000)
    #expect(result.missing > 0)
    #expect(result.isInVain)
    #expect(!result.dropped.isEmpty)
    #expect(try samples() > before / 2)
  }

  @Test func whatIsTooLargeByItselfGoesAllTheSame() throws {
    try fill(leaving: 0)
    let used = try store.usedBytes()
    let result = try store.makeRoom(
      SpaceLimits(maxBytes: used - 1, minFree: 1 << 24), RetentionOptions(now: now), Report())
    #expect(!result.dropped.isEmpty)
    #expect(try store.usedBytes() < used)
  }
}
