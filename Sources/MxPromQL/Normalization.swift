import MxModel

extension Expr {
  /// One spelling for all that surely mean the same: parentheses gone, matchers and
  /// label lists sorted and without doublets, `5m` as 300, no `+` before anything,
  /// durations as they come out. Positions stay.
  ///
  /// Equal normal forms give equal results; the reverse is not promised. The text of
  /// it (`fingerprintText`) is what a cache should have as its key.
  package var normalized: Expr {
    transform { expr in
      switch expr {
      case .parentheses(let node): return node.inner
      case .number(let node):
        return .number(NumberLiteral(node.value, position: node.position))
      case .unary(let node): return node.op == .plus ? node.operand : expr
      case .selector(let node): return .selector(node.normalized)
      case .range(var node):
        node.selector = node.selector.normalized
        return .range(node)
      case .binary(let node): return .binary(node.normalized)
      case .aggregate(let node): return .aggregate(node.normalized)
      default: return expr
      }
    }
  }

  /// The tree without the parentheses that were written.
  package var withoutParentheses: Expr {
    transform { expr in
      if case .parentheses(let node) = expr { return node.inner }
      return expr
    }
  }

  /// The normal form as text: equal for queries that differ in spelling alone.
  package var fingerprintText: String { normalized.description }
}

extension Selector {
  fileprivate var normalized: Selector {
    var result = self
    let name = metricName == nil ? 0 : 1
    let key = { (matcher: Matcher) in (matcher.name, matcher.op.rawValue, matcher.value) }
    let sorted = matchers.dropFirst(name).sorted { key($0) < key($1) }
    result.matchers = Array(matchers.prefix(name))
    for matcher in sorted where result.matchers.last != matcher { result.matchers.append(matcher) }
    return result
  }
}

extension BinaryExpr {
  fileprivate var normalized: BinaryExpr {
    var matching = matching
    // Without vectors on both sides it means nothing.
    if left.type == .scalar || right.type == .scalar { matching = nil }
    if var sorted = matching {
      sorted.labels = Set(sorted.labels).sorted()
      sorted.include = Set(sorted.include).sorted()
      matching = sorted
    }
    return BinaryExpr(
      op, left, right, returnsBool: returnsBool, matching: matching,
      operatorPosition: operatorPosition, position: position)
  }
}

extension Aggregation {
  fileprivate var normalized: Aggregation {
    let grouping: Grouping
    switch self.grouping {
    case .by(let labels):
      // `by ()` is one group of everything.
      grouping = labels.isEmpty ? .all : .by(Set(labels).sorted())
    case .without(let labels): grouping = .without(Set(labels).sorted())
    case .all: grouping = .all
    }
    return Aggregation(
      op, parameter: parameter, argument, grouping: grouping, position: position)
  }
}
