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
  mutating func positiveDuration() throws(PromQLError) -> DurationValue {
    let start = token.start
    let outer = height
    let value = try resolved(try durationExpression(1, place: "subquery or range selector"), start)
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

extension DurationExpr {
  /// 292 years: as far as nanoseconds in an Int64 reach, Prometheus' own bound.
  package static let maximumMilliseconds = Int64.max / 1_000_000

  /// `-inner`, the sign of a number being part of it.
  static func negating(_ inner: DurationExpr) -> DurationExpr {
    if case .seconds(let literal, let isDuration) = inner {
      return .seconds(Literal(-literal.value), isDuration: isDuration)
    }
    return .unary(.minus, inner)
  }

  /// A number or duration, nothing to compute.
  var isLiteral: Bool {
    if case .seconds = self { return true }
    return false
  }

  var isZeroLiteral: Bool {
    if case .seconds(let literal, _) = self { return literal.value == 0 }
    return false
  }

  /// Whether neither `step()` nor `range()` is inside.
  package var isConstant: Bool {
    switch self {
    case .seconds: true
    case .step, .range: false
    case .unary(_, let inner): inner.isConstant
    case .binary(_, let left, let right): left.isConstant && right.isConstant
    }
  }

  /// The value in milliseconds: seconds rounded to ns, then cut to ms. `place` is for
  /// the error, where the result is not finite, too long or a division by zero.
  package func milliseconds(
    _ context: DurationContext, _ place: SourceRange = .none
  ) throws(PromQLError) -> Int64 {
    let seconds = try seconds(context, place)
    let milliseconds = seconds * 1000
    guard milliseconds.magnitude <= Double(Self.maximumMilliseconds) else {
      throw PromQLError("duration out of range", place)
    }
    // Whole milliseconds may be too large to be exact in ns.
    let whole = milliseconds.rounded()
    if (milliseconds - whole).magnitude < 1e-6 { return Int64(whole) }
    return Int64((seconds * 1e9).rounded(.toNearestOrAwayFromZero) / 1e6)
  }

  private func seconds(
    _ context: DurationContext, _ place: SourceRange
  ) throws(PromQLError) -> Double {
    switch self {
    case .seconds(let literal, _): return literal.value
    case .step: return Double(context.step) / 1000
    case .range: return Double(context.range) / 1000
    case .unary(let op, let inner):
      let value = try inner.seconds(context, place)
      return op == .minus ? -value : value
    case .binary(let op, let left, let right):
      return try op.apply(
        try left.seconds(context, place), try right.seconds(context, place), place)
    }
  }
}

extension DurationExpr.Operator {
  /// As for the operators of expressions; calls bind tightest of all.
  var precedence: Int {
    switch self {
    case .add, .subtract: 4
    case .multiply, .divide, .modulo: 5
    case .power: 6
    case .minimum, .maximum: 7
    }
  }

  fileprivate func apply(
    _ left: Double, _ right: Double, _ place: SourceRange
  ) throws(PromQLError) -> Double {
    switch self {
    case .add: return left + right
    case .subtract: return left - right
    case .multiply: return left * right
    case .divide:
      if right == 0 { throw PromQLError("division by zero", place) }
      return left / right
    case .modulo:
      if right == 0 { throw PromQLError("modulo by zero", place) }
      return left.truncatingRemainder(dividingBy: right)
    case .power: return DurationMath.power(left, right)
    case .minimum: return Swift.min(left, right)
    case .maximum: return Swift.max(left, right)
    }
  }
}

extension DurationValue {
  /// The milliseconds in one evaluation. Ranges and steps must come out positive;
  /// offsets may be anything.
  package func milliseconds(
    _ context: DurationContext, mustBePositive: Bool, at place: SourceRange = .none
  ) throws(PromQLError) -> Int64 {
    switch self {
    case .fixed(let milliseconds): return milliseconds
    case .computed(let expr):
      let result = try expr.milliseconds(context, place)
      if mustBePositive, result <= 0 {
        throw PromQLError("duration must be greater than 0", place)
      }
      return result
    }
  }
}
