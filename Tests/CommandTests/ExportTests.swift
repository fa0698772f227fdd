import MxTestSupport
import Testing

/// Out of a store as text and into another: nothing is lost that the format has words for.
@Suite struct ExportTests {
  /// Random families, some of which break the rules of OpenMetrics: buckets are missing, counters
  /// negative, names are wanted by two.
  private static func text(_ seed: UInt64) -> String {
    var random = SeededGenerator(seed: seed)
    func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
    var lines: [String] = []
    var samples: [String] = []
    func add(_ name: String, _ labels: String) {
      for minute in 0..<3 where !chance(12) {
        let value = Int.random(in: 0...9, using: &random) + (chance(40) ? -20 : 10 * minute)
        let braces = labels.isEmpty ? "" : "{\(labels)}"
        samples.append("\(name)\(braces) \(value) \(1_795_132_800_000 + minute * 60_000)")
      }
    }
    for number in 0..<10 {
      let name = chance(4) ? "m\(max(0, number - 1))" : "m\(number)"
      let type = ["counter", "gauge", "histogram", "summary", "untyped"][number % 5]
      let declared = type == "counter" ? name + "_total" : name
      if !chance(5) { lines.append("# TYPE \(declared) \(type)") }
      if !chance(3) { lines.append("# HELP \(declared) Says \\\\ \"\(number)\".") }
      for job in ["job=\"a\"", "job=\"b\\n\""] {
        switch type {
        case "counter":
          add(name + "_total", job)
          if chance(2) { add(name + "_created", job) }
        case "histogram":
          for le in ["1", "2.5", "10", "+Inf"] where !chance(20) {
            samples += (0..<3).map {
              "\(name)_bucket{\(job),le=\"\(le)\"} \($0) \(1_795_132_800_000 + $0 * 60_000)"
            }
          }
          for suffix in ["_count", "_sum"] where !chance(12) {
            samples += (0..<3).map {
              "\(name)\(suffix){\(job)} \($0) \(1_795_132_800_000 + $0 * 60_000)"
            }
          }
        case "summary":
          for quantile in ["0.5", "0.99"] { add(name, "\(job),quantile=\"\(quantile)\"") }
          for suffix in ["_count", "_sum"] { add(name + suffix, job) }
        default: add(name, job)
        }
      }
    }
    return (lines + samples).joined(separator: "\n") + "\n"
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func whatComesOutGoesInAgain(seed: UInt64) throws {
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    try shell.write(Self.text(seed), to: "in.prom")
    let found = try shell.run(
      """
      all='{__name__=~".+"}'
      mx-ingest --store a in.prom 2> /dev/null
      mx-compact export --store a --format csv --match "$all" > a.csv
      mx-compact export --store a --match "$all" > a.om
      for f in openmetrics json prometheus; do
        mx-compact export --store a --format $f --match "$all" > text.$f || echo "$f: exit $?"
        mx-ingest --store $f --format $f text.$f || echo "$f: refused"
        mx-compact export --store $f --format csv --match "$all" | cmp - a.csv
      done
      for f in openmetrics json; do
        mx-compact export --store $f --match "$all" | diff a.om - | sed "s/^/$f: /"
      done
      """, input: nil)
    let told = found.stdout + found.stderr
    #expect(told.isEmpty, "seed \(seed): \(told)")
  }
}
