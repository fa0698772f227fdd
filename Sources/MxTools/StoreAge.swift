import MxCLI
import MxModel
import MxStore

/// How old is what a store was fed last: `--require-fresh`, the banner of pages, `health`.
enum StoreAge {
  /// What alerting writes as long as something fires, whether anything comes in or not.
  private static let alerting: Set<String> = ["ALERTS", "ALERTS_FOR_STATE"]

  /// The newest sample that can have been taken: clocks of exporters may lie. Not of
  /// alerts, nor of `recorded`: series that rules compute.
  static func newest(
    _ snapshot: Snapshot, besides recorded: Set<String> = [], now: Int64, _ report: Report
  ) throws -> Int64? {
    let names = alerting.union(recorded).sorted()
    let computed = names.map { [Matcher(equal: LabelName.metric, $0)] }
    return try snapshot.newestSample(besides: computed, report).map { min($0, now) }
  }

  /// Nil where it is new enough.
  static func problem(_ newest: Int64?, allowed: Int64, now: Int64) -> String? {
    guard let newest else { return "nothing has come in yet" }
    if now - newest <= allowed { return nil }
    return "the newest sample is of \(TimeText.rfc3339(newest)), and older than "
      + MxCLI.DurationText.format(allowed)
  }
}
