import Glibc

/// The zones installed on this machine.
extension Zone {
  package static let directories = [
    "/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo",
  ]

  /// The zone `name`, such as `Europe/Warsaw`. `UTC` and its other names need no file.
  package static func named(_ name: String) throws(TimeError) -> Zone {
    try named(name, directories: directories, read: readFile)
  }

  /// The same with the reading given: nil stands for a file that is not there.
  package static func named(
    _ name: String, directories: [String], read: (String) -> [UInt8]?
  ) throws(TimeError) -> Zone {
    if ["UTC", "Etc/UTC", "Z", "utc"].contains(name) { return utc }
    // A name comes from a configuration file or a URL, and becomes a path.
    guard isSafe(name) else { throw .unknownZone(name, searched: []) }
    for directory in directories {
      if let bytes = read(directory + "/" + name) { return try parse(bytes, name: name) }
    }
    throw .unknownZone(name, searched: directories)
  }

  /// Parts of letters, digits, `_`, `+` and `-` between single slashes: no path
  /// made of these leaves the directory.
  static func isSafe(_ name: String) -> Bool {
    guard name.utf8.count <= 100 else { return false }
    return name.utf8.split(separator: 0x2F, omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty
        && part.allSatisfy { byte in
          byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 26 || byte == 0x5F || byte == 0x2B
            || byte == 0x2D
        }
    }
  }

  /// A regular file of sane size; nil where there is none.
  private static func readFile(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= TZif.largestFile
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
      }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      filled += count
    }
    return Array(bytes[..<filled])
  }
}
