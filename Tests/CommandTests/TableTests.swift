import MxCLI
import MxTools
import Testing

/// What must hold in every tool's table, whatever is added to it.
@Suite struct TableTests {
  static let tables = [
    IngestCommand.table, CompactCommand.table, RollupCommand.table, QueryCommand.table,
    AlertCommand.table, RenderCommand.table,
  ]

  static func verbs(_ table: CommandTable) -> [Verb] {
    [table.main].compactMap { $0 } + table.verbs
  }

  @Test func namesAreUsedOnce() {
    for table in TableTests.tables {
      let names = table.verbs.map(\.name)
      #expect(Set(names).count == names.count, "\(table.name)")
      for verb in TableTests.verbs(table) {
        let options = verb.options.map(\.name)
        #expect(Set(options).count == options.count, "\(table.name) \(verb.name)")
        let shorts = table.options(of: verb).compactMap(\.short)
        #expect(Set(shorts).count == shorts.count, "\(table.name) \(verb.name)")
      }
    }
  }

  /// Before the verb is known, `--x` must mean the same for all that have it:
  /// with or without a value in the next word.
  @Test func anOptionTakesAValueUnderEveryVerbOrUnderNone() {
    for table in TableTests.tables {
      var takesValue: [String: Bool] = [:]
      for option in TableTests.verbs(table).flatMap({ table.options(of: $0) }) {
        // An optional value binds only once its verb is known.
        if option.kind == .optional { continue }
        let takes = option.kind != .flag
        #expect(takesValue[option.name] ?? takes == takes, "\(table.name) --\(option.name)")
        takesValue[option.name] = takes
      }
    }
  }

  @Test func onlyTheLastWordMayBeLeftOutOrRepeated() {
    for verb in TableTests.tables.flatMap(TableTests.verbs) {
      let early = verb.positionals.dropLast()
      #expect(!early.contains { $0.isRepeated }, "\(verb.name)")
      let firstOptional = verb.positionals.firstIndex { !$0.isRequired }
      let lastRequired = verb.positionals.lastIndex { $0.isRequired }
      #expect(firstOptional ?? .max > lastRequired ?? -1, "\(verb.name)")
    }
  }

  @Test func helpFitsATerminal() {
    for table in TableTests.tables {
      for verb in TableTests.verbs(table) {
        for line in HelpText.text(table, verb: verb).split(separator: "\n") {
          #expect(TextWidth.of(String(line)) <= 80, "\(table.name) \(verb.name): \(line)")
        }
      }
    }
  }

  @Test func helpTellsEveryOptionOnce() {
    for table in TableTests.tables {
      for verb in TableTests.verbs(table) {
        let lines = HelpText.text(table, verb: verb).split(separator: "\n")
        for option in table.options(of: verb) {
          let told = lines.filter { line in
            let words = line.split { $0 == " " || $0 == "[" }
            let isRow = line.hasPrefix("  -") && !line.hasPrefix("   ")
            return isRow && words.prefix(2).contains("--\(option.name)")
          }
          #expect(told.count == 1, "\(table.name) \(verb.name) --\(option.name)")
        }
      }
    }
  }

  /// The option tables are the only place where options are named: examples
  /// in help and man pages must be command lines that are understood.
  @Test func examplesAreUnderstood() throws {
    for table in TableTests.tables {
      let manual = table.sections.first { $0.title == "Examples" }
      let lines = try #require(manual).text.split(separator: "\n").filter { $0.hasPrefix(" ") }
      #expect(!lines.isEmpty)
      for line in [table.example[...]] + lines {
        for command in line.split(separator: "&&") {
          guard let start = command.firstRange(of: "mx-")?.lowerBound else { continue }
          let words = TableTests.words(String(command[start...].prefix { $0 != ">" }))
          let owner = try #require(TableTests.tables.first { $0.name == words.first }, "\(line)")
          #expect(throws: Never.self, "\(line)") {
            let found = try OptionParser.parse(Array(words.dropFirst()), table: owner) { _ in nil }
            _ = try CommonOptions(found, clock: 0, cores: 1)
          }
        }
      }
    }
  }

  /// Words as a shell parts them, single quotes included.
  static func words(_ line: String) -> [String] {
    var words: [String] = []
    for (index, part) in line.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
      if index % 2 == 1 {
        words.append(String(part))
      } else {
        words += part.split(separator: " ").map(String.init)
      }
    }
    return words
  }
}
