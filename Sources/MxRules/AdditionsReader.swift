import MxConfig
import MxModel
import MxPromQL

/// Reads what a rule says under `x-mx:`.
struct AdditionsReader {
  let values: RuleValues

  /// `expr`: the rule's own, nil where it could not be read.
  func additions(_ mapping: ConfigMapping, _ expr: Expr?) -> AlertAdditions {
    var additions = AlertAdditions()
    additions.resolve = resolve(mapping, expr)
    noData(mapping, &additions)
    if let flap = flap(mapping) { additions.flap = flap }
    additions.maxNotifications = mapping.int("max_notifications", in: 1...1_000_000).map(Int.init)
    additions.receivers = mapping.stringOrList("notify") ?? []
    if let timeout = values.duration(mapping, "timeout") {
      if timeout > 0 { additions.timeout = timeout } else { zero(mapping, "timeout") }
    }
    return additions
  }

  private func zero(_ mapping: ConfigMapping, _ name: String) {
    mapping.report(name, "'\(name)' is 0, expected a duration such as 10s")
  }

  // MARK: - Hysteresis

  private func resolve(_ mapping: ConfigMapping, _ expr: Expr?) -> AlertAdditions.Resolve? {
    let when = values.expression(mapping, "resolve_expr")
    guard let threshold = mapping.double("resolve_threshold") else {
      return when.map { .when($0.tree, text: $0.text) }
    }
    if when != nil {
      mapping.report(
        "resolve_threshold", "'resolve_threshold' and 'resolve_expr' are both set, only one allowed"
      )
    }
    guard let expr else { return nil }
    guard let comparison = expr.decisiveComparison, let held = expr.comparing(with: threshold),
      let sign = comparison.op.hysteresisSign
    else {
      mapping.report(
        "resolve_threshold",
        "'resolve_threshold' needs an 'expr' that compares with a number by > >= < or <=",
        hint: "say with 'resolve_expr' when the alert ends")
      return nil
    }
    if let limit = comparison.threshold, (threshold - limit) * sign > 0 {
      mapping.report(
        "resolve_threshold",
        "'resolve_threshold' is \(NumberLiteral(threshold).text), at "
          + "\(sign > 0 ? "most" : "least") \(NumberLiteral(limit).text) allowed",
        hint: "else the alert would end while its expression holds")
      return nil
    }
    return .unless(held, text: held.description)
  }

  // MARK: - No data, flapping

  /// `keep`, with a `grace` beside it, or `{policy: keep, grace: 5m}`.
  private func noData(_ mapping: ConfigMapping, _ additions: inout AlertAdditions) {
    let policies = NoDataPolicy.allCases.map { ($0.rawValue, $0) }
    additions.grace = values.duration(mapping, "grace")
    guard mapping.node("no_data")?.fields != nil else {
      additions.noData = mapping.choice("no_data", policies)
      return
    }
    _ = mapping.mapping("no_data") { inner in
      additions.noData = inner.require("policy", inner.choice("policy", policies))
      additions.grace = values.duration(inner, "grace") ?? additions.grace
      additions.forget = values.duration(inner, "forget")
    }
  }

  /// `off`, `5 in 10m`, or `{changes: 5, window: 10m}`.
  private func flap(_ mapping: ConfigMapping) -> AlertAdditions.Flap? {
    guard let node = mapping.node("flap") else { return nil }
    guard node.fields == nil else { return mapping.mapping("flap", flapFields) }
    // `off` is a boolean to YAML.
    if node.bool == false { return .off }
    let words = (node.string ?? "").split(separator: " ")
    if words.count == 3, words[1] == "in", let changes = Int(words[0]),
      (2...1000).contains(changes),
      let window = DurationText.parse(String(words[2])), window > 0
    {
      return .at(changes: changes, window: window)
    }
    mapping.report("flap", "'flap' is \(node.kindName), expected off or such as 5 in 10m")
    return nil
  }

  private func flapFields(_ mapping: ConfigMapping) -> AlertAdditions.Flap {
    let changes = mapping.int("changes", in: 2...1000) ?? 5
    let window = values.duration(mapping, "window") ?? 600_000
    if window == 0 { zero(mapping, "window") }
    return .at(changes: Int(changes), window: max(1, window))
  }
}

extension BinaryOperator {
  /// 1 where larger values alert, -1 where smaller do, nil where neither.
  fileprivate var hysteresisSign: Double? {
    switch self {
    case .greater, .greaterOrEqual: 1
    case .less, .lessOrEqual: -1
    default: nil
    }
  }
}

extension NumberLiteral {
  /// As PromQL writes it.
  var text: String { Expr.number(self).description }
}

/// What the readers of rules have in common: values with a grammar of their own.
struct RuleValues {
  /// Far from where sums of times and durations overflow; ms.
  private static let longest: Int64 = 100 * 365 * 86_400_000

  let problems: ConfigProblems

  func duration(_ mapping: ConfigMapping, _ name: String) -> Int64? {
    guard let text = mapping.string(name) else { return nil }
    if let value = DurationText.parse(text) {
      if value <= Self.longest { return value }
      mapping.report(name, "'\(name)' is '\(text)', at most 100y allowed")
      return nil
    }
    mapping.report(
      name, "'\(name)' is '\(text)', not a valid duration", hint: "write it like 30s, 5m or 1h30m")
    return nil
  }

  /// Nil where the field is missing or wrong.
  func expression(_ mapping: ConfigMapping, _ name: String) -> (tree: Expr, text: String)? {
    guard let text = mapping.string(name), !text.isEmpty else { return nil }
    do throws(PromQLError) {
      return (try PromQL.parse(text), text)
    } catch {
      let what = name == "expr" ? "expression" : "'\(name)'"
      mapping.report(name, "could not parse \(what): \(error)", hint: error.hint)
      return nil
    }
  }
}
