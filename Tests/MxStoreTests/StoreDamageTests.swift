import MxCodec
import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// Whatever bit of whatever file is flipped: the same answer, or the file is named.
@Suite struct StoreDamageTests {
  /// Small, but with all there is: a merged hour, fresh segments with their set
  /// inside and in a file, two parts of one commit, a deletion, events.
  static func richStore() throws -> (Store, SimulatedFileSystem, StoreWorkload) {
    var work = StoreWorkload(seed: 2)
    work.seriesLimit = 3
    work.rowLimit = 6
    let (store, files) = try StoreTests.emptyStore()
    try work.commit(to: store)
    try work.commitPods(to: store)
    try work.compact(store)
    try work.commitPods(to: store)
    try work.commitTogether(2, to: store)
    try work.delete(from: store)
    return (store, files, work)
  }

  static func tinyStore() throws -> (Store, SimulatedFileSystem) {
    let (store, files) = try StoreTests.emptyStore()
    var batch = SampleBatch()
    for time: Int64 in [1000, 2000, 3500] { batch.append(LabelSet(name: "a"), time, 0.5) }
    let writer = StoreWriter(
      store, CommitOptions(now: 5000), random: SeededGenerator(seed: 1))
    try writer.append(batch)
    try writer.commit()
    return (store, files)
  }

  /// Every bit of a store of one segment.
  @Test func everyBitOfATinyStoreIsHarmlessOrNamed() throws {
    let (store, files) = try StoreDamageTests.tinyStore()
    try StoreDamageTests.sweep(store, files, step: 1) { _, _ in }
  }

  /// Bits of every file of a richer store; all of them in a long run.
  @Test func bitsOfEveryFileAreHarmlessOrNamed() throws {
    let (store, files, _) = try StoreDamageTests.richStore()
    let kinds = files.allFiles(below: "/data/s").keys.map { $0.suffix(4) }
    #expect(Set(kinds).isSuperset(of: [".seg", ".set"]))
    try StoreDamageTests.sweep(store, files, step: FaultTests.isLong ? 1 : 211) { _, _ in }
  }

  @Test func verifyNamesEveryDamagedFileAndRepairKeepsTheRest() throws {
    let (store, files, work) = try StoreDamageTests.richStore()
    let manifest = try store.manifest(Report())
    try StoreDamageTests.sweep(store, files, step: FaultTests.isLong ? 97 : 1511) { path, place in
      let report = Report()
      do {
        _ = try store.verify(deep: true, report)
        #expect(report.damage.contains { $0.path == path }, place)
      } catch {
        #expect(StoreDamageTests.path(of: error) == path, place)
      }
      // A retired file is nobody's answer: neither verify nor repair looks at it.
      let copy = Store(path: store.path, files: files.copied())
      let lost = manifest.segments.filter {
        copy.segmentPath($0) == path || $0.set.map { copy.setPath($0) } == path
      }
      var later = work
      let result = try copy.repair(now: work.now, Report())
      #expect(!result.quarantined.isEmpty, place)
      let left = Report()
      _ = try copy.verify(deep: true, left)
      #expect(left.damage.isEmpty, place)
      let found = try StoreModel(reading: copy)
      #expect(found.isPart(of: work.model), place)
      #expect(found.count + lost.reduce(0) { $0 + $1.samples } >= work.model.count, place)
      #expect(try StoreModel(rebuilding: copy) == found, place)
      later.model = found
      try later.commit(to: copy)
      #expect(try StoreModel(reading: copy) == later.model, place)
    }
  }

  /// Damage never stands in the way of what comes next, and is not forgotten by it.
  @Test func commitsGoOnBesideDamage() throws {
    let (store, files, work) = try StoreDamageTests.richStore()
    try StoreDamageTests.sweep(store, files, step: FaultTests.isLong ? 101 : 1301) { path, place in
      let copy = Store(path: store.path, files: files.copied())
      var later = work
      later.model = StoreModel()
      for _ in 0..<2 { try later.commit(to: copy) }
      try later.commitPods(to: copy)
      #expect(try StoreModel(reading: copy).contains(later.model, since: work.now), place)
      // Nor does removal take what cannot be read.
      _ = try copy.removeRetired(now: later.now + 1000, grace: 0, Report())
      #expect(try copy.files.status(path) != nil || !path.hasSuffix(".seg"), place)
    }
  }

