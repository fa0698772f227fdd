import MxModel

extension Printer {
  /// What stands between brackets.
  static func text(_ value: DurationValue) -> String {
    switch value {
    case .fixed(let milliseconds): DurationText.print(milliseconds)
    case .computed(let expr): text(expr, minimum: 0)
    }
  }

  /// What stands after `offset`: arithmetic needs parentheses there, one value or
  /// call with a sign does not.
  static func offsetText(_ value: DurationValue) -> String {
    guard case .computed(let expr) = value else { return text(value) }
    switch expr {
    case .unary(let op, let inner): return op.symbol + offsetOperand(inner)
    default: return offsetOperand(expr)
    }
  }

  private static func offsetOperand(_ expr: DurationExpr) -> String {
    switch expr {
    case .step, .range, .binary(.minimum, _, _), .binary(.maximum, _, _):
      text(expr, minimum: 0)
    default: "(\(text(expr, minimum: 0)))"
    }
  }

  private static func text(_ expr: DurationExpr, minimum: Int, isRight: Bool = false) -> String {
    let bare: String
    var needsParentheses = false
    switch expr {
    case .seconds(let literal, let isDuration):
      bare = text(seconds: literal.value, isDuration)
      needsParentheses =
        literal.value.sign == .minus && minimum > UnaryOperator.precedence && !isRight
    case .step: bare = "step()"
    case .range: bare = "range()"
    case .unary(let op, let inner):
      needsParentheses = minimum > UnaryOperator.precedence && !isRight
      var operand = text(inner, minimum: UnaryOperator.precedence + 1, isRight: true)
      // A bare number would melt with the sign.
      if inner.isLiteral { operand = "(\(operand))" }
      bare = op.symbol + operand
    case .binary(let op, let left, let right):
      guard let symbol = op.symbol else {
        let name = op == .minimum ? "min_of" : "max_of"
        return "\(name)(\(text(left, minimum: 0)), \(text(right, minimum: 0)))"
      }
      let precedence = op.precedence
      let leftMinimum = op == .power ? precedence + 1 : precedence
      let rightMinimum = op == .power ? precedence : precedence + 1
      bare =
        "\(text(left, minimum: leftMinimum)) \(symbol) "
        + text(right, minimum: rightMinimum, isRight: true)
      needsParentheses = precedence < minimum
    }
    return needsParentheses ? "(\(bare))" : bare
  }

  private static func text(seconds: Double, _ isDuration: Bool) -> String {
    let milliseconds = (seconds * 1000).rounded()
    guard isDuration, seconds != 0,
      milliseconds.magnitude <= Double(DurationExpr.maximumMilliseconds),
      milliseconds / 1000 == seconds
    else { return isDuration && seconds == 0 ? "0s" : text(seconds) }
    return DurationText.print(Int64(milliseconds))
  }
}

extension DurationExpr.Operator {
  /// Nil for `min_of` and `max_of`, which are calls.
  var symbol: String? {
    switch self {
    case .add: "+"
    case .subtract: "-"
    case .multiply: "*"
    case .divide: "/"
    case .modulo: "%"
    case .power: "^"
    case .minimum, .maximum: nil
    }
  }
}
