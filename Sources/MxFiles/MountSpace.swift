import Glibc

/// How full a file system is, as statvfs(3) says.
package struct MountSpace: Hashable, Sendable {
  package var size: Int64
  package var free: Int64
  /// What is free for ordinary users.
  package var available: Int64
  package var files: Int64
  package var freeFiles: Int64
  package var isReadOnly: Bool

  package init(
    size: Int64, free: Int64, available: Int64, files: Int64, freeFiles: Int64, isReadOnly: Bool
  ) {
    self.size = size
    self.free = free
    self.available = available
    self.files = files
    self.freeFiles = freeFiles
    self.isReadOnly = isReadOnly
  }

  /// Of the file system that `path` is on; nil where it cannot be asked.
  package init?(of path: String) {
    var info = statvfs()
    guard statvfs(path, &info) == 0 else { return nil }
    let unit = Int64(clamping: info.f_frsize)
    let bytes = { (blocks: UInt) in Int64(clamping: blocks).multipliedReportingOverflow(by: unit) }
    size = bytes(info.f_blocks).partialValue
    free = bytes(info.f_bfree).partialValue
    available = bytes(info.f_bavail).partialValue
    files = Int64(clamping: info.f_files)
    freeFiles = Int64(clamping: info.f_ffree)
    isReadOnly = info.f_flag & UInt(ST_RDONLY) != 0
  }
}
