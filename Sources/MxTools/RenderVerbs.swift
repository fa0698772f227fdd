import MxCLI
import MxEngine
import MxFiles
import MxJSON
import MxModel
import MxPromQL
import MxRender
import MxStore
import MxTime

/// `mx-render panel EXPR`: one picture.
enum RenderPanel {
  static func run(_ run: Run) throws -> ExitCode {
    let expr = run.arguments.positionals.first ?? ""
    do throws(PromQLError) { _ = try PromQL.parse(expr) } catch {
      throw Explanation.promQL(error, expr)
    }
    if run.common.checksOnly { return .success }
    let source = try RenderSource(run)
    let dashboard = try Dashboard.decode(json(expr))
    var options = try RenderJob.planOptions(run)
    options.snaps = false
    let plan = try dashboard.plan(options, ask: { _ in nil })
    let answers = plan.queries.map(source.answer)
    if let error = answers.compactMap(\.error).first { throw Diagnostic(.input, error) }
    let results = Dictionary(
      zip(plan.queries.map(\.target), answers), uniquingKeysWith: { one, _ in one })
    let theme = Theme(rawValue: run.arguments.string("theme") ?? "light") ?? .light
    let svg = Picture(plan: plan, position: 0, theme: theme).svg(results)
    if let path = run.arguments.string("svg"), path != "-" {
      try AtomicFile.replace(path, with: String(decoding: svg, as: UTF8.self))
    } else {
      try run.output.write(String(decoding: svg, as: UTF8.self))
    }
    let isFresh = try tellStaleness(source, run) == nil
    let damage = StoreDamage.tell(source.report, run)
    if damage != .success { return damage }
    return !isFresh || answers.allSatisfy { $0.series.isEmpty } ? .no : .success
  }

  /// What `--require-fresh` has to say, said.
  static func tellStaleness(_ source: RenderSource, _ run: Run) throws -> String? {
    guard run.arguments.has("require-fresh") else { return nil }
    let problem = try source.staleness(run, try source.newest())
    if let problem { run.output.warn(Diagnostic(.no, problem)) }
    return problem
  }

  private static func json(_ expr: String) -> [UInt8] {
    let tree = (try? PromQL.parse(expr))?.metricNames ?? []
    let isRate = expr.contains("rate(")
    let unit =
      tree.count == 1
      ? isRate
        ? MetricUnits.rateUnit(of: tree[0], declared: "")
        : MetricUnits.unit(of: tree[0], declared: "") : nil
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("panels")
    writer.beginArray()
    writer.beginObject()
    for (name, text) in [("type", "timeseries"), ("title", expr)] {
      writer.name(name)
      writer.string(text)
    }
    writer.name("gridPos")
    writer.beginObject()
    for (name, value) in [("x", 0), ("y", 0), ("w", 14), ("h", 9)] {
      writer.name(name)
      writer.int(value)
    }
    writer.endObject()
    if let unit {
      writer.name("fieldConfig")
      writer.beginObject()
      writer.name("defaults")
      writer.beginObject()
      writer.name("unit")
      writer.string(unit)
      writer.endObject()
      writer.endObject()
    }
    writer.name("targets")
    writer.beginArray()
    writer.beginObject()
    for (name, text) in [("refId", "A"), ("expr", expr), ("legendFormat", "__auto")] {
      writer.name(name)
      writer.string(text)
    }
    writer.endObject()
    writer.endArray()
    writer.endObject()
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }
}

/// `mx-render new`: a dashboard of what the store holds.
enum RenderNew {
  static func run(_ run: Run) throws -> ExitCode {
    let source = try RenderSource(run)
    let matchers = try run.arguments.strings("match").map { text in
      do throws(PromQLError) { return try PromQL.parseSelector(text) } catch {
        throw Explanation.promQL(error, text)
      }
    }
    let facts = try MetricSurvey(source).facts(matchers)
    let (from, to) = try range(run, source)
    var starter = StarterDashboard(facts, from: from, to: to)
    try run.output.write(String(decoding: starter.json(), as: UTF8.self))
    if starter.leftOut > 0 {
      run.output.warn(
        Diagnostic(
          .no, "\(starter.leftOut) metrics have no panel", hint: "choose some: --match SELECTOR"))
    }
    let damage = StoreDamage.tell(source.report, run)
    return damage == .success ? facts.isEmpty ? .no : .success : damage
  }

  /// The last six hours; of a store that is no longer fed those before its end.
  private static func range(_ run: Run, _ source: RenderSource) throws -> (String, String) {
    let given = (run.arguments.string("from"), run.arguments.string("to"))
    let newest = try source.newest() ?? run.common.now
    if run.common.now - newest < 86_400_000 || given.0 != nil {
      return (given.0 ?? "now-6h", given.1 ?? "now")
    }
    return (TimeText.rfc3339(newest - 6 * 3_600_000), given.1 ?? TimeText.rfc3339(newest))
  }
}

