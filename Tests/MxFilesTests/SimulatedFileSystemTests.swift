import Glibc
import MxFiles
import MxTestSupport
import Testing

/// The simulation must lose, fail and refuse, or the tests built on it prove nothing.
@Suite struct SimulatedFileSystemTests {
  let disk = SimulatedFileSystem()

  private func append(_ bytes: [UInt8], to file: any WritableFile) throws {
    try bytes.withUnsafeBytes { try file.write($0) }
  }

  /// A directory `d`, durable itself.
  private func prepared() throws -> SimulatedFileSystem {
    try disk.makeDirectory("d")
    try disk.syncDirectory("/")
    return disk
  }

  @Test func unsyncedNamesAndBytesAreLost() throws {
    let disk = try prepared()
    try disk.writeNew("d/synced", [1, 2, 3])
    let open = try disk.create("d/half")
    try append([1, 2], to: open)
    try open.sync()
    try append([3, 4], to: open)
    try disk.syncDirectory("d")
    let late = try disk.create("d/empty")
    try append([5], to: late)
    try disk.syncDirectory("d")
    try disk.writeNew("d/nameless", [6])
    #expect(
      disk.allFiles() == [
        "/d/synced": [1, 2, 3], "/d/half": [1, 2, 3, 4], "/d/empty": [5], "/d/nameless": [6],
      ])
    let after = disk.crashed(.loseAll)
    #expect(
      after.allFiles() == ["/d/synced": [1, 2, 3], "/d/half": [1, 2], "/d/empty": []])
    // What a crash left stays at the next one.
    #expect(after.crashed(.loseAll).allFiles() == after.allFiles())
  }

  @Test func everythingMaySurvive() throws {
    let disk = try prepared()
    try append([1, 2], to: try disk.create("d/a"))
    #expect(disk.crashed(.keepAll).allFiles() == ["/d/a": [1, 2]])
  }

  @Test func aRestartedProcessSeesWhatIsStillToBeLost() throws {
    let disk = try prepared()
    _ = try #require(try disk.lock("d/lock", .exclusive, wait: 0))
    try disk.syncDirectory("d")
    try disk.writeNew("d/a", [1])
    let after = disk.restarted()
    #expect(try after.contents(of: "d/a", limit: 9) == [1])
    #expect(try after.lock("d/lock", .exclusive, wait: 0) != nil)
    #expect(after.crashed(.loseAll).allFiles() == ["/d/lock": []])
  }

  @Test func anUnsyncedRemovalComesBack() throws {
    let disk = try prepared()
    try disk.writeNew("d/a", [1])
    try disk.syncDirectory("d")
    try disk.remove("d/a")
    #expect(try disk.status("d/a") == nil)
    let again = try disk.create("d/a")
    try append([2], to: again)
    #expect(disk.crashed(.loseAll).allFiles() == ["/d/a": [1]])
  }

  @Test func aSyncedRemovalStays() throws {
    let disk = try prepared()
    try disk.writeNew("d/a", [1])
    try disk.syncDirectory("d")
    try disk.remove("d/a")
    try disk.syncDirectory("d")
    #expect(disk.crashed(.random(seed: 1)).allFiles().isEmpty)
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func aRenameHappensWholeOrNotAtAll(seed: UInt64) throws {
    let disk = try prepared()
    try disk.makeDirectory("e")
    try disk.syncDirectory("/")
    try disk.writeNew("d/old", [1])
    try disk.syncDirectory("d")
    try disk.writeNew("e/new", [2])
    try disk.syncDirectory("e")
    try disk.rename("e/new", to: "d/middle")
    try disk.rename("d/middle", to: "d/old")
    let names = disk.crashed(.random(seed: seed)).allFiles()
    let possible: [[String: [UInt8]]] = [
      ["/d/old": [1], "/e/new": [2]], ["/d/old": [1], "/d/middle": [2]], ["/d/old": [2]],
    ]
    #expect(possible.contains(names), "\(names)")
  }

  /// A later change that became durable is not undone by an earlier one that waits.
  @Test func syncingOneDirectoryOfARenameKeepsTheOrder() throws {
    let disk = try prepared()
    try disk.makeDirectory("e")
    try disk.syncDirectory("/")
    try disk.writeNew("e/x", [1])
    try disk.writeNew("d/x", [2])
    try disk.rename("d/x", to: "e/x")
    try disk.syncDirectory("d")
    for seed in 0..<20 as Range<UInt64> {
      #expect(disk.restarted().crashed(.random(seed: seed)).allFiles() == ["/e/x": [2]])
    }
  }

  @Test func randomCrashesGiveEveryCombination() throws {
    var seen: Set<String> = []
    for seed in 0..<300 as Range<UInt64> {
      let disk = SimulatedFileSystem()
      try disk.writeNew("a", [1])
      try append([UInt8](repeating: 7, count: 10_000), to: try disk.create("b"))
      let left = disk.crashed(.random(seed: seed)).allFiles()
      let b = left["/b"].map { bytes in
        bytes.isEmpty
          ? "empty"
          : bytes.contains(0) ? "holes" : bytes.count == 10_000 ? "whole" : "cut"
      }
      seen.insert("\(left["/a"] != nil) \(b ?? "gone")")
    }
    #expect(seen.count == 10, "\(seen.sorted())")
  }

  @Test func aTornCrashKeepsNamesAndCutsBytes() throws {
    var lengths: Set<Int> = []
    for seed in 0..<50 as Range<UInt64> {
      let disk = SimulatedFileSystem()
      let file = try disk.create("a")
      try append([1, 2], to: file)
      try file.sync()
      try append([3, 4, 5], to: file)
      let bytes = try #require(disk.crashed(.torn(seed: seed)).allFiles()["/a"])
      #expect([1, 2, 3, 4, 5].starts(with: bytes))
      lengths.insert(bytes.count)
    }
    #expect(lengths == [2, 3, 4, 5])
  }

  @Test func theSameSeedGivesTheSameCrash() throws {
    func run() throws -> [String: [UInt8]] {
      let disk = SimulatedFileSystem()
      for index in 0..<40 {
        try append([UInt8](repeating: 1, count: 9000), to: try disk.create("f\(index)"))
      }
      return disk.crashed(.random(seed: 5)).allFiles()
    }
    #expect(try run() == run())
  }

  @Test func aLostDirectoryTakesItsFilesAlong() throws {
    try disk.makeDirectory("a/b")
    try disk.writeNew("a/b/c", [1])
    try disk.syncDirectory("a/b")
    try disk.syncDirectory("a")
    #expect(disk.restarted().crashed(.loseAll).allFiles().isEmpty)
  }
}

