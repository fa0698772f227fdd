/// `--help`, made from the table: at most 80 columns, and the same sections
/// for every tool and verb.
package enum HelpText {
  /// Help of one verb, or of the whole tool where `verb` is nil or the bare tool.
  package static func text(_ table: CommandTable, verb: Verb?) -> String {
    guard let verb, !verb.name.isEmpty else { return tool(table) }
    let title = "\(table.name) \(verb.name): \(verb.help)"
    var text = wrap(title, to: width).joined(separator: "\n  ") + "\n"
    text += "\nUsage:\n" + usageLines(table, verb).map { "  \($0)\n" }.joined()
    text += section("Options", rows(ownOptions(table, of: verb)))
    text += section("Options of every mx tool", rows(commonOptions(table, besides: verb)))
    return text
  }

  private static func tool(_ table: CommandTable) -> String {
    var text = "\(table.name): \(table.summary)\n"
    text += "\nUsage:\n"
    for verb in [table.main].compactMap({ $0 }) + table.verbs {
      text += usageLines(table, verb).map { "  \($0)\n" }.joined()
    }
    let verbs = table.verbs.map { (left: $0.name, right: $0.help) }
    text += section("Verbs", verbs)
    text += section("Options", rows(ownOptions(table, of: table.main)))
    text += section("Options of every mx tool", rows(commonOptions(table, besides: table.main)))
    if !table.verbs.isEmpty {
      text += "\n'\(table.name) VERB --help' tells a verb's own options.\n"
    }
    text += "\nExample:\n  \(table.example)\n"
    return text
  }

  /// `mx-query series [--match SELECTOR]...`; hand-written where the verb says so.
  static func usageLines(_ table: CommandTable, _ verb: Verb) -> [String] {
    let name = verb.name.isEmpty ? table.name : "\(table.name) \(verb.name)"
    guard verb.usage.isEmpty else {
      return verb.usage.map { $0.isEmpty ? name : "\(name) \($0)" }
    }
    var words = [name]
    words += verb.options.filter(\.isRequired).map(\.signature)
    if verb.options.contains(where: { !$0.isRequired }) { words.append("[OPTION]...") }
    words += verb.positionals.map(\.signature)
    return [words.joined(separator: " ")]
  }

  /// The verb's options, then the tool's that it does not define for itself.
  static func ownOptions(_ table: CommandTable, of verb: Verb?) -> [OptionSpec] {
    let own = verb?.options ?? []
    return own + table.shared.filter { option in !own.contains { $0.name == option.name } }
  }

  static func commonOptions(_ table: CommandTable, besides verb: Verb?) -> [OptionSpec] {
    let own = ownOptions(table, of: verb).map(\.name)
    return (table.common + CommandTable.builtIn).filter { !own.contains($0.name) }
  }

  private static func rows(_ options: [OptionSpec]) -> [(left: String, right: String)] {
    options.filter { !$0.isHidden }.map { option in
      let short = option.short.map { "-\($0), " } ?? ""
      return (short + option.signature, explanation(option))
    }
  }

  /// The help with its default and environment variable behind it.
  static func explanation(_ option: OptionSpec) -> String {
    var notes: [String] = []
    if option.isRequired { notes.append("required") }
    if let variable = option.environment { notes.append("$\(variable)") }
    if let value = option.defaultText { notes.append("default: \(value)") }
    if option.kind == .repeated { notes.append("repeatable") }
    return notes.isEmpty ? option.help : "\(option.help) (\(notes.joined(separator: "; ")))"
  }

  /// Where explanations start; longer names have a line of their own.
  private static let column = 26
  private static let width = 80

  private static func section(_ title: String, _ rows: [(left: String, right: String)]) -> String {
    guard !rows.isEmpty else { return "" }
    var text = "\n\(title):\n"
    for row in rows {
      let left = "  \(row.left)"
      let lines = wrap(row.right, to: width - column)
      let indent = String(repeating: " ", count: column)
      if left.utf8.count + 2 > column {
        text += "\(left)\n" + lines.map { "\(indent)\($0)\n" }.joined()
        continue
      }
      let padding = String(repeating: " ", count: column - left.utf8.count)
      text += "\(left)\(padding)\(lines.first ?? "")\n"
      text += lines.dropFirst().map { "\(indent)\($0)\n" }.joined()
    }
    return text
  }

  static func wrap(_ text: String, to width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, TextWidth.of(line) + 1 + TextWidth.of(String(word)) > width {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? String(word) : " \(word)"
    }
    return line.isEmpty ? lines : lines + [line]
  }
}