/// What the store holds, metric by metric.
private struct MetricSurvey {
  let source: RenderSource

  init(_ source: RenderSource) { self.source = source }

  /// Far more than a dashboard shows; the rest is counted by name only.
  private static let metricLimit = 2000

  func facts(_ matchers: [[Matcher]]) throws -> [MetricFacts] {
    let snapshot = source.snapshot
    let names = try snapshot.labelValues(
      LabelName.metric, matching: matchers, range: .all, report: source.report)
    var hints = SelectHints()
    hints.labelsOnly = true
    return try names.prefix(Self.metricLimit).map { name in
      let matcher = try Matcher(LabelName.metric, .equal, name)
      let request = SelectRequest([matcher], range: .all, hints: hints)
      let found = try snapshot.open([request], report: source.report)[0]
      let labels = try found.labelNames.filter { $0 != LabelName.metric }.map { label in
        let values = Set(try found.column(label).ids)
        return MetricFacts.Label(
          label, count: values.subtracting([0]).count, isEverywhere: !values.contains(0))
      }
      let known = try snapshot.metadata(of: name)
      return MetricFacts(
        name: name, type: known?.type ?? .unknown, help: known?.help ?? "",
        unit: known?.unit ?? "", seriesCount: found.count, labels: labels)
    }
  }
}

/// `mx-render mail DASHBOARD --to ADDRESS`: a MIME message with the pictures.
enum RenderMail {
  static func run(_ run: Run) throws -> ExitCode {
    let address = run.arguments.string("to") ?? ""
    let isPlain = address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    guard isPlain, address.contains("@") else {
      throw Diagnostic(.usage, "--to: '\(address)' is no mail address")
    }
    let path = run.arguments.positionals.first ?? ""
    let source = try RenderSource(run)
    let theme = Theme(rawValue: run.arguments.string("theme") ?? "light") ?? .light
    let file: DashboardFile
    do { file = try DashboardFile(path) } catch let error as RenderError {
      throw RenderMessages.explain(error, path)
    }
    try RenderJob.checkVariables([file], run)
    var plan = try file.dashboard().plan(try options(run), ask: source.asking(file.path))
    if run.common.checksOnly { return .success }
    plan.tell(try RenderAlerts(source.snapshot.store, run), source)
    let rasterizer = Rasterizer.find()
    if rasterizer == nil {
      run.output.warn(
        Diagnostic(
          .no, "the pictures are SVG, which few mail programs show",
          hint: "install rsvg-convert (Debian: librsvg2-bin) for PNG"))
    }
    var isWhole = true
    var parts: [MailMessage.Part] = []
    for position in plan.panels.indices {
      let queries = plan.panels[position].queries
      let answers = queries.map(source.answer)
      for (query, answer) in zip(queries, answers) where answer.error != nil {
        run.output.error(RenderMessages.explain(plan.problem(answer.error ?? "", query), path))
        isWhole = false
      }
      let own = Dictionary(
        zip(queries.map(\.target), answers), uniquingKeysWith: { one, _ in one })
      let svg = Picture(plan: plan, position: position, theme: theme).svg(own)
      let png = try rasterizer?.png(svg)
      parts.append(
        MailMessage.Part(
          title: plan.panels[position].panel.title, words: plan.words(position, own),
          bytes: png ?? svg, isPNG: png != nil))
    }
    let stale = try RenderPanel.tellStaleness(source, run)
    let message = MailMessage(
      subject: plan.title.isEmpty ? "Dashboard" : plan.title, recipient: address,
      date: MailDate.text(run.common.now),
      range: [stale, plan.rangeText].compactMap { $0 }.joined(separator: ". "), parts: parts)
    try run.output.write(String(decoding: message.bytes(), as: UTF8.self))
    let damage = StoreDamage.tell(source.report, run)
    return damage == .success ? isWhole && stale == nil ? .success : .no : damage
  }

  /// Here `--to` is an address: the range ends where the dashboard says.
  private static func options(_ run: Run) throws -> PlanOptions {
    var options = PlanOptions(now: run.common.now)
    options.from = try RenderJob.time("from", run)
    options.zone = try RenderJob.zone(run)
    for (name, value) in try run.arguments.pairs("var") {
      options.variables[name, default: []].append(value)
    }
    return options
  }
}

/// `Fri, 20 Nov 2026 06:00:00 +0000`.
enum MailDate {
  static func text(_ milliseconds: Int64) -> String {
    let civil = Zone.utc.civil(milliseconds: milliseconds)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    func pad(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(days[civil.weekday]), \(civil.day) \(months[civil.month - 1]) \(civil.year) "
      + "\(pad(civil.hour)):\(pad(civil.minute)):\(pad(civil.second)) +0000"
  }
}
