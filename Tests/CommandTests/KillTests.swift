import Glibc
import MxTestSupport
import Testing

/// kill -9 of the real program at random moments, then the same input again: each
/// sample is there once, by count and by sum.
///
/// In the suite a stream of one commit; with MX_LONG=1 one of five million events, whose
/// commits the kills fall between and into (MX_TOOLS names a folder of optimised tools).
@Suite(.serialized) struct KillTests {
  private static let isLong = getenv("MX_LONG") != nil

  private struct Bench {
    let shell: Shell
    var random: SeededGenerator
    /// How long the work takes undisturbed, ms.
    var whole = 0

    init(seed: UInt64) throws {
      shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
      random = SeededGenerator(seed: seed)
    }

    func must(_ command: String) throws -> String {
      let result = try shell.run(command, input: nil)
      guard result.exit == 0 else {
        throw Shell.Failure(description: "'\(command)': \(result)")
      }
      return result.stdout
    }

    /// Runs `command` and kills it at a moment of its life; whether that was in time.
    mutating func killed(_ command: String) throws -> Bool {
      let moment = Int.random(in: 1...max(2, whole * 11 / 10), using: &random)
      let seconds = "\(moment / 1000).\(String(moment % 1000 + 1000).dropFirst())"
      return try shell.run("timeout -s KILL \(seconds) \(command)", input: nil).exit == 137
    }
  }

  /// Events add up: what is taken twice, or lost, shows.
  @Test func aStreamThatIsKilledAndFedAgainIsThereOnce() throws {
    let seed = UInt64(WebServer.milliseconds())
    let lines = Self.isLong ? 5_000_000 : 20_000
    var bench = try Bench(seed: seed)
    defer { bench.shell.remove() }
    _ = try bench.must(
      "awk 'BEGIN { for (i = 0; i < \(lines); i++) "
        + "printf \"e{k=\\\"%d\\\"} 3 %.0f\\n\", i % 7, 1795132800000 + int(i / 100) }' > in.prom")
    let ingest = "mx-ingest --format prometheus --events --now 1795219200"
    let begin = WebServer.milliseconds()
    _ = try bench.must("\(ingest) --store whole in.prom")
    bench.whole = WebServer.milliseconds() - begin
    var hits = 0
    for trial in 0..<(Self.isLong ? 12 : 8) {
      // Killed up to three times: what one run left another goes on with.
      for _ in 0...trial % 3 where try bench.killed("\(ingest) --store s\(trial) in.prom") {
        hits += 1
      }
      _ = try bench.must("\(ingest) --store s\(trial) in.prom")
      let found = try bench.must(
        "mx-query --store s\(trial) --at 1795219200 --format csv --no-header "
          + "'sum(count_over_time(e[2d]))' 'sum(sum_over_time(e[2d]))'")
      let values = found.split(separator: "\n").compactMap { $0.split(separator: ",").last }
      #expect(values == ["\(lines)", "\(lines * 3)"], "seed \(seed), trial \(trial)")
      _ = try bench.must("mx-compact verify --deep --store s\(trial) && rm -r s\(trial)")
    }
    print("killed \(hits) times within \(bench.whole) ms, seed \(seed)")
    #expect(hits > 0)
  }

  /// The drop folder: each file once, whatever dies when.
  @Test func aSpoolThatIsKilledTakesEachFileOnce() throws {
    let seed = UInt64(WebServer.milliseconds())
    let files = 40
    var bench = try Bench(seed: seed)
    defer { bench.shell.remove() }
    let fill =
      "rm -rf d && mkdir d && for i in $(seq \(files)); do echo 'e 1 1795132800000\ne 2 "
      + "1795132800000' | sed \"s/^e/e{f=\\\"$i\\\"}/\" > d/$i.prom; done"
    let ingest = "mx-ingest spool --events --now 1795219200"
    _ = try bench.must(fill)
    let begin = WebServer.milliseconds()
    _ = try bench.must("\(ingest) --store whole d")
    bench.whole = WebServer.milliseconds() - begin
    for trial in 0..<8 {
      _ = try bench.must(fill)
      for _ in 0..<3 { _ = try bench.killed("\(ingest) --store s\(trial) d") }
      _ = try bench.must("\(ingest) --store s\(trial) d")
      let found = try bench.must(
        "mx-query --store s\(trial) --at 1795219200 --format csv --no-header "
          + "'sum(count_over_time(e[2d]))' 'sum(sum_over_time(e[2d]))' && ls d")
      let values = found.split(separator: "\n").compactMap { $0.split(separator: ",").last }
      #expect(values == ["\(files * 2)", "\(files * 3)"], "seed \(seed), trial \(trial)")
    }
  }
}
