import MxAlert
import MxCLI
import MxFiles
import MxJSON
import MxModel
import MxStore

/// `mx-alert status` and `mx-alert history`: what the ledger remembers.
enum AlertListing {
  /// So many lines of history are shown, the newest.
  private static let historyLines = 1000

  static func status(_ run: Run) throws -> ExitCode {
    let config = try NotifyFiles.load(run).config
    let view = try AlertView.read(ledger(run), config: config, now: run.common.now)
    for channel in view.failing {
      run.output.warn(
        Diagnostic(
          .no, subject: channel.target,
          "cannot be told since \(TimeText.rfc3339(channel.failingSince ?? 0)): "
            + (channel.error ?? "")))
    }
    run.output.summary("\(view.waiting) notices wait, \(view.dead) were given up")
    let rows = view.active.map { alert in
      [
        alert.state.rawValue, alert.name, alert.labels.removing(["alertname"]).description,
        TimeText.rfc3339(alert.since), number(alert.value), alert.hold?.text ?? "", alert.id,
      ]
    }
    return try show(rows, ["state", "alert", "labels", "since", "value", "held", "id"], run)
  }

  static func history(_ run: Run) throws -> ExitCode {
    let range = TimeRange(
      from: try run.arguments.time("from", now: run.common.now) ?? TimeRange.all.from,
      to: try run.arguments.time("to", now: run.common.now) ?? TimeRange.all.to)
    let entries = try ledger(run).history(range, limit: historyLines)
    // A terminal has room for what matters most; csv and json have all of it.
    if run.arguments.string("format") ?? "text" == "text" {
      return try show(entries.map(short), shortTitles, run)
    }
    return try show(entries.map(row), titles, run)
  }

  private static let titles = [
    "at", "kind", "rule", "alert", "labels", "from", "to", "sample_at", "value", "threshold",
    "window", "receiver", "outcome", "attempts", "error", "reason", "author",
  ]

  private static func row(_ entry: HistoryEntry) -> [String] {
    [
      TimeText.rfc3339(entry.at), entry.kind.rawValue, entry.rule, entry.alert,
      entry.labels.removing(["alertname"]).description, entry.from?.rawValue ?? "",
      entry.to?.rawValue ?? "", entry.sampleAt.map(TimeText.rfc3339) ?? "",
      number(entry.value), entry.threshold.map(number) ?? "",
      entry.window.map { MxCLI.DurationText.format($0) } ?? "", entry.receiver ?? "",
      entry.outcomeText ?? "", entry.attempts.map { String($0) } ?? "", entry.error ?? "",
      entry.reason ?? "", entry.author ?? "",
    ]
  }

  private static let shortTitles = [
    "at", "kind", "alert", "labels", "from", "to", "value", "receiver", "outcome", "why", "author",
  ]

  private static func short(_ entry: HistoryEntry) -> [String] {
    [
      TimeText.rfc3339(entry.at), entry.kind.rawValue, entry.alert,
      entry.labels.removing(["alertname"]).description, entry.from?.rawValue ?? "",
      entry.to?.rawValue ?? "", number(entry.value), entry.receiver ?? "",
      entry.outcomeText ?? "",
      [entry.reason, entry.error].compactMap { $0 }.joined(separator: "; "),
      entry.author ?? "",
    ]
  }

  static func ledger(_ run: Run) throws -> AlertLedger {
    let place = AlertPlace(Store(path: run.common.store, files: DiskFileSystem()))
    return try AlertLedger.read(place.ledger, wait: place.wait(run))
  }

  static func number(_ value: Double) -> String {
    value.isNaN ? "" : NumberText.template(value)
  }
}

extension AlertListing {
  static func show(_ rows: [[String]], _ titles: [String], _ run: Run) throws -> ExitCode {
    switch run.arguments.string("format") ?? "text" {
    case "csv":
      let writer = SeparatedWriter(.csv)
      try writer.write(titles, to: run.output)
      for row in rows { try writer.write(row, to: run.output) }
    case "json":
      let objects = rows.map { row in
        JSONText.object(zip(titles, row).map { ($0, .string($1)) })
      }
      try run.output.write(JSONText.array(objects).text + "\n")
    case "text":
      if rows.isEmpty { return .success }
      var table = TableWriter(titles.map { ($0, $0 == "value" ? .right : .left) })
      for row in rows { table.append(row) }
      try table.write(to: run.output)
    case let format:
      throw refusal(of: format)
    }
    return .success
  }

  static func refusal(of format: String) -> Diagnostic {
    Diagnostic(.usage, "'--format \(format)' is for check and test")
  }
}
