import MxAlert
import MxCLI
import MxFiles
import MxJSON
import MxModel
import MxStore

/// `mx-alert status` and `mx-alert history`: what the ledger remembers.
enum AlertListing {
  /// So many lines of history are shown to people, the newest; programs get all.
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
        .text(alert.state.rawValue), .text(alert.name),
        .labels(alert.labels.removing(["alertname"])), .time(alert.since), .number(alert.value),
        .text(alert.hold?.text), .text(alert.id),
      ] as [ListCell]
    }
    return try show(rows, ["state", "alert", "labels", "since", "value", "held", "id"], run)
  }

  static func history(_ run: Run) throws -> ExitCode {
    let range = TimeRange(
      from: try run.arguments.time("from", now: run.common.now) ?? TimeRange.all.from,
      to: try run.arguments.time("to", now: run.common.now) ?? TimeRange.all.to)
    // A terminal has room for what matters most; csv and json have all of it.
    guard run.arguments.string("format") ?? "text" == "text" else {
      return try show(try ledger(run).history(range, limit: .max).map(row), titles, run)
    }
    let entries = try ledger(run).history(range, limit: historyLines + 1)
    if entries.count > historyLines {
      run.output.warn(
        Diagnostic(
          .no, "only the newest \(historyLines) lines are shown",
          hint: "--from and --to choose others, --format csv or json shows all"))
    }
    return try show(entries.suffix(historyLines).map(short), shortTitles, run)
  }

  private static let titles = [
    "at", "kind", "rule", "alert", "labels", "from", "to", "sample_at", "value", "threshold",
    "window", "receiver", "outcome", "attempts", "error", "reason", "author", "run",
  ]

  private static func row(_ entry: HistoryEntry) -> [ListCell] {
    [
      .time(entry.at), .text(entry.kind.rawValue), .text(entry.rule), .text(entry.alert),
      .labels(entry.labels.removing(["alertname"])), .text(entry.from?.rawValue),
      .text(entry.to?.rawValue), .time(entry.sampleAt), .number(entry.value),
      .number(entry.threshold), .text(entry.window.map { MxCLI.DurationText.format($0) }),
      .text(entry.receiver), .text(entry.outcomeText), .number(entry.attempts.map(Double.init)),
      .text(entry.error), .text(entry.reason), .text(entry.author), .text(entry.run),
    ]
  }

  private static let shortTitles = [
    "at", "kind", "alert", "labels", "from", "to", "value", "receiver", "outcome", "why", "author",
  ]

  private static func short(_ entry: HistoryEntry) -> [ListCell] {
    [
      .time(entry.at), .text(entry.kind.rawValue), .text(entry.alert),
      .labels(entry.labels.removing(["alertname"])), .text(entry.from?.rawValue),
      .text(entry.to?.rawValue), .number(entry.value), .text(entry.receiver),
      .text(entry.outcomeText),
      .text([entry.reason, entry.error].compactMap { $0 }.joined(separator: "; ")),
      .text(entry.author),
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

/// One field of a list, as text for people and as its own type in JSON.
enum ListCell {
  case text(String?)
  case number(Double?)
  case time(Int64?)
  case labels(LabelSet)

  var plain: String {
    switch self {
    case .text(let text): text ?? ""
    case .number(let number): number.map(AlertListing.number) ?? ""
    case .time(let time): time.map(TimeText.rfc3339) ?? ""
    case .labels(let labels): labels.description
    }
  }

  var json: JSONText {
    switch self {
    case .text(let text): text.map { .string($0) } ?? .null
    case .number(let number): number.map { .number($0) } ?? .null
    case .time(let time): time.map { .string(TimeText.rfc3339($0)) } ?? .null
    case .labels(let labels): .object(labels.pairs.map { ($0.name, .string($0.value)) })
    }
  }
}

extension AlertListing {
  static func show(_ rows: [[String]], _ titles: [String], _ run: Run) throws -> ExitCode {
    try show(rows.map { $0.map { ListCell.text($0) } }, titles, run)
  }

  static func show(_ rows: [[ListCell]], _ titles: [String], _ run: Run) throws -> ExitCode {
    switch run.arguments.string("format") ?? "text" {
    case "csv":
      let writer = SeparatedWriter(.csv)
      try writer.write(titles, to: run.output)
      for row in rows { try writer.write(row.map(\.plain), to: run.output) }
    case "json":
      let objects = rows.map { row in JSONText.object(zip(titles, row).map { ($0, $1.json) }) }
      try run.output.write(JSONText.array(objects).text + "\n")
    case "text":
      if rows.isEmpty { return .success }
      var table = TableWriter(titles.map { ($0, $0 == "value" ? .right : .left) })
      for row in rows { table.append(row.map(\.plain)) }
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
