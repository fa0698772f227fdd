import Glibc

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
    case .power: return pow(left, right)
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
