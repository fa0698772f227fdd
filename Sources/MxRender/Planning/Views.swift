import MxModel

/// One of the pages of a dashboard: a range, and a value for some variables.
package struct View: Hashable, Sendable {
  /// `24h`; empty is the dashboard's own range.
  package var range = ""
  /// Values that are not the dashboard's own choice, by the variable's place in
  /// `Dashboard.shownVariables`; nil is its own choice.
  package var choices: [Variable.Option?] = []

  package init(range: String = "", choices: [Variable.Option?] = []) {
    self.range = range
    self.choices = choices
  }

  package var isDefault: Bool { range.isEmpty && choices.allSatisfy { $0 == nil } }

  /// What it is called among files: `default`, `7d`, `host-alpha--7d`.
  package func slug(_ variables: [Variable]) -> String {
    var parts: [String] = []
    for (variable, choice) in zip(variables, choices) {
      guard let choice else { continue }
      let plain = FileName.plain("\(variable.name)-\(choice.value)")
      // What letters cannot tell apart a hash does.
      parts.append(
        plain == "\(variable.name)-\(choice.value)"
          ? plain : "\(plain)-\(FileName.mark(choice.value))")
    }
    if !range.isEmpty { parts.append(range) }
    return parts.isEmpty ? "default" : String(parts.joined(separator: "--").prefix(180))
  }
}

/// A range that a page may have.
package struct RangeChoice: Equatable, Sendable {
  /// As in `View.range`.
  package var key: String
  package var from: Int64
  package var to: Int64
  /// Ends at the present.
  package var isRelative: Bool
  /// `Last 6 hours`.
  package var title: String
}

/// The views to make, and how many there would be.
package struct ViewList: Sendable {
  package var views: [View]
  package var total: Int
  package var skipped: Int { max(total - views.count, 0) }
}

extension Dashboard {
  /// Variables that a reader may choose values of.
  package var shownVariables: [Variable] {
    variables.filter { variable in
      if variable.isHidden { return false }
      switch variable.kind {
      case .dataSource, .adHoc, .constant, .other: return false
      default: return true
      }
    }
  }
}

extension Plan {
  /// The values a reader may choose instead of the dashboard's own, by variable.
  package var alternatives: [[Variable.Option]] {
    dashboard.shownVariables.map { variable in
      var options = options[variable.name] ?? []
      if variable.includesAll {
        options.insert(Variable.Option(text: "All", value: allValue), at: 0)
      }
      let own = variables[variable.name]
      return options.filter { option in
        option.value == allValue
          ? own?.isAll != true : own?.isAll == true || own?.values != [option.value]
      }
    }
  }

  /// What stands for all values in addresses and on the command line.
  package var allValue: String { "$__all" }

  /// Which pages to make: every range with the dashboard's own values, then one
  /// variable changed, then two, until `budget` pages of other values are reached.
  package func views(ranges: [String], budget: Int) -> ViewList {
    let alternatives = self.alternatives
    let none = [Variable.Option?](repeating: nil, count: alternatives.count)
    let ranges = [""] + ranges
    var views = ranges.map { View(range: $0, choices: none) }
    let own = views.count
    func add(_ choices: [Variable.Option?]) {
      for range in ranges where views.count - own < budget {
        views.append(View(range: range, choices: choices))
      }
    }
    for depth in 1...2 where depth <= alternatives.count && views.count - own < budget {
      eachChoice(depth, alternatives, none, from: 0) { choices in
        add(choices)
        return views.count - own < budget
      }
    }
    var total = ranges.count
    for options in alternatives {
      let (product, isTooMany) = total.multipliedReportingOverflow(by: options.count + 1)
      total = isTooMany ? .max : product
    }
    return ViewList(views: views, total: total)
  }

  /// All ways to change exactly `depth` variables; ends where `body` says no.
  @discardableResult
  private func eachChoice(
    _ depth: Int, _ alternatives: [[Variable.Option]], _ chosen: [Variable.Option?], from: Int,
    _ body: ([Variable.Option?]) -> Bool
  ) -> Bool {
    if depth == 0 { return body(chosen) }
    for index in from..<max(alternatives.count, from) {
      for option in alternatives[index] {
        var next = chosen
        next[index] = option
        guard eachChoice(depth - 1, alternatives, next, from: index + 1, body) else { return false }
      }
    }
    return true
  }

  /// The range of this plan as readers choose it.
  package func rangeChoice(_ key: String) -> RangeChoice {
    let text = key.isEmpty ? fromText : "now-" + key
    let isRelative = toText == "now" || !key.isEmpty
    return RangeChoice(
      key: key, from: from, to: to, isRelative: isRelative,
      title: isRelative ? Self.title(text) : "Whole range")
  }

  /// `now-6h` as words; what is no plain width keeps its own words.
  static func title(_ from: String) -> String {
    guard from.hasPrefix("now-"), let last = from.last,
      let count = Int(from.dropFirst(4).dropLast())
    else { return from == "now/d" ? "Today" : "From \(from)" }
    let names: [Character: String] = [
      "s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "M": "month", "y": "year",
    ]
    guard let name = names[last] else { return "From \(from)" }
    return "Last \(count) \(name)\(count == 1 ? "" : "s")"
  }
}

extension FileName {
  /// Letters, digits, `-` and `_`; everything else is a `-`.
  static func plain(_ text: String) -> String {
    let bytes = text.utf8.prefix(80).map { byte -> UInt8 in
      let isPlain = byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 26 || byte == 0x5F
      return isPlain ? byte : 0x2D
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Eight letters that tell a text from others.
  static func mark(_ text: String) -> String { String(ContentMark.of(Array(text.utf8)).prefix(8)) }
}

/// A short name for bytes: sixteen hexadecimal digits.
package enum ContentMark {
  package static func of(_ bytes: [UInt8]) -> String { of(bytes[...]) }

  package static func of(_ bytes: ArraySlice<UInt8>) -> String {
    hex(bytes.withUnsafeBytes { UInt64($0.count) &* 0x9E37_79B9_7F4A_7C15 ^ ByteHash.hash($0) })
  }

  package static func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
