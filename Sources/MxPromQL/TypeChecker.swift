import MxModel

/// What the grammar cannot say: types, counts of arguments, which modifiers fit.
///
/// Runs over the finished tree, so that errors of syntax come first, and in
/// Prometheus' order, so that the first error is the same.
struct TypeChecker {
  /// The query, for how a thing was written.
  let bytes: UnsafeBufferPointer<UInt8>

  /// Each kind of node has a function and so a frame of its own: this one, which is
  /// on the stack once a level, stays small.
  @discardableResult
  @inline(never)
  func check(_ expr: Expr) throws(PromQLError) -> ValueType {
    switch expr {
    case .number, .string: break
    case .selector, .range: try checkSelector(expr)
    case .parentheses: try check(Self.inner(expr))
    case .subquery: try checkSubquery(expr)
    case .unary: try checkUnary(expr)
    case .aggregate: try checkAggregation(expr)
    case .binary: try checkBinary(expr)
    case .call: try checkCall(expr)
    }
    return expr.type
  }

  @inline(never)
  private static func inner(_ expr: Expr) -> Expr {
    switch expr {
    case .parentheses(let node): node.inner
    case .subquery(let node): node.inner
    case .unary(let node): node.operand
    default: expr
    }
  }

  @inline(never)
  private func checkSelector(_ expr: Expr) throws(PromQLError) {
    switch expr {
    case .selector(let node): try check(node)
    case .range(let node): try check(node.selector)
    default: break
    }
  }

  @inline(never)
  private func checkSubquery(_ expr: Expr) throws(PromQLError) {
    let type = try check(Self.inner(expr))
    if type == .vector { return }
    throw PromQLError(
      "subquery is only allowed on instant vector, got \(type.name) instead", expr.position)
  }

  @inline(never)
  private func checkUnary(_ expr: Expr) throws(PromQLError) {
    let type = try check(Self.inner(expr))
    if type == .scalar || type == .vector { return }
    throw PromQLError(
      "unary expression only allowed on expressions of type scalar or instant vector, "
        + "got \(Quoting.text(type.documentedName))", expr.position)
  }

  private func expect(
    _ wanted: ValueType, _ expr: Expr, in place: @autoclosure () -> String
  ) throws(PromQLError) {
    let type = try check(expr)
    if type != wanted {
      throw PromQLError(
        "expected type \(wanted.documentedName) in \(place()), got \(type.documentedName)",
        expr.position)
    }
  }

  private func check(_ node: Selector, mayMatchEmpty: Bool = false) throws(PromQLError) {
    if mayMatchEmpty || node.matchers.contains(where: { !$0.matchesEmpty }) { return }
    throw PromQLError(
      "vector selector must contain at least one non-empty matcher", node.position)
  }

  @inline(never)
  private func checkAggregation(_ expr: Expr) throws(PromQLError) {
    guard case .aggregate(let node) = expr else { return }
    try expect(.vector, node.argument, in: "aggregation expression")
    if let wanted = node.op.parameterType, let parameter = node.parameter {
      try expect(wanted, parameter, in: "aggregation parameter")
    }
  }

  @inline(never)
  private func checkCall(_ expr: Expr) throws(PromQLError) {
    guard case .call(let node) = expr else { return }
    try checkCount(node)
    for index in node.arguments.indices {
      let argument = node.arguments[index]
      if node.function == .info, index == 1 {
        try checkInfoLabels(argument)
      } else if let wanted = node.function.signature.argumentType(index) {
        try expect(
          wanted, argument, in: "call to function \(Quoting.text(node.function.name))")
      }
    }
  }

  @inline(never)
  private func checkCount(_ node: Call) throws(PromQLError) {
    let signature = node.function.signature
    let (minimum, maximum) = (signature.minimumArguments, signature.maximumArguments)
    let count = node.arguments.count
    if count >= minimum, count <= maximum { return }
    let bound = minimum == maximum ? "" : count < minimum ? "at least " : "at most "
    let wanted = count < minimum ? minimum : maximum
    throw PromQLError(
      "expected \(bound)\(wanted) argument(s) in call to \(Quoting.text(signature.name)), "
        + "got \(count)", node.position)
  }

  /// The second argument of `info` is only matchers, and may match everything.
  @inline(never)
  private func checkInfoLabels(_ argument: Expr) throws(PromQLError) {
    guard argument.type == .vector else {
      throw PromQLError(
        "expected type instant vector in call to function \"info\", got "
          + argument.type.documentedName, argument.position)
    }
    guard case .selector(let selector) = argument else {
      throw PromQLError("expected label selectors only", argument.position)
    }
    let first = Int(selector.position.start)
    let isNamed = first < bytes.count && bytes[first] != UInt8(ascii: "{")
    if isNamed {
      throw PromQLError(
        "expected label selectors only, got vector selector instead", argument.position)
    }
    try check(selector, mayMatchEmpty: true)
  }

  // MARK: Operators

  @inline(never)
  private func checkBinary(_ expr: Expr) throws(PromQLError) {
    guard case .binary(let node) = expr else { return }
    try check(node.left)
    try check(node.right)
    try checkOperands(node)
  }

  @inline(never)
  private func checkOperands(_ node: BinaryExpr) throws(PromQLError) {
    let left = node.left.type
    let right = node.right.type
    if node.returnsBool, !node.op.isComparison {
      throw PromQLError(
        "bool modifier can only be used on comparison operators", node.operatorPosition)
    }
    if node.op.isComparison, !node.returnsBool, left == .scalar, right == .scalar {
      throw PromQLError(
        "comparisons between scalars must use BOOL modifier", node.operatorPosition)
    }
    if let matching = node.matching, matching.isOn,
      let label = matching.labels.first(where: { matching.include.contains($0) })
    {
      throw PromQLError(
        "label \(Quoting.text(label)) must not occur in ON and GROUP clause at once",
        node.operatorPosition)
    }
    for (type, operand) in [(left, node.left), (right, node.right)]
    where type != .scalar && type != .vector {
      throw PromQLError(
        "binary expression must contain only scalar and instant vector types", operand.position)
    }
    try checkMatching(node, areVectors: left == .vector && right == .vector)
    if node.op.isSet, left == .scalar || right == .scalar {
      throw PromQLError(
        "set operator \(Quoting.text(node.op.symbol)) not allowed in binary scalar expression",
        node.position)
    }
  }

  @inline(never)
  private func checkMatching(_ node: BinaryExpr, areVectors: Bool) throws(PromQLError) {
    guard let matching = node.matching else { return }
    let isFilled = matching.fillLeft != nil || matching.fillRight != nil
    if !areVectors {
      if !matching.labels.isEmpty {
        throw PromQLError(
          "vector matching only allowed between instant vectors", node.position)
      }
      if isFilled {
        throw PromQLError(
          "filling in missing series only allowed between instant vectors", node.position)
      }
    } else if node.op.isSet {
      if matching.cardinality != .manyToMany {
        throw PromQLError(
          "no grouping allowed for \(Quoting.text(node.op.symbol)) operation", node.position)
      }
      if isFilled {
        throw PromQLError(
          "filling in missing series not allowed for set operators", node.position)
      }
    }
  }
}
