/// One option of a tool: what the parser, `--help`, the man page and the
/// completions all read.
package struct OptionSpec: Equatable, Sendable {
  /// How many values an option takes.
  package enum Kind: Equatable, Sendable {
    /// None: it is there or not.
    case flag
    /// One; given twice, the last wins.
    case value
    /// One each time it is given.
    case repeated
    /// One or more words up to the next option, so that a shell's `*.yml`
    /// works (`--rules jobs/rules/*.yml`). `--rules=FILE` takes that one.
    case list
    /// None, or one: with `=`, or the next word where it is not an option.
    case optional
  }

  /// Without the dashes.
  package let name: String
  package let short: Character?
  package let kind: Kind
  /// What the value is called in help: `DIR`, `TIME`. Empty for flags.
  package let valueName: String
  /// The only values allowed; empty where any is.
  package let choices: [String]
  /// Shown in help. The command itself applies it.
  package let defaultText: String?
  /// The environment variable read where the option is not given.
  package let environment: String?
  package let help: String
  package let isRequired: Bool
  package let isHidden: Bool

  /// An option without a value.
  package static func flag(
    _ name: String, short: Character? = nil, _ help: String, hidden: Bool = false
  ) -> OptionSpec {
    OptionSpec(
      name: name, short: short, kind: .flag, valueName: "", choices: [], defaultText: nil,
      environment: nil, help: help, isRequired: false, isHidden: hidden)
  }

  /// An option with a value.
  package static func value(
    _ name: String, _ valueName: String, _ help: String, kind: Kind = .value,
    short: Character? = nil, default defaultText: String? = nil, env: String? = nil,
    required: Bool = false, hidden: Bool = false
  ) -> OptionSpec {
    OptionSpec(
      name: name, short: short, kind: kind, valueName: valueName, choices: [],
      defaultText: defaultText, environment: env, help: help, isRequired: required,
      isHidden: hidden)
  }

  /// An option whose value is one of a few words.
  package static func choice(
    _ name: String, _ choices: [String], _ help: String, default defaultText: String? = nil
  ) -> OptionSpec {
    OptionSpec(
      name: name, short: nil, kind: .value, valueName: choices.joined(separator: "|"),
      choices: choices, defaultText: defaultText, environment: nil, help: help,
      isRequired: false, isHidden: false)
  }

  /// `--name VALUE` as help prints it.
  var signature: String {
    switch kind {
    case .flag: "--\(name)"
    case .value, .repeated: "--\(name) \(valueName)"
    case .list: "--\(name) \(valueName)..."
    case .optional: "--\(name)[=\(valueName)]"
    }
  }
}

/// A word of the command line that is not an option.
package struct PositionalSpec: Equatable, Sendable {
  /// As in usage lines: `EXPR`, `FILE`.
  package let name: String
  package let choices: [String]
  package let isRequired: Bool
  /// Takes all words that are left; only the last positional may.
  package let isRepeated: Bool

  package static func one(
    _ name: String, choices: [String] = [], required: Bool = true
  ) -> PositionalSpec {
    PositionalSpec(name: name, choices: choices, isRequired: required, isRepeated: false)
  }

  package static func many(_ name: String, required: Bool = false) -> PositionalSpec {
    PositionalSpec(name: name, choices: [], isRequired: required, isRepeated: true)
  }

  var signature: String {
    let word = choices.isEmpty ? name : choices.joined(separator: "|")
    let shown = isRequired ? word : "[\(word)]"
    return isRepeated ? "\(shown)..." : shown
  }
}
