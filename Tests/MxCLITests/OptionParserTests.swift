import MxCLI
import Testing

@Suite struct OptionParserTests {
  static let table = CommandTable(
    name: "mx-x", summary: "try things", description: "Tries.",
    main: Verb(
      "", "try", positionals: [.many("WORD")],
      options: [
        .value("at", "TIME", "when", short: "a"), .value("files", "FILE", "which", kind: .list),
      ]),
    verbs: [
      Verb(
        "look", "look", positionals: [.one("THING"), .one("HOW", choices: ["up", "down"])],
        options: [
          .flag("deep", short: "d", "deeply"), .value("config", "FILE", "its own"),
          .value("now", "TIME", "at once", kind: .optional),
        ]),
      Verb("need", "need", options: [.value("it", "IT", "it", required: true)]),
    ],
    shared: [.choice("how", ["fast", "slow"], "speed")],
    common: CommonOptions.table(writer: true), example: "mx-x word")

  func parse(_ words: String..., environment: [String: String] = [:]) throws -> Arguments {
    try OptionParser.parse(words, table: OptionParserTests.table) { environment[$0] }
  }

  func message(_ words: String...) -> String? {
    do throws(UsageError) {
      _ = try OptionParser.parse(words, table: OptionParserTests.table) { _ in nil }
      return nil
    } catch {
      let hint = error.diagnostic.hint.map { " | \($0)" } ?? ""
      return error.diagnostic.message + hint
    }
  }

  @Test func valuesMayStandBehindEqualsOrInTheNextWord() throws {
    #expect(try parse("--at=1", "x").string("at") == "1")
    #expect(try parse("--at", "1", "x").string("at") == "1")
    #expect(try parse("-a", "1", "x").string("at") == "1")
    #expect(try parse("-a1", "x").string("at") == "1")
    #expect(try parse("--at=", "x").string("at") == "")
    #expect(try parse("--at=a=b", "x").string("at") == "a=b")
    #expect(try parse("--at", "1", "--at", "2").string("at") == "2")
  }

  /// `--now TIME` of every tool and the `--now [TIME]` of a verb, before and after it.
  @Test func aValueThatMayBeLeftOutIsNotAVerb() throws {
    #expect(try parse("--now", "1795219260", "look", "x", "up").positionals == ["x", "up"])
    #expect(try parse("--now", "1795219260", "look", "x", "up").string("now") == "1795219260")
    #expect(try parse("--now", "look", "x", "up").positionals == ["x", "up"])
    #expect(try parse("look", "x", "up", "--now").has("now"))
  }

  @Test func shortOptionsMayStandTogether() throws {
    let found = try parse("-qva", "7", "x")
    #expect(found.has("quiet") && found.has("verbose"))
    #expect(found.string("at") == "7")
    #expect(try parse("-qa7").string("at") == "7")
  }

  @Test func negativeNumbersAndTimesAreValues() throws {
    #expect(try parse("--at", "-6h", "-5", "-.5").positionals == ["-5", "-.5"])
    #expect(try parse("--at", "-6h").string("at") == "-6h")
    #expect(try parse("-(a)", "-").positionals == ["-(a)", "-"])
    #expect(try parse("--at", "-").string("at") == "-")
  }

  @Test func twoDashesEndTheOptions() throws {
    #expect(try parse("--", "--at", "-q").positionals == ["--at", "-q"])
    #expect(try parse("--", "look").verbName == "")
    #expect(try parse("a", "--", "look").positionals == ["a", "look"])
  }

  @Test func theVerbIsTheFirstWordWhereverItStands() throws {
    #expect(try parse("look", "it", "up").verbName == "look")
    #expect(try parse("--store", "look", "look", "it", "up").positionals == ["it", "up"])
    #expect(try parse("-q", "look", "it", "down", "-d").has("deep"))
    #expect(try parse("look", "look", "up").positionals == ["look", "up"])
    #expect(try parse("word", "look").verbName == "")
    #expect(try parse("--config", "c", "look", "it", "up").string("config") == "c")
  }

  @Test func aListTakesWordsUpToTheNextOption() throws {
    let found = try parse("--files", "a", "b", "-q", "c", "--files=d", "e")
    #expect(found.strings("files") == ["a", "b", "d"])
    #expect(found.positionals == ["c", "e"])
    #expect(try parse("--files", "a", "--", "b").positionals == ["b"])
  }

  @Test func anOptionalValueIsOptional() throws {
    #expect(try parse("look", "a", "up", "--now").has("now"))
    #expect(try parse("look", "a", "up", "--now").string("now") == nil)
    #expect(try parse("look", "a", "up", "--now", "-6h").string("now") == "-6h")
    #expect(try parse("look", "a", "up", "--now=5").string("now") == "5")
  }

  @Test func aVerbsOwnOptionHidesTheCommonOne() throws {
    #expect(try !parse("look", "a", "up", "--config", "x").isCommon("config"))
    #expect(try parse("--config", "x").isCommon("config"))
  }

  @Test func theEnvironmentFillsIn() throws {
    let environment = ["MX_STORE": "/s"]
    #expect(try parse("x", environment: environment).string("store") == "/s")
    #expect(try parse("--store", "t", environment: environment).string("store") == "t")
    #expect(try parse("x", environment: ["MX_STORE": ""]).string("store") == nil)
    #expect(try !parse("x", environment: environment).has("store"))
  }

  @Test func mistakesAreToldWithWhatWasMeant() {
    #expect(message("--att") == "unknown option '--att' | did you mean '--at'?")
    #expect(message("--deep") == "unknown option '--deep' | it belongs to 'mx-x look'")
    #expect(message("--zzzzzzzzz") == "unknown option '--zzzzzzzzz' | see: mx-x --help")
    #expect(message("-z") == "unknown option '-z' | put '--' before a word that starts with '-'")
    #expect(message("--quiet=1") == "option '--quiet' takes no value, but '1' was given")
    #expect(message("--at") == "option '--at' needs a value: --at TIME")
    #expect(
      message("--at", "--quiet")
        == "option '--at' needs a value: --at TIME"
        + " | to give '--quiet' as the value write '--at=--quiet'")
    #expect(
      message("--how", "fats") == "--how: 'fats' is not one of fast, slow | did you mean 'fast'?")
    #expect(message("look") == "no THING given | see: mx-x look --help")
    #expect(message("look", "a", "sideways") == "HOW: 'sideways' is not one of up, down")
    #expect(message("look", "a", "up", "b") == "unexpected word 'b'")
    #expect(message("need") == "option '--it IT' is required | see: mx-x need --help")
  }

  @Test func helpAnswersWhateverElseIsMissing() throws {
    #expect(try parse("need", "--help").has("help"))
    #expect(try parse("look", "-h").verbName == "look")
  }

  /// Nothing a user can type may end in a crash.
  @Test(arguments: 0..<300 as Range<UInt64>)
  func anyWordsAreReadOrRefused(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let pieces = [
      "--", "-", "--at", "--at=", "=", "look", "need", "-a", "-q", "-qa", "--files", "--now", "é",
      "--how", "slow", "--=", "---", "\u{0}", "", "--it", "-6h", "--store", "--config=x", "up",
    ]
    let words = (0..<Int.random(in: 0...8, using: &random)).map { _ in
      pieces.randomElement(using: &random) ?? ""
    }
    do throws(UsageError) {
      let found = try OptionParser.parse(words, table: OptionParserTests.table) { _ in nil }
      #expect(found.positionals.count <= words.count)
    } catch {
      #expect(!error.diagnostic.message.isEmpty)
    }
  }
}

/// A repeatable source of chance (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
