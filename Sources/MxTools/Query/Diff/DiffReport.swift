import MxCLI
import MxModel
import MxRender
import MxStatistics

/// A comparison in the forms that people and CI systems read.
struct DiffReport {
  let rows: [DiffRow]
  let rule: Comparison.Rule
  let isStrict: Bool

  private static let trendWidth = 16

  init(_ rows: [DiffRow], _ rule: Comparison.Rule, isStrict: Bool) {
    self.rows = rows
    self.rule = rule
    self.isStrict = isStrict
  }

  // MARK: verdict

  private func count(_ verdict: Comparison.Verdict) -> Int {
    rows.count { $0.comparison.verdict == verdict }
  }

  /// The exit code, and why where it is no.
  func verdict(_ output: Output) -> ExitCode {
    let worse = count(.worse)
    let unclear = count(.unclear)
    output.summary(
      "\(rows.count) compared: \(worse) worse, \(count(.better)) better, \(count(.same)) the same, "
        + "\(unclear) not judged")
    if worse > 0 {
      output.error(Diagnostic(.no, "\(worse) of \(rows.count) series got worse"))
      return .no
    }
    if unclear == rows.count {
      output.error(
        Diagnostic(
          .no, rows.isEmpty ? "there is nothing to compare" : "nothing could be judged",
          hint: "each side needs \(rule.minimumSamples) samples: a longer range, a shorter --step, "
            + "or --by to pool series"))
      return .no
    }
    if unclear > 0 {
      let found = Diagnostic(.no, "\(unclear) of \(rows.count) series could not be judged")
      if isStrict {
        output.error(found)
        return .no
      }
      output.warn(found)
    }
    return .success
  }

  // MARK: texts

  private func number(_ value: Double) -> String { ShortNumber.text(value, digits: 5) }

  /// `+12.3 %`.
  static func percent(_ change: Double) -> String {
    guard !change.isNaN else { return "" }
    guard change.isFinite else { return change > 0 ? "+∞" : "-∞" }
    let tenths = (change * 1000).rounded()
    guard tenths.magnitude < 1e12 else { return change > 0 ? "+∞" : "-∞" }
    let whole = Int64(tenths.magnitude)
    let sign = tenths < 0 ? "-" : "+"
    return "\(sign)\(whole / 10).\(whole % 10) %"
  }

  private func middle(_ samples: OrderedSamples) -> String {
    samples.count == 0 ? "" : number(samples.median)
  }

  /// The middle half: `1.2…1.5`.
  private func spread(_ samples: OrderedSamples) -> String {
    guard samples.count > 0 else { return "" }
    return "\(number(samples.quantile(0.25)))…\(number(samples.quantile(0.75)))"
  }

  private func trend(_ group: SampleGroup) -> String {
    if group.values.isEmpty { return "" }
    // Places instead of times: baselines from files have none.
    let times = group.values.indices.map { Int64($0) }
    let line = TextSparkline(
      from: 0, to: Int64(max(1, group.values.count - 1)), step: 1, width: DiffReport.trendWidth)
    return times.withUnsafeBufferPointer { times in
      group.values.withUnsafeBufferPointer { line.text(times: times, values: $0) }
    }
  }

  private func pValue(_ row: DiffRow) -> String {
    row.comparison.pValue.map { $0 < 0.001 ? "<0.001" : ShortNumber.text($0, digits: 2) } ?? ""
  }

  /// What went wrong with a row, in one sentence.
  private func sentence(_ row: DiffRow) -> String {
    let (before, now) = (row.comparison.baseline, row.comparison.current)
    let name = row.name
    switch row.comparison.verdict {
    case .unclear:
      return "\(name): \(row.verdict): \(before.count) samples before, \(now.count) now, "
        + "\(rule.minimumSamples) needed"
    case .same, .better, .worse:
      var text =
        "\(name): median \(middle(before)) before, \(middle(now)) now, "
        + "\(DiffReport.percent(row.comparison.change)), tolerance "
        + String(DiffReport.percent(rule.tolerance).dropFirst())
      if let p = row.comparison.pValue { text += ", p \(ShortNumber.text(p, digits: 2))" }
      return text
    }
  }

  // MARK: table

  private var hasSeveralExpressions: Bool { Set(rows.map(\.expression)).count > 1 }
  private var hasP: Bool { rule.statistic == .mannWhitney }

  private var titles: [(title: String, alignment: TableWriter.Alignment)] {
    var titles: [(title: String, alignment: TableWriter.Alignment)] = []
    if hasSeveralExpressions { titles.append(("expression", .left)) }
    titles += [
      ("series", .left), ("before", .right), ("n", .right), ("now", .right), ("n", .right),
      ("change", .right),
    ]
    if hasP { titles.append(("p", .right)) }
    return titles + [("verdict", .left), ("before", .left), ("now", .left)]
  }

  private func cells(_ row: DiffRow) -> [String] {
    let comparison = row.comparison
    var cells = hasSeveralExpressions ? [row.expression] : []
    cells += [
      row.labels.description, middle(comparison.baseline), String(comparison.baseline.count),
      middle(comparison.current), String(comparison.current.count),
      DiffReport.percent(comparison.change),
    ]
    if hasP { cells.append(pValue(row)) }
    return cells + [row.verdict, trend(row.before), trend(row.now)]
  }

