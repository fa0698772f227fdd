/// Shell completion, made from the table: verbs, options, and the values of
/// those that have a few; file names everywhere else.
package enum Completions {
  package static func text(_ table: CommandTable, shell: String) -> String {
    switch shell {
    case "bash": bash(table)
    case "zsh": zsh(table)
    case "fish": fish(table)
    default: preconditionFailure("BUG: no completions for '\(shell)'")
    }
  }

  /// Every option of the tool once, hidden ones left out.
  private static func allOptions(_ table: CommandTable) -> [OptionSpec] {
    var found: [OptionSpec] = []
    let verbs = [table.main].compactMap { $0 } + table.verbs
    for option in verbs.flatMap({ table.options(of: $0) }) where !option.isHidden {
      if !found.contains(where: { $0.name == option.name }) { found.append(option) }
    }
    return found
  }

  private static func visible(_ table: CommandTable, _ verb: Verb?) -> [OptionSpec] {
    table.options(of: verb).filter { !$0.isHidden }
  }

  private static func flags(_ options: [OptionSpec]) -> String {
    options.flatMap { option in
      ["--\(option.name)"] + (option.short.map { ["-\($0)"] } ?? [])
    }.joined(separator: " ")
  }

  private static func identifier(_ table: CommandTable) -> String {
    String(table.name.map { $0 == "-" ? "_" : $0 })
  }

  // MARK: bash

  private static func bash(_ table: CommandTable) -> String {
    let function = "_\(identifier(table))"
    var text = """
      # bash completion for \(table.name)
      \(function)() {
        local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= words= options= i
        for ((i = 1; i < COMP_CWORD; i++)); do
          case ${COMP_WORDS[i]} in
      \(bashVerbPattern(table))    esac
        done
        case $before in

      """
    for option in allOptions(table) where option.kind != .flag {
      let values = option.choices
      let reply =
        values.isEmpty
        ? "COMPREPLY=($(compgen -f -- \"$word\"))"
        : "COMPREPLY=($(compgen -W '\(values.joined(separator: " "))' -- \"$word\"))"
      text += "    --\(option.name)) \(reply); return ;;\n"
    }
    text += "  esac\n  case $verb in\n"
    for verb in table.verbs {
      let words = verb.positionals.first?.choices ?? []
      text += "    \(verb.name)) words='\(words.joined(separator: " "))'"
      text += " options='\(flags(visible(table, verb)))' ;;\n"
    }
    text += "    *) words='\(table.verbs.map(\.name).joined(separator: " "))'"
    text += " options='\(flags(visible(table, table.main)))' ;;\n"
    text += """
        esac
        case $word in -*) words=$options ;; esac
        COMPREPLY=($(compgen -W "$words" -- "$word"))
        [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$word"))
      }
      complete -o filenames -F \(function) \(table.name)

      """
    return text
  }

  private static func bashVerbPattern(_ table: CommandTable) -> String {
    guard !table.verbs.isEmpty else { return "      '') ;;\n" }
    let names = table.verbs.map(\.name).joined(separator: "|")
    return "      \(names)) verb=${COMP_WORDS[i]}; break ;;\n"
  }

  // MARK: zsh

  private static func zsh(_ table: CommandTable) -> String {
    let function = "_\(identifier(table))"
    let everywhere = everywhere(table)
    func own(_ verb: Verb?) -> String {
      let rest = visible(table, verb).filter { !everywhere.contains($0) }
      return rest.isEmpty ? "" : " \\\n        \(zshOptions(rest))"
    }
    var text = "#compdef \(table.name)\n# zsh completion for \(table.name)\n\(function)() {\n"
    text += "  local verb= word\n  local -a common=(\n        \(zshOptions(everywhere)))\n"
    text += "  for word in ${words[2,CURRENT-1]}; do\n    case $word in\n"
    if !table.verbs.isEmpty {
      let names = table.verbs.map(\.name).joined(separator: "|")
      text += "      \(names)) verb=$word; break ;;\n"
    }
    text += "    esac\n  done\n  case $verb in\n"
    for verb in table.verbs {
      text += "    \(verb.name))\n      _arguments $common\(own(verb)) \\\n"
      text += "        '1: :(\(verb.name))' \(zshPositional(verb)) ;;\n"
    }
    text += "    *)\n      _arguments $common\(own(table.main)) \\\n        "
    if table.verbs.isEmpty {
      text += "'*:file:_files'"
    } else {
      let described = table.verbs.map { "\($0.name)\\:\(zshQuote($0.help))" }
      let files = table.main == nil ? "" : " '*:file:_files'"
      text += "'1:verb:((\(described.joined(separator: " "))))'\(files)"
    }
    return text + " ;;\n  esac\n}\n\(function) \"$@\"\n"
  }

  /// Options that every verb has, and each the same.
  private static func everywhere(_ table: CommandTable) -> [OptionSpec] {
    let lists = ([table.main].compactMap { $0 } + table.verbs).map { visible(table, $0) }
    return (lists.first ?? []).filter { option in lists.allSatisfy { $0.contains(option) } }
  }

  private static func zshPositional(_ verb: Verb) -> String {
    guard let choices = verb.positionals.first?.choices, !choices.isEmpty else {
      return "'*:file:_files'"
    }
    return "'2: :(\(choices.joined(separator: " ")))' '*:file:_files'"
  }

  private static func zshOptions(_ options: [OptionSpec]) -> String {
    var lines: [String] = []
    for option in options {
      let many = option.kind == .repeated || option.kind == .list ? "*" : ""
      let values = option.choices.isEmpty ? "_files" : "(\(option.choices.joined(separator: " ")))"
      let help = zshBracket(option.help)
      let value = option.kind == .flag ? "" : ":\(zshPlain(option.valueName)):\(values)"
      let equals = option.kind == .flag ? "" : "="
      lines.append("'\(many)--\(option.name)\(equals)[\(help)]\(value)'")
      if let short = option.short { lines.append("'-\(short)[\(help)]\(value)'") }
    }
    return lines.joined(separator: " \\\n        ")
  }

  /// Inside single quotes and brackets.
  private static func zshBracket(_ text: String) -> String {
    var out = ""
    for character in text {
      switch character {
      case "'": out += "'\\''"
      case "[", "]", "\\", ":": out += "\\\(character)"
      default: out.append(character)
      }
    }
    return out
  }

  /// A message between colons.
  private static func zshPlain(_ text: String) -> String {
    String(text.filter { $0 != ":" && $0 != "'" })
  }

  /// A word's description inside `((word\:description))`.
  private static func zshQuote(_ text: String) -> String {
    var out = ""
    for character in text {
      switch character {
      case "'": out += "'\\''"
      case " ", "(", ")", ":", "\\", ";", "&", "|", "<", ">", "$", "\"", "*", "?", "[", "]":
        out += "\\\(character)"
      default: out.append(character)
      }
    }
    return out
  }

  // MARK: fish

  private static func fish(_ table: CommandTable) -> String {
    let tool = table.name
    let verbs = table.verbs.map(\.name).joined(separator: " ")
    let none = verbs.isEmpty ? "" : " -n 'not __fish_seen_subcommand_from \(verbs)'"
    var text = "# fish completion for \(tool)\n"
    for verb in table.verbs {
      text += "complete -c \(tool)\(none) -a \(verb.name) -d '\(fishQuote(verb.help))'\n"
    }
    let everywhere = everywhere(table)
    func own(_ verb: Verb?, _ condition: String) -> String {
      visible(table, verb).filter { !everywhere.contains($0) }
        .map { fish($0, tool: tool, condition: condition) }.joined()
    }
    text += everywhere.map { fish($0, tool: tool, condition: "") }.joined()
    text += own(table.main, none)
    for verb in table.verbs {
      let condition = " -n '__fish_seen_subcommand_from \(verb.name)'"
      text += own(verb, condition)
      for choice in verb.positionals.first?.choices ?? [] {
        text += "complete -c \(tool)\(condition) -a \(choice)\n"
      }
    }
    return text
  }

  private static func fish(_ option: OptionSpec, tool: String, condition: String) -> String {
    guard !option.isHidden else { return "" }
    var line = "complete -c \(tool)\(condition)"
    if let short = option.short { line += " -s \(short)" }
    line += " -l \(option.name)"
    if option.kind != .flag { line += " -r" }
    if !option.choices.isEmpty { line += " -f -a '\(option.choices.joined(separator: " "))'" }
    return line + " -d '\(fishQuote(option.help))'\n"
  }

  private static func fishQuote(_ text: String) -> String {
    var out = ""
    for character in text {
      if character == "'" || character == "\\" { out += "\\" }
      out.append(character)
    }
    return out
  }
}
