import MxConfig
import MxModel
import MxPromQL
import MxTemplate

/// Reads rules of the short form, for those who do not write PromQL: `rules:` under
/// the file's `x-mx:`. Each becomes a group of one rule.
///
///     x-mx:
///       rules:
///         - name: TooManyLogins
///           metric: login_failed
///           labels: {site: lab}
///           type: SIMPLE_COUNT
///           operator: gt
///           threshold: 100
///           window: 5m
///           severity: page
struct ShortRuleReader {
  let values: RuleValues
  let interval: Int64

  private static let operators: [(String, BinaryOperator)] = [
    ("gt", .greater), ("lt", .less), ("gte", .greaterOrEqual), ("lte", .lessOrEqual),
    ("eq", .equal), ("ne", .notEqual),
  ]

  func groups(_ mapping: ConfigMapping, _ file: String, _ names: inout Set<String>) -> [RuleGroup] {
    var groups: [RuleGroup] = []
    for node in mapping.list("rules") ?? [] {
      let before = values.problems.all.count
      let group = ConfigMapping.read(node, "a rule", values.problems) { mapping in
        self.group(mapping, file)
      }
      guard let group, values.problems.all.count == before else { continue }
      if names.insert(group.name).inserted {
        groups.append(group)
      } else {
        values.problems.add(
          group.place, "name: \"\(group.rules[0].name)\" is repeated in the same file")
      }
    }
    return groups
  }

  private func group(_ mapping: ConfigMapping, _ file: String) -> RuleGroup? {
    let isEnabled = mapping.bool("enabled") ?? true
    let name = mapping.require("name", mapping.string("name"))
    let question = question(mapping)
    let interval = values.duration(mapping, "interval") ?? 0
    let labels = mapping.string("severity").map { [("severity", AlertTemplate(plain: $0))] } ?? []
    let annotations = RuleTemplates(problems: values.problems).read(
      mapping.stringMap("annotations") ?? [], "annotation", alert: name ?? "")
    let holdFor = values.duration(mapping, "duration") ?? 0
    let additions = AdditionsReader(values: values).additions(mapping, question?.tree)
    guard let question, let name else { return nil }
    if name.isEmpty { mapping.report("name", "the rule has no name") }
    var rule = Rule(
      kind: .alert(name), expr: question.tree, text: question.text, place: mapping.place,
      labels: labels, annotations: annotations, holdFor: holdFor, additions: additions)
    rule.short = question.short
    rule.isEnabled = isEnabled
    return RuleGroup(
      file: file, name: "x-mx/\(name)", place: mapping.place,
      interval: interval > 0 ? interval : question.bucket ?? self.interval, limit: 0,
      queryOffset: 0, rules: [rule])
  }

  // MARK: - The condition

  private struct Question {
    var tree: Expr
    var text: String
    var short: ShortRule
    /// The width of the buckets, where there are any.
    var bucket: Int64?
  }

  /// What is compared with what.
  private struct Parts {
    var selector: String
    var shape: ShortRule.Shape
    var aggregation: WindowAggregation
    var op: BinaryOperator
    var threshold: Double
    var window: Int64
    var bucket: Int64
    var by: [String]?
  }

  private func question(_ mapping: ConfigMapping) -> Question? {
    let shape = mapping.require(
      "type", mapping.choice("type", ShortRule.Shape.allCases.map { ($0.rawValue, $0) }))
    let metric = mapping.require("metric", mapping.string("metric"))
    let labels = mapping.stringMap("labels") ?? []
    let op = mapping.require("operator", mapping.choice("operator", Self.operators))
    let threshold = mapping.require("threshold", mapping.double("threshold"))
    let aggregation = aggregation(mapping, shape)
    let widths = widths(mapping, shape)
    let by = mapping.strings("by")
    guard let shape, let metric, let op, let threshold, let aggregation, let widths else {
      return nil
    }
    guard !metric.isEmpty else {
      mapping.report("metric", "'metric' is empty")
      return nil
    }
    var matchers = [Matcher(equal: LabelName.metric, metric)]
    matchers += labels.map { Matcher(equal: $0.name, $0.value) }
    let parts = Parts(
      selector: Expr.selector(Selector(matchers)).description, shape: shape,
      aggregation: aggregation, op: op, threshold: threshold, window: widths.window,
      bucket: widths.bucket, by: shape == .simpleCount ? by ?? [] : by)
    guard let plain = expression(parts, ofEvents: false),
      let events = expression(parts, ofEvents: true)
    else {
      mapping.report(
        "by", "'by' cannot be combined with this aggregation",
        hint: "it can be with sum, avg, min, max and count")
      return nil
    }
    var short = ShortRule(
      shape: shape, metric: metric, threshold: threshold, window: parts.window)
    if aggregation == .count { short.ofEvents = events }
    if shape == .movingWindow {
      short.sliding = SlidingCondition(
        matchers: matchers, window: parts.window, aggregation: aggregation, op: op,
        threshold: threshold, by: by)
    }
    if shape != .simpleCount {
      short.data = parse("present_over_time(\(parts.selector)[\(Self.text(parts.window))])")?.tree
    }
    return Question(
      tree: plain.tree, text: plain.text, short: short,
      bucket: shape == .bucketedWindow ? parts.bucket : nil)
  }

