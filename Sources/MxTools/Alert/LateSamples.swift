import MxAlert
import MxCLI
import MxModel
import MxRules
import MxStore

/// Samples that came when their time had been evaluated already: live runs did not see
/// them, a replay does.
///
/// The ledger knows for each run up to when it evaluated and which commit was the newest
/// then; what a later commit holds of that time was late. Commits that were merged with
/// earlier ones since cannot be told apart any more.
enum LateSamples {
  private static let named = 5

  static func tell(
    _ groups: [RuleGroup], _ range: TimeRange, _ source: Snapshot, _ run: Run
  ) throws {
    let ledger: AlertLedger
    do {
      ledger = try AlertListing.ledger(run)
    } catch AlertError.missing {
      return
    }
    let runs = try ledger.runs(range)
    let own = Set(groups.flatMap(\.rules).filter { !$0.isAlert }.map(\.name))
      .union(["ALERTS", "ALERTS_FOR_STATE"])
    var late: [(upTo: Int64, count: Int)] = []
    for (before, one) in zip(runs, runs.dropFirst()) {
      let window = TimeRange(from: before.upTo + 1, to: one.upTo).intersection(range)
      if window.isEmpty { continue }
      let count = try count(window, after: UInt64(max(0, one.sequence)), source, own)
      if count > 0 { late.append((one.upTo, count)) }
    }
    run.report.set(
      "late_samples", Double(late.reduce(0) { $0 + $1.count }),
      help: "Samples that came later than they were evaluated.")
    guard let first = late.first else { return }
    let total = late.reduce(0) { $0 + $1.count }
    var steps = late.prefix(named).map { "\($0.count) before \(TimeText.rfc3339($0.upTo))" }
      .joined(separator: ", ")
    if late.count > named { steps += " and \(late.count - named) more" }
    run.output.warn(
      Diagnostic(
        .no,
        "\(total) sample\(total == 1 ? "" : "s") came later than live runs evaluated their time: \(steps)",
        hint: "a longer '--delay' waits for them; the oldest is of the step at "
          + TimeText.rfc3339(first.upTo)))
  }

  private static func count(
    _ window: TimeRange, after sequence: UInt64, _ source: Snapshot, _ own: Set<String>
  ) throws -> Int {
    var manifest = source.manifest
    manifest.segments.removeAll {
      $0.kind != .samples || $0.firstSequence <= sequence || !$0.range.overlaps(window)
    }
    if manifest.segments.isEmpty { return 0 }
    let later = Snapshot(source.store, manifest)
    let selection = try later.open(
      [SelectRequest([], range: window)], report: Report())[0]
    var count = 0
    try selection.read(0..<selection.count, window, worker: 0) { series, samples in
      if own.contains(try selection.labels(series).metricName ?? "") { return }
      count += samples.count
    }
    return count
  }
}
