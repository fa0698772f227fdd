package import MxModel

/// What an expression yields.
package enum ValueType: UInt8, Hashable, Sendable {
  case scalar, string, vector, matrix

  /// As Prometheus' documentation calls it.
  package var documentedName: String {
    switch self {
    case .scalar: "scalar"
    case .string: "string"
    case .vector: "instant vector"
    case .matrix: "range vector"
    }
  }

  /// As its API and some messages call it.
  package var name: String {
    switch self {
    case .scalar: "scalar"
    case .string: "string"
    case .vector: "vector"
    case .matrix: "matrix"
    }
  }
}

/// A PromQL expression.
///
/// Values all the way down: cheap to share between threads, compared and
/// hashed by meaning (positions do not count). A tree that the parser made is
/// at most `ParserOptions.maximumDepth` deep, so that walking it by recursion
/// is safe, and is well typed, so that an evaluator need not check again.
package indirect enum Expr: Hashable, Sendable {
  case number(NumberLiteral)
  case string(StringLiteral)
  /// An instant vector: `up{job="node"} offset 5m`.
  case selector(Selector)
  /// A range of samples: `up[5m]`.
  case range(RangeSelector)
  /// An expression evaluated at many times: `rate(x[1m])[1h:5m]`.
  case subquery(Subquery)
  case unary(UnaryExpr)
  case binary(BinaryExpr)
  case call(Call)
  case aggregate(Aggregation)
  /// Parentheses as written; they only group.
  case parentheses(Parentheses)

  package var type: ValueType {
    switch self {
    case .number: .scalar
    case .string: .string
    case .selector, .aggregate: .vector
    case .range, .subquery: .matrix
    case .unary(let node): node.type
    case .binary(let node): node.type
    case .call(let node): node.function.signature.returnType
    case .parentheses(let node): node.type
    }
  }

  /// Where it stands in the query.
  package var position: SourceRange {
    switch self {
    case .number(let node): node.position
    case .string(let node): node.position
    case .selector(let node): node.position
    case .range(let node): node.position
    case .subquery(let node): node.position
    case .unary(let node): node.position
    case .binary(let node): node.position
    case .call(let node): node.position
    case .aggregate(let node): node.position
    case .parentheses(let node): node.position
    }
  }

  /// What stands inside, where this is parentheses, even several.
  package var unwrapped: Expr {
    var result = self
    while case .parentheses(let node) = result { result = node.inner }
    return result
  }
}

package struct NumberLiteral: Hashable, Sendable {
  package var literal: Literal
  /// Written as `5m`, not `300`. Only the printer cares.
  package var isDuration: Bool
  package var position: SourceRange

  package var value: Double { literal.value }

  package init(_ value: Double, isDuration: Bool = false, position: SourceRange = .none) {
    self.literal = Literal(value)
    self.isDuration = isDuration
    self.position = position
  }
}

package struct StringLiteral: Hashable, Sendable {
  /// The string's bytes. Escapes such as `\xc5` can make them no UTF-8.
  package var bytes: [UInt8]
  package var position: SourceRange

  /// As text; bytes that are no UTF-8 become U+FFFD.
  package var value: String { String(decoding: bytes, as: UTF8.self) }

  /// The text, nil where the bytes are no UTF-8 (no name or label value can be so).
  package var validText: String? { String(validating: bytes, as: UTF8.self) }

  package init(bytes: [UInt8], position: SourceRange = .none) {
    self.bytes = bytes
    self.position = position
  }

  package init(_ value: String, position: SourceRange = .none) {
    self.init(bytes: Array(value.utf8), position: position)
  }
}

/// `@ 1600000000.5`, `@ start()`, `@ end()`.
package enum AtModifier: Hashable, Sendable {
  /// Milliseconds since 1970.
  case time(Int64)
  /// The start of the whole query, also inside subqueries.
  case start
  case end
}

/// The modifiers of extended range selectors.
package enum RangeExtension: UInt8, Hashable, Sendable {
  case none
  /// Looks back for the value at the window's beginning, no extrapolation.
  case anchored
  /// Interpolates at both borders.
  case smoothed
}

