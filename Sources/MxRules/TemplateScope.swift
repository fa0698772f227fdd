import MxEngine
import MxModel
import MxPromQL
import MxTemplate

/// What the templates of a rule see at one instant.
struct TemplateScope {
  let source: any SeriesSource
  let options: RuleOptions
  let report: Report
  /// When queries look, ms: the evaluation time less the group's offset.
  let evaluatedAt: Int64
  let now: Int64
  private let made = Made()

  /// The functions of this instant, made when the first template needs them.
  private final class Made {
    var functions: [String: TemplateFunction]?
  }

  init(
    source: any SeriesSource, options: RuleOptions, report: Report, evaluatedAt: Int64, now: Int64
  ) {
    self.source = source
    self.options = options
    self.report = report
    self.evaluatedAt = evaluatedAt
    self.now = now
  }

  func expand(_ template: AlertTemplate, _ labels: LabelSet, _ value: Double) -> String {
    if template.isPlain { return template.text }
    let data = AlertTemplate.Data(
      labels: labels.pairs, externalLabels: options.externalLabels,
      externalURL: options.externalURL, value: value)
    return template.expand(data, functions: functions())
  }

  private func functions() -> [String: TemplateFunction] {
    if let known = made.functions { return known }
    let engine = Engine(options.engine)
    let (source, report, time) = (source, report, evaluatedAt)
    let functions = PrometheusFunctions.make(
      PrometheusContext(
        now: now, externalURL: options.externalURL, regex: .re2,
        query: { text in
          let expr = try PromQL.parse(text)
          return try ExprProgress.instant(engine, expr, text, time, source, report).map {
            TemplateSample(labels: $0.labels.pairs, value: $0.value)
          }
        }))
    made.functions = functions
    return functions
  }
}
