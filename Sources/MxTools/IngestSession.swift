import MxCLI
import MxCodec
import MxFiles
import MxFormats
import MxIngest
import MxModel
import MxStore

/// What every verb of mx-ingest that takes samples shares: the settings, the
/// gate, the intake, and what is said at the end.
final class IngestSession {
  let store: Store
  let settings: Settings
  let report = Report()
  let gate: Gate
  let intake: Intake
  private let stores: Bool
  private let run: Run
  /// How the run ends because of an input that could not be used.
  private(set) var refusalCode: ExitCode?

  /// `options`: those of the formats, where the verb has them. `now`: the present
  /// of a verb that works in rounds, else the run's.
  init(_ run: Run, options: IntakeOptions? = nil, now: Int64? = nil) throws {
    let now = now ?? run.common.now
    self.run = run
    settings = try SettingsReader.load(run)
    store = Store(path: run.common.store, files: DiskFileSystem())
    var options = options ?? IntakeOptions(now: now)
    options.labels += try IngestSession.labels(run)
    gate = Gate(
      IngestSession.gateSettings(settings, options.labels, now), SeriesCatalogue(store, report),
      report)
    options.lockWait = run.common.lock.seconds
    options.conflict = settings.conflict
    options.grace = settings.storage.grace
    switch settings.storage.minFree {
    case .bytes(let bytes): options.minFreeBytes = Int(bytes)
    case .percent(let percent): options.minFreeShare = percent / 100
    }
    if let body = settings.limits.bodyBytes { options.decoding.bodyLimit = Int(body) }
    intake = Intake(
      store, options, gate, report,
      rejects: options.stores
        ? RejectedWriter(store, now: now, limit: Int(settings.storage.rejectedBytes)) : nil)
    stores = options.stores
  }

  private static func gateSettings(
    _ settings: Settings, _ labels: [(name: String, value: String)], _ now: Int64
  ) -> GateSettings {
    var gate = GateSettings(now: now)
    gate.labels = labels + settings.labels
    gate.relabel = settings.relabel
    let limits = settings.limits
    gate.limits.seriesPerMetric = limits.seriesPerMetric.map { Int($0) } ?? .max
    gate.limits.seriesTotal = limits.seriesTotal.map { Int($0) } ?? .max
    gate.limits.newSeriesPerRun = limits.newSeriesPerRun.map { Int($0) } ?? .max
    gate.limits.labelsPerSeries = limits.labelsPerSeries.map { Int($0) } ?? .max
    gate.limits.metricNameBytes = limits.metricNameBytes.map { Int($0) } ?? .max
    gate.limits.labelNameBytes = limits.labelNameBytes.map { Int($0) } ?? .max
    gate.limits.labelValueBytes = limits.labelValueBytes.map { Int($0) } ?? .max
    gate.limits.future = limits.future
    gate.limits.past = limits.past
    return gate
  }

  /// Verbs without the option have no labels of their own.
  private static func labels(_ run: Run) throws -> [(name: String, value: String)] {
    guard run.arguments.verb?.options.contains(where: { $0.name == "label" }) ?? false else {
      return []
    }
    let labels = try run.arguments.pairs("label")
    for label in labels where label.name.isEmpty || label.name.hasPrefix("__") {
      throw Diagnostic(
        .usage, subject: "--label", "'\(label.name)' cannot be a label",
        hint: "names that begin with '__' are reserved")
    }
    return labels
  }

  // MARK: - Inputs

  /// Takes the file at `path`, which messages call `name`.
  func take(path: String, name: String, _ delivery: Delivery, modified: Int64?) throws {
    let file = try store.files.openForReading(path)
    var offset = 0
    try take(name, delivery, modified: modified) { [run] buffer in
      if Interruption.isAsked { return nil }
      let count = try file.read(into: buffer, at: offset)
      offset += count
      run.output.progress.update(
        "reading \(name)", done: Int64(offset), of: Int64(file.size), unit: .bytes)
      return count
    }
  }

  /// Takes an input; what is wrong with it is thrown as a diagnostic that names it.
  func take(
    _ name: String, _ delivery: Delivery, modified: Int64?,
    next: (UnsafeMutableRawBufferPointer) throws -> Int?
  ) throws {
    do {
      try intake.take(name: name, delivery, modified: modified, next: next)
    } catch let error as FormatError {
      throw named(error, name)
    } catch let error as CodecError {
      throw named(error, name)
    } catch let error as IntakeError {
      throw named(error, name)
    }
  }

  private func named(_ error: any Error, _ name: String) -> Diagnostic {
    let found = Explanation.diagnostic(of: error)
    return Diagnostic(
      found.kind, subject: found.subject ?? name, found.message, hint: found.hint ?? hint(error))
  }

  /// Many end Prometheus text with '# EOF' and keep to none of OpenMetrics' other rules.
  private func hint(_ error: any Error) -> String? {
    guard case FormatError.refused? = error as? FormatError, intake.format == .openmetrics,
      run.arguments.string("format") ?? "auto" == "auto"
    else { return nil }
    return "its '# EOF' says OpenMetrics; --format prometheus reads it line by line"
  }

  /// An input that cannot be used at all: said, and remembered for the end.
  func refuse(_ diagnostic: Diagnostic) {
    run.output.error(diagnostic)
    if refusalCode == nil { refusalCode = diagnostic.exitCode }
  }

  /// Commits the rest, says what happened, and how the run ends. A verb that has
  /// better words for what it did leaves the summary out.
  func finish(saysSummary: Bool = true) throws -> ExitCode {
    try intake.finish()
    return try tell(saysSummary)
  }

