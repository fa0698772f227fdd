extension Parser {
  // MARK: Calls and aggregations

  /// `name (…)`; the name was taken.
  @inline(never)
  mutating func call(_ name: Token) throws(PromQLError) -> Expr {
    let arguments = try arguments()
    let function = try function(name)
    // The closing parenthesis is taken only now: what is wrong with the call comes
    // before what is wrong with the text behind it.
    try advance()
    return .call(Call(function, arguments, position: range(from: name.start)))
  }

  @inline(never)
  private func function(_ name: Token) throws(PromQLError) -> FunctionID {
    // Keywords that are functions (`STEP()`) are found in any case.
    let found =
      name.kind.isFunctionKeyword
      ? FunctionSignature.find(string(name).lowercased())
      : FunctionSignature.find(UnsafeBufferPointer(rebasing: text(name)))
    guard let function = found else { throw unknownFunction(name) }
    if !options.allowsExperimentalFunctions, function.signature.isExperimental {
      throw PromQLError("function \(Quoting.text(function.name)) is not enabled", name.range)
    }
    return function
  }

  /// `(a, b)` up to the closing parenthesis, on which `token` then stands.
  @inline(never)
  private mutating func arguments() throws(PromQLError) -> [Expr] {
    try expect(.leftParen)
    height = 0
    var result: [Expr] = []
    if token.kind == .rightParen {
      height = 1
      return result
    }
    var highest = 0
    while true {
      result.append(try expression(1))
      highest = max(highest, height)
      if token.kind == .rightParen {
        try grow(over: highest, at: token)
        return result
      }
      try comma()
    }
  }

  /// The comma between two arguments; none may stand before the parenthesis.
  @inline(never)
  private mutating func comma() throws(PromQLError) {
    guard token.kind == .comma else { throw unexpected() }
    let comma = token
    try advance()
    if token.kind == .rightParen {
      throw PromQLError("trailing commas not allowed in function call args", comma.range)
    }
  }

  /// `sum by (a) (x)` or `sum (x) by (a)`; the operator was taken.
  @inline(never)
  mutating func aggregation(
    _ op: AggregateOperator, _ name: Token
  ) throws(PromQLError) -> Expr {
    let outer = context
    context = .aggregation
    groupings.append(nil)
    if token.kind != .leftParen { try groupingClause() }
    guard token.kind == .leftParen else { throw unexpected() }
    return try aggregation(op, try arguments(), outer, name)
  }

  /// The rest of it, from the closing parenthesis on.
  @inline(never)
  private mutating func aggregation(
    _ op: AggregateOperator, _ arguments: [Expr], _ outer: Context, _ name: Token
  ) throws(PromQLError) -> Expr {
    try advance()
    context = outer
    if groupings.last == .some(nil) { try groupingClause() }
    let grouping = groupings.popLast() ?? nil
    let position = range(from: name.start)
    if arguments.isEmpty {
      throw PromQLError("no arguments for aggregate expression provided", position)
    }
    if !options.allowsExperimentalFunctions, op.isExperimental {
      throw PromQLError(
        "\(op.name)() is experimental and must be enabled with "
          + "--enable-feature=promql-experimental-functions", position)
    }
    let wanted = op.parameterType == nil ? 1 : 2
    guard arguments.count == wanted else {
      throw PromQLError(
        "wrong number of arguments for aggregate expression provided, expected \(wanted), "
          + "got \(arguments.count)", position)
    }
    return .aggregate(
      Aggregation(
        op, parameter: wanted == 2 ? arguments[0] : nil, arguments[wanted - 1],
        grouping: grouping ?? .all, position: position))
  }

  @inline(never)
  private mutating func groupingClause() throws(PromQLError) {
    guard token.kind == .by || token.kind == .without else { return }
    let isBy = token.kind == .by
    try advance()
    let labels = try groupingLabels()
    groupings[groupings.count - 1] = isBy ? .by(labels) : .without(labels)
  }

  /// `(a, "b c",)`
  mutating func groupingLabels() throws(PromQLError) -> [String] {
    guard token.kind == .leftParen else {
      throw unexpected(in: "grouping opts", expected: "\"(\"")
    }
    try advance()
    var labels: [String] = []
    while token.kind != .rightParen {
      labels.append(try groupingLabel())
      if token.kind == .comma {
        try advance()
      } else if token.kind != .rightParen {
        throw unexpected(in: "grouping opts", expected: "\",\" or \")\"")
      }
    }
    try advance()
    return labels
  }

  private mutating func groupingLabel() throws(PromQLError) -> String {
    let label: String
    if token.kind == .string {
      label = try unquoted(token)
      if label.isEmpty {
        throw PromQLError("invalid label name \"\" in grouping", token.range)
      }
    } else if token.kind.canNameLabel {
      label = string(token)
    } else {
      throw unexpected(in: "grouping opts", expected: "label")
    }
    try advance()
    return label
  }

  // MARK: Modifiers of operators

  struct BinaryModifiers {
    var returnsBool = false
    var matching: VectorMatching?
  }

  /// What may stand between an operator and its right side: `bool`, `on (a)
  /// group_left (b)`, `fill (0)`.
  @inline(never)
  mutating func binaryModifiers() throws(PromQLError) -> BinaryModifiers {
    // Most operators have none.
    guard token.kind.rawValue >= TokenKind.bool.rawValue,
      token.kind.rawValue <= TokenKind.fillRight.rawValue
    else { return BinaryModifiers() }
    var result = BinaryModifiers()
    if token.kind == .bool {
      result.returnsBool = true
      try advance()
    }
    if token.kind == .on || token.kind == .ignoring {
      var matching = VectorMatching(isOn: token.kind == .on)
      try advance()
      matching.labels = try groupingLabels()
      if token.kind == .groupLeft || token.kind == .groupRight {
        matching.cardinality = token.kind == .groupLeft ? .manyToOne : .oneToMany
        try advance()
        if token.kind == .leftParen { matching.include = try groupingLabels() }
      }
      result.matching = matching
    }
    try fillModifiers(&result.matching)
    return result
  }

  private mutating func fillModifiers(_ matching: inout VectorMatching?) throws(PromQLError) {
    let first = token.kind
    guard first == .fill || first == .fillLeft || first == .fillRight else { return }
    if !options.allowsFill {
      throw PromQLError("binop fill modifiers are experimental and not enabled", token.range)
    }
    var filled = matching ?? VectorMatching()
    try advance()
    let value = try fillValue()
    if first != .fillRight { filled.fillLeft = value }
    if first != .fillLeft { filled.fillRight = value }
    if first == .fillLeft, token.kind == .fillRight {
      try advance()
      filled.fillRight = try fillValue()
    } else if first == .fillRight, token.kind == .fillLeft {
      try advance()
      filled.fillLeft = try fillValue()
    }
    matching = filled
  }

  private mutating func fillValue() throws(PromQLError) -> Literal {
    let place = "fill modifier"
    try expect(.leftParen, in: place, expected: "\"(\"")
    let isNegative = token.kind == .subtract
    if isNegative || token.kind == .add { try advance() }
    guard token.kind == .number || token.kind == .duration else {
      throw unexpected(in: place, expected: "number")
    }
    let value = try numberValue(token)
    try advance()
    try expect(.rightParen, in: place, expected: "\")\"")
    return Literal(isNegative ? -value : value)
  }
}
