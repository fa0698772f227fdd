extension Expr {
  /// The expressions right below this one, in the order they are written.
  package var children: [Expr] {
    switch self {
    case .number, .string, .selector, .range: []
    case .subquery(let node): [node.inner]
    case .unary(let node): [node.operand]
    case .binary(let node): [node.left, node.right]
    case .call(let node): node.arguments
    case .aggregate(let node):
      if let parameter = node.parameter { [parameter, node.argument] } else { [node.argument] }
    case .parentheses(let node): [node.inner]
    }
  }

  /// Calls `body` with this expression and all below, parents first; where it
  /// answers false, what is below is left out.
  package func walk(_ body: (Expr) -> Bool) {
    guard body(self) else { return }
    switch self {
    case .number, .string, .selector, .range: break
    case .subquery(let node): node.inner.walk(body)
    case .unary(let node): node.operand.walk(body)
    case .binary(let node):
      node.left.walk(body)
      node.right.walk(body)
    case .call(let node): for argument in node.arguments { argument.walk(body) }
    case .aggregate(let node):
      node.parameter?.walk(body)
      node.argument.walk(body)
    case .parentheses(let node): node.inner.walk(body)
    }
  }

  /// Whether `predicate` holds for this expression or one below.
  package func contains(where predicate: (Expr) -> Bool) -> Bool {
    if predicate(self) { return true }
    return children.contains { $0.contains(where: predicate) }
  }

  /// A copy with every expression replaced by what `body` makes of it, children
  /// first. The types of what is replaced should stay.
  package func transform(_ body: (Expr) -> Expr) -> Expr {
    switch self {
    case .number, .string, .selector, .range: return body(self)
    case .subquery(var node):
      node.inner = node.inner.transform(body)
      return body(.subquery(node))
    case .unary(let node):
      return body(
        .unary(UnaryExpr(node.op, node.operand.transform(body), position: node.position)))
    case .binary(let node):
      return body(
        .binary(
          BinaryExpr(
            node.op, node.left.transform(body), node.right.transform(body),
            returnsBool: node.returnsBool, matching: node.matching,
            operatorPosition: node.operatorPosition, position: node.position)))
    case .call(let node):
      let arguments = node.arguments.map { $0.transform(body) }
      return body(.call(Call(node.function, arguments, position: node.position)))
    case .aggregate(let node):
      return body(
        .aggregate(
          Aggregation(
            node.op, parameter: node.parameter?.transform(body), node.argument.transform(body),
            grouping: node.grouping, position: node.position)))
    case .parentheses(let node):
      return body(
        .parentheses(Parentheses(node.inner.transform(body), position: node.position)))
    }
  }
}