  // MARK: - Telling

  private func tell(_ saysSummary: Bool) throws -> ExitCode {
    let result = intake.result
    sayRefusals(result)
    for warning in report.warnings { run.output.warn(Diagnostic(.input, warning)) }
    for damage in report.damage { run.output.warn(Explanation.damage(damage)) }
    if result.inputs > 0 || result.samples > 0 { figures() }
    if stores, saysSummary { run.output.summary(summary(result)) }
    if let refusalCode { return refusalCode }
    if !report.damage.isEmpty { return .damage }
    let samples = stores ? result.samples : result.tally.passed
    if samples == 0, result.bytes > 0, result.repeated == 0 {
      let diagnostic = nothing(result)
      run.output.error(diagnostic)
      return diagnostic.exitCode
    }
    return result.refused > 0 ? .no : .success
  }

  private func sayRefusals(_ result: IntakeResult) {
    // A limit is told once a metric, not once a line.
    let lines = result.refusals.filter { !$0.reason.contains("over the limit 'series") }
      .filter { !$0.reason.contains("over the limit 'new_series") }
    for refusal in lines.prefix(20) {
      run.output.warn(Diagnostic(.input, subject: refusal.source, Self.text(refusal)))
    }
    let rest = result.refused - result.tally.limited - min(20, lines.count)
    if rest > 0 {
      run.output.warn(
        Diagnostic(
          .input, "\(rest) more lines were refused",
          hint: "mx-ingest rejected list shows them, mx-ingest rejected retry takes them again"))
    }
  }

  /// What came without lines (a scrape, remote write) is named by its series.
  private static func text(_ refusal: Refusal) -> String {
    if refusal.line > 0 || refusal.text.isEmpty { return refusal.description }
    let text = String(decoding: refusal.text.prefix(300), as: UTF8.self)
    return "\(refusal.description): \(Output.printable(text))"
  }

  private func nothing(_ result: IntakeResult) -> Diagnostic {
    if result.tally.droppedRows > 0 {
      return Diagnostic(
        .no, "no sample in \(result.bytes) bytes of input was kept",
        hint: "relabel rules dropped \(result.tally.droppedRows)")
    }
    if result.refused > 0 {
      // Not one line is as it should be, or limits keep all of it out.
      let isBroken = result.tally.problems == result.refused
      return Diagnostic(
        isBroken ? .input : .no, "no sample in \(result.bytes) bytes of input was taken",
        hint: isBroken ? "is it another format? name it with --format" : nil)
    }
    return Diagnostic(
      .no, "no sample in \(result.bytes) bytes of input",
      hint: "it has comments, a header or texts, and no number")
  }

  private func summary(_ result: IntakeResult) -> String {
    var text =
      "\(result.samples) samples of \(result.series) series from \(result.inputs) inputs, "
      + "\(result.refused) lines refused"
    if result.repeated > 0 { text += ", \(result.repeated) inputs were in the store already" }
    if result.tally.resets > 0 { text += ", \(result.tally.resets) counter resets" }
    for (rule, count) in result.tally.dropped.sorted(by: { $0.key < $1.key }) {
      text += ", relabel rule \(rule + 1) dropped \(count)"
    }
    return text
  }

  /// What `--report` and `--stats-file` say.
  func figures() {
    let result = intake.result
    let report = run.report
    report.set("samples", Double(result.samples), help: "Samples committed.")
    report.set("refused", Double(result.refused), help: "Lines refused.")
    report.set("series", Double(result.series), help: "Series that were taken.")
    report.set("inputs", Double(result.inputs), help: "Inputs read.")
    report.set("input_bytes", Double(result.bytes), help: "Bytes read.")
    report.set(
      "repeated_inputs", Double(result.repeated), help: "Inputs that the store held already.")
    report.set("commits", Double(result.commits), help: "Commits made.")
    report.set("dropped", Double(result.tally.droppedRows), help: "Samples dropped by relabelling.")
    report.set("counter_resets", Double(result.tally.resets), help: "Decreases of counters.")
    report.set(
      "duplicate_samples", Double(result.duplicates.identical),
      help: "Samples that came twice in the run.")
    report.set(
      "conflicting_samples", Double(result.duplicates.conflicting),
      help: "Samples at an instant that their series had already.")
    let used = Self.limitUsed(result.pressures)
    report.set(used.name, used.value, help: used.help)
    report.detail(
      "refused_by_reason",
      .object(
        result.tally.refused.sorted { $0.key < $1.key }
          .map { ($0.key, JSONText.integer(Int64($0.value))) }))
    report.detail(
      "dropped_by_rule",
      .object(
        result.tally.dropped.sorted { $0.key < $1.key }
          .map { ("\($0.key + 1)", JSONText.integer(Int64($0.value))) }))
    report.detail("limits", .array(result.pressures.map { limit($0) }))
  }

  static func limitUsed(
    _ pressures: [LimitPressure]
  ) -> (name: String, value: Double, help: String) {
    (
      "limit_used_ratio", pressures.map(\.share).max() ?? 0,
      "The fullest limit at 80 % or more, 0 where none is."
    )
  }

  private func limit(_ pressure: LimitPressure) -> JSONText {
    var members: [(String, JSONText)] = [("limit", .string(pressure.limit))]
    if let metric = pressure.metric { members.append(("metric", .string(metric))) }
    members += [
      ("series", .integer(Int64(pressure.series))), ("allowed", .integer(Int64(pressure.allowed))),
      ("refused", .integer(Int64(pressure.refused))),
    ]
    if let label = pressure.label { members.append(("label", .string(label))) }
    return .object(members)
  }
}