  @Test func aNewestManifestThatIsDamagedDoesNotShowAnOlderState() throws {
    let (store, files, work) = try StoreDamageTests.richStore()
    let newest = try store.manifest(Report()).generation
    let path = FilePath.join(store.path, Manifest.fileName(generation: newest))
    for damage in [{ $0[9] ^= 4 }, { $0.removeLast() }, { $0 = [] }] as [(inout [UInt8]) -> Void] {
      try files.damage(path, damage)
      let report = Report()
      #expect(try StoreModel(reading: store, report) == work.model)
      #expect(report.damage.map(\.path) == [path])
    }
  }

  @Test func aMissingSetHidesItsSegmentsAndNoOthers() throws {
    let (store, files, work) = try StoreDamageTests.richStore()
    let set = try #require(try store.manifest(Report()).sets.first)
    try files.remove(store.setPath(set))
    let report = Report()
    let found = try StoreModel(reading: store, report)
    #expect(report.damage.contains { $0.path == store.setPath(set) })
    #expect(found.count > 0)
    #expect(found.isPart(of: work.model))
  }

  @Test func aSetThatWasDamagedIsWrittenAgainByTheNextCommitThatNeedsIt() throws {
    let (store, files) = try StoreTests.emptyStore()
    var work = StoreWorkload(seed: 3)
    try work.commitPods(to: store)
    let set = try #require(try store.manifest(Report()).sets.first)
    try files.damage(store.setPath(set)) { $0[$0.count / 2] ^= 1 }
    try work.commitPods(to: store)
    let report = Report()
    #expect(try StoreModel(reading: store, report) == work.model)
    #expect(report.damage.isEmpty)
  }

  // MARK: The sweep

  /// Flips every `step`th bit of all files, reads, and calls `body` where the
  /// flip was in something live.
  static func sweep(
    _ store: Store, _ files: SimulatedFileSystem, step: Int,
    _ body: (_ path: String, _ place: Comment) throws -> Void
  ) throws {
    let right = try StoreModel(reading: store)
    let manifest = try store.manifest(Report())
    let retired = Set(manifest.retired.map { FilePath.join(store.path, $0.path) })
    let all = files.allFiles(below: store.path)
    var start = 0
    for path in all.keys.sorted() where !path.hasSuffix(".lock") && !retired.contains(path) {
      let count = (all[path]?.count ?? 0) * 8
      var bit = start
      while bit < count {
        let place: Comment = "\(path) bit \(bit)"
        try files.damage(path) { $0[bit / 8] ^= 1 << UInt8(bit % 8) }
        try check(store, right, path, place)
        try body(path, place)
        try files.damage(path) { $0[bit / 8] ^= 1 << UInt8(bit % 8) }
        bit += step
      }
      start = bit - count
    }
  }

  private static func check(
    _ store: Store, _ right: StoreModel, _ path: String, _ place: Comment
  ) throws {
    let report = Report()
    do {
      let found = try StoreModel(reading: store, report)
      if found == right { return }
      #expect(report.damage.contains { $0.path == path }, place)
      #expect(found.isPart(of: right), place)
    } catch {
      #expect(StoreDamageTests.path(of: error) == path, place)
    }
  }

  static func path(of error: any Error) -> String? {
    switch error as? StoreError {
    case .damaged(let damage): damage.path
    case .newer(let path, _, _), .foreign(let path): path
    default: nil
    }
  }
}

extension SimulatedFileSystem {
  /// A disk of the same files, apart from this one.
  func copied() -> SimulatedFileSystem {
    let copy = SimulatedFileSystem()
    for (path, bytes) in allFiles() {
      do {
        try copy.makeDirectory(FilePath.parent(of: path))
        try copy.writeNew(path, bytes)
      } catch {
        Issue.record("a copy in memory failed: \(error)")
      }
    }
    return copy
  }
}

extension StoreModel {
  /// Whether `other` has all samples of this, with the same values.
  func isPart(of other: StoreModel) -> Bool {
    series.allSatisfy { labels, samples in
      samples.allSatisfy { other.series[labels]?[$0.key] == $0.value }
    }
  }

  /// Whether all of `other` from `time` on is here.
  func contains(_ other: StoreModel, since time: Int64) -> Bool {
    other.series.allSatisfy { labels, samples in
      samples.allSatisfy { $0.key <= time || series[labels]?[$0.key] == $0.value }
    }
  }
}
