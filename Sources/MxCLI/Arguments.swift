/// A command line, read: which verb, its options, its words.
///
/// Asking for an option that the table does not have is our own mistake.
package struct Arguments {
  package let table: CommandTable
  /// The table's verb; its name is empty for the bare tool, nil only beside
  /// `--help` and its like.
  package let verb: Verb?
  package let positionals: [String]
  let options: [OptionSpec]
  let values: [String: [String]]
  let environment: (String) -> String?

  init(
    table: CommandTable, verb: Verb?, options: [OptionSpec], values: [String: [String]],
    positionals: [String], environment: @escaping (String) -> String?
  ) {
    self.table = table
    self.verb = verb
    self.options = options
    self.values = values
    self.positionals = positionals
    self.environment = environment
  }

  /// The verb's name, empty for the bare tool.
  package var verbName: String { verb?.name ?? "" }

  /// The option was given on the command line.
  package func has(_ name: String) -> Bool {
    _ = spec(name)
    return values[name] != nil
  }

  /// The value given, else the environment's where the option has one.
  package func string(_ name: String) -> String? {
    let spec = spec(name)
    if let last = values[name]?.last { return last }
    guard let variable = spec.environment, let value = environment(variable) else { return nil }
    return value.isEmpty ? nil : value
  }

  /// Every value given, in order; the environment's alone where none was.
  package func strings(_ name: String) -> [String] {
    _ = spec(name)
    if let given = values[name], !given.isEmpty { return given }
    return string(name).map { [$0] } ?? []
  }

  /// True where `name` is the option of all tools, not one of that name which
  /// a verb defines for itself.
  package func isCommon(_ name: String) -> Bool {
    table.common.contains(spec(name))
  }

  package func duration(_ name: String) throws(Diagnostic) -> Int64? {
    try value(name, DurationText.milliseconds)
  }

  package func time(_ name: String, now: Int64) throws(Diagnostic) -> Int64? {
    try value(name) { text throws(ValueError) in
      try TimeText.milliseconds(text, now: now)
    }
  }

  package func size(_ name: String) throws(Diagnostic) -> ByteSize? {
    try value(name, ByteSize.init(parsing:))
  }

  package func number(_ name: String) throws(Diagnostic) -> Double? {
    try value(name, NumberText.number)
  }

  package func integer(
    _ name: String, in range: ClosedRange<Int64>
  ) throws(Diagnostic) -> Int64? {
    try value(name) { text throws(ValueError) in
      try NumberText.integer(text, in: range)
    }
  }

  /// `NAME=VALUE` of a repeated option, in order.
  package func pairs(
    _ name: String
  ) throws(Diagnostic) -> [(name: String, value: String)] {
    var found: [(name: String, value: String)] = []
    for text in strings(name) {
      guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
        throw Diagnostic(.usage, subject: "--\(name)", "'\(text)' is not NAME=VALUE")
      }
      found.append((String(text[..<equals]), String(text[text.index(after: equals)...])))
    }
    return found
  }

  private func value<T>(
    _ name: String, _ parse: (String) throws(ValueError) -> T
  ) throws(Diagnostic) -> T? {
    guard let text = string(name) else { return nil }
    do throws(ValueError) {
      return try parse(text)
    } catch {
      throw Diagnostic(.usage, subject: "--\(name)", error.message, hint: error.hint)
    }
  }

  private func spec(_ name: String) -> OptionSpec {
    guard let spec = options.first(where: { $0.name == name }) else {
      preconditionFailure("BUG: '\(table.name) \(verbName)' has no option '\(name)'")
    }
    return spec
  }
}
