import MxAlert
import MxConfig
import MxEngine
import MxModel
import MxRules
import MxTestSupport
import Testing

/// Replay is the live code: over the same data it tells the same story, however the live
/// runs fell.
@Suite struct ReplayTests {
  private static let rules = """
    groups:
      - name: one
        interval: 1m
        rules:
          - {alert: Both, expr: 'count(ALERTS{alertname="High", alertstate="firing"}) > 1'}
          - {record: twice, expr: m * 2}
          - alert: High
            expr: twice > 8
            for: 2m
            keep_firing_for: 1m
            x-mx: {resolve_threshold: 4, flap: {changes: 4, window: 15m}}
          - alert: Gone
            expr: m > 7
            x-mx: {no_data: {policy: alert, grace: 3m}}
      - name: two
        interval: 5m
        rules:
          - {alert: Kept, expr: 'max_over_time(m[5m]) > 7', x-mx: {no_data: keep}}
          - {alert: Rare, expr: 'sum(twice) > 20', for: 5m}
    x-mx:
      rules:
        - {name: Burst, metric: m, type: MOVING_WINDOW, aggregation: sum, operator: gt,
           threshold: 20, window: 3m}
    """

  private static let minute: Int64 = 60_000
  private static let delay: Int64 = 30_000

  private struct Arrival {
    var labels: LabelSet
    var time: Int64
    var value: Double
    var arrives: Int64
  }

  /// Two hours of three series with gaps; samples come out of order, up to `delay` late.
  private func data(_ random: inout SeededGenerator) -> [Arrival] {
    var all: [Arrival] = []
    for series in ["a", "b", "c"] {
      var value = 5.0
      var time: Int64 = Int64.random(in: 0..<30_000, using: &random)
      while time < 120 * Self.minute {
        if Int.random(in: 0..<40, using: &random) == 0 {
          time += Int64.random(in: 1...20, using: &random) * Self.minute
        }
        value = max(0, min(10, value + Double.random(in: -3...3, using: &random)))
        all.append(
          Arrival(
            labels: LabelSet(name: "m", [("i", series)]), time: time, value: value.rounded(),
            arrives: time + Int64.random(in: 0...Self.delay, using: &random)))
        time += Int64.random(in: 20_000...70_000, using: &random)
      }
    }
    return all
  }

  /// How a run ends.
  private enum Ending: CaseIterable {
    case whole
    /// Killed before its samples were there.
    case beforeSamples
    /// Killed when its samples were there and the ledger knew nothing of them.
    case afterSamples
  }

  private struct Killed: Error {}

  private final class KillableSink: SampleSink {
    let ending: Ending
    private var pending = SampleBatch()
    private(set) var committed = SampleBatch()

    init(_ ending: Ending) { self.ending = ending }

    func append(_ batch: borrowing SampleBatch) throws {
      for row in 0..<batch.count {
        pending.append(batch.series.labels(batch.refs[row]), batch.times[row], batch.values[row])
      }
    }

    func commit() throws {
      if ending == .beforeSamples { throw Killed() }
      committed = pending
      if ending == .afterSamples { throw Killed() }
    }
  }

  private func line(
    _ at: Int64, _ labels: LabelSet, _ from: AlertState, _ to: AlertState, _ reason: String?
  ) -> String {
    "\(at / 1000) \(labels) \(from.rawValue)>\(to.rawValue) \(reason ?? "")"
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func replayEqualsTheLogOfLiveRuns(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let problems = ConfigProblems()
    let groups = RuleReader.read(Array(Self.rules.utf8), file: "r.yml", problems: problems).groups
    try problems.check()
    let arrivals = data(&random)
    var settings = AlertSettings()
    settings.delay = Self.delay

    // Live: what has arrived by then, and what runs before wrote.
    let folder = LedgerFolder()
    let ledger = try AlertLedger.open(folder.ledger, wait: 0)
    var written: [(labels: LabelSet, time: Int64, value: Double)] = []
    var now = 5 * Self.minute + Self.delay
    let end = 119 * Self.minute + Self.delay
    var isLast = false
    while true {
      var batch = SampleBatch()
      for one in arrivals where one.arrives <= now { batch.append(one.labels, one.time, one.value) }
      for one in written { batch.append(one.labels, one.time, one.value) }
      let isFirst = written.isEmpty && now == 5 * Self.minute + Self.delay
      let ending: Ending =
        isFirst || isLast ? .whole : Ending.allCases.randomElement(using: &random) ?? .whole
      let sink = KillableSink(ending)
      do {
        _ = try AlertRun.execute(
          groups, ledger: ledger, source: MemorySource(batch), sink: sink, now: now,
          settings: settings, report: Report())
      } catch is Killed {}
      for row in 0..<sink.committed.count {
        written.append(
          (
            sink.committed.series.labels(sink.committed.refs[row]), sink.committed.times[row],
            sink.committed.values[row]
          ))
      }
      if isLast { break }
      now += Int64.random(in: 1_000...12 * Self.minute, using: &random)
      if now >= end { (now, isLast) = (end, true) }
    }
    let live = try ledger.history(.all, limit: 100_000).filter { $0.kind == .transition }.map {
      line($0.at, $0.labels, $0.from ?? .inactive, $0.to ?? .inactive, $0.reason)
    }

    // Replay: all data at once.
    var whole = SampleBatch()
    for one in arrivals { whole.append(one.labels, one.time, one.value) }
    var replayed: [String] = []
    let replay = try AlertReplay.execute(
      groups, TimeRange(from: 5 * Self.minute, to: 119 * Self.minute),
      source: MemorySource(whole), settings: settings, report: Report(),
      take: { replayed.append(line($1.at, $1.labels, $1.from, $1.to, $1.reasonText)) })
    #expect(replay.rules.failureCount == 0)
    #expect(live.count > 20)
    #expect(live.sorted() == replayed.sorted(), "seed \(seed)")
  }
}