  private func aggregation(
    _ mapping: ConfigMapping, _ shape: ShortRule.Shape?
  ) -> WindowAggregation? {
    let text = mapping.string("aggregation")
    // Without a type it is not known what is needed; the type is what is wrong.
    if shape == .simpleCount || shape == nil, text == nil { return .count }
    guard let text else { return mapping.require("aggregation", nil) }
    guard let found = WindowAggregation(text), shape != .simpleCount || found == .count else {
      let allowed =
        shape == .simpleCount ? "count" : WindowAggregation.names.joined(separator: ", ")
      mapping.report("aggregation", "'aggregation' is '\(text)', expected \(allowed)")
      return nil
    }
    return found
  }

  /// The window and its buckets; a window without buckets is one bucket.
  private func widths(
    _ mapping: ConfigMapping, _ shape: ShortRule.Shape?
  ) -> (window: Int64, bucket: Int64)? {
    let window = values.duration(mapping, "window")
    let bucket = values.duration(mapping, "bucket")
    if shape != .bucketedWindow, bucket != nil {
      mapping.report("bucket", "'bucket' is for type BUCKETED_WINDOW")
    }
    guard let width = window ?? bucket, let part = bucket ?? window else {
      if !mapping.has("window"), !mapping.has("bucket") { _ = mapping.require("window", window) }
      return nil
    }
    for (name, value) in [("window", window), ("bucket", bucket)] where value == 0 {
      mapping.report(name, "'\(name)' is 0, expected a duration such as 5m")
      return nil
    }
    guard width % part == 0 else {
      mapping.report(
        "window",
        "'window' is \(Self.text(width)), expected a multiple of 'bucket', "
          + Self.text(part))
      return nil
    }
    return (width, part)
  }

  private static func text(_ duration: Int64) -> String { DurationText.print(duration) }

  private func expression(
    _ parts: Parts, ofEvents: Bool
  ) -> (tree: Expr, text: String)? {
    let width = parts.shape == .bucketedWindow ? parts.bucket : parts.window
    let range = "\(parts.selector)[\(Self.text(width))]"
    var value: String
    if let by = parts.by {
      guard let grouped = parts.aggregation.promQL(range, by: by, ofEvents: ofEvents) else {
        return nil
      }
      value = grouped
    } else {
      value = parts.aggregation.promQL(range, ofEvents: ofEvents)
    }
    // Nothing counted is a count of zero.
    if parts.aggregation == .count, parts.by?.isEmpty ?? false { value = "(\(value) or vector(0))" }
    let condition = "\(value) \(parts.op.symbol) \(NumberLiteral(parts.threshold).text)"
    guard parts.shape == .bucketedWindow else { return parse(condition) }
    // A subquery looks at the multiples of its step: there the buckets end.
    let steps = "[\(Self.text(parts.window)):\(Self.text(parts.bucket))]"
    return parse("last_over_time((\(condition))\(steps))")
  }

  private func parse(_ text: String) -> (tree: Expr, text: String)? {
    do throws(PromQLError) {
      return (try PromQL.parse(text), text)
    } catch {
      preconditionFailure("BUG: a short rule became '\(text)': \(error)")
    }
  }
}
