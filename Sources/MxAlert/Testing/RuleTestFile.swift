package import MxConfig
import MxModel
import MxTime

/// A file of promtool's rule unit tests.
package struct RuleTestFile {
  struct Series {
    var series: String
    var values: String
    var line: Int
  }

  struct ExpectedAlert {
    var labels: [(name: String, value: String)]
    var annotations: [(name: String, value: String)]
  }

  struct AlertCase {
    var place: ConfigPlace
    var time: Int64
    var alert: String
    var expected: [ExpectedAlert]
  }

  /// Under `x-mx:`: what receivers are told at an evaluation.
  struct NoticeCase {
    var place: ConfigPlace
    var time: Int64
    var expected: [ExpectedNotice]
  }

  struct ExpectedNotice {
    var status: String
    var alert: ExpectedAlert
    var reason: String?
  }

  struct ExpectedSample {
    var labels: String
    var value: Double
    /// As the file writes it: `{{count:2 buckets:[2]}}`; then there is no value.
    var histogram: String?
    var line: Int
  }

  struct ExpressionCase {
    var place: ConfigPlace
    var expr: String
    var time: Int64
    var expected: [ExpectedSample]
  }

  struct TestGroup {
    var place: ConfigPlace
    var name: String
    var interval: Int64
    var start: Int64
    var series: [Series]
    var alerts: [AlertCase]
    var expressions: [ExpressionCase]
    var notices: [NoticeCase]
    var externalLabels: [(name: String, value: String)]
    var externalURL: String
  }

  package var path: String
  /// Globs, relative to the file.
  package var ruleFiles: [String]
  var interval: Int64
  var order: [String]
  var isFuzzy: Bool
  var groups: [TestGroup]

  package var testCount: Int { groups.count }

  package static func read(
    _ bytes: [UInt8], file: String, problems: ConfigProblems
  ) -> RuleTestFile {
    let root = YAML.document(bytes, file: file, problems: problems)
    return ConfigMapping.read(root, "the file", problems) { mapping in
      let reader = RuleTestReader(problems: problems)
      let interval = max(1, reader.duration(mapping, "evaluation_interval") ?? 60_000)
      return RuleTestFile(
        path: file, ruleFiles: mapping.strings("rule_files") ?? [], interval: interval,
        order: mapping.strings("group_eval_order") ?? [],
        isFuzzy: mapping.bool("fuzzy_compare") ?? false,
        groups: mapping.mappings("tests") { reader.group($0, interval) } ?? [])
    }
  }
}

private struct RuleTestReader {
  let problems: ConfigProblems

  func duration(_ mapping: ConfigMapping, _ name: String) -> Int64? {
    guard let text = mapping.string(name) else { return nil }
    if let value = DurationText.parse(text), value <= 100 * 365 * 86_400_000 { return value }
    mapping.report(name, "'\(name)' is '\(text)', not a valid duration")
    return nil
  }

  func group(_ mapping: ConfigMapping, _ evaluation: Int64) -> RuleTestFile.TestGroup {
    let start = start(mapping)
    return RuleTestFile.TestGroup(
      place: mapping.place, name: mapping.string("name") ?? "",
      interval: max(1, duration(mapping, "interval") ?? evaluation), start: start,
      series: mapping.mappings("input_series") { series($0) } ?? [],
      alerts: mapping.mappings("alert_rule_test") { alert($0, start) } ?? [],
      expressions: mapping.mappings("promql_expr_test") { expression($0, start) } ?? [],
      notices: mapping.mapping("x-mx") { own in
        own.mappings("notice_test") { notices($0, start) } ?? []
      } ?? [],
      externalLabels: (mapping.stringMap("external_labels") ?? []).map { ($0.name, $0.value) },
      externalURL: mapping.string("external_url") ?? "")
  }

  /// When the test's time begins: 1970, or as written.
  private func start(_ mapping: ConfigMapping) -> Int64 {
    guard let text = mapping.string("start_timestamp") else { return 0 }
    if let seconds = Double(text), abs(seconds) < 1e11 { return Int64(seconds * 1000) }
    if let time = RFC3339.parse(text)?.milliseconds { return time }
    mapping.report("start_timestamp", "'\(text)' is no time, expected RFC 3339 or Unix seconds")
    return 0
  }

  private func series(_ mapping: ConfigMapping) -> RuleTestFile.Series {
    RuleTestFile.Series(
      series: mapping.string("series") ?? "", values: mapping.string("values") ?? "",
      line: mapping.place(of: "series").line)
  }

  private func alert(_ mapping: ConfigMapping, _ start: Int64) -> RuleTestFile.AlertCase {
    RuleTestFile.AlertCase(
      place: mapping.place, time: start + (duration(mapping, "eval_time") ?? 0),
      alert: mapping.string("alertname") ?? "",
      expected: mapping.mappings("exp_alerts", expectedAlert) ?? [])
  }

  private func expectedAlert(_ mapping: ConfigMapping) -> RuleTestFile.ExpectedAlert {
    RuleTestFile.ExpectedAlert(
      labels: pairs(mapping, "exp_labels"), annotations: pairs(mapping, "exp_annotations"))
  }

  private func notices(_ mapping: ConfigMapping, _ start: Int64) -> RuleTestFile.NoticeCase {
    RuleTestFile.NoticeCase(
      place: mapping.place, time: start + (duration(mapping, "eval_time") ?? 0),
      expected: mapping.mappings("exp_notices") { notice in
        RuleTestFile.ExpectedNotice(
          status: notice.choice("status", [("firing", "firing"), ("resolved", "resolved")])
            ?? "firing",
          alert: expectedAlert(notice), reason: notice.string("reason"))
      } ?? [])
  }

  private func pairs(_ mapping: ConfigMapping, _ name: String) -> [(name: String, value: String)] {
    (mapping.stringMap(name) ?? []).map { ($0.name, $0.value) }
  }

  private func expression(
    _ mapping: ConfigMapping, _ start: Int64
  ) -> RuleTestFile.ExpressionCase {
    RuleTestFile.ExpressionCase(
      place: mapping.place, expr: mapping.string("expr") ?? "",
      time: start + (duration(mapping, "eval_time") ?? 0),
      expected: mapping.mappings("exp_samples") { sample in
        RuleTestFile.ExpectedSample(
          labels: sample.string("labels") ?? "", value: sample.double("value") ?? 0,
          histogram: sample.string("histogram"),
          line: sample.place.line)
      } ?? [])
  }
}
