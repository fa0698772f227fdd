package import MxPromQL

/// Expressions made of a rule's expression: is its data there at all, and would it
/// hold with another threshold.
extension Expr {
  /// The expression without its conditions: it has an element for every series that
  /// the rule could judge, whatever its value. Nil where that cannot be told, as of
  /// `absent`, whose very point is that nothing is there.
  ///
  /// The right sides of `and` and `unless` do not count: they say when a series is
  /// looked at, not whether it lives.
  package var withoutConditions: Expr? {
    if contains(where: \.saysAbsence) { return nil }
    return dropConditions
  }

  private var saysAbsence: Bool {
    switch self {
    case .call(let node): node.function == .absent || node.function == .absentOverTime
    case .aggregate(let node): node.op == .countValues
    default: false
    }
  }

  fileprivate var dropConditions: Expr {
    switch self {
    case .number, .string, .selector, .range: return self
    case .parentheses(let node): return .parentheses(Parentheses(node.inner.dropConditions))
    case .subquery(var node):
      node.inner = node.inner.dropConditions
      return .subquery(node)
    case .unary(let node): return .unary(UnaryExpr(node.op, node.operand.dropConditions))
    case .call(let node):
      return .call(Call(node.function, node.arguments.map(\.dropConditions)))
    case .aggregate(let node): return node.withoutChoice
    case .binary(let node): return node.withoutCondition
    }
  }

  /// Like this expression, with `threshold` in place of the number that it compares
  /// with; nil where it is no such comparison. What `and` and `unless` add stays.
  package func comparing(with threshold: Double) -> Expr? {
    switch self {
    case .parentheses(let node):
      return node.inner.comparing(with: threshold).map { .parentheses(Parentheses($0)) }
    case .binary(let node):
      if node.op == .and || node.op == .unless {
        return node.left.comparing(with: threshold).map { left in
          .binary(node.with(left, node.right))
        }
      }
      guard node.comparison != nil else { return nil }
      let number = Expr.number(NumberLiteral(threshold))
      return .binary(
        node.right.type == .scalar ? node.with(node.left, number) : node.with(number, node.right))
    default: return nil
    }
  }

  /// The comparison of a vector with a number by which an alert is decided, as if the
  /// vector stood on the left; nil where there is none.
  package var decisiveComparison: (op: BinaryOperator, threshold: Double?)? {
    switch self {
    case .parentheses(let node): return node.inner.decisiveComparison
    case .binary(let node):
      if node.op == .and || node.op == .unless { return node.left.decisiveComparison }
      return node.comparison
    default: return nil
    }
  }

  /// The value of a number as it is written, signs and parentheses included.
  package var constant: Double? {
    switch self {
    case .number(let node): return node.value
    case .parentheses(let node): return node.inner.constant
    case .unary(let node): return node.operand.constant.map { node.op == .minus ? -$0 : $0 }
    case .binary(let node):
      guard let left = node.left.constant, let right = node.right.constant else { return nil }
      switch node.op {
      case .add: return left + right
      case .subtract: return left - right
      case .multiply: return left * right
      case .divide: return left / right
      default: return nil
      }
    default: return nil
    }
  }
}

extension BinaryExpr {
  fileprivate func with(_ left: Expr, _ right: Expr) -> BinaryExpr {
    BinaryExpr(op, left, right, returnsBool: returnsBool, matching: matching)
  }

  /// Filtering by a number: the operator as if the vector stood on the left.
  fileprivate var comparison: (op: BinaryOperator, threshold: Double?)? {
    guard op.isComparison, !returnsBool else { return nil }
    if left.type == .vector, right.type == .scalar { return (op, right.constant) }
    if left.type == .scalar, right.type == .vector { return (op.mirrored, left.constant) }
    return nil
  }

  fileprivate var withoutCondition: Expr {
    let (left, right) = (self.left.dropConditions, self.right.dropConditions)
    if op == .and || op == .unless { return left }
    guard op.isComparison, !returnsBool, type == .vector else {
      return .binary(with(left, right))
    }
    if self.left.type == .scalar { return right }
    guard self.right.type == .vector, let matching else { return left }
    // Both sides must be there; the labels are those of the 'many' side.
    let both = VectorMatching(
      cardinality: .manyToMany, isOn: matching.isOn, labels: matching.labels)
    return matching.cardinality == .oneToMany
      ? .binary(BinaryExpr(.and, right, left, matching: both))
      : .binary(BinaryExpr(.and, left, right, matching: both))
  }
}

extension Aggregation {
  /// The elements that `topk` and its like choose from; of others the groups.
  fileprivate var withoutChoice: Expr {
    let inner = argument.dropConditions
    switch op {
    case .topk, .bottomk, .limitk, .limitRatio: return inner
    default:
      return .aggregate(Aggregation(op, parameter: parameter, inner, grouping: grouping))
    }
  }
}

extension BinaryOperator {
  /// The operator with its sides exchanged.
  fileprivate var mirrored: BinaryOperator {
    switch self {
    case .greater: .less
    case .less: .greater
    case .greaterOrEqual: .lessOrEqual
    case .lessOrEqual: .greaterOrEqual
    default: self
    }
  }
}
