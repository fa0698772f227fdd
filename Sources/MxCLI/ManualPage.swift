/// The manual page in roff (man macros), made from the table and the
/// hand-written sections of the tool.
package enum ManualPage {
  package static func text(_ table: CommandTable) -> String {
    var page = ".TH \"\(table.name.uppercased())\" \"1\" \"\(Version.date)\" "
    page += "\"mx \(Version.text)\" \"mx manual\"\n"
    page += ".SH NAME\n\(escape(table.name)) \\- \(escape(table.summary))\n"
    page += ".SH SYNOPSIS\n"
    let verbs = [table.main].compactMap { $0 } + table.verbs
    for line in verbs.flatMap({ HelpText.usageLines(table, $0) }) {
      page += ".nf\n\(synopsis(line, table.name))\n.fi\n"
    }
    page += ".SH DESCRIPTION\n" + paragraphs(table.description)
    if !table.verbs.isEmpty {
      page += ".SH VERBS\n" + table.verbs.map { verb($0, of: table) }.joined()
    }
    let own = HelpText.ownOptions(table, of: table.main)
    if !own.isEmpty { page += ".SH OPTIONS\n" + own.map(option).joined() }
    page += ".SH \"OPTIONS OF EVERY MX TOOL\"\n"
    page += HelpText.commonOptions(table, besides: table.main).map(option).joined()
    page += environment(table)
    page += table.sections.map(section).joined()
    page += ".SH \"SEE ALSO\"\n" + seeAlso(table)
    return page
  }

  private static let tools = [
    "mx-alert", "mx-compact", "mx-ingest", "mx-query", "mx-render", "mx-rollup",
  ]

  private static func seeAlso(_ table: CommandTable) -> String {
    let others = tools.filter { $0 != table.name }
    return others.map { ".BR \(escape($0)) (1)" }.joined(separator: ",\n") + "\n"
  }

  private static func synopsis(_ line: String, _ tool: String) -> String {
    "\\fB\(escape(tool))\\fR\(escape(String(line.dropFirst(tool.count))))"
  }

  private static func verb(_ verb: Verb, of table: CommandTable) -> String {
    var text = ".SS \"\(escape(verb.name))\"\n"
    for line in HelpText.usageLines(table, verb) {
      text += ".nf\n\(synopsis(line, table.name))\n.fi\n"
    }
    text += ".PP\n\(filled(sentence(verb.help)))"
    return text + verb.options.map(option).joined()
  }

  private static func option(_ option: OptionSpec) -> String {
    guard !option.isHidden else { return "" }
    let short = option.short.map { "\\fB\\-\($0)\\fR, " } ?? ""
    let value = option.signature.dropFirst(option.name.count + 2)
    return ".TP\n\(short)\\fB\\-\\-\(escape(option.name))\\fR\(escape(String(value)))\n"
      + filled(sentence(HelpText.explanation(option)))
  }

  private static func environment(_ table: CommandTable) -> String {
    let verbs = [table.main].compactMap { $0 } + table.verbs
    var text = ".SH ENVIRONMENT\n"
    var seen: [String] = []
    for option in verbs.flatMap({ table.options(of: $0) }) {
      guard let variable = option.environment, !seen.contains(variable) else { continue }
      seen.append(variable)
      text += ".TP\n\\fB\(escape(variable))\\fR\n"
      text += "The value of \\fB\\-\\-\(escape(option.name))\\fR where it is not given.\n"
    }
    text += ".TP\n\\fBNO_COLOR\\fR\nNo colours with \\fB\\-\\-color auto\\fR where it is set.\n"
    return text
  }

  private static func section(_ section: ManualSection) -> String {
    ".SH \"\(escape(section.title.uppercased()))\"\n" + paragraphs(section.text)
  }

  /// Plain text by the rules of `ManualSection`.
  private static func paragraphs(_ text: String) -> String {
    var out = ""
    var isLiteral = false
    var hasGap = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty {
        hasGap = true
        continue
      }
      if line.hasPrefix(" ") != isLiteral {
        isLiteral.toggle()
        // Behind a title there is a gap already.
        let gap = isLiteral && out.isEmpty ? "" : ".PP\n"
        out += isLiteral ? gap + ".nf\n.RS 4\n" : ".RE\n.fi\n.PP\n"
      } else if hasGap, !out.isEmpty {
        out += isLiteral ? ".sp\n" : ".PP\n"
      }
      hasGap = false
      out += isLiteral ? escape(String(line.drop { $0 == " " })) + "\n" : filled(String(line))
    }
    return out + (isLiteral ? ".RE\n.fi\n" : "")
  }

  /// Text that roff fills, in lines that a person can read and diff.
  private static func filled(_ text: String) -> String {
    HelpText.wrap(text, to: 72).map { escape($0) + "\n" }.joined()
  }

  private static func sentence(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst() + "."
  }

  /// Keeps roff from reading text as its own: backslashes, dashes that must
  /// stay ASCII for copying, and a dot or quote at the start of a line.
  static func escape(_ text: String) -> String {
    var out = ""
    for character in text {
      switch character {
      case "\\": out += "\\e"
      case "-": out += "\\-"
      case "'": out += "\\(aq"
      case "\"": out += "\\(dq"
      case "`": out += "\\(ga"
      case "^": out += "\\(ha"
      case "~": out += "\\(ti"
      case ".": out += out.isEmpty ? "\\&." : "."
      default: out.append(character)
      }
    }
    return out
  }
}
