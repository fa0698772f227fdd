import MxFiles
import MxFormats
import MxModel
import MxStore
import MxTestSupport
import Testing

@testable import MxIngest

/// A long stream that is killed and fed again holds each sample once.
@Suite struct ResumeTests {
  /// Small commits and pieces, so that a stream of a few hundred lines has many.
  private func configured(_ store: TestStore) -> TestStore {
    store.options.batchRows = 40
    store.options.pieceSize = 512
    store.options.isParallel = false
    return store
  }

  private static let lines = 300

  /// Events: what is taken twice adds up and shows.
  private var events: [UInt8] {
    let lines = (0..<Self.lines).map { number in
      "{\"metricName\":\"order\",\"timestamp\":\(present + Int64(number % 7)),"
        + "\"labels\":{\"shop\":\"s\(number % 5)\"},\"value\":1}\n"
    }
    return Array(lines.joined().utf8)
  }

  /// The process dies at its n-th call, for every n; then the same input again.
  @Test func killedAtAnyStepAndFedAgainEachEventCountsOnce() throws {
    let bytes = events
    var step = 1
    while true {
      let first = configured(TestStore())
      first.options.format = .ndjson
      first.disk.kill(at: step)
      let intake = first.intake()
      do {
        try first.take(bytes, "stream", intake)
        try intake.finish()
      } catch {}
      let hasStruck = first.disk.hasStruck
      for policy in [first.disk.restarted(), first.disk.crashed(.random(seed: UInt64(step)))] {
        let again = configured(TestStore(policy))
        again.options.format = .ndjson
        let intake = again.intake()
        try again.take(bytes, "stream", intake, piece: 77)
        try intake.finish()
        #expect(try again.countAndSum().sum == Double(Self.lines), "killed at call \(step)")
      }
      if !hasStruck { break }
      step += step < 40 ? 1 : 11
    }
    #expect(step > 100)
  }

  /// How the bytes arrive, and whether commits are made beside, makes no difference.
  @Test(arguments: [1, 100, 511, 512, 513, 5000], [true, false])
  func commitsFallOnTheSameBytesHoweverTheyArrive(piece: Int, parallel: Bool) throws {
    let store = configured(TestStore())
    store.options.format = .ndjson
    // Dropped before its end: what is committed by then is known again.
    try store.take(events, "stream", store.intake())
    store.options.isParallel = parallel
    let intake = store.intake()
    try store.take(events, "stream", intake, piece: piece)
    try intake.finish()
    #expect(try store.countAndSum().sum == Double(Self.lines))
    #expect(intake.result.commits <= 1)
  }

  /// A container is taken as a whole: what does not fit into a batch waits.
  @Test func aContainerOfManyBatchesIsOneCommit() throws {
    let store = configured(TestStore())
    store.options.format = .openmetrics
    let lines = (0..<200).map { "x{n=\"\($0)\"} 1 \(present / 1000)\n" }.joined()
    let whole = "# TYPE x gauge\n" + lines + "# EOF\n"
    let result = try store.take(whole)
    #expect(result.commits == 1)
    #expect(result.samples == 200)
    let broken = TestStore()
    _ = configured(broken)
    broken.options.format = .openmetrics
    let intake = broken.intake()
    #expect(throws: FormatError.self) {
      try broken.take("# TYPE x gauge\n" + lines + "x{ 1\n# EOF\n", "b", intake)
    }
    try intake.finish()
    #expect(throws: StoreError.self) { try broken.contents() }
  }

  /// Inputs before a container that spills are committed and not lost with it.
  @Test func earlierInputsDoNotFallWithAContainer() throws {
    let store = configured(TestStore())
    let intake = store.intake()
    try store.take("a 1 \(present)\nb -1 \(present)\n", "first", intake)
    let lines = (0..<200).map { "x{n=\"\($0)\"} 1 \(present / 1000)\n" }.joined()
    #expect(throws: FormatError.self) {
      try intake.take(name: "second", .content, format: .openmetrics, modified: nil) {
        [text = ["# TYPE x gauge\n" + lines + "x{ 1\n"]] buffer in
        let bytes = Array(text[0].utf8)
        buffer.copyBytes(from: bytes.prefix(buffer.count))
        return bytes.count
      }
    }
    try intake.finish()
    #expect(try store.contents() == ["a 1.0@0", "b -1.0@0"])
  }

  /// Many small commits do not leave as many segments.
  @Test func manySmallRunsAreFolded() throws {
    let store = TestStore()
    for run in 0..<100 { try store.take("up \(run) \(present + Int64(run))\n") }
    #expect(try store.countAndSum().count == 100)
    let snapshot = try Snapshot(store.store, store.report)
    #expect(snapshot.manifest.segments.count < 25)
  }
}

/// The drop folder.
@Suite struct SpoolTests {
  private let directory = "/spool"

