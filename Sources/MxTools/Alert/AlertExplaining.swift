import MxAlert
import MxCLI
import MxEngine
import MxFiles
import MxModel
import MxPromQL
import MxRules
import MxStore

/// `mx-alert explain ALERT`: why an alert is in its state. A rule's name explains it and all
/// of its alerts; an id, or labels, those alerts alone.
enum AlertExplaining {
  /// So many series are shown, the nearest to firing first.
  private static let shownSeries = 20
  private static let shownHistory = 10

  static func run(_ run: Run) throws -> ExitCode {
    let word = run.arguments.positionals.first ?? ""
    let meant = try AlertWord(word)
    let loaded = try RuleFiles.load(run, orUsed: true)
    let report = Report()
    let source = try Snapshot(Store(path: run.common.store, files: DiskFileSystem()), report)
    let settings = try AlertRunning.settings(run, loaded.brokenFiles)
    let notify = try NotifyFiles.load(run)
    var groups = loaded.groups
    var ledger: AlertLedger?
    do {
      ledger = try AlertListing.ledger(run)
      groups = RuleSwitch.apply(try ledger?.switchedOff() ?? [], to: groups)
    } catch AlertError.missing {
      run.output.warn(Diagnostic(.no, "no alert rules were run on this store yet"))
    }
    let outlooks = try ledger.map { ledger in
      try AlertView.outlooks(
        ledger, .init(config: notify.config, delay: settings.delay, groups: groups),
        now: run.common.now)
    }
    let instances = try ledger?.instances() ?? [:]
    var isFound = false
    for (key, group, rule) in rules(groups) {
      let meantOnes = (instances[key] ?? []).filter { meant.names($0.labels) }
      guard meant.isRule(rule.name) || !meantOnes.isEmpty else { continue }
      if isFound { try run.output.write("\n") }
      isFound = true
      let one = Explained(
        rule: rule, group: group, settings: settings, instances: meantOnes,
        lastRun: try ledger?.lastRuns()[group.key],
        outlook: { instance in outlooks?(instance, key) ?? [] })
      try run.output.write(one.text(run.common.now, source, report))
    }
    guard isFound else { throw AlertRules.unknown(word, groups) }
    if let ledger { try run.output.write(history(meant, ledger)) }
    return StoreDamage.tell(report, run)
  }

  /// Alert rules with the ledger's keys; those that are switched off have none.
  private static func rules(
    _ groups: [RuleGroup]
  ) -> [(key: String, group: RuleGroup, rule: Rule)] {
    let off = groups.flatMap { group in
      group.rules.filter { $0.isAlert && !$0.isEnabled }.map { ("", group, $0) }
    }
    return RuleKey.all(groups) + off
  }

  private static func history(_ meant: AlertWord, _ ledger: AlertLedger) throws -> String {
    let entries = try ledger.history(.all, limit: 1000).filter { meant.names($0.labels) }
    if entries.isEmpty { return "" }
    var text = "\nhistory\n"
    if entries.count > shownHistory {
      text += "  \(entries.count - shownHistory) earlier: mx-alert history\n"
    }
    for entry in entries.suffix(shownHistory) {
      let labels = entry.labels.removing(["alertname"])
      var line = "  \(TimeText.rfc3339(entry.at)) "
      switch entry.kind {
      case .notice: line += "notice to \(entry.receiver ?? "?"): \(entry.outcomeText ?? "")"
      case .held: line += "kept back from \(entry.receiver ?? "?")"
      case .ack: line += "acknowledged by \(entry.author ?? "?")"
      default: line += "\(entry.from?.rawValue ?? "") -> \(entry.to?.rawValue ?? "")"
      }
      if labels != .empty { line += " \(labels)" }
      if let reason = entry.reason { line += " (\(reason))" }
      if let error = entry.error { line += ": \(error)" }
      text += line + "\n"
    }
    return text
  }

  /// One rule and what is known of it.
  struct Explained {
    var rule: Rule
    var group: RuleGroup
    var settings: AlertSettings
    var instances: [AlertInstance]
    var lastRun: Int64?
    var outlook: (AlertInstance) -> [Outlook]

