import Glibc
import MxFiles
import MxTestSupport
import Testing

@Suite struct DiskLockTests {
  let disk = DiskFileSystem()

  @Test func exclusiveKeepsEveryoneOutAndSharedOnlyWriters() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/lock"
    let exclusive = try #require(try disk.lock(path, .exclusive, wait: 0))
    #expect(try disk.lock(path, .exclusive, wait: 0) == nil)
    #expect(try disk.lock(path, .shared, wait: 0) == nil)
    exclusive.release()
    exclusive.release()
    let first = try #require(try disk.lock(path, .shared, wait: 0))
    let second = try #require(try disk.lock(path, .shared, wait: 0))
    #expect(try disk.lock(path, .exclusive, wait: 0) == nil)
    first.release()
    #expect(try disk.lock(path, .exclusive, wait: 0) == nil)
    second.release()
    #expect(try disk.lock(path, .exclusive, wait: 0) != nil)
  }

  @Test func waitingEndsWhenTheTimeIsOver() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/lock"
    let holder = try #require(try disk.lock(path, .exclusive, wait: 0))
    let before = ContinuousClock.now
    #expect(try disk.lock(path, .exclusive, wait: 0.2) == nil)
    #expect(ContinuousClock.now - before >= .milliseconds(200))
    #expect(try disk.lock(path, .exclusive, wait: .nan) == nil)
    #expect(try disk.lock(path, .exclusive, wait: -1) == nil)
    holder.release()
  }

  @Test func waitingEndsWhenTheHolderDies() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/lock"
    // Another process takes the lock and ends without releasing it.
    let holder = try #require(
      popen("exec 9<>'\(path)'; flock 9; echo held; exec sleep 0.3", "r"))
    var line = [CChar](repeating: 0, count: 16)
    #expect(fgets(&line, 16, holder) != nil)
    #expect(try disk.lock(path, .exclusive, wait: 0) == nil)
    #expect(try disk.lock(path, .exclusive, wait: 30) != nil)
    pclose(holder)
  }

  /// A lock on a file that lost its name excludes no one who comes later.
  @Test func aRemovedLockFileIsMadeAnew() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/lock"
    let old = try #require(try disk.lock(path, .exclusive, wait: 0))
    try disk.remove(path)
    let new = try #require(try disk.lock(path, .exclusive, wait: 0))
    #expect(try disk.lock(path, .exclusive, wait: 0) == nil)
    old.release()
    new.release()
  }

  /// /sys stands for read-only media: not even root creates or writes there.
  @Test func whereNothingCanBeWrittenASharedLockIsGranted() throws {
    let missing = "/sys/kernel/lock"
    #expect(throws: FileError.self) { try disk.lock(missing, .exclusive, wait: 0) }
    #expect(try disk.lock(missing, .shared, wait: 0) != nil)
  }

  @Test func aLockInAMissingDirectoryIsAnError() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/none/lock"
    #expect(throws: FileError.notFound(path: path)) { try disk.lock(path, .shared, wait: 0) }
  }
}
