import MxModel
import MxPromQL
import MxTemplate

/// Which labels the elements of an expression can have.
enum LabelScope {
  /// Whatever the series have, but for these.
  case without(Set<String>)
  case only(Set<String>)

  static let any = LabelScope.without([])

  func mayHave(_ name: String) -> Bool {
    switch self {
    case .without(let names): !names.contains(name)
    case .only(let names): names.contains(name)
    }
  }

  var hint: String? {
    guard case .only(let names) = self else { return nil }
    if names.isEmpty { return "its elements have no labels at all" }
    return "they have \(names.sorted().joined(separator: ", "))"
  }

  init(_ expr: Expr) {
    switch expr {
    case .number, .string: self = .only([])
    case .selector, .range: self = .any
    case .parentheses(let node): self = LabelScope(node.inner)
    case .subquery(let node): self = LabelScope(node.inner)
    case .unary(let node): self = LabelScope(node.operand)
    case .aggregate(let node): self = LabelScope(node)
    case .binary(let node): self = LabelScope(node)
    case .call(let node): self = LabelScope(node)
    }
  }

  private init(_ node: Aggregation) {
    let inner = LabelScope(node.argument)
    switch node.op {
    case .topk, .bottomk, .limitk, .limitRatio: self = inner
    default:
      switch node.grouping {
      case .all: self = .only([])
      case .by(let names): self = .only(Set(names).filter(inner.mayHave))
      case .without(let names): self = inner.removing(Set(names))
      }
      if node.op == .countValues, case .string(let label)? = node.parameter?.unwrapped {
        self = adding([label.value])
      }
    }
  }

  private init(_ node: BinaryExpr) {
    let (left, right) = (LabelScope(node.left), LabelScope(node.right))
    guard node.left.type == .vector, node.right.type == .vector, let matching = node.matching else {
      self = node.left.type == .vector ? left : right
      return
    }
    switch node.op {
    case .and, .unless: self = left
    case .or: self = left.union(right)
    default:
      switch matching.cardinality {
      case .manyToOne: self = left.adding(Set(matching.include))
      case .oneToMany: self = right.adding(Set(matching.include))
      default:
        self = matching.isOn ? .only(Set(matching.labels)) : left.removing(Set(matching.labels))
      }
    }
  }

  private init(_ node: Call) {
    switch node.function {
    case .absent, .absentOverTime: self = .only(LabelScope.fixed(node.arguments.first))
    case .vector, .time, .scalar, .pi: self = .only([])
    case .labelReplace, .labelJoin:
      let inner = node.arguments.first.map { LabelScope($0) } ?? .any
      if node.arguments.count > 1, case .string(let label) = node.arguments[1].unwrapped {
        self = inner.adding([label.value])
      } else {
        self = inner
      }
    case .info: self = .any
    default:
      guard let data = node.arguments.first(where: { $0.type == .vector || $0.type == .matrix })
      else {
        self = .only([])
        return
      }
      let inner = LabelScope(data)
      self = node.function == .histogramQuantile ? inner.removing(["le"]) : inner
    }
  }

  /// `absent` makes its labels of what its selector asks for by `=`.
  private static func fixed(_ expr: Expr?) -> Set<String> {
    let matchers: [Matcher]
    switch expr?.unwrapped {
    case .selector(let node): matchers = node.matchers
    case .range(let node): matchers = node.selector.matchers
    default: return []
    }
    return Set(matchers.filter { $0.op == .equal && $0.name != LabelName.metric }.map(\.name))
  }

  private func adding(_ names: Set<String>) -> LabelScope {
    switch self {
    case .without(let removed): .without(removed.subtracting(names))
    case .only(let kept): .only(kept.union(names))
    }
  }

  private func removing(_ names: Set<String>) -> LabelScope {
    switch self {
    case .without(let removed): .without(removed.union(names))
    case .only(let kept): .only(kept.subtracting(names))
    }
  }

  private func union(_ other: LabelScope) -> LabelScope {
    switch (self, other) {
    case (.only(let left), .only(let right)): .only(left.union(right))
    case (.without(let left), .without(let right)): .without(left.intersection(right))
    case (.without(let removed), .only(let kept)), (.only(let kept), .without(let removed)):
      .without(removed.subtracting(kept))
    }
  }
}

/// What templates ask of their alert.
enum TemplateLabels {
  /// The names in `$labels.name`, and in `.Labels.name` where the dot is surely the alert.
  static func used(in text: String) -> [String] {
    var names: [String] = []
    let changesDot = ["range", "with", "define"].contains { text.contains($0) }
    for prefix in changesDot ? ["$labels."] : ["$labels.", ".Labels."] {
      for part in text.split(separator: prefix, omittingEmptySubsequences: false).dropFirst() {
        let name = String(part.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
        if !name.isEmpty, !names.contains(name) { names.append(name) }
      }
    }
    return names
  }

  /// A field of the alert that there is not, as a try shows.
  static func unknownField(_ template: AlertTemplate) -> String? {
    let functions = PrometheusFunctions.make(
      PrometheusContext(now: { 0 }, externalURL: "", regex: .re2, query: { _ in [] }))
    let text = template.expand(AlertTemplate.Data(labels: [], value: 1), functions: functions)
    guard text.contains("<error expanding template"), text.contains("can't evaluate field") else {
      return nil
    }
    let tail = text.split(separator: "can't evaluate field").last ?? ""
    let name = tail.split(separator: " ").first.map(String.init) ?? ""
    return "there is no field '\(name)'"
  }
}
