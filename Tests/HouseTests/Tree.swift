import Glibc

/// The project's text, read from disk once.
enum Tree {
  /// <root>/Tests/HouseTests/Tree.swift
  static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    .dropLast(3).joined(separator: "/")

  /// Every text file that people write.
  static let files: [SourceFile] = {
    var paths: [String] = ["Package.swift", "Makefile"]
    for folder in ["Sources", "Tests", "jobs", "docs", "reports", ".ci"] { paths += list(folder) }
    paths += names(in: ".").filter { $0.hasSuffix(".md") }
    return paths.compactMap { path in
      bytes(path).flatMap { isText($0) ? SourceFile(path: path, text: $0) : nil }
    }
  }()

  /// Binary fixtures are nobody's prose.
  private static func isText(_ bytes: [UInt8]) -> Bool {
    !bytes.prefix(8192).contains(0)
  }

  private static func list(_ folder: String) -> [String] {
    names(in: folder).flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      // reports/site is rendered, not written.
      if path == "reports/site" { return [] }
      return isFolder(path) ? list(path) : [path]
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var info = stat()
    // Not followed: a link could lead in a circle.
    return lstat("\(root)/\(path)", &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
  }

  private static func names(in folder: String) -> [String] {
    guard let directory = opendir("\(root)/\(folder)") else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func bytes(_ path: String) -> [UInt8]? {
    guard let file = fopen("\(root)/\(path)", "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&part, 1, part.count, file)
      if count == 0 { return bytes }
      bytes += part[..<count]
    }
  }

  static func text(_ path: String) -> String? {
    bytes(path).map { String(decoding: $0, as: UTF8.self) }
  }
}
