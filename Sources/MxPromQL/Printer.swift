import MxModel

extension Expr: CustomStringConvertible {
  /// The expression on one line. It parses back to the same tree; parentheses are
  /// kept as written and added only where the tree needs them.
  package var description: String {
    var printer = Printer()
    printer.write(self)
    return printer.out
  }
}

extension Selector: CustomStringConvertible {
  package var description: String { Expr.selector(self).description }
}

/// Writes trees as text.
struct Printer {
  var out = ""

  /// Higher than any operator: what a postfix modifier needs before it.
  static let tightest = 9

  /// Writes `expr` where an operator of precedence `minimum` could take it apart;
  /// as a right operand (`isRight`) a leading sign cannot be torn off.
  mutating func write(_ expr: Expr, minimum: Int = 0, isRight: Bool = false) {
    if Self.needsParentheses(expr, minimum: minimum, isRight: isRight) {
      out += "("
      write(expr)
      out += ")"
      return
    }
    switch expr {
    case .number(let node): write(node)
    case .string(let node): out += Quoting.literal(node.bytes)
    case .selector(let node):
      writeMatchers(node.matchers)
      writeModifiers(node)
    case .range(let node):
      writeMatchers(node.selector.matchers)
      out += "[\(Printer.text(node.range))]"
      writeModifiers(node.selector)
    case .subquery(let node):
      write(node.inner, minimum: Self.tightest)
      writeSubquerySuffix(node)
    case .unary(let node):
      out += node.op.symbol
      writeSigned(node.operand)
    case .binary(let node):
      let (left, right) = Self.minimums(node.op)
      write(node.left, minimum: left)
      out += " \(Printer.operatorText(node)) "
      write(node.right, minimum: right, isRight: true)
    case .call(let node): write(node)
    case .aggregate(let node):
      out += "\(Printer.head(node))("
      if let parameter = node.parameter {
        write(parameter)
        out += ", "
      }
      write(node.argument)
      out += ")"
    case .parentheses(let node):
      out += "("
      write(node.inner)
      out += ")"
    }
  }

  /// What the left and the right operand of `op` must bind as tightly as.
  static func minimums(_ op: BinaryOperator) -> (left: Int, right: Int) {
    let precedence = op.precedence
    return op.isRightAssociative ? (precedence + 1, precedence) : (precedence, precedence + 1)
  }

  static func needsParentheses(_ expr: Expr, minimum: Int, isRight: Bool) -> Bool {
    switch expr {
    case .binary(let node): return node.op.precedence < minimum
    case .unary:
      return minimum == tightest || (minimum > UnaryOperator.precedence && !isRight)
    case .number(let node):
      let isSigned = node.value.sign == .minus && !node.value.isNaN
      return isSigned
        && (minimum == tightest || (minimum > UnaryOperator.precedence && !isRight))
    default: return false
    }
  }

  /// The operand of a sign: a bare number would melt with it.
  mutating func writeSigned(_ operand: Expr) {
    if case .number = operand {
      out += "("
      write(operand)
      out += ")"
    } else {
      write(operand, minimum: UnaryOperator.precedence + 1, isRight: true)
    }
  }

  private mutating func write(_ node: NumberLiteral) {
    let milliseconds = (node.value * 1000).rounded()
    if node.isDuration, milliseconds.magnitude <= Double(DurationExpr.maximumMilliseconds),
      milliseconds / 1000 == node.value
    {
      let isNegativeZero = node.value == 0 && node.value.sign == .minus
      out += (isNegativeZero ? "-" : "") + DurationText.print(Int64(milliseconds))
    } else {
      out += Printer.text(node.value)
    }
  }

  private mutating func write(_ node: Call) {
    out += "\(node.function.name)("
    for (index, argument) in node.arguments.enumerated() {
      if index > 0 { out += ", " }
      writeArgument(argument, index, of: node.function)
    }
    out += ")"
  }

  /// The labels of `info` are in braces, the name too.
  mutating func writeArgument(_ argument: Expr, _ index: Int, of function: FunctionID) {
    if function == .info, index == 1, case .selector(let selector) = argument {
      writeBraces(selector.matchers[...])
      writeModifiers(selector)
    } else {
      write(argument)
    }
  }

  // MARK: Selectors

