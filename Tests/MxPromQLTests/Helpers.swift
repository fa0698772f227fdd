import MxModel
import MxPromQL
import Testing

/// The whole error line for `text`, nil if it parses.
func failure(_ text: String, options: ParserOptions = ParserOptions()) -> String? {
  do throws(PromQLError) {
    _ = try PromQL.parse(text, options: options)
    return nil
  } catch {
    return error.description
  }
}

/// The tree as text with a bracket around every node, so that what binds to what can be
/// seen: `a + b * c` is `(a + (b * c))`.
func shape(_ expr: Expr) -> String {
  switch expr {
  case .number(let node): return node.isDuration ? "d\(node.value)" : "\(node.value)"
  case .string(let node): return "'\(node.value)'"
  case .selector(let node): return shape(node, range: nil)
  case .range(let node): return shape(node.selector, range: node.range)
  case .subquery(let node):
    let step = node.step.map { shape($0) } ?? "-"
    return "(\(shape(node.inner)))[\(shape(node.range)) every \(step)]"
      + modifiers(node.at, node.offset)
  case .unary(let node): return "(\(node.op.symbol) \(shape(node.operand)))"
  case .binary(let node):
    var op = node.op.symbol
    if node.returnsBool { op += " bool" }
    if let matching = node.matching { op += shape(matching) }
    return "(\(shape(node.left)) \(op) \(shape(node.right)))"
  case .call(let node):
    return "\(node.function)(\(node.arguments.map { shape($0) }.joined(separator: ", ")))"
  case .aggregate(let node):
    let parameter = node.parameter.map { shape($0) + ", " } ?? ""
    let grouping =
      switch node.grouping {
      case .all: ""
      case .by(let labels): " by \(labels.joined(separator: "|"))"
      case .without(let labels): " without \(labels.joined(separator: "|"))"
      }
    return "\(node.op)(\(parameter)\(shape(node.argument)))\(grouping)"
  case .parentheses(let node): return "<\(shape(node.inner))>"
  }
}

private func shape(_ matching: VectorMatching) -> String {
  var result = ""
  if matching.isOn || !matching.labels.isEmpty {
    result += (matching.isOn ? " on:" : " ignoring:") + matching.labels.joined(separator: "|")
  }
  switch matching.cardinality {
  case .oneToOne, .manyToMany: break
  case .manyToOne: result += " left:" + matching.include.joined(separator: "|")
  case .oneToMany: result += " right:" + matching.include.joined(separator: "|")
  }
  if let value = matching.fillLeft { result += " fillLeft:\(value.value)" }
  if let value = matching.fillRight { result += " fillRight:\(value.value)" }
  return result
}

private func shape(_ node: Selector, range: DurationValue?) -> String {
  var result = node.metricName ?? ""
  let rest = node.matchers.dropFirst(node.metricName == nil ? 0 : 1)
  if !rest.isEmpty || result.isEmpty {
    result += "{\(rest.map(\.description).joined(separator: ","))}"
  }
  if let range { result += "[\(shape(range))]" }
  result += modifiers(node.at, node.offset)
  if node.extent != .none { result += " \(node.extent)" }
  return result
}

private func modifiers(_ at: AtModifier?, _ offset: DurationValue) -> String {
  var result = ""
  switch at {
  case nil: break
  case .start: result += " @start"
  case .end: result += " @end"
  case .time(let milliseconds): result += " @\(milliseconds)ms"
  }
  if !offset.isZero { result += " offset \(shape(offset))" }
  return result
}

private func shape(_ duration: DurationValue) -> String {
  switch duration {
  case .fixed(let milliseconds): "\(milliseconds)ms"
  case .computed(let expr): shape(expr)
  }
}

private func shape(_ expr: DurationExpr) -> String {
  switch expr {
  case .seconds(let literal, _): "\(literal.value)"
  case .step: "step"
  case .range: "range"
  case .unary(let op, let inner): "(\(op.symbol) \(shape(inner)))"
  case .binary(let op, let left, let right): "(\(shape(left)) \(op) \(shape(right)))"
  }
}

/// Checks that `text` has the tree that `shape` shows.
func check(_ text: String, _ wanted: String, at location: SourceLocation = #_sourceLocation) {
  do throws(PromQLError) {
    let tree = try PromQL.parse(text)
    #expect(shape(tree) == wanted, "\(text)", sourceLocation: location)
    let printed = tree.description
    #expect(
      try PromQL.parse(printed) == tree, "printed: \(printed)", sourceLocation: location)
  } catch {
    Issue.record("\(text): \(error)", sourceLocation: location)
  }
}

/// Checks that `text` is refused with exactly this line.
func refuse(_ text: String, _ wanted: String, at location: SourceLocation = #_sourceLocation) {
  let found = failure(text)
  #expect(found == wanted, "\(text)", sourceLocation: location)
}

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z &>> 31)
  }
}
