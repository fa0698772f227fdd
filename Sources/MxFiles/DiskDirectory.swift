import Glibc

extension DiskFileSystem {
  /// A name that is not UTF-8 is listed with replacement characters, and then
  /// cannot be opened: nothing of ours is named so.
  package func list(_ path: String) throws(FileError) -> [FileEntry] {
    let descriptor = try open(path, O_RDONLY | O_DIRECTORY, "list")
    guard let directory = fdopendir(descriptor) else {
      let code = errno
      _ = close(descriptor)
      throw FileError(code, "list", path)
    }
    defer { closedir(directory) }
    var entries: [FileEntry] = []
    while true {
      errno = 0
      guard let entry = readdir(directory) else {
        if errno != 0 { throw FileError(errno, "list", path) }
        break
      }
      guard let name = Self.name(of: entry) else { continue }
      let isDirectory = Self.isDirectory(entry, in: descriptor)
      entries.append(FileEntry(name: name, isDirectory: isDirectory))
    }
    entries.sort { FilePath.precedes($0.name, $1.name) }
    return entries
  }

  /// Nil for `.` and `..`.
  private static func name(of entry: UnsafeMutablePointer<dirent>) -> String? {
    withUnsafePointer(to: &entry.pointee.d_name) { tuple in
      tuple.withMemoryRebound(to: UInt8.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) {
        let name = String(cString: $0)
        return name == "." || name == ".." ? nil : name
      }
    }
  }

  /// The entry says so on most file systems; links and silent ones are asked.
  private static func isDirectory(
    _ entry: UnsafeMutablePointer<dirent>, in descriptor: Int32
  ) -> Bool {
    switch Int(entry.pointee.d_type) {
    case Int(DT_DIR): return true
    case Int(DT_UNKNOWN), Int(DT_LNK): break
    default: return false
    }
    var information = stat()
    let result = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
      tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) {
        fstatat(descriptor, $0, &information, 0)
      }
    }
    // Gone meanwhile, or a link to nothing: no directory in any case.
    return result == 0 && information.isDirectory
  }
}
