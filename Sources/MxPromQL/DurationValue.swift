/// A range, a subquery's step, or an offset.
package enum DurationValue: Hashable, Sendable {
  /// Known from the text alone, in ms: `5m`, `300`, `5m * 2`.
  case fixed(Int64)
  /// Depends on the query's step or range: `step() * 2`.
  case computed(DurationExpr)

  package static let zero = DurationValue.fixed(0)

  package var isZero: Bool { self == .zero }

  /// The milliseconds, nil where they depend on the query; for them there is
  /// `milliseconds(context:)`.
  package var fixedMilliseconds: Int64? {
    if case .fixed(let milliseconds) = self { return milliseconds }
    return nil
  }
}

/// Arithmetic on durations that the query's own times decide.
///
/// Everything is in seconds; the result is rounded to ns, then cut to ms.
package indirect enum DurationExpr: Hashable, Sendable {
  /// `isDuration`: written `5m` and not `300`.
  case seconds(Literal, isDuration: Bool)
  /// `step()`: the step of the range query, 0 for an instant query.
  case step
  /// `range()`: its end - start.
  case range
  case unary(UnaryOperator, DurationExpr)
  case binary(Operator, DurationExpr, DurationExpr)

  package enum Operator: UInt8, Hashable, Sendable, CaseIterable {
    case add, subtract, multiply, divide, modulo, power
    /// `min_of(a, b)`, `max_of(a, b)`: written as calls.
    case minimum, maximum
  }
}

/// What `step()` and `range()` mean in one evaluation, in ms.
package struct DurationContext: Hashable, Sendable {
  package var step: Int64
  package var range: Int64

  package init(step: Int64, range: Int64) {
    self.step = step
    self.range = range
  }
}
