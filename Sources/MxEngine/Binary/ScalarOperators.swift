import Glibc
import MxModel
import MxPromQL

/// What an operator makes of two numbers.
enum Arithmetic {
  /// The value of an arithmetic operator.
  @inline(__always)
  static func value(_ op: BinaryOperator, _ left: Double, _ right: Double) -> Double {
    switch op {
    case .add: left + right
    case .subtract: left - right
    case .multiply: left * right
    case .divide: left / right
    case .modulo: Glibc.fmod(left, right)
    case .power: Glibc.pow(left, right)
    case .atan2: Glibc.atan2(left, right)
    default: preconditionFailure("BUG: \(op.symbol) is no arithmetic")
    }
  }

  @inline(__always)
  static func holds(_ op: BinaryOperator, _ left: Double, _ right: Double) -> Bool {
    switch op {
    case .equal: left == right
    case .notEqual: left != right
    case .greater: left > right
    case .less: left < right
    case .greaterOrEqual: left >= right
    case .lessOrEqual: left <= right
    default: preconditionFailure("BUG: \(op.symbol) is no comparison")
    }
  }
}

/// What an operator does to one pair of elements.
struct PairOperator: Sendable {
  let op: BinaryOperator
  let returnsBool: Bool

  /// Whether results are something else than the metric was.
  var dropsName: Bool { returnsBool || !op.isComparison }

  /// The value, absent where a comparison filters; `kept` is what a filter lets pass.
  @inline(__always)
  func value(_ left: Double, _ right: Double, kept: Double) -> Double {
    guard op.isComparison else { return Arithmetic.value(op, left, right) }
    let holds = Arithmetic.holds(op, left, right)
    if returnsBool { return holds ? 1 : 0 }
    return holds ? kept : Absent.value
  }
}

extension Evaluator {
  func scalarBinary(_ node: BinaryExpr, _ grid: Grid) throws -> ScalarColumn {
    let left = try scalar(node.left, grid)
    let right = try scalar(node.right, grid)
    let pair = PairOperator(op: node.op, returnsBool: true)
    let count = max(left.values.count, right.values.count)
    return ScalarColumn(
      values: (0..<count).map { pair.value(left[$0], right[$0], kept: left[$0]) })
  }

  /// A binary operator with at least one vector.
  func binary(_ node: BinaryExpr, _ grid: Grid) throws -> VectorStream {
    switch (node.left.type, node.right.type) {
    case (.vector, .vector):
      let matching = node.matching ?? VectorMatching()
      if node.op == .or {
        return try united(
          node.unionOperands.map { try vector($0, grid) }, matching)
      }
      let left = try vector(node.left, grid)
      let right = try vector(node.right, grid)
      switch node.op {
      case .and, .unless: return try intersected(node.op, left, right, matching)
      default: return try VectorJoin(node, matching, self).join(left, right)
      }
    case (.vector, _):
      return try elementwise(
        node, vector(node.left, grid), scalar(node.right, grid), scalarIsLeft: false)
    default:
      return try elementwise(
        node, vector(node.right, grid), scalar(node.left, grid), scalarIsLeft: true)
    }
  }

  private func elementwise(
    _ node: BinaryExpr, _ stream: VectorStream, _ scalar: ScalarColumn, scalarIsLeft: Bool
  ) throws -> VectorStream {
    if node.op == .trimLower || node.op == .trimUpper {
      // Cuts native histograms; floats are no input for it.
      let place = node.operatorPosition
      let notes = notes
      return stream.mapping { _, row in
        guard row.hasValues else { return }
        notes.inform(
          "incompatible sample types encountered for binary operator "
            + "\(LabelKey.quoted(node.op.symbol)): float \(node.op.symbol) float", place)
        row.update(repeating: Absent.value)
      }
    }
    let pair = PairOperator(op: node.op, returnsBool: node.returnsBool)
    let mapped = stream.mapping { _, row in
      pair.apply(row, scalar, scalarIsLeft: scalarIsLeft)
    }
    return pair.dropsName ? try droppingName(mapped) : mapped
  }
}

extension PairOperator {
  /// Applies the operator between a row and a scalar, in place.
  func apply(_ row: Row, _ scalar: ScalarColumn, scalarIsLeft: Bool) {
    // The frequent operators have their own loops, so that the choice is not made anew
    // at every step.
    switch op {
    case .add: each(row, scalar) { $0 + $1 }
    case .multiply: each(row, scalar) { $0 * $1 }
    case .subtract where !scalarIsLeft: each(row, scalar) { $0 - $1 }
    case .divide where !scalarIsLeft: each(row, scalar) { $0 / $1 }
    case .greater where !scalarIsLeft && !returnsBool:
      each(row, scalar) { $0 > $1 ? $0 : Absent.value }
    case .less where !scalarIsLeft && !returnsBool:
      each(row, scalar) { $0 < $1 ? $0 : Absent.value }
    default:
      each(row, scalar) { value, scalar in
        scalarIsLeft
          ? self.value(scalar, value, kept: value) : self.value(value, scalar, kept: value)
      }
    }
  }

  @inline(__always)
  private func each(
    _ row: Row, _ scalar: ScalarColumn, _ body: (Double, Double) -> Double
  ) {
    for step in row.indices where Absent.isPresent(row[step]) {
      row[step] = body(row[step], scalar[step])
    }
  }
}

extension BinaryExpr {
  /// The operands of a chain of `or` that all match alike: `(a or b) or c` is three.
  fileprivate var unionOperands: [Expr] {
    var chain = [right]
    var first = left
    while case .binary(let node) = first.unwrapped, node.op == .or, node.matching == matching {
      chain.append(node.right)
      first = node.left
    }
    return [first] + chain.reversed()
  }
}
