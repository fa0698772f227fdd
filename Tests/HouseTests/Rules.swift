/// A rule of the house that a file breaks, and where.
struct Finding: Equatable, CustomStringConvertible {
  let path: String
  let line: Int
  let message: String

  init(_ file: SourceFile, _ line: Int, _ message: String) {
    path = file.path
    self.line = line
    self.message = message
  }

  var description: String { "\(path):\(line): \(message)" }
}

/// The rules; each is a function from files to findings.
enum Rules {
  // MARK: who knows whom

  static func importsStayInsideTheWalls(_ files: [SourceFile]) -> [Finding] {
    files.filter(\.isSource).flatMap { file in
      let allowed = Walls.allowed(file.module) + Walls.system
      return Imports.of(file.code).filter { !allowed.contains($0.module) }.map {
        Finding(file, $0.line, "'\(file.module)' may not import '\($0.module)'")
      }
    }
  }

  static func cModulesHaveOneImporter(_ files: [SourceFile]) -> [Finding] {
    files.filter { $0.isSource || $0.isTest }.flatMap { file in
      Imports.of(file.code).compactMap { found -> Finding? in
        guard let owner = Walls.soleImporters[found.module], owner != file.module else {
          return nil
        }
        return Finding(file, found.line, "only '\(owner)' may import '\(found.module)'")
      }
    }
  }

  /// Foundation costs start-up and 60 MB in static tools; Dispatch brings its own threads.
  static func noFoundation(_ files: [SourceFile]) -> [Finding] {
    let banned = [
      "Foundation", "FoundationEssentials", "FoundationNetworking", "FoundationXML", "Dispatch",
    ]
    return files.filter(\.isSource).flatMap { file in
      Imports.of(file.code).filter { banned.contains($0.module) }.map {
        Finding(file, $0.line, "imports \($0.module)")
      }
    }
  }

  /// The concurrency runtime costs 7 ms at the end of a static program.
  static func noSwiftConcurrency(_ files: [SourceFile]) -> [Finding] {
    let used = words(["async", "await", "actor"], in: files.filter(\.isSource)) { word in
      "'\(word)': threads come from parallelFor only"
    }
    // A type of ours may be called Task; Swift's is started by a closure.
    let started = files.filter(\.isSource).flatMap { file in
      ["Task {", "Task.detached"].flatMap { file.code.offsets(of: $0) }.map {
        Finding(file, file.line(at: $0), "'Task': threads come from parallelFor only")
      }
    }
    return used + started
  }

  static func publicOnlyInMxInstrument(_ files: [SourceFile]) -> [Finding] {
    words(
      ["public", "open class"], in: files.filter { $0.isSource && $0.module != "MxInstrument" }
    ) {
      word in "'\(word)': a module's face is 'package'"
    }
  }

  /// System calls with one home. Methods of that name (`files.rename(…)`) are not calls of them.
  ///
  /// MxCLI's and MxInstrument's files are the exceptions of those that import nothing of ours.
  static func systemCallsHaveOneHome(_ files: [SourceFile]) -> [Finding] {
    let atomicFiles = [
      "Sources/MxFiles/", "Sources/MxCLI/AtomicFile.swift", "Sources/MxInstrument/TextFile.swift",
      "Sources/mx-soak/",
    ]
    let homes: [(call: String, homes: [String])] = [
      ("isatty", ["Sources/MxCLI/", "Sources/mx-net/"]), ("mmap", []),
      ("fsync", atomicFiles),
      ("fdatasync", ["Sources/MxFiles/"]), ("flock", ["Sources/MxFiles/"]),
      ("rename", atomicFiles),
    ]
    return files.filter(\.isSource).flatMap { file in
      homes.filter { home in !home.homes.contains { file.path.hasPrefix($0) } }.flatMap { home in
        calls(of: home.call, in: file).map { Finding(file, $0, "calls \(home.call)()") }
      }
    }
  }

  // MARK: sizes

  static let fileLimit = 600
  static let functionLimit = 70

  /// Files and functions over the limits. `exceptions` are `path` or `path function`;
  /// one that is not needed any more is a finding itself, so that the list only shrinks.
  static func sizesStaySmall(_ files: [SourceFile], exceptions: [String]) -> [Finding] {
    var unused = exceptions
    var found: [Finding] = []
    func check(_ key: String, _ finding: Finding) {
      if exceptions.contains(key) { unused.removeAll { $0 == key } } else { found.append(finding) }
    }
    for file in files where file.isSource || file.isTest {
      if file.lineCount > fileLimit {
        check(
          file.path, Finding(file, 1, "\(file.lineCount) lines, at most \(fileLimit) allowed"))
      }
      for function in Functions.of(file.code) where function.length > functionLimit {
        check(
          "\(file.path) \(function.name)",
          Finding(
            file, function.line,
            "\(function.name) has \(function.length) lines, at most \(functionLimit) allowed"))
      }
    }
    return found
      + unused.map {
        Finding(SourceFile(path: $0, ""), 1, "the exception is not needed: remove it")
      }
  }

  // MARK: words

  /// Spelled in halves, so that this file does not break its own rule.
  static let openMarks = [
    "TO" + "DO", "FIX" + "ME", "X" + "XX", "not " + "implemented", "un" + "implemented",
    "place" + "holder",
  ]

  static func nothingIsLeftOpen(_ files: [SourceFile]) -> [Finding] {
    texts(openMarks, in: files) { "'\($0)' in the text" }
  }

