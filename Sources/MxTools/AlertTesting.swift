import MxAlert
import MxCLI
import MxConfig
import MxFiles
import MxRules

/// `mx-alert test FILE...`: promtool's rule unit tests.
enum AlertTesting {
  private static let limit = 16 << 20

  static func run(_ run: Run) throws -> ExitCode {
    if run.arguments.has("junit") {
      throw Diagnostic(.system, "'--junit' does not work yet in this version")
    }
    var passed = 0
    var failed = 0
    for path in run.arguments.positionals {
      let problems = ConfigProblems()
      let bytes = try DiskFileSystem().contents(of: path, limit: limit)
      let file = RuleTestFile.read(bytes, file: path, problems: problems)
      var groups: [RuleGroup] = []
      for pattern in file.ruleFiles {
        let found = try Glob.files(matching: pattern, in: FilePath.parent(of: path))
        for rules in found {
          let bytes = try DiskFileSystem().contents(of: rules, limit: limit)
          groups += RuleReader.read(bytes, file: rules, problems: problems).groups
        }
      }
      if !problems.isEmpty {
        problems.sort()
        failed += max(1, file.testCount)
        try run.output.write("\(path): FAILED\n")
        for problem in problems.all { try run.output.write("  \(problem)\n") }
        continue
      }
      for (_, failures) in RuleTestRun.execute(file, groups) {
        if failures.isEmpty {
          passed += 1
          continue
        }
        failed += 1
        for failure in failures {
          try run.output.write("\(path): \(failure.test): FAILED\n  \(failure.message)\n")
        }
      }
    }
    try run.output.write("\(passed) passed, \(failed) failed\n")
    return failed == 0 ? .success : .no
  }
}

/// `*` and `?` in the last part of a path.
enum Glob {
  static func files(matching pattern: String, in directory: String) throws -> [String] {
    let path = pattern.hasPrefix("/") ? pattern : FilePath.join(directory, pattern)
    guard pattern.utf8.contains(where: { $0 == 0x2A || $0 == 0x3F }) else { return [path] }
    let parent = FilePath.parent(of: path)
    let wanted = Array(FilePath.name(of: path).utf8)
    return try DiskFileSystem().list(parent).filter {
      !$0.isDirectory && matches(Array($0.name.utf8), wanted)
    }.map { FilePath.join(parent, $0.name) }
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
