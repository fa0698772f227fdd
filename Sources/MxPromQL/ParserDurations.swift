import MxModel

extension Parser {
  private static let durationStart = "number, duration, step(), or range()"

  /// The milliseconds of a duration token such as `1h30m`.
  @inline(never)
  func milliseconds(_ token: Token) throws(PromQLError) -> Int64 {
    guard let result = DurationText.parse(string(token)) else {
      throw PromQLError(
        "not a valid duration string: \(Quoting.text(text(token)))", token.range)
    }
    guard result <= DurationExpr.maximumMilliseconds else {
      throw PromQLError("duration out of range", token.range)
    }
    return result
  }

  /// What stands in brackets before `]` or `:`: any arithmetic, more than zero.
  mutating func positiveDuration(place: String) throws(PromQLError) -> DurationValue {
    let start = token.start
    let outer = height
    let value = try resolved(try durationExpression(1, place: place), start)
    height = outer
    if let fixed = value.fixedMilliseconds, fixed <= 0 {
      throw PromQLError("duration must be greater than 0", range(from: start))
    }
    return value
  }

  /// What follows `offset`: one value with a sign, or arithmetic in parentheses.
  mutating func offsetDuration() throws(PromQLError) -> DurationValue {
    let start = token.start
    let outer = height
    let sign = token.kind
    if sign == .subtract || sign == .add { try advance() }
    var expr = try durationOperand(place: "offset")
    if sign == .subtract { expr = .negating(expr) }
    let value = try resolved(expr, start)
    height = outer
    return value
  }

  /// `expr` as milliseconds where it depends on nothing but the text.
  private func resolved(
    _ expr: DurationExpr, _ start: Int
  ) throws(PromQLError) -> DurationValue {
    let range = range(from: start)
    if !options.allowsDurationArithmetic, !expr.isLiteral {
      throw PromQLError("experimental duration expression is not enabled", range)
    }
    if expr.isConstant {
      return .fixed(try expr.milliseconds(DurationContext(step: 0, range: 0), range))
    }
    return .computed(expr)
  }

  /// Precedence climbing as for expressions, with the arithmetic operators alone.
  private mutating func durationExpression(
    _ minimum: Int, place: String
  ) throws(PromQLError) -> DurationExpr {
    try descend()
    var left = try signedDuration(place)
    while let op = durationOperator(), op.precedence >= minimum {
      let leftHeight = height
      let operatorToken = token
      try advance()
      let right = try durationExpression(
        op.precedence + (op == .power ? 0 : 1), place: place)
      if op == .divide || op == .modulo, right.isZeroLiteral {
        throw PromQLError(
          op == .divide ? "division by zero" : "modulo by zero", operatorToken.range)
      }
      left = .binary(op, left, right)
      try grow(over: max(leftHeight, height), at: operatorToken)
    }
    ascend()
    return left
  }

  private func durationOperator() -> DurationExpr.Operator? {
    switch token.kind {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .modulo: .modulo
    case .power: .power
    default: nil
    }
  }

  private mutating func signedDuration(_ place: String) throws(PromQLError) -> DurationExpr {
    let sign = token
    guard sign.kind == .subtract || sign.kind == .add else {
      return try durationOperand(place: place)
    }
    try advance()
    let inner = try durationExpression(UnaryOperator.precedence + 1, place: place)
    try grow(over: height, at: sign)
    return sign.kind == .subtract ? .negating(inner) : inner
  }

  private mutating func durationOperand(place: String) throws(PromQLError) -> DurationExpr {
    height = 1
    let first = token
    switch first.kind {
    case .number, .duration:
      let seconds = Literal(try numberValue(first))
      try advance()
      return .seconds(seconds, isDuration: first.kind == .duration)
    case .step, .range:
      try advance()
      try expect(.leftParen, in: place, expected: "\"(\"")
      try expect(.rightParen, in: place, expected: "\")\"")
      return first.kind == .step ? .step : .range
    case .minOf, .maxOf:
      try advance()
      try expect(.leftParen, in: place, expected: "\"(\"")
      let left = try durationExpression(1, place: place)
      let leftHeight = height
      try expect(.comma, in: place, expected: "\",\"")
      let right = try durationExpression(1, place: place)
      try expect(.rightParen, in: place, expected: "\")\"")
      try grow(over: max(leftHeight, height), at: first)
      return .binary(first.kind == .minOf ? .minimum : .maximum, left, right)
    case .leftParen:
      try advance()
      let inner = try durationExpression(1, place: place)
      try expect(.rightParen, in: place, expected: "\")\"")
      return inner
    default:
      throw unexpected(in: place, expected: Self.durationStart)
    }
  }
}
