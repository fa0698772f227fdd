extension FileSystem {
  /// The files that a pattern names, in order; `*` and `?` in its last part.
  package func matching(_ pattern: String) throws(FileError) -> [String] {
    let name = FilePath.name(of: pattern)
    guard name.contains("*") || name.contains("?") else {
      return try status(pattern) == nil ? [] : [pattern]
    }
    let directory = FilePath.parent(of: pattern)
    let entries: [FileEntry]
    do throws(FileError) { entries = try list(directory) } catch .notFound { return [] }
    return entries.filter { !$0.isDirectory && Wildcard.matches(name, $0.name) }.map {
      pattern.contains("/") ? FilePath.join(directory, $0.name) : $0.name
    }
  }
}

/// `*.yml`: a star is any run of bytes, a question mark any one.
package enum Wildcard {
  package static func matches(_ pattern: String, _ text: String) -> Bool {
    let pattern = Array(pattern.utf8)
    let text = Array(text.utf8)
    var at = 0
    var place = 0
    // Where to go on when what follows the last star does not fit.
    var retry: (pattern: Int, text: Int)?
    while place < text.count {
      if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
        retry = (at + 1, place)
        at += 1
      } else if at < pattern.count,
        pattern[at] == text[place] || pattern[at] == UInt8(ascii: "?")
      {
        at += 1
        place += 1
      } else if let last = retry {
        retry = (last.pattern, last.text + 1)
        at = last.pattern
        place = last.text + 1
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