/// Picks series, and the newest sample of each at a time.
package struct Selector: Hashable, Sendable {
  /// All conditions, the one on the name too. If there is a `__name__="x"`, it is first.
  package var matchers: [Matcher]
  package var offset: DurationValue
  package var at: AtModifier?
  package var extent: RangeExtension
  package var position: SourceRange

  package init(
    _ matchers: [Matcher], offset: DurationValue = .zero, at: AtModifier? = nil,
    extent: RangeExtension = .none, position: SourceRange = .none
  ) {
    self.matchers = matchers
    self.offset = offset
    self.at = at
    self.extent = extent
    self.position = position
  }

  /// The metric's name where one is asked for by `=`, else nil.
  package var metricName: String? {
    guard let first = matchers.first, first.op == .equal, first.name == LabelName.metric,
      !first.value.isEmpty
    else { return nil }
    return first.value
  }
}

/// All samples of the selected series in `(t - range, t]`.
package struct RangeSelector: Hashable, Sendable {
  /// Offset, `@` and extension, though written after the brackets, are here.
  package var selector: Selector
  package var range: DurationValue
  package var position: SourceRange

  package init(_ selector: Selector, range: DurationValue, position: SourceRange = .none) {
    self.selector = selector
    self.range = range
    self.position = position
  }
}

package struct Subquery: Hashable, Sendable {
  package var inner: Expr
  package var range: DurationValue
  /// Nil: the default step of the engine.
  package var step: DurationValue?
  package var offset: DurationValue
  package var at: AtModifier?
  package var position: SourceRange

  package init(
    _ inner: Expr, range: DurationValue, step: DurationValue?, offset: DurationValue = .zero,
    at: AtModifier? = nil, position: SourceRange = .none
  ) {
    self.inner = inner
    self.range = range
    self.step = step
    self.offset = offset
    self.at = at
    self.position = position
  }
}

package struct UnaryExpr: Hashable, Sendable {
  package let op: UnaryOperator
  package let operand: Expr
  /// The operand's.
  package let type: ValueType
  package let position: SourceRange

  package init(_ op: UnaryOperator, _ operand: Expr, position: SourceRange = .none) {
    self.op = op
    self.operand = operand
    self.type = operand.type
    self.position = position
  }
}

package struct BinaryExpr: Hashable, Sendable {
  package let op: BinaryOperator
  package let left: Expr
  package let right: Expr
  /// `bool` was written: 0 and 1 instead of filtering.
  package let returnsBool: Bool
  /// How the elements match: there whenever both sides are vectors, and never else
  /// but for a meaningless `on ()` that was written.
  package let matching: VectorMatching?
  /// Scalar if both sides are, else a vector.
  package let type: ValueType
  /// The operator itself.
  package let operatorPosition: SourceRange
  package let position: SourceRange

  package init(
    _ op: BinaryOperator, _ left: Expr, _ right: Expr, returnsBool: Bool = false,
    matching: VectorMatching? = nil, operatorPosition: SourceRange = .none,
    position: SourceRange = .none
  ) {
    let types = (left.type, right.type)
    var matching = matching
    if types == (.vector, .vector) {
      var complete = matching ?? VectorMatching()
      if op.isSet, complete.cardinality == .oneToOne { complete.cardinality = .manyToMany }
      matching = complete
    }
    self.op = op
    self.left = left
    self.right = right
    self.returnsBool = returnsBool
    self.matching = matching
    self.type = types == (.scalar, .scalar) ? .scalar : .vector
    self.operatorPosition = operatorPosition
    self.position = position
  }
}

package struct Call: Hashable, Sendable {
  package let function: FunctionID
  /// As written: optional arguments that were left out are not here.
  package let arguments: [Expr]
  package let position: SourceRange

  package init(_ function: FunctionID, _ arguments: [Expr], position: SourceRange = .none) {
    self.function = function
    self.arguments = arguments
    self.position = position
  }
}

package struct Aggregation: Hashable, Sendable {
  package enum Grouping: Hashable, Sendable {
    /// One group of everything.
    case all
    case by([String])
    case without([String])
  }

  package let op: AggregateOperator
  /// `k` of `topk(k, x)`, the label of `count_values`; there exactly if the
  /// operator has a `parameterType`.
  package let parameter: Expr?
  package let argument: Expr
  package let grouping: Grouping
  package let position: SourceRange

  package init(
    _ op: AggregateOperator, parameter: Expr? = nil, _ argument: Expr,
    grouping: Grouping = .all, position: SourceRange = .none
  ) {
    self.op = op
    self.parameter = parameter
    self.argument = argument
    self.grouping = grouping
    self.position = position
  }
}

package struct Parentheses: Hashable, Sendable {
  package let inner: Expr
  package let type: ValueType
  package let position: SourceRange

  package init(_ inner: Expr, position: SourceRange = .none) {
    self.inner = inner
    self.type = inner.type
    self.position = position
  }
}
