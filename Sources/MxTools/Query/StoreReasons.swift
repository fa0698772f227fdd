import MxCLI
import MxConfig
import MxEngine
import MxIngest
import MxModel
import MxStore

/// What settings and deletions do to series: relabelling, limits, retention, deletes.
struct StoreReasons {
  private let input: QueryInput
  private let run: Run
  private let times: TimePrinter

  init(_ input: QueryInput, _ run: Run, _ times: TimePrinter) {
    self.input = input
    self.run = run
    self.times = times
  }

  // MARK: a series that is there

  func tell(_ labels: LabelSet, newest: Int64?, _ sheet: inout FactSheet) throws {
    relabel(labels, isCertain: true, &sheet)
    retention(labels, &sheet)
    for snapshot in input.snapshots {
      for deletion in snapshot.manifest.tombstones where deletion.matchers.allMatch(labels) {
        sheet.add("deletion", text(deletion))
      }
    }
  }

  // MARK: a selector

  /// Reasons that concern all series of a selector, or the lack of them.
  func tell(_ matchers: [Matcher], hasSeries: Bool, _ sheet: inout FactSheet) throws {
    // What the selector says for sure of the series that were looked for.
    let asked = LabelSet(
      matchers.filter { $0.op == .equal && !$0.value.isEmpty }.map { ($0.name, $0.value) })
    if !hasSeries {
      relabel(asked, isCertain: false, &sheet)
      for snapshot in input.snapshots {
        for deletion in snapshot.manifest.tombstones
        where deletion.matchers.allSatisfy({ couldMatch($0, asked) }) {
          sheet.add("deletion", text(deletion))
        }
      }
    }
    if let metric = asked.metricName { try limit(metric, &sheet) }
    try RefusedInput.tell(matchers, input, times, &sheet)
  }

  /// Whether series with at least these labels may have fulfilled a matcher.
  private func couldMatch(_ matcher: Matcher, _ labels: LabelSet) -> Bool {
    guard let value = labels[matcher.name] else { return true }
    return matcher.matches(value)
  }

  // MARK: single reasons

  private func relabel(_ labels: LabelSet, isCertain: Bool, _ sheet: inout FactSheet) {
    switch input.settings.relabel.outcome(labels) {
    case .dropped(let rule):
      let action = input.settings.relabel.rules[rule].settings.action.rawValue
      let may = isCertain ? "drops" : "would drop"
      sheet.add("relabel", "rule \(rule + 1) of mx.yml (\(action)) \(may) new samples of it")
    case .kept(let now) where now != labels && isCertain:
      sheet.add("relabel", "new samples come in as \(now)")
    case .kept: return
    }
  }

  private func limit(_ metric: String, _ sheet: inout FactSheet) throws {
    guard let limit = input.settings.limits.seriesPerMetric else { return }
    var hints = SelectHints()
    hints.labelsOnly = true
    let all = SelectRequest([Matcher(equal: LabelName.metric, metric)], range: .all, hints: hints)
    let count = try input.source.open([all], report: input.report)[0].count
    if Int64(count) * 10 >= limit * 8 {
      let state = count >= limit ? "new series are refused" : "over 80 %"
      sheet.add("limit", "series_per_metric \(limit): '\(metric)' has \(count), \(state)")
    }
  }

  private func retention(_ labels: LabelSet, _ sheet: inout FactSheet) {
    guard !input.settings.retention.isEmpty else { return }
    guard
      let found = input.settings.retention.first(where: { $0.policy.matchers.allMatch(labels) })
    else {
      return sheet.add("retention", "no policy matches: kept")
    }
    let ages = found.policy.ages.sorted { $0.key < $1.key }.map { resolution, age in
      let name = resolution == 0 ? "raw" : MxCLI.DurationText.format(resolution)
      return "\(name) \(MxCLI.DurationText.format(age))"
    }
    sheet.add("retention", "\(ages.joined(separator: ", ")) (\(found.place))")
  }

  private func text(_ deletion: Tombstone) -> String {
    let matchers = deletion.matchers.map(\.description).joined(separator: ", ")
    return "\(deletion.sequence) hides {\(matchers)} from \(bound(deletion.range.from)) to "
      + "\(bound(deletion.range.to)) of commits before it"
  }

  private func bound(_ time: Int64) -> String {
    time == .min ? "the beginning" : time == .max ? "the end" : times.text(time)
  }
}

/// Refused lines that may belong to a selector: those that hold its name and values.
enum RefusedInput {
  /// Newer files are looked into first, and no more than these.
  private static let files = 50
  private static let shown = 3

  static func tell(
    _ matchers: [Matcher], _ input: QueryInput, _ times: TimePrinter, _ sheet: inout FactSheet
  ) throws {
    let words = matchers.filter { $0.op == .equal && !$0.value.isEmpty }.map(\.value)
    if words.isEmpty { return }
    var count = 0
    var told: [(time: Int64, refusal: Refusal)] = []
    for snapshot in input.snapshots {
      let rejected = Rejected(snapshot.store)
      for batch in try rejected.batches().suffix(files).reversed() {
        for refusal in try rejected.refusals(of: batch) {
          let text = String(decoding: refusal.text, as: UTF8.self)
          guard words.allSatisfy({ text.contains($0) }) else { continue }
          count += 1
          if told.count < shown { told.append((batch.time, refusal)) }
        }
      }
    }
    for (time, refusal) in told {
      sheet.add("refused", "\(times.text(time)) \(refusal.source):\(refusal.description)")
    }
    if count > told.count {
      sheet.add("refused", "\(count - told.count) lines more: mx-ingest rejected list")
    }
  }
}
