import Glibc
import MxTestSupport
import Testing

@testable import MxFiles

@Suite struct DiskFileSystemTests {
  let disk = DiskFileSystem()

  @Test func whatWasWrittenIsReadAtAnyOffset() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/file"
    let bytes = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    let file = try disk.create(path)
    // Sizes below, at and above the gathering buffer.
    for range in [0..<1, 1..<300_000, 300_000..<300_000, 300_000..<562_144, 562_144..<700_001] {
      try bytes[range].withUnsafeBytes { try file.write($0) }
    }
    try file.sync()
    try file.close()
    #expect(try disk.contents(of: path, limit: 1 << 20) == bytes)
    let reader = try disk.openForReading(path)
    #expect(reader.size == bytes.count)
    var part = [UInt8](repeating: 0, count: 100)
    #expect(try part.withUnsafeMutableBytes { try reader.read(into: $0, at: 299_950) } == 100)
    #expect(part == Array(bytes[299_950..<300_050]))
    #expect(try part.withUnsafeMutableBytes { try reader.read(into: $0, at: 699_991) } == 10)
    #expect(try part.withUnsafeMutableBytes { try reader.read(into: $0, at: 800_000) } == 0)
  }

  @Test func aTruncatedFileIsAShortRead() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/file"
    try disk.writeNew(path, [UInt8](repeating: 7, count: 10_000))
    let reader = try disk.openForReading(path)
    #expect(truncate(path, 100) == 0)
    var buffer = [UInt8](repeating: 0, count: 10_000)
    #expect(try buffer.withUnsafeMutableBytes { try reader.read(into: $0, at: 0) } == 100)
  }

  @Test func anExistingNameIsNeverCreatedOver() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/file"
    try disk.writeNew(path, [1])
    #expect(throws: FileError.exists(path: path)) { try disk.create(path) }
    #expect(throws: FileError.exists(path: path)) { try disk.link(path, to: path) }
    #expect(try disk.contents(of: path, limit: 10) == [1])
  }

  @Test func missingThingsAreNotFound() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/none"
    let error = FileError.notFound(path: path)
    #expect(throws: error) { try disk.openForReading(path) }
    #expect(throws: error) { try disk.remove(path) }
    #expect(throws: error) { try disk.rename(path, to: directory.path + "/other") }
    #expect(throws: error) { try disk.link(path, to: directory.path + "/other") }
    #expect(throws: error) { try disk.list(path) }
    #expect(throws: error) { try disk.syncDirectory(path) }
    #expect(throws: error) { try disk.removeDirectory(path) }
    #expect(try disk.status(path) == nil)
  }

  @Test func aPathUnderAFileIsNothing() throws {
    let directory = try TemporaryDirectory()
    try disk.writeNew(directory.path + "/file", [])
    #expect(try disk.status(directory.path + "/file/below") == nil)
    #expect(throws: FileError.exists(path: directory.path + "/file")) {
      try disk.makeDirectory(directory.path + "/file/below")
    }
  }

  @Test func directoriesAreMadeWithTheirParentsAndListedInByteOrder() throws {
    let directory = try TemporaryDirectory()
    try disk.makeDirectory(directory.path + "/a/b/c")
    try disk.makeDirectory(directory.path + "/a/b/c")
    try disk.makeDirectory(directory.path + "/a/b/slash/")
    for name in ["z", "Z", "é", "10", "9", "a-long-name-that-is-no-small-string"] {
      try disk.writeNew(directory.path + "/a/b/" + name, [])
    }
    try disk.link(directory.path + "/a/b/z", to: directory.path + "/a/b/zz")
    #expect(symlink("c", directory.path + "/a/b/link") == 0)
    #expect(symlink("gone", directory.path + "/a/b/dead") == 0)
    let entries = try disk.list(directory.path + "/a/b")
    #expect(
      entries.map(\.name) == [
        "10", "9", "Z", "a-long-name-that-is-no-small-string", "c", "dead", "link", "slash", "z",
        "zz", "é",
      ])
    #expect(entries.filter(\.isDirectory).map(\.name) == ["c", "link", "slash"])
    try disk.syncDirectory(directory.path + "/a/b")
    try disk.removeDirectory(directory.path + "/a/b/c")
    #expect(throws: FileError.self) { try disk.removeDirectory(directory.path + "/a/b") }
  }

  @Test func aNameCanBeReplacedAndGivenTwice() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/file"
    try disk.replace(path, with: [1, 2], temporary: path + ".tmp")
    try disk.writeNew(path + ".tmp", [9])
    try disk.replace(path, with: [3], temporary: path + ".tmp")
    try disk.link(path, to: path + ".second")
    try disk.replace(path, with: [4], temporary: path + ".tmp")
    #expect(try disk.contents(of: path, limit: 10) == [4])
    #expect(try disk.contents(of: path + ".second", limit: 10) == [3])
    #expect(try disk.list(directory.path).count == 2)
  }

  @Test func aFileOverTheLimitIsRefused() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/file"
    try disk.writeNew(path, [UInt8](repeating: 1, count: 10_000))
    #expect(throws: FileError.failed(operation: "read", path: path, code: EFBIG)) {
      try disk.contents(of: path, limit: 9_999)
    }
    #expect(try disk.contents(of: path, limit: 10_000).count == 10_000)
    #expect(try disk.contents(of: path, limit: 1 << 40).count == 10_000)
  }

  /// Their size is zero, and a read gives a page at most.
  @Test func filesOfTheKernelAreReadWhole() throws {
    let bytes = try disk.contents(of: "/proc/self/maps", limit: 1 << 24)
    #expect(bytes.count > 4096)
    #expect(bytes.last == UInt8(ascii: "\n"))
  }

  @Test func statusTellsSizeKindAndTime() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/file"
    try disk.writeNew(path, [1, 2, 3])
    let times = [timespec(tv_sec: 7, tv_nsec: 0), timespec(tv_sec: 1_234, tv_nsec: 567_999_999)]
    #expect(utimensat(AT_FDCWD, path, times, 0) == 0)
    let status = try #require(try disk.status(path))
    #expect(status.size == 3 && !status.isDirectory && !status.isStream)
    #expect(status.modified == 1_234_567)
    try disk.link(path, to: path + "2")
    #expect(try disk.status(path + "2")?.identity == status.identity)
    #expect(try disk.status(directory.path)?.identity != status.identity)
    #expect(try disk.status("/dev/null")?.isStream == true)
    #expect(try disk.status(directory.path)?.isDirectory == true)
    let space = try disk.freeSpace(directory.path)
    #expect(space.free >= 0 && space.total >= space.free && space.total > 0)
  }

  @Test func aDirectoryIsNoFile() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: FileError.failed(operation: "open", path: directory.path, code: EISDIR)) {
      try disk.openForReading(directory.path)
    }
  }

  @Test func aPipeDoesNotHang() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/pipe"
    #expect(mkfifo(path, 0o600) == 0)
    #expect(throws: FileError.failed(operation: "read", path: path, code: ESPIPE)) {
      try disk.contents(of: path, limit: 100)
    }
    #expect(try disk.status(path)?.isStream == true)
  }

  /// Whoever means to read a pipe gets what comes, and its end.
  @Test func aNamedStreamGivesWhatIsWrittenToIt() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let stream = try NamedStream("/dev/fd/\(ends[0])")
    #expect(write(ends[1], "up 1", 4) == 4)
    for end in ends { close(end) }
    var buffer = [UInt8](repeating: 0, count: 10)
    let counts = try buffer.withUnsafeMutableBytes { bytes in
      let bytes = bytes
      return try [
        stream.read(into: bytes, isStopped: { false }),
        stream.read(into: bytes, isStopped: { false }),
      ]
    }
    #expect(counts == [4, 0])
    #expect(buffer.starts(with: Array("up 1".utf8)))
  }

  @Test func aZeroByteInAPathIsRefused() {
    for path in ["/tmp\u{0}/x", "\u{0}"] {
      let error = FileError.failed(operation: "stat", path: path, code: EINVAL)
      #expect(throws: error) { try disk.status(path) }
    }
    #expect(throws: FileError.self) { try disk.rename("/nonexistent", to: "/tmp/a\u{0}b") }
  }

  @Test func aFullDiskIsFullAndTheErrorStays() throws {
    // /dev/full answers ENOSPC to every write.
    let file = DiskWritableFile(open("/dev/full", O_WRONLY | O_CLOEXEC), "/dev/full")
    try [UInt8(1)].withUnsafeBytes { try file.write($0) }
    let error = FileError.full(path: "/dev/full")
    #expect(throws: error) { try file.sync() }
    #expect(throws: error) { try file.sync() }
    #expect(throws: error) { try [UInt8(1)].withUnsafeBytes { try file.write($0) } }
    #expect(throws: error) { try file.close() }
  }

  @Test func errnoBecomesTheErrorThatCallersHandle() {
    #expect(FileError(ENOSPC, "write", "p") == .full(path: "p"))
    #expect(FileError(EDQUOT, "write", "p") == .full(path: "p"))
    #expect(FileError(EROFS, "create", "p") == .denied(path: "p", code: EROFS))
    #expect(FileError(EACCES, "create", "p") == .denied(path: "p", code: EACCES))
    #expect(FileError(ENOENT, "open", "p") == .notFound(path: "p"))
    #expect(FileError(EEXIST, "create", "p") == .exists(path: "p"))
    #expect(FileError(EIO, "read", "p") == .failed(operation: "read", path: "p", code: EIO))
    #expect(
      FileError(EIO, "sync", "a/b").description == "cannot sync 'a/b': Input/output error")
  }

  @Test func descriptorsAreClosed() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/file"
    func use() throws {
      #expect(throws: FileError.self) { try disk.openForReading(directory.path) }
      _ = try disk.contents(of: path, limit: 10)
      _ = try disk.list(directory.path)
      _ = try disk.lock(directory.path + "/lock", .shared, wait: 0)
      let abandoned = try disk.create(path + ".abandoned")
      try [UInt8(1)].withUnsafeBytes { try abandoned.write($0) }
      try disk.remove(path + ".abandoned")
    }
    try disk.writeNew(path, [])
    // So often that the descriptors of tests beside this one do not matter.
    for _ in 0..<500 { try use() }
    #expect(try disk.list("/proc/self/fd").count < 400)
  }
}