  private mutating func writeMatchers(_ matchers: [Matcher]) {
    let names = matchers.count(where: { $0.name == LabelName.metric })
    guard names == 1, let first = matchers.first, first.name == LabelName.metric,
      first.op == .equal, !first.value.isEmpty
    else { return writeBraces(matchers[...]) }
    if LabelName.isPlainMetric(first.value), Keyword.find(first.value) == nil {
      out += first.value
      if matchers.count > 1 { writeBraces(matchers.dropFirst()) }
    } else {
      writeBraces(matchers.dropFirst(), quotedName: first.value)
    }
  }

  private mutating func writeBraces(
    _ matchers: ArraySlice<Matcher>, quotedName: String? = nil
  ) {
    out += "{"
    if let quotedName { out += Quoting.text(quotedName) }
    for (index, matcher) in matchers.enumerated() {
      if index > 0 || quotedName != nil { out += ", " }
      let isPlain = LabelName.isPlainLabel(matcher.name)
      out += isPlain ? matcher.name : Quoting.text(matcher.name)
      out += matcher.op.rawValue
      out += Quoting.text(matcher.value)
    }
    out += "}"
  }

  private mutating func writeModifiers(_ node: Selector) {
    writeModifiers(at: node.at, offset: node.offset)
    switch node.extent {
    case .none: break
    case .anchored: out += " anchored"
    case .smoothed: out += " smoothed"
    }
  }

  private mutating func writeModifiers(at: AtModifier?, offset: DurationValue) {
    switch at {
    case nil: break
    case .start: out += " @ start()"
    case .end: out += " @ end()"
    case .time(let milliseconds): out += " @ \(Printer.seconds(milliseconds))"
    }
    if !offset.isZero { out += " offset \(Printer.offsetText(offset))" }
  }

  mutating func writeSubquerySuffix(_ node: Subquery) {
    out += "[\(Printer.text(node.range)):"
    if let step = node.step { out += Printer.text(step) }
    out += "]"
    writeModifiers(at: node.at, offset: node.offset)
  }

  // MARK: Pieces

  /// `sum by (a, b) `, without the parenthesis of the arguments.
  static func head(_ node: Aggregation) -> String {
    switch node.grouping {
    case .all: node.op.name
    case .by(let labels): "\(node.op.name) by (\(list(labels))) "
    case .without(let labels): "\(node.op.name) without (\(list(labels))) "
    }
  }

  /// The operator with `bool`, `on`, `group_left`, `fill`.
  static func operatorText(_ node: BinaryExpr) -> String {
    var result = node.op.symbol
    if node.returnsBool { result += " bool" }
    guard let matching = node.matching else { return result }
    let isGrouped = matching.cardinality == .manyToOne || matching.cardinality == .oneToMany
    if matching.isOn || !matching.labels.isEmpty || isGrouped {
      result += " \(matching.isOn ? "on" : "ignoring") (\(list(matching.labels)))"
    }
    if isGrouped {
      let word = matching.cardinality == .manyToOne ? "group_left" : "group_right"
      result += " \(word) (\(list(matching.include)))"
    }
    if let left = matching.fillLeft, left == matching.fillRight {
      return result + " fill (\(text(left.value)))"
    }
    if let left = matching.fillLeft { result += " fill_left (\(text(left.value)))" }
    if let right = matching.fillRight { result += " fill_right (\(text(right.value)))" }
    return result
  }

  static func list(_ labels: [String]) -> String {
    labels.map { label in
      let isBare = LabelName.isPlainLabel(label) && Keyword.find(label) != .number
      return isBare ? label : Quoting.text(label)
    }
    .joined(separator: ", ")
  }

  /// The shortest decimal that reads back as the same number.
  static func text(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "Inf" }
    if value == value.rounded(), value.magnitude < 1e15 {
      return value == 0 && value.sign == .minus ? "-0" : "\(Int64(value))"
    }
    return value.description
  }

  /// Milliseconds as seconds: `1600000000.5`.
  static func seconds(_ milliseconds: Int64) -> String {
    let magnitude = milliseconds.magnitude
    var result = (milliseconds < 0 ? "-" : "") + "\(magnitude / 1000)"
    let rest = magnitude % 1000
    if rest > 0 {
      var digits = "\(1000 + rest)".dropFirst()
      while digits.last == "0" { digits = digits.dropLast() }
      result += ".\(digits)"
    }
    return result
  }
}