  /// The row of six that mkstemp wants is no mark: more of the same letter beside it.
  private static func isRowOfLetters(_ file: SourceFile, _ offset: Int, _ text: String) -> Bool {
    guard let letter = text.utf8.first, text.utf8.allSatisfy({ $0 == letter }) else {
      return false
    }
    let end = offset + text.utf8.count
    return (offset > 0 && file.text[offset - 1] == letter)
      || (end < file.text.count && file.text[end] == letter)
  }

  static let machinePaths = ["/wo" + "rk/", "/ro" + "ot/", "/op" + "t/", "/ho" + "me/"]

  static func noPathsOfAMachine(_ files: [SourceFile]) -> [Finding] {
    files.flatMap { file in
      machinePaths.flatMap { path in
        file.text.offsets(of: path).filter { offset in
          // In the middle of a longer path it is nobody's.
          guard offset > 0 else { return true }
          let before = file.text[offset - 1]
          return !before.isWordByte && before != UInt8(ascii: ")") && before != UInt8(ascii: ".")
        }.map { Finding(file, file.line(at: $0), "'\(path)' is a path of one machine") }
      }
    }
  }

  static func nothingIsForced(_ files: [SourceFile]) -> [Finding] {
    files.filter(\.isSource).flatMap { file in
      file.code.offsets(of: "!").compactMap { offset -> Finding? in
        guard offset > 0 else { return nil }
        let before = file.code[offset - 1]
        let after = offset + 1 < file.code.count ? file.code[offset + 1] : 10
        let closes = before.isWordByte || before == UInt8(ascii: ")") || before == UInt8(ascii: "]")
        guard closes, after != UInt8(ascii: "=") else { return nil }
        let start = file.code[..<offset].lastIndex { !$0.isWordByte }.map { $0 + 1 } ?? 0
        let word = String(decoding: file.code[start..<offset], as: UTF8.self)
        return Finding(file, file.line(at: offset), "'\(word)!' can end the program")
      }
    }
  }

  /// Libraries hand results up; MxCLI writes them.
  static func librariesDoNotPrint(_ files: [SourceFile]) -> [Finding] {
    let programs = ["mx-bench", "mx-fuzz", "mx-soak"]
    return files.filter { $0.isSource && !programs.contains($0.module) }.flatMap { file in
      ["print", "debugPrint"].flatMap { call in
        calls(of: call, in: file).map { Finding(file, $0, "calls \(call)()") }
      }
    }
  }

  /// A microsecond and more a number, and it brings Foundation.
  static func noFormatStrings(_ files: [SourceFile]) -> [Finding] {
    files.filter(\.isSource).flatMap { file in
      file.code.offsets(of: "String(format").map {
        Finding(file, file.line(at: $0), "String(format:) is slow, and Foundation's")
      }
    }
  }

  // MARK: what a reader finds

  /// Mains of five lines need none.
  static func everyFileSaysWhatItIs(_ files: [SourceFile]) -> [Finding] {
    files.filter(\.isSource).compactMap { file in
      let isMain = file.path.hasSuffix("/main.swift") && file.lineCount <= 8
      let says = file.text.starts(with: Array("//".utf8)) || !file.text.offsets(of: "///").isEmpty
      return isMain || says ? nil : Finding(file, 1, "no comment says what this file is")
    }
  }

  /// `import …`, an empty line, `exit(runTool(XCommand.self))`.
  static func mainsAreFiveLines(_ files: [SourceFile]) -> [Finding] {
    let tools = ["mx-ingest", "mx-compact", "mx-rollup", "mx-query", "mx-alert", "mx-render"]
    return files.filter { $0.isSource && tools.contains($0.module) }.compactMap { file in
      let runs = file.code.offsets(of: "exit(runTool(").count == 1
      return file.lineCount <= 5 && runs
        ? nil : Finding(file, 1, "a tool's main is five lines over runTool")
    }
  }

  static func decisionsAreShort(_ files: [SourceFile]) -> [Finding] {
    files.filter { $0.path.hasPrefix("docs/decisions/") && $0.lineCount > 40 }.map {
      Finding($0, 41, "\($0.lineCount) lines, at most 40 allowed")
    }
  }

  static func readmeNamesTheTwoCommands(_ readme: SourceFile) -> [Finding] {
    ["make demo", "make test"].filter { readme.text.offsets(of: $0).isEmpty }.map {
      Finding(readme, 1, "does not name '\($0)'")
    }
  }

  // MARK: helpers

  private static func words(
    _ words: [String], in files: [SourceFile], _ message: (String) -> String
  ) -> [Finding] {
    files.flatMap { file in
      words.flatMap { word in
        file.code.offsets(ofWord: word).map { Finding(file, file.line(at: $0), message(word)) }
      }
    }
  }

  private static func texts(
    _ texts: [String], in files: [SourceFile], _ message: (String) -> String
  ) -> [Finding] {
    files.flatMap { file in
      texts.flatMap { text in
        file.text.offsets(of: text).filter { !isRowOfLetters(file, $0, text) }
          .map { Finding(file, file.line(at: $0), message(text)) }
      }
    }
  }

  /// Lines that call a function by its bare name; not methods, not declarations.
  private static func calls(of name: String, in file: SourceFile) -> [Int] {
    file.code.offsets(of: "\(name)(").filter { offset in
      guard offset > 0 else { return true }
      let before = file.code[offset - 1]
      if before.isWordByte { return false }
      if before == UInt8(ascii: ".") {
        return file.code[..<(offset - 1)].suffix(5).elementsEqual("Glibc".utf8)
          || file.code[..<(offset - 1)].suffix(5).elementsEqual("Swift".utf8)
      }
      return !file.code[..<offset].suffix(5).elementsEqual("func ".utf8)
    }.map { file.line(at: $0) }
  }
}
