import MxCLI
import MxConfig
import MxFiles
import MxModel
import MxPromQL
import MxRender
import MxRules

/// What the rules and dashboards of `uses:` read: retention spares it longest, and
/// warns where it goes before they have read it.
struct UsedSelector: Sendable {
  var matchers: [Matcher]
  /// How far back it is read, ms, as far as its text says.
  var reach: Int64
  /// The file, and the rule's line or the panel's title.
  var place: String
}

enum UsedSelectors {
  /// Larger files are neither.
  private static let limit = 16 << 20

  /// All selectors of all files that the settings name. Files that cannot be read are
  /// warned of: what they use is not known.
  static func load(_ uses: Settings.Uses, _ files: any FileSystem, _ report: Report)
    -> [UsedSelector]
  {
    var found: [UsedSelector] = []
    for path in expand(uses.rules, uses, files, report) {
      read(path, files, report) { found += try rules($0, path) }
    }
    for path in expand(uses.dashboards, uses, files, report) {
      read(path, files, report) { found += try dashboard($0, path) }
    }
    return found
  }

  private static func read(
    _ path: String, _ files: any FileSystem, _ report: Report, _ body: ([UInt8]) throws -> Void
  ) {
    do {
      try body(try files.contents(of: path, limit: limit))
    } catch {
      report.warn(
        "\(path): \(Explanation.diagnostic(of: error).message): what it uses is not known")
    }
  }

  // MARK: Files

  private static func expand(
    _ patterns: [String], _ uses: Settings.Uses, _ files: any FileSystem, _ report: Report
  ) -> [String] {
    patterns.flatMap { pattern -> [String] in
      let start = pattern.hasPrefix("/") ? "/" : uses.directory
      let parts = pattern.split(separator: "/").map(String.init)
      let found = matching(parts[...], in: start, files)
      if found.isEmpty { report.warn("uses: no file is called '\(pattern)'") }
      return found
    }
  }

  private static func matching(
    _ parts: ArraySlice<String>, in directory: String, _ files: any FileSystem
  ) -> [String] {
    guard let part = parts.first else { return [directory] }
    if !part.utf8.contains(UInt8(ascii: "*")), !part.utf8.contains(UInt8(ascii: "?")) {
      let path = FilePath.join(directory, part)
      let exists = (try? files.status(path)) ?? nil
      return exists == nil ? [] : matching(parts.dropFirst(), in: path, files)
    }
    let entries = (try? files.list(directory)) ?? []
    return entries.filter { entry in
      !entry.name.hasPrefix(".") && NamePattern.matches(Array(entry.name.utf8), Array(part.utf8))
        && (parts.count == 1 || entry.isDirectory)
    }.flatMap { matching(parts.dropFirst(), in: FilePath.join(directory, $0.name), files) }
  }

  // MARK: Rules

  private static func rules(_ bytes: [UInt8], _ path: String) throws -> [UsedSelector] {
    let problems = ConfigProblems()
    let file = RuleReader.read(bytes, file: path, problems: problems)
    return file.groups.flatMap { group in
      group.rules.flatMap { rule in
        rule.expr.selectors.map { UsedSelector($0, "\(rule.place): rule '\(rule.name)'", extra: 0) }
      }
    }
  }

  // MARK: Dashboards

  private static func dashboard(_ bytes: [UInt8], _ path: String) throws -> [UsedSelector] {
    let dashboard = try Dashboard.decode(bytes)
    let back = dashboard.from.hasPrefix("now-") ? String(dashboard.from.dropFirst(4)) : "0s"
    let shown = MxModel.DurationText.parse(back) ?? 0
    var found: [UsedSelector] = []
    for panel in dashboard.sections.flatMap(\.panels) {
      for target in panel.targets {
        // A text that is none even then belongs to another language.
        guard let expr = try? PromQL.parse(plain(target.expr)) else { continue }
        found += expr.selectors.map {
          UsedSelector($0, "\(path): panel '\(panel.title)'", extra: shown)
        }
      }
    }
    return found
  }

  /// Stands for a variable's value, whatever it is.
  static let variable = "mx__variable"

  /// A query with its variables named: durations as five minutes.
  static func plain(_ text: String) -> String {
    var out = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      out += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      let name: Substring
      if rest.hasPrefix("{"), let end = rest.firstIndex(of: "}") {
        name = rest[rest.index(after: rest.startIndex)..<end].prefix { $0 != ":" }
        rest = rest[rest.index(after: end)...]
      } else {
        name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        rest = rest[name.endIndex...]
        // The end of a regular expression, no variable.
        if name.isEmpty { out += "$" }
      }
      if name.hasPrefix("__") || out.hasSuffix("[") {
        out += "5m"
      } else if !name.isEmpty {
        out += variable
      }
    }
    return out + rest
  }
}

extension UsedSelector {
  init(_ use: SelectorUse, _ place: String, extra: Int64) {
    // A condition with a variable may be any.
    matchers = use.selector.matchers.filter { !$0.value.contains(UsedSelectors.variable) }
    var reach = extra + use.selector.offset.literal + (use.range?.literal ?? 0)
    for frame in use.subqueries { reach += frame.range.literal + frame.offset.literal }
    self.reach = reach
    self.place = place
  }
}

extension DurationValue {
  /// What is written as a number; 0 for an expression.
  fileprivate var literal: Int64 { max(0, fixedMilliseconds ?? 0) }
}

/// `*` and `?` of file names, as shells have them.
enum NamePattern {
  static func matches(_ name: [UInt8], _ pattern: [UInt8]) -> Bool {
    var (at, place) = (0, 0)
    // Where the last star stands, and how much of the name it takes so far.
    var star: (pattern: Int, name: Int)?
    while at < name.count {
      if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
        star = (place, at)
        place += 1
      } else if place < pattern.count,
        pattern[place] == UInt8(ascii: "?") || pattern[place] == name[at]
      {
        at += 1
        place += 1
      } else if let last = star {
        star = (last.pattern, last.name + 1)
        (at, place) = (last.name + 1, last.pattern + 1)
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
