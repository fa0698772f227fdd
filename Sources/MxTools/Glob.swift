import MxCLI
import MxFiles

/// `*` and `?` in the last part of a path. An empty directory is the current one, unnamed.
enum Glob {
  static func files(matching pattern: String, in directory: String) throws -> [String] {
    let isWhole = pattern.hasPrefix("/") || directory.isEmpty
    let path = isWhole ? pattern : FilePath.join(directory, pattern)
    guard isPattern(pattern) else { return [path] }
    let parent = FilePath.parent(of: path)
    let wanted = Array(FilePath.name(of: path).utf8)
    return try DiskFileSystem().list(parent).filter {
      // As in a shell a hidden file wants its dot said.
      !$0.isDirectory && (!$0.name.hasPrefix(".") || wanted.first == UInt8(ascii: "."))
        && matches(Array($0.name.utf8), wanted)
    }.map { FilePath.join(parent, $0.name) }.sorted()
  }

  static func isPattern(_ text: String) -> Bool {
    text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
  }

  /// The files that words of a command line name, where no shell has put names for its
  /// patterns: a systemd unit has none, and a quoted word went past it. A pattern that finds
  /// nothing is told to `missing`; where no word names anything there is nothing to be done.
  static func files(
    named words: [String], missing: (_ pattern: String, Diagnostic) -> Void
  ) throws -> [String] {
    let files = DiskFileSystem()
    var problems: [(pattern: String, problem: Diagnostic)] = []
    let all = try words.flatMap { word -> [String] in
      guard isPattern(word), try files.status(word) == nil else { return [word] }
      let isThere = try files.status(FilePath.parent(of: word)) != nil
      let found = isThere ? try self.files(matching: word, in: "") : []
      if found.isEmpty {
        problems.append(
          (
            word,
            Diagnostic(
              .input, subject: word, "no file matches",
              hint: "* and ? stand in a file's name, not in a directory's")
          ))
      }
      return found
    }
    if all.isEmpty, let first = problems.first { throw first.problem }
    for (pattern, problem) in problems { missing(pattern, problem) }
    return all
  }

  /// Greedy, going back to the last star: quadratic at worst.
  static func matches(_ name: [UInt8], _ pattern: [UInt8]) -> Bool {
    var (place, next) = (0, 0)
    var star: (pattern: Int, name: Int)?
    while place < name.count {
      if next < pattern.count, pattern[next] == 0x2A {
        star = (next, place)
        next += 1
      } else if next < pattern.count, pattern[next] == name[place] || pattern[next] == 0x3F {
        place += 1
        next += 1
      } else if let back = star {
        star = (back.pattern, back.name + 1)
        (place, next) = (back.name + 1, back.pattern + 1)
      } else {
        return false
      }
    }
    return pattern[next...].allSatisfy { $0 == 0x2A }
  }
}