  func table(hasHeader: Bool, to output: Output) throws {
    if rows.isEmpty { return }
    var table = TableWriter(titles)
    for row in rows { table.append(cells(row)) }
    try table.write(to: output, header: hasHeader)
  }

  func csv(hasHeader: Bool, to output: Output) throws {
    let writer = SeparatedWriter(.csv)
    if hasHeader {
      try writer.write(
        [
          "expr", "series", "before_median", "before_q1", "before_q3", "before_n", "now_median",
          "now_q1", "now_q3", "now_n", "change", "p", "verdict",
        ], to: output)
    }
    for row in rows {
      func side(_ samples: OrderedSamples) -> [String] {
        guard samples.count > 0 else { return ["", "", "", "0"] }
        return [samples.median, samples.quantile(0.25), samples.quantile(0.75)].map(full)
          + [String(samples.count)]
      }
      let change = row.comparison.change
      try writer.write(
        [row.expression, row.labels.description] + side(row.comparison.baseline)
          + side(row.comparison.current)
          + [change.isNaN ? "" : full(change), row.comparison.pValue.map(full) ?? ""]
          + [row.verdict.lowercased()], to: output)
    }
  }

  private func full(_ value: Double) -> String { ShortNumber.text(value, digits: 15) }

  // MARK: JSON

  var json: String {
    func side(_ samples: OrderedSamples) -> MxCLI.JSONText {
      if samples.count == 0 { return .object([("n", .integer(0))]) }
      return .object([
        ("n", .integer(Int64(samples.count))), ("median", .number(samples.median)),
        ("q1", .number(samples.quantile(0.25))), ("q3", .number(samples.quantile(0.75))),
      ])
    }
    let all = rows.map { row -> MxCLI.JSONText in
      .object([
        ("expr", .string(row.expression)),
        ("labels", .object(row.labels.pairs.map { ($0.name, .string($0.value)) })),
        ("before", side(row.comparison.baseline)), ("now", side(row.comparison.current)),
        ("change", row.comparison.change.isNaN ? .null : .number(row.comparison.change)),
        ("p", row.comparison.pValue.map { .number($0) } ?? .null),
        ("verdict", .string(row.verdict.lowercased())),
      ])
    }
    return MxCLI.JSONText.object([
      ("stat", .string(rule.statistic.rawValue)), ("tolerance", .number(rule.tolerance)),
      ("better", .string(rule.better.rawValue)), ("worse", .integer(Int64(count(.worse)))),
      ("results", .array(all)),
    ]).text + "\n"
  }

  // MARK: CI

  var cases: CaseReport {
    var report = CaseReport()
    var suite = CaseReport.Suite("mx-query diff")
    for row in rows {
      let verdict: CaseReport.Verdict
      switch row.comparison.verdict {
      case .same, .better: verdict = .passed
      case .worse: verdict = .failed(sentence(row))
      case .unclear: verdict = isStrict ? .failed(sentence(row)) : .skipped(sentence(row))
      }
      suite.cases.append(CaseReport.Case(row.name, verdict))
    }
    report.suites = [suite]
    return report
  }

  /// A table for a job's summary or a comment, worst first.
  var markdown: String {
    var text = "### \(headline)\n\n"
    text += "Better is \(rule.better.rawValue), compared by \(rule.statistic.rawValue), tolerance "
    text += DiffReport.percent(rule.tolerance).dropFirst() + ".\n\n"
    if rows.isEmpty { return text }
    text += "| | series | before | now | change |\(hasP ? " p |" : "") course |\n"
    text += "|---|---|--:|--:|--:|\(hasP ? "--:|" : "")---|\n"
    let order: [Comparison.Verdict] = [.worse, .unclear, .better, .same]
    for verdict in order {
      for row in rows where row.comparison.verdict == verdict { text += line(row) }
    }
    return text
  }

  private var headline: String {
    if count(.worse) > 0 { return "❌ \(count(.worse)) of \(rows.count) series got worse" }
    if count(.unclear) == rows.count { return "❔ nothing could be judged" }
    return "✅ no regression in \(rows.count) series"
  }

  private func line(_ row: DiffRow) -> String {
    let mark =
      switch row.comparison.verdict {
      case .worse: "❌"
      case .better: "🟢"
      case .same: "⚪"
      case .unclear: "❔ \(row.verdict)"
      }
    let (before, now) = (row.comparison.baseline, row.comparison.current)
    func side(_ samples: OrderedSamples) -> String {
      samples.count == 0 ? "" : "\(middle(samples)) (\(spread(samples)), n=\(samples.count))"
    }
    let p = hasP ? " \(pValue(row)) |" : ""
    return "| \(mark) | \(DiffReport.code(row.name)) | \(side(before)) | \(side(now)) "
      + "| \(DiffReport.percent(row.comparison.change)) |\(p) "
      + "\(trend(row.before)) → \(trend(row.now)) |\n"
  }

  /// Text that is shown as it stands, in a table's cell.
  static func code(_ text: String) -> String {
    var out = ""
    for scalar in Output.printable(text).unicodeScalars {
      switch scalar {
      case "|": out += "\\|"
      case "`": out += "'"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return "`\(out)`"
  }
}