@Suite struct SimulatedFaultTests {
  let disk = SimulatedFileSystem()

  /// Every call of this little program fails in turn, and only that one.
  @Test func theCallOfThatNumberFailsOnce() throws {
    var failures: [String] = []
    for number in 1... {
      let disk = SimulatedFileSystem()
      disk.set(DiskFault(at: number, EIO))
      do {
        try disk.replace("a", with: [1], temporary: "t")
        #expect(!disk.hasStruck)
        break
      } catch {
        #expect(disk.hasStruck)
        failures.append("\(error)".split(separator: " ").prefix(2).joined(separator: " "))
      }
    }
    #expect(
      failures == [
        "cannot status", "cannot create", "cannot write", "cannot sync", "cannot close",
        "cannot rename", "cannot syncDirectory",
      ])
  }

  @Test func aLastingFaultGoesOn() throws {
    var fault = DiskFault(at: 2, ENOSPC, lasting: true)
    fault.only = [.create]
    disk.set(fault)
    _ = try disk.create("a")
    #expect(try disk.status("a") != nil)
    #expect(throws: FileError.full(path: "b")) { try disk.create("b") }
    #expect(throws: FileError.full(path: "c")) { try disk.create("c") }
    disk.set(nil)
    _ = try disk.create("b")
  }

  @Test func aFailedWriteLeavesAPartAndTheFileStaysFailed() throws {
    var fault = DiskFault(at: 2, EIO)
    fault.written = 0.75
    disk.set(fault)
    let file = try disk.create("a")
    let error = FileError.failed(operation: "write", path: "a", code: EIO)
    #expect(throws: error) {
      try [1, 2, 3, 4].withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
        try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<4]))
      }
    }
    #expect(disk.allFiles()["/a"]?.count == 3)
    #expect(throws: error) { try file.sync() }
    #expect(throws: error) { try file.close() }
  }

  @Test func aLateFaultDoesItsWork() throws {
    try disk.writeNew("a", [1])
    var fault = DiskFault(at: 1, EIO)
    fault.isLate = true
    disk.set(fault)
    #expect(throws: FileError.self) { try disk.rename("a", to: "b") }
    #expect(disk.allFiles() == ["/b": [1]])
  }

  @Test func nothingHappensAfterAKill() throws {
    try disk.writeNew("a", [1])
    disk.kill(at: 2)
    let lock = try disk.lock("lock", .exclusive, wait: 0)
    do {
      try disk.remove("a")
      Issue.record("still alive")
    } catch {
      #expect(error.isKill)
    }
    #expect(throws: FileError.self) { try disk.status("a") }
    lock?.release()
    let after = disk.restarted()
    #expect(after.allFiles() == ["/a": [1], "/lock": []])
    #expect(try after.lock("lock", .exclusive, wait: 0) != nil)
  }

  @Test func aFullDiskTakesWhatFits() throws {
    disk.capacity = 10
    try disk.writeNew("a", [UInt8](repeating: 1, count: 6))
    #expect(try disk.freeSpace("/") == FreeSpace(free: 4, total: 10))
    #expect(throws: FileError.full(path: "b")) {
      try disk.writeNew("b", [UInt8](repeating: 1, count: 6))
    }
    #expect(disk.allFiles()["/b"]?.count == 4)
    try disk.link("a", to: "c")
    try disk.remove("a")
    #expect(try disk.freeSpace("/").free == 0)
    try disk.remove("c")
    #expect(try disk.freeSpace("/").free == 6)
    #expect(disk.crashed(.keepAll).allFiles().count == 1)
  }

  @Test func callsSyncsAndBytesAreCounted() throws {
    try disk.replace("a", with: [1, 2, 3], temporary: "t")
    #expect(disk.syncs == 2)
    #expect(disk.bytesWritten == 3)
    #expect(disk.count(.rename) == 1)
    #expect(
      disk.log.map(\.operation) == [
        .status, .create, .write, .sync, .close, .rename, .syncDirectory,
      ])
  }

  @Test func damageIsDurable() throws {
    try disk.writeNew("a", [1, 2, 3])
    try disk.syncDirectory("/")
    try disk.damage("a") { $0[1] ^= 0x10 }
    #expect(disk.crashed(.loseAll).allFiles() == ["/a": [1, 18, 3]])
  }

  @Test func locksExcludeAsOnTheRealDisk() throws {
    let shared = try #require(try disk.lock("l", .shared, wait: 5))
    #expect(try disk.lock("l", .shared, wait: 0) != nil)
    #expect(try disk.lock("l", .exclusive, wait: 5) == nil)
    shared.release()
    shared.release()
    let exclusive = try #require(try disk.lock("l", .exclusive, wait: 0))
    #expect(try disk.lock("l", .shared, wait: 5) == nil)
    exclusive.release()
  }
}