  private func drop(_ name: String, _ text: String, _ disk: SimulatedFileSystem) throws {
    try disk.makeDirectory(directory)
    try disk.writeNew(FilePath.join(directory, name), Array(text.utf8))
  }

  private func event(_ number: Int) -> String {
    "{\"metricName\":\"done\",\"timestamp\":\(present),\"labels\":{\"job\":\"\(number)\"},\"value\":1}\n"
  }

  /// One run over the folder, as the command does it.
  private func take(_ store: TestStore, open: Set<String> = []) throws {
    let found = try Spool(directory, store.disk, lockWait: 0) { path in
      open.contains { path.hasSuffix($0) }
    }
    var spool = try #require(found)
    defer { spool.release() }
    let intake = store.intake()
    let files = try spool.claimed()
    for file in files {
      let bytes = try store.disk.contents(of: file.path, limit: 1 << 20)
      try store.take(bytes, file.name, intake, file.delivery)
    }
    try intake.finish()
    for file in files { try spool.done(file) }
  }

  @Test func onlyFinishedFilesAreTaken() throws {
    let store = TestStore()
    store.options.format = .ndjson
    for (number, name) in ["a", ".b", "c.tmp", "d~", "e", "f.part"].enumerated() {
      try drop(name, event(number), store.disk)
    }
    try take(store, open: ["/e"])
    #expect(try store.contents() == [#"done{job="0"} 1.0@0"#])
    #expect(
      try store.disk.list(directory).map(\.name)
        == [".b", ".mx-spool.lock", "c.tmp", "d~", "e", "f.part"])
  }

  /// The process dies at its n-th call, for every n; the next run takes what is left.
  @Test func killedAtAnyStepEachFileCountsOnce() throws {
    var step = 1
    while true {
      let store = TestStore()
      store.options.format = .ndjson
      for number in 0..<3 { try drop("job\(number)", event(number), store.disk) }
      // Says what the first says: it is another delivery all the same.
      try drop("job3", event(0), store.disk)
      store.disk.kill(at: step)
      do { try take(store) } catch {}
      let hasStruck = store.disk.hasStruck
      let again = TestStore(store.disk.restarted())
      again.options.format = .ndjson
      try take(again)
      try take(again)
      #expect(
        try again.contents()
          == (0..<3).map { #"done{job="\#($0)"} \#($0 == 0 ? 2.0 : 1.0)@0"# },
        "killed at call \(step)")
      #expect(try again.disk.list(directory).map(\.name) == [".mx-spool.lock"])
      if !hasStruck { break }
      step += 1
    }
    #expect(step > 20)
  }

  @Test func aFileGivenBackHasItsNameAgainUnlessThereIsANewOne() throws {
    let disk = SimulatedFileSystem()
    try drop("a", "1", disk)
    let found = try Spool(
      directory, disk, lockWait: 0, random: SeededGenerator(seed: 1), isOpen: { _ in false })
    var spool = try #require(found)
    let files = try spool.claimed()
    try drop("a", "2", disk)
    for file in files { try spool.giveBack(file) }
    let names = try disk.list(directory).map(\.name)
    let claim = FilePath.name(of: files[0].path)
    #expect(names == [".mx-spool.lock", claim, "a"])
    #expect(claim.hasPrefix(".mx-taking-") && claim.hasSuffix("-a"))
    // The new one waits until the one before is done with.
    #expect(try spool.claimed() == files)
    #expect(try spool.reject(files[0]).hasSuffix("/a.rejected"))
  }
}

/// What is kept of refused input.
@Suite struct RejectedTests {
  @Test func theDirectoryIsBounded() throws {
    let store = TestStore()
    store.rejectedLimit = 4000
    for run in 0..<40 {
      try store.take("up 1 \(present + Int64(run))\n" + "bad line number \(run)\n")
    }
    let batches = try Rejected(store.store).batches()
    #expect(batches.reduce(0) { $0 + $1.bytes } <= 4000)
    #expect(batches.count > 5)
  }

  @Test func bytesThatAreNoTextComeBackAsTheyWere() throws {
    let store = TestStore()
    let intake = store.intake()
    try store.take(Array("up 1 \(present)\n".utf8) + [0x61, 0xff, 0x0a], "in", intake)
    try intake.finish()
    #expect(try store.rejected().map(\.text) == [[0x61, 0xff]])
  }

  @Test func ofFloodsAPartIsKeptAndTheRestCounted() throws {
    let store = TestStore()
    store.rejectedLimit = 100_000
    let result = try store.take(
      "up 1 \(present)\n" + String(repeating: "nonsense, nothing else\n", count: 20_000))
    #expect(result.refused == 20_000)
    let kept = try store.rejected()
    #expect(kept.count < 1000)
    #expect(kept.last?.reason.contains("more were refused") == true)
  }
}
