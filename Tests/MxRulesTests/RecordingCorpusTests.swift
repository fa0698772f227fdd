import MxConfig
import MxEngine
import MxModel
import MxPromQL
import Testing

@testable import MxRules

/// Recording rules of the public rule sets over generated data: evaluated minute by
/// minute, and backfilled at once, they write the same samples.
@Suite struct RecordingCorpusTests {
  static let start: Int64 = 1_795_132_800_000

  /// Every metric that the rules read and do not write, as counters and gauges of a few
  /// jobs: what rules write is theirs from the first due instant on, and a run hides it.
  static func data(_ groups: [RuleGroup]) -> SampleBatch {
    var batch = SampleBatch()
    let recorded = Set(groups.flatMap { $0.rules.filter { !$0.isAlert }.map(\.name) })
    let names = Set(groups.flatMap { $0.rules.flatMap(\.expr.metricNames) }).subtracting(recorded)
    for (number, name) in names.sorted().enumerated() {
      for instance in 0..<2 {
        var labels = [("instance", "i\(instance)"), ("job", "j"), ("cluster", "c")]
        labels += [("namespace", "n"), ("pod", "p\(instance)"), ("container", "k"), ("node", "m")]
        if name.hasSuffix("_bucket") { labels.append(("le", instance == 0 ? "1" : "+Inf")) }
        let set = LabelSet(name: name, labels)
        for step in 0..<24 as Range<Int64> {
          // The second ends early: its records must end too.
          if instance == 1, step > 14, number % 3 == 0 { break }
          let value = name.hasSuffix("_total") || name.hasSuffix("_bucket") ? step * 7 : step % 5
          batch.append(set, start - 300_000 + step * 30_000, Double(value + Int64(number % 11)))
        }
      }
    }
    return batch
  }

  @Test func liveAndBackfilledAreEqual() throws {
    let files = Corpora.files(Corpora.folder("rules"))
    if files.isEmpty { return print("skipped: no corpora") }
    var recorded = 0
    var differing: [String] = []
    for path in files where path.contains("kube-prometheus") || path.contains("mixin") {
      let file = RuleReader.read(Corpora.read(path), file: path, problems: ConfigProblems())
      let groups = file.groups.filter { $0.rules.contains { !$0.isAlert } }
      if groups.isEmpty { continue }
      let data = RecordingCorpusTests.data(groups)
      let end = RecordingCorpusTests.start + 420_000
      let first = RecordingCorpusTests.start
      let backfill = try RecordingCorpusTests.run(
        [RecordingPlan.again(groups, TimeRange(from: first, to: end))], data)
      var live: [[GroupDue]] = []
      var last: [String: Int64] = [:]
      for group in groups { last[group.key] = first - group.interval }
      for now in stride(from: first + 5000, through: end + 5000, by: 150_000) {
        let due = RecordingPlan.live(groups, last, now: min(now, end))
        live.append(due)
        for one in due where one.steps.count > 0 { last[one.group.key] = one.steps.last }
      }
      live.append(RecordingPlan.live(groups, last, now: end))
      let found = try RecordingCorpusTests.run(live, data)
      if found != backfill { differing.append(path) }
      recorded += backfill.count
    }
    #expect(recorded > 500, "\(recorded)")
    #expect(differing.isEmpty)
  }

  struct Row: Hashable {
    var labels: LabelSet
    var time: Int64
    var bits: UInt64
  }

  /// Runs in turn, each over what those before it wrote.
  static func run(_ runs: [[GroupDue]], _ data: SampleBatch) throws -> Set<Row> {
    var all = data
    var rows: Set<Row> = []
    for due in runs {
      let sink = ListSink()
      _ = try RuleRun.execute(
        due, source: MemorySource(all), sink: sink, options: RuleOptions(), report: Report(),
        alerts: nil)
      for (labels, time, value) in sink.rows {
        rows.insert(Row(labels: labels, time: time, bits: value.bitPattern))
        all.append(labels, time, value)
      }
    }
    return rows
  }
}
