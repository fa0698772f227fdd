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
  private let kit: TemplateKit

  init(
    source: any SeriesSource, options: RuleOptions, report: Report, kit: TemplateKit,
    evaluatedAt: Int64, now: Int64
  ) {
    self.source = source
    self.options = options
    self.report = report
    self.kit = kit
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
    kit.instant.set(now, evaluatedAt)
    if let known = kit.functions { return known }
    let engine = Engine(options.engine)
    let (source, report, instant) = (source, report, kit.instant)
    let functions = PrometheusFunctions.make(
      PrometheusContext(
        now: { instant.now }, externalURL: options.externalURL, regex: .re2,
        query: { text in
          let expr = try PromQL.parse(text)
          return try ExprProgress.instant(
            engine, expr, text, instant.evaluatedAt, source, report
          ).map { TemplateSample(labels: $0.labels.pairs, value: $0.value) }
        }))
    kit.functions = functions
    return functions
  }
}

/// What the templates of one rule share: their functions, made when the first template
/// needs them, and the instant that these are of.
final class TemplateKit {
  /// Set before a template is expanded, by the one thread that has its rule.
  final class Instant: @unchecked Sendable {
    private(set) var now: Int64 = 0
    private(set) var evaluatedAt: Int64 = 0

    func set(_ now: Int64, _ evaluatedAt: Int64) {
      self.now = now
      self.evaluatedAt = evaluatedAt
    }
  }

  let instant = Instant()
  var functions: [String: TemplateFunction]?
}
