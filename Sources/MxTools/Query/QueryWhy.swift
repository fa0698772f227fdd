import MxCLI
import MxEngine
import MxJSON
import MxModel
import MxPromQL
import MxStore

/// `mx-query why SELECTOR`: what became of series, or why there are none.
enum QueryWhy {
  /// Series told one by one; of more only the number.
  private static let shown = 10

  static func run(_ run: Run) throws -> ExitCode {
    let format = run.arguments.string("format") ?? "table"
    guard ["table", "json"].contains(format), !run.arguments.has("source") else {
      throw Diagnostic(
        .usage, "'why' tells of a store as a table or json",
        hint: "--format table or json, without --source")
    }
    let matchers = try QueryExpression.matchers(run.arguments.positionals[0])
    let input = try QueryInput.open(run)
    let times = try TimePrinter(run, standard: .rfc3339)
    let selection = try input.source.open(
      [SelectRequest(matchers, range: .all)], report: input.report)[0]
    let reasons = StoreReasons(input, run, times)
    var sheets: [FactSheet] = []
    for series in 0..<min(shown, selection.count) {
      sheets.append(try sheet(selection, series, input, run, times, reasons))
    }
    var rest = FactSheet(title: sheets.isEmpty ? "\(Selector(matchers))" : "")
    if selection.count == 0 { rest.add("series", "none match") }
    if selection.count > shown { rest.add("more", "\(selection.count - shown) series more match") }
    try reasons.tell(matchers, hasSeries: selection.count > 0, &rest)
    if !rest.facts.isEmpty { sheets.append(rest) }
    try FactSheet.write(sheets, asJSON: format == "json", to: run.output)
    if selection.count == 0, let hint = try NameHints.diagnostic(matchers, input.source) {
      run.output.warn(hint)
    }
    return input.ending(isNo: selection.count == 0, run)
  }

  private static func sheet(
    _ selection: any Selection, _ series: Int, _ input: QueryInput, _ run: Run,
    _ times: TimePrinter, _ reasons: StoreReasons
  ) throws -> FactSheet {
    let labels = try selection.labels(series)
    var sheet = FactSheet(title: labels.description)
    let newest = try selection.latest(series, atOrBefore: .max, limit: 5, worker: 0)
    guard let last = newest.last else {
      sheet.add("last sample", "none that can be read: deleted, damaged or a native histogram")
      try reasons.tell(labels, newest: nil, &sheet)
      return sheet
    }
    let values = newest.filter { !StaleMarker.isStale($0.value) }
    if let value = values.last {
      sheet.add(
        "last sample",
        "\(times.text(value.time)), value "
          + MxJSON.NumberText.prometheusJSON(value.value) + ", " + age(value.time, run.common.now))
    }
    let pace = pace(values)
    if let pace { sheet.add("pace", "a sample every \(MxCLI.DurationText.format(pace))") }
    sheet.add("state", state(last, pace, run.common.now, times))
    for snapshot in input.snapshots {
      let found = try snapshot.segments(holding: labels, at: last.time, input.report)
      guard let segment = found.first else { continue }
      let others = found.count > 1 ? ", over \(found.count - 1) older of the same instant" : ""
      let file = snapshot.store.segmentPath(segment)
      sheet.add("source", "commit \(segment.lastSequence) in \(file)\(others)")
    }
    try reasons.tell(labels, newest: last.time, &sheet)
    return sheet
  }

  private static func age(_ time: Int64, _ now: Int64) -> String {
    // Nobody wants the milliseconds of an age of days.
    let exact = (now - time).magnitude
    let age = MxCLI.DurationText.format(Int64(exact < 1000 ? exact : exact / 1000 * 1000))
    return time > now ? "\(age) in the future" : "\(age) old"
  }

  /// The smallest gap of the last four samples.
  private static func pace(_ samples: [Sample]) -> Int64? {
    let last = samples.suffix(4)
    return zip(last, last.dropFirst()).map { $1.time - $0.time }.min()
  }

  /// Whether an instant query sees it now.
  private static func state(
    _ last: Sample, _ pace: Int64?, _ now: Int64, _ times: TimePrinter
  ) -> String {
    if StaleMarker.isStale(last.value) {
      return "ended: a stale marker stands at \(times.text(last.time))"
    }
    if last.time > now { return "not visible yet: it lies in the future" }
    let old = now - last.time
    if old < Lookback.standard { return "visible" }
    guard let pace else { return "not visible: older than 5m, and one sample has no pace" }
    let reach = Lookback.reach(ofPace: pace)
    if old <= reach {
      return "visible by its own pace until \(times.text(last.time + reach))"
    }
    return "not visible: older than 5m and than 2.5 times its pace, "
      + MxCLI.DurationText.format(reach)
  }
}

/// Facts about one thing, for people and programs.
struct FactSheet {
  var title: String
  private(set) var facts: [(name: String, text: String)] = []

  init(title: String) { self.title = title }

  mutating func add(_ name: String, _ text: String) { facts.append((name, text)) }

  static func write(_ sheets: [FactSheet], asJSON: Bool, to output: Output) throws {
    for (index, sheet) in sheets.enumerated() {
      if asJSON {
        try output.write(sheet.json.text + "\n")
        continue
      }
      if index > 0 { try output.write("\n") }
      if !sheet.title.isEmpty {
        try output.write(output.paint(Output.printable(sheet.title), .bold) + "\n")
      }
      var table = TableWriter([("", .left), ("", .left), ("", .left)])
      for fact in sheet.facts { table.append(["", fact.name, fact.text]) }
      try table.write(to: output, header: false)
    }
  }

  /// Facts of one name become a list.
  private var json: MxCLI.JSONText {
    var members: [(String, MxCLI.JSONText)] = []
    if !title.isEmpty { members.append(("series", .string(title))) }
    var seen: Set<String> = []
    for fact in facts where seen.insert(fact.name).inserted {
      let all = facts.filter { $0.name == fact.name }.map { MxCLI.JSONText.string($0.text) }
      let name = fact.name.split(separator: " ").joined(separator: "_")
      members.append((name, all.count == 1 ? all[0] : .array(all)))
    }
    return .object(members)
  }
}