/// What both disks promise, asked of both: the simulation must not be kinder.
@Suite struct FileSystemAgreementTests {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func anyCallsGiveTheSameAnswersOnBothDisks(seed: UInt64) throws {
    let directory = try TemporaryDirectory()
    let real = DiskFileSystem()
    let simulated = SimulatedFileSystem()
    try simulated.makeDirectory(directory.path)
    var generator = SeededGenerator(seed: seed)
    let names = ["a", "b", "d", "d/a", "d/b", "d/e", "d/e/c", "none/x"]
    for _ in 0..<120 {
      let call = Int.random(in: 0..<9, using: &generator)
      let first = directory.path + "/" + names[Int.random(in: 0..<8, using: &generator)]
      let second = directory.path + "/" + names[Int.random(in: 0..<8, using: &generator)]
      let expected = outcome(real, call, first, second)
      #expect(outcome(simulated, call, first, second) == expected, "\(call) \(first) \(second)")
    }
  }

  private func outcome(
    _ system: some FileSystem, _ call: Int, _ first: String, _ second: String
  ) -> String {
    do {
      switch call {
      case 0, 1:
        try system.writeNew(first, Array(second.utf8))
        return "created"
      case 2:
        try system.rename(first, to: second)
        return "renamed"
      case 3:
        try system.link(first, to: second)
        return "linked"
      case 4:
        try system.remove(first)
        return "removed"
      case 5:
        try system.makeDirectory(first)
        return "made"
      case 6:
        try system.removeDirectory(first)
        return "removed"
      case 7: return "\(try system.contents(of: first, limit: 100))"
      default:
        let status = try system.status(first)
        if status?.isDirectory == true { return "\(try system.list(first))" }
        return "\(status.map(\.size) ?? -1)"
      }
    } catch {
      return "\(error)"
    }
  }
}