    func text(_ now: Int64, _ source: any SeriesSource, _ report: Report) throws -> String {
      let active = instances.filter(\.isActive)
      let state =
        !rule.isEnabled
        ? "switched off"
        : active.isEmpty
          ? "inactive" : "\(active.count) active"
      var text = AlertRules.text(rule, group, state)
      text += line("evaluated", lastRun.map(TimeText.rfc3339) ?? "never")
      text += line("next", TimeText.rfc3339(nextStep(now) + settings.delay))
      for instance in active.sorted(by: { $0.labels < $1.labels }) {
        text += "\n" + describe(instance, now)
      }
      return text + (try values(now, source, report))
    }

    private func line(_ title: String, _ value: String) -> String {
      title + String(repeating: " ", count: max(1, 17 - title.count)) + value + "\n"
    }

    private func nextStep(_ now: Int64) -> Int64 {
      DueSteps.newest(max(now - settings.delay, lastRun ?? .min), group.interval) + group.interval
    }

    private func describe(_ instance: AlertInstance, _ now: Int64) -> String {
      var text = line("alert", instance.labels.removing(["alertname"]).description)
      text += line("  state", progress(instance))
      text += line("  value", AlertListing.number(instance.value))
      if let since = instance.keepFiringSince {
        text += line(
          "  kept firing", "the expression does not hold since \(TimeText.rfc3339(since))")
      }
      if let since = instance.noDataSince {
        text += line("  no data", "since \(TimeText.rfc3339(since))")
      }
      if let since = instance.flap.since {
        text += line(
          "  flapping",
          "since \(TimeText.rfc3339(since)), \(instance.flap.changes.count) changes "
            + "of late; notices are held back")
      }
      for annotation in instance.annotations {
        text += line("  \(annotation.name)", annotation.value)
      }
      if instance.state == .firing {
        for outlook in outlook(instance) { text += describe(outlook, now) }
      }
      return text
    }

    /// What a receiver heard, and is to hear.
    private func describe(_ outlook: Outlook, _ now: Int64) -> String {
      var words: [String] = []
      if let hold = outlook.hold { words.append(AlertView.HeldBy(hold, at: now).text) }
      words.append(
        outlook.lastNotice.map { "last told \(TimeText.rfc3339($0))" } ?? "not told yet")
      if outlook.hold == nil {
        words.append(
          outlook.nextNotice.map { "next \(TimeText.rfc3339($0))" } ?? "next when it changes")
      }
      return line("  to \(outlook.receiver)", words.joined(separator: "; "))
    }

    private func progress(_ instance: AlertInstance) -> String {
      guard instance.state == .pending else {
        return "firing since \(TimeText.rfc3339(instance.firedAt ?? instance.activeAt))"
      }
      let held = (lastRun ?? instance.activeAt) - instance.activeAt
      return "pending since \(TimeText.rfc3339(instance.activeAt)): held for "
        + "\(DurationText.format(max(0, held))) of \(DurationText.format(rule.holdFor))"
    }

    // MARK: - Values

    /// What the rule looks at now, whether or not it alerts.
    private func values(
      _ now: Int64, _ source: any SeriesSource, _ report: Report
    ) throws -> String {
      let time = now - settings.delay - group.queryOffset
      guard let data = rule.dataExpr else {
        return "\nIt alerts where nothing is there: there are no values to show.\n"
      }
      let engine = Engine(settings.rules.engine)
      let answer = try engine.evaluate(
        data, text: data.description, .instant(time), source: source, report: report)
      var text = "\nvalues of \(data) at \(TimeText.rfc3339(time))\n"
      guard case .series(let table) = answer.value, !table.labels.isEmpty else {
        return text + "  there are none: the rule has no data\n"
      }
      let wantsLarge = rule.expr.decisiveComparison.map { $0.op != .less && $0.op != .lessOrEqual }
      let found = table.labels.indices.compactMap { series in
        table.value(series, 0).map { (table.labels[series], $0) }
      }.sorted { wantsLarge ?? true ? $0.1 > $1.1 : $0.1 < $1.1 }
      for (labels, value) in found.prefix(AlertExplaining.shownSeries) {
        text += "  \(AlertListing.number(value))  \(labels)\n"
      }
      if found.count > AlertExplaining.shownSeries {
        text += "  and \(found.count - AlertExplaining.shownSeries) more\n"
      }
      return text
    }
  }
}
