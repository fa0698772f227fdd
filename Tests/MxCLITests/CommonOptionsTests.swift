import MxCLI
import Testing

@Suite struct CommonOptionsTests {
  func read(_ words: String...) throws -> CommonOptions {
    let arguments = try OptionParser.parse(words, table: OptionParserTests.table) { _ in nil }
    return try CommonOptions(arguments, clock: 1_000_000, cores: 8)
  }

  @Test func defaultsAreThoseOfTheContract() throws {
    let common = try read()
    #expect(common.store == "./mx-store")
    #expect(common.config == nil)
    #expect(common.now == 1_000_000 && !common.hasFixedNow)
    #expect(common.threads == 4)
    #expect(common.lock == .wait(60_000))
    #expect(common.settings == Output.Settings())
    #expect(!common.checksOnly && common.report == nil && common.statsFile == nil)
  }

  @Test func everythingGivenIsTaken() throws {
    let common = try read(
      "--store", "s", "--config", "c", "--check", "--now", "-10s", "--threads", "2", "--limit",
      "a=1", "--limit=b=x=y", "-qv", "--log", "json", "--color", "always", "--progress", "never",
      "--report", "-", "--stats-file", "f", "--lock", "wait=5m", "--ping", "http://p")
    #expect(common.stores == ["s"] && common.config == "c" && common.checksOnly)
    #expect(common.now == 990_000 && common.hasFixedNow)
    #expect(common.threads == 2)
    #expect(common.limits.map(\.name) == ["a", "b"] && common.limits.map(\.value) == ["1", "x=y"])
    #expect(common.settings.isQuiet && common.settings.isVerbose && common.settings.logsJSON)
    #expect(common.settings.color == .always && common.settings.progress == .never)
    #expect(common.report == "-" && common.statsFile == "f" && common.ping == "http://p")
    #expect(common.lock == .wait(300_000))
    #expect(try read("--lock", "skip").lock == .skip)
    #expect(try read("--lock", "fail").lock == .fail)
    #expect(try read("--lock", "wait").lock == .wait(60_000))
  }

  @Test func aVerbsOwnOptionsAreNotTheCommonOnes() throws {
    let common = try read("look", "a", "up", "--config", "own", "--now")
    #expect(common.config == nil)
    #expect(common.now == 1_000_000)
  }

  @Test func badValuesAreUsageErrors() {
    for words in [["--threads", "257"], ["--lock", "wait="], ["--limit", "=1"], ["--now", "x"]] {
      #expect(throws: Diagnostic.self, "\(words)") { try read(words[0], words[1]) }
    }
  }
}
