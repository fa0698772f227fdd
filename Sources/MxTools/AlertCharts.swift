import MxAlert
import MxEngine
import MxJSON
import MxModel
import MxPromQL
import MxRender
import MxRules
import MxTime

/// How the values of alerts went in the hour before: for mails a picture, for texts a
/// row of bars. Nothing is asked before a notice wants it, and each rule once.
final class AlertCharts {
  private static let span: Int64 = 3_600_000
  private static let step: Int64 = 60_000
  /// The most pictures that are converted in a run; each starts a program.
  private static let mostConversions = 10

  private let rules: [String: Rule]
  private let session: Session
  private let now: Int64
  private var answers: [String: [MxRender.QueryResult.Series]] = [:]
  private var conversions = 0
  private let rasterizer = Rasterizer.find()

  init(_ groups: [RuleGroup], _ source: any SeriesSource, now: Int64, _ options: EngineOptions) {
    rules = NotifyRun.rules(of: groups)
    session = Session(Engine(options), source: source, report: Report())
    self.now = now
  }

  func chart(_ alert: NotifyAlert) -> NoticeChart? {
    guard let rule = rules[alert.rule] else { return nil }
    let found = answer(rule, alert.rule).first { series in
      series.labels.allSatisfy { label in
        label.name == LabelName.metric || alert.labels[label.name] == label.value
      }
    }
    guard let found, found.values.contains(where: \.isFinite) else { return nil }
    var chart = NoticeChart(
      times: found.times, values: found.values, threshold: rule.expr.threshold, title: rule.text)
    chart.svg = picture(found, chart)
    chart.png = chart.svg.flatMap(converted)
    return chart
  }

  /// Without its comparison, so that one sees how it came there; a chart is a help and
  /// not the notice: where it cannot be had there is none.
  private func answer(_ rule: Rule, _ key: String) -> [MxRender.QueryResult.Series] {
    if let known = answers[key] { return known }
    let window = QueryWindow.range(start: now - Self.span, end: now, step: Self.step)
    var series: [MxRender.QueryResult.Series] = []
    do {
      series = try session.evaluate(rule.dataExpr ?? rule.expr, text: rule.text, window)
        .panelSeries
    } catch {
      series = []
    }
    answers[key] = series
    return series
  }

  // MARK: - Pictures

  private func picture(_ series: MxRender.QueryResult.Series, _ chart: NoticeChart) -> String? {
    do {
      let dashboard = try Dashboard.decode(Self.dashboard(chart))
      var options = PlanOptions(now: now)
      options.from = RFC3339.text(milliseconds: now - Self.span)
      options.to = RFC3339.text(milliseconds: now)
      options.zone = .utc
      let plan = try dashboard.plan(options) { _ in nil }
      let result = MxRender.QueryResult(series: [series])
      let svg = Picture(plan: plan, position: 0, theme: .light).svg([0: result])
      return String(decoding: svg, as: UTF8.self)
    } catch {
      return nil
    }
  }

  private static func dashboard(_ chart: NoticeChart) -> [UInt8] {
    let threshold = chart.threshold.map { value in
      """
      "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": null}, \
      {"color": "red", "value": \(NumberText.general(value))}]}, \
      "custom": {"thresholdsStyle": {"mode": "line"}}
      """
    }
    let title = JSONWriter.quoted(chart.title)
    return Array(
      """
      {"panels": [{"type": "timeseries", "title": \(title), \
      "gridPos": {"x": 0, "y": 0, "w": 12, "h": 7}, "interval": "\(step / 1000)s", \
      "maxDataPoints": \(span / step), \
      "fieldConfig": {"defaults": {\(threshold ?? "")}}, \
      "targets": [{"refId": "A", "expr": "alert", "legendFormat": "__auto"}]}]}
      """.utf8)
  }

  /// As PNG, which mail programs show; where no converter is installed, or it fails, the
  /// SVG goes out.
  private func converted(_ svg: String) -> [UInt8]? {
    guard conversions < Self.mostConversions, let rasterizer else { return nil }
    conversions += 1
    return try? rasterizer.png(Array(svg.utf8))
  }
}

extension Expr {
  /// What a rule compares with: the number on the right of its outermost comparison.
  var threshold: Double? {
    switch self {
    case .parentheses(let node): node.inner.threshold
    case .binary(let node):
      node.op.isComparison && !node.returnsBool
        ? node.right.plainNumber : node.left.threshold ?? node.right.threshold
    default: nil
    }
  }

  private var plainNumber: Double? {
    switch self {
    case .number(let node): node.value
    case .unary(let node): node.op == .minus ? node.operand.plainNumber.map { -$0 } : nil
    case .parentheses(let node): node.inner.plainNumber
    default: nil
    }
  }
}

extension JSONWriter {
  /// A text in JSON's quotes.
  fileprivate static func quoted(_ text: String) -> String {
    var writer = JSONWriter()
    writer.string(text)
    return writer.text
  }
}
