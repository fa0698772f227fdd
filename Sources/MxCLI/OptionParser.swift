/// Reads a command line by a table.
///
/// Understands `--x=v`, `--x v`, `-abc`, `--`, `-` as a word, and takes
/// `-5`, `-.5` and `-6h` for values: no option starts with a digit.
/// Options may stand before or after the verb and between words.
package struct OptionParser {
  let table: CommandTable
  let words: [String]
  let environment: (String) -> String?

  private var index = 0
  private var verb: Verb?
  /// Where the verb's name stands in `words`.
  private var verbIndex: Int?
  private var options: [OptionSpec] = []
  private var values: [String: [String]] = [:]
  private var positionals: [String] = []

  /// `words` without the program's name.
  package static func parse(
    _ words: [String], table: CommandTable, environment: @escaping (String) -> String?
  ) throws(UsageError) -> Arguments {
    var parser = OptionParser(table: table, words: words, environment: environment)
    return try parser.run()
  }

  private init(
    table: CommandTable, words: [String], environment: @escaping (String) -> String?
  ) {
    self.table = table
    self.words = words
    self.environment = environment
  }

  private mutating func run() throws(UsageError) -> Arguments {
    findVerb()
    options = table.options(of: verb)
    while index < words.count {
      let word = words[index]
      index += 1
      if index - 1 == verbIndex { continue }
      if word == "--" {
        takeTheRest()
      } else if word.hasPrefix("--") {
        try takeLong(word)
      } else if OptionParser.looksLikeOption(word) {
        try takeShorts(word)
      } else {
        positionals.append(word)
      }
    }
    // `--help` answers whatever else is missing or wrong.
    let tellsAboutItself = CommandTable.builtIn.contains { values[$0.name] != nil }
    if !tellsAboutItself { try checkComplete() }
    return Arguments(
      table: table, verb: verb, options: options, values: values, positionals: positionals,
      environment: environment)
  }

  /// A word that must be an option: dashes, then a letter. `-` is stdin,
  /// `-6h` a time, `-(a)` an expression.
  static func looksLikeOption(_ word: String) -> Bool {
    let bytes = Array(word.utf8.prefix(3))
    guard bytes.count >= 2, bytes[0] == UInt8(ascii: "-") else { return false }
    let next = bytes[1] == UInt8(ascii: "-") ? (bytes.count > 2 ? bytes[2] : bytes[1]) : bytes[1]
    return UInt8(ascii: "a")...UInt8(ascii: "z") ~= next | 0x20
  }

  // MARK: the verb

  /// The first word that is neither an option nor an option's value, where it
  /// names a verb. Until the verb is known an option's arity is taken from
  /// whichever verb has it.
  private mutating func findVerb() {
    verb = table.main
    var at = 0
    while at < words.count, words[at] != "--" {
      let word = words[at]
      guard word.hasPrefix("--") || OptionParser.looksLikeOption(word) else {
        if let named = table.verb(named: word) {
          verb = named
          verbIndex = at
        }
        return
      }
      let next = at + 1 < words.count ? words[at + 1] : nil
      at += takesNextWord(word, next) ? 2 : 1
    }
  }

  /// `next`: the word after it, which a value that may be left out is not where it
  /// names a verb.
  private func takesNextWord(_ word: String, _ next: String?) -> Bool {
    let everything =
      ([table.main].compactMap { $0 } + table.verbs).flatMap(\.options)
      + table.options(of: nil)
    let spec: OptionSpec?
    if word.hasPrefix("--") {
      guard !word.contains("=") else { return false }
      spec = everything.first { "--\($0.name)" == word }
    } else {
      spec = everything.first { $0.short != nil && $0.short == word.last }
    }
    switch spec?.kind {
    case .value, .repeated, .list: return true
    case .optional:
      return next.map { table.verb(named: $0) == nil && !OptionParser.looksLikeOption($0) } ?? false
    case .flag, nil: return false
    }
  }

  // MARK: one word

  private mutating func takeTheRest() {
    while index < words.count {
      if index != verbIndex { positionals.append(words[index]) }
      index += 1
    }
  }

  private mutating func takeLong(_ word: String) throws(UsageError) {
    let body = word.dropFirst(2)
    let equals = body.firstIndex(of: "=")
    let name = String(equals.map { body[..<$0] } ?? body)
    guard let spec = options.first(where: { $0.name == name }) else { throw unknown("--\(name)") }
    guard let equals else { return try take(spec, shown: "--\(name)") }
    let value = String(body[body.index(after: equals)...])
    guard spec.kind != .flag else {
      throw fail("option '--\(name)' takes no value, but '\(value)' was given")
    }
    try store(value, for: spec)
  }

  private mutating func takeShorts(_ word: String) throws(UsageError) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      guard let spec = options.first(where: { $0.short == letter }) else {
        throw unknown(word.count > 2 ? word : "-\(letter)")
      }
      if spec.kind == .flag || letters.isEmpty {
        try take(spec, shown: "-\(letter)")
      } else {
        // -oFILE: what is left of the word is the value.
        try store(String(letters), for: spec)
        return
      }
    }
  }

  /// Takes the option and the value or values in the words that follow.
  private mutating func take(_ spec: OptionSpec, shown: String) throws(UsageError) {
    switch spec.kind {
    case .flag:
      values[spec.name] = []
    case .optional:
      values[spec.name] = values[spec.name] ?? []
      if let next = nextValue() { try store(next, for: spec) }
    case .value, .repeated:
      try store(try needValue(spec, shown), for: spec)
    case .list:
      try store(try needValue(spec, shown), for: spec)
      while let next = nextValue() { try store(next, for: spec) }
    }
  }

  private mutating func nextValue() -> String? {
    guard index < words.count, index != verbIndex, words[index] != "--",
      !OptionParser.looksLikeOption(words[index])
    else { return nil }
    index += 1
    return words[index - 1]
  }

  private mutating func needValue(
    _ spec: OptionSpec, _ shown: String
  ) throws(UsageError) -> String {
    if let value = nextValue() { return value }
    // A forgotten value must not swallow the option after it.
    let hint =
      index < words.count && index != verbIndex
      ? "to give '\(words[index])' as the value write '--\(spec.name)=\(words[index])'" : nil
    throw fail("option '\(shown)' needs a value: \(spec.signature)", hint: hint)
  }

  private mutating func store(_ value: String, for spec: OptionSpec) throws(UsageError) {
    try check(value, among: spec.choices, of: "--\(spec.name)")
    switch spec.kind {
    case .repeated, .list: values[spec.name, default: []].append(value)
    case .flag, .value, .optional: values[spec.name] = [value]
    }
  }

  // MARK: the whole

  private func checkComplete() throws(UsageError) {
    guard let verb else {
      if let word = positionals.first {
        throw fail(
          "unknown verb '\(word)'",
          hint: Suggestion.hint(for: word, among: table.verbs.map(\.name))
            ?? "verbs: \(table.verbs.map(\.name).joined(separator: ", "))")
      }
      throw fail(
        "no verb given", hint: "verbs: \(table.verbs.map(\.name).joined(separator: ", "))")
    }
    for (position, spec) in verb.positionals.enumerated() {
      guard position < positionals.count else {
        if spec.isRequired { throw fail("no \(spec.name) given", hint: tryHint) }
        break
      }
      try check(positionals[position], among: spec.choices, of: spec.name)
    }
    let takesMore = verb.positionals.last?.isRepeated ?? false
    if !takesMore, positionals.count > verb.positionals.count {
      let word = positionals[verb.positionals.count]
      let verbs = verb.name.isEmpty ? table.verbs.map(\.name) : []
      throw fail("unexpected word '\(word)'", hint: Suggestion.hint(for: word, among: verbs))
    }
    for spec in options where spec.isRequired && values[spec.name] == nil {
      throw fail("option '\(spec.signature)' is required", hint: tryHint)
    }
  }

  private func check(
    _ value: String, among choices: [String], of what: String
  ) throws(UsageError) {
    guard !choices.isEmpty, !choices.contains(value) else { return }
    throw fail(
      "\(what): '\(value)' is not one of \(choices.joined(separator: ", "))",
      hint: Suggestion.hint(for: value, among: choices))
  }

  private var tryHint: String {
    let verbName = verb?.name ?? ""
    return verbName.isEmpty
      ? "try: \(table.example)" : "see: \(table.name) \(verbName) --help"
  }

  private func unknown(_ shown: String) -> UsageError {
    let owners = table.verbs.filter { verb in verb.options.contains { "--\($0.name)" == shown } }
    if let owner = owners.first {
      return fail(
        "unknown option '\(shown)'", hint: "it belongs to '\(table.name) \(owner.name)'")
    }
    let names = options.filter { !$0.isHidden }.map { "--\($0.name)" }
    if let near = Suggestion.hint(for: shown, among: names) {
      return fail("unknown option '\(shown)'", hint: near)
    }
    let isWord = !shown.hasPrefix("--")
    return fail(
      "unknown option '\(shown)'",
      hint: isWord ? "put '--' before a word that starts with '-'" : "see: \(table.name) --help")
  }

  private func fail(_ message: String, hint: String? = nil) -> UsageError {
    UsageError(Diagnostic(.usage, message, hint: hint), verb: verb)
  }
}

/// A command line that makes no sense, and the verb it was meant for, which
/// says how failures are told.
package struct UsageError: Error, Equatable {
  package let diagnostic: Diagnostic
  package let verb: Verb?

  init(_ diagnostic: Diagnostic, verb: Verb?) {
    self.diagnostic = diagnostic
    self.verb = verb
  }
}
