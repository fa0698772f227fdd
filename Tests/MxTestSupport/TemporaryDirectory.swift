import Glibc
import MxFiles

/// A directory of a test's own on the real disk, removed with all that is in
/// it when the object goes.
package final class TemporaryDirectory {
  package let path: String

  package init() throws {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((parent + "/mx-test-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw FileError(errno, "make directory", parent) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.removeAll(path) }

  private static func removeAll(_ path: String) {
    // A link to a directory is unlinked, not entered.
    if unlink(path) == 0 { return }
    do {
      let entries = try DiskFileSystem().list(path)
      for entry in entries { removeAll(FilePath.join(path, entry.name)) }
    } catch {
      return
    }
    _ = rmdir(path)
  }
}
