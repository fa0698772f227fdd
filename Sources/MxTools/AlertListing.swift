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
    let instances = try ledger(run).instances().values.joined().filter(\.isActive)
      .sorted {
        ($0.state == .firing ? 0 : 1, $0.labels) < ($1.state == .firing ? 0 : 1, $1.labels)
      }
    let rows = instances.map { instance in
      [
        instance.state.rawValue, instance.labels["alertname"] ?? "",
        instance.labels.removing(["alertname"]).description,
        TimeText.rfc3339(instance.firedAt ?? instance.activeAt), number(instance.value),
      ]
    }
    return try show(rows, ["state", "alert", "labels", "since", "value"], run)
  }

  static func history(_ run: Run) throws -> ExitCode {
    let rows = try ledger(run).history(.all, limit: historyLines).map { entry in
      [
        TimeText.rfc3339(entry.at), entry.kind.rawValue, entry.alert,
        entry.labels.removing(["alertname"]).description, entry.from?.rawValue ?? "",
        entry.to?.rawValue ?? "", number(entry.value), entry.receiver ?? "",
        entry.outcome ?? "", entry.attempts.map(String.init) ?? "", entry.error ?? "",
        entry.reason ?? "",
      ]
    }
    return try show(
      rows,
      [
        "at", "kind", "alert", "labels", "from", "to", "value", "receiver", "outcome",
        "attempts", "error", "reason",
      ], run)
  }

  static func ledger(_ run: Run) throws -> AlertLedger {
    let place = AlertPlace(Store(path: run.common.store, files: DiskFileSystem()))
    return try AlertLedger.read(place.ledger, wait: place.wait(run))
  }

  static func number(_ value: Double) -> String {
    NumberText.template(value)
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
      throw Diagnostic(.usage, "'--format \(format)' is for check and test")
    }
    return .success
  }
}
