import MxModel
import MxPromQL

extension NaiveEvaluator {
  func binary(_ node: BinaryExpr, _ time: Int64) throws -> [Element] {
    switch (node.left.type, node.right.type) {
    case (.vector, .scalar):
      let scalar = try scalar(node.right, time)
      return try elements(node, vector(node.left, time)) { ($0, scalar) }
    case (.scalar, .vector):
      let scalar = try scalar(node.left, time)
      return try elements(node, vector(node.right, time)) { (scalar, $0) }
    default:
      let left = try vector(node.left, time)
      let right = try vector(node.right, time)
      return node.op.isSet ? sets(node, left, right) : try joined(node, left, right)
    }
  }

  private func apply(_ node: BinaryExpr, _ a: Double, _ b: Double, kept: Double) -> Double? {
    guard node.op.isComparison else { return NaiveMath.value(node.op, a, b) }
    let holds = NaiveMath.holds(node.op, a, b)
    if node.returnsBool { return holds ? 1 : 0 }
    return holds ? kept : nil
  }

  private func elements(
    _ node: BinaryExpr, _ all: [Element], _ operands: (Double) -> (Double, Double)
  ) throws -> [Element] {
    let result = all.compactMap { element -> Element? in
      let (a, b) = operands(element.value)
      return apply(node, a, b, kept: element.value).map {
        Element(labels: element.labels, value: $0, isMarked: element.isMarked)
      }
    }
    return node.op.isComparison && !node.returnsBool ? result : try dropNames(result)
  }

  private func signature(_ labels: LabelSet, _ matching: VectorMatching) -> LabelSet {
    matching.isOn
      ? labels.keeping(Set(matching.labels)) : labels.removing(Set(matching.labels + ["__name__"]))
  }

  private func sets(_ node: BinaryExpr, _ left: [Element], _ right: [Element]) -> [Element] {
    let matching = node.matching ?? VectorMatching()
    let lefts = Set(left.map { signature($0.labels, matching) })
    let rights = Set(right.map { signature($0.labels, matching) })
    switch node.op {
    case .and: return left.filter { rights.contains(signature($0.labels, matching)) }
    case .unless: return left.filter { !rights.contains(signature($0.labels, matching)) }
    default: return left + right.filter { !lefts.contains(signature($0.labels, matching)) }
    }
  }

  private func joined(
    _ node: BinaryExpr, _ left: [Element], _ right: [Element]
  ) throws -> [Element] {
    if left.isEmpty || right.isEmpty { return [] }
    let matching = node.matching ?? VectorMatching()
    let isSwapped = matching.cardinality == .oneToMany
    let (many, one) = isSwapped ? (right, left) : (left, right)
    var ones: [LabelSet: Element] = [:]
    for element in one {
      let key = signature(element.labels, matching)
      if ones[key] != nil { throw NaiveError(message: "many-to-many") }
      ones[key] = element
    }
    var met = Set<LabelSet>()
    var results: [LabelSet: Set<LabelSet>] = [:]
    var found: [Element] = []
    for element in many {
      let key = signature(element.labels, matching)
      guard let partner = ones[key] else { continue }
      if matching.cardinality == .oneToOne, !met.insert(key).inserted {
        throw NaiveError(message: "many-to-one")
      }
      let (a, b) = isSwapped ? (partner, element) : (element, partner)
      let labels = resultLabels(node, matching, element.labels, partner.labels)
      if matching.cardinality != .oneToOne, !results[key, default: []].insert(labels).inserted {
        throw NaiveError(message: "grouping labels must ensure unique matches")
      }
      let keepsName = node.op.isComparison && !node.returnsBool
      if let value = apply(node, a.value, b.value, kept: a.value) {
        found.append(
          Element(
            labels: labels, value: value,
            isMarked: delaysNames ? (!keepsName || element.isMarked) : false))
      }
    }
    return try unique(found)
  }

  private func resultLabels(
    _ node: BinaryExpr, _ matching: VectorMatching, _ many: LabelSet, _ one: LabelSet
  ) -> LabelSet {
    var labels = many
    if !delaysNames, !node.op.isComparison || node.returnsBool {
      labels = NaiveLabels.withoutName(labels)
    }
    if matching.cardinality == .oneToOne {
      return matching.isOn
        ? labels.keeping(Set(matching.labels)) : labels.removing(Set(matching.labels))
    }
    for name in matching.include { labels = labels.setting(name, to: one[name] ?? "") }
    return labels
  }

  func aggregate(_ node: Aggregation, _ time: Int64) throws -> [Element] {
    let all = try vector(node.argument, time)
    var order: [LabelSet] = []
    var groups: [LabelSet: [Element]] = [:]
    for element in all {
      let key =
        switch node.grouping {
        case .all: LabelSet.empty
        case .by(let names): element.labels.keeping(Set(names))
        case .without(let names): element.labels.removing(Set(names + ["__name__"]))
        }
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(element)
    }
    var parameter = 0.0
    if let expr = node.parameter, expr.type == .scalar { parameter = try scalar(expr, time) }
    var result: [Element] = []
    for key in order {
      let members = groups[key] ?? []
      switch node.op {
      case .topk, .bottomk:
        if parameter.isNaN { throw NaiveError(message: "Parameter value is NaN") }
        let sign = node.op == .topk ? -1.0 : 1.0
        let sorted = members.enumerated().sorted { left, right in
          let (a, b) = (left.element.value, right.element.value)
          if a.isNaN || b.isNaN {
            return a.isNaN && b.isNaN ? left.offset < right.offset : b.isNaN
          }
          return a == b ? left.offset < right.offset : sign * a < sign * b
        }
        result += sorted.prefix(Int(Swift.max(0, Swift.min(1e6, parameter)))).map(\.element)
      case .limitk: result += members.prefix(Int(Swift.max(0, Swift.min(1e6, parameter))))
      case .countValues: result += counted(node, key, members)
      default:
        let value = folded(node.op, members.map(\.value), parameter)
        result.append(
          Element(labels: key, value: value, isMarked: members.contains { $0.isMarked }))
      }
    }
    return result
  }

  private func counted(_ node: Aggregation, _ key: LabelSet, _ members: [Element]) -> [Element] {
    guard case .string(let literal)? = node.parameter?.unwrapped else { return [] }
    var counts: [String: (Double, Bool)] = [:]
    for element in members {
      // The generator counts small whole numbers only.
      let value = element.value
      let text =
        value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(Int(value))"
      counts[text, default: (0, false)].0 += 1
      if element.isMarked { counts[text]?.1 = true }
    }
    return counts.map {
      Element(
        labels: key.setting(literal.value, to: $0.key), value: $0.value.0, isMarked: $0.value.1)
    }
  }

  private func folded(_ op: AggregateOperator, _ values: [Double], _ parameter: Double) -> Double {
    switch op {
    case .sum: return NaiveMath.total(values)
    case .avg: return NaiveMath.mean(values)
    case .min: return NaiveMath.maximum(values, sign: -1)
    case .max: return NaiveMath.maximum(values)
    case .count: return Double(values.count)
    case .group: return 1
    case .quantile: return NaiveMath.quantile(values, parameter)
    default:
      var (mean, spread) = (values[0], values[0].isFinite ? 0 : Double.nan)
      for (index, value) in values.enumerated().dropFirst() {
        let delta = value - mean
        mean += delta / Double(index + 1)
        spread += delta * (value - mean)
      }
      let variance = spread / Double(values.count)
      return op == .stdvar ? variance : variance.squareRoot()
    }
  }
}
