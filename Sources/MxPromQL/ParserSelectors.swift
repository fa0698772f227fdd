import MxModel

extension Parser {
  /// `name`, `name{…}` or `{…}`, from its first token on.
  mutating func selector() throws(PromQLError) -> Selector {
    if token.kind == .leftBrace {
      return try selector(matchers: [], namedOutside: false, from: token.start)
    }
    let name = token
    try advance()
    return try selector(named: name)
  }

  /// What follows a metric's name that was taken already.
  mutating func selector(named name: Token) throws(PromQLError) -> Selector {
    let matcher = Matcher(equal: LabelName.metric, string(name))
    return try selector(matchers: [matcher], namedOutside: true, from: name.start)
  }

  private mutating func selector(
    matchers: [Matcher], namedOutside: Bool, from start: Int
  ) throws(PromQLError) -> Selector {
    var matchers = matchers
    // Whether the metric's name was said without `__name__`.
    var isStated = namedOutside
    if token.kind == .leftBrace {
      try advance()
      while token.kind != .rightBrace {
        if try matcher(into: &matchers) { isStated = true }
        if token.kind == .comma {
          try advance()
        } else if token.kind != .rightBrace {
          throw unexpected(in: "label matching", expected: "\",\" or \"}\"")
        }
      }
      try advance()
    }
    let position = range(from: start)
    try checkName(matchers, isStated: isStated, position)
    // The name first: where it is looked for, and one order for comparisons.
    let isName = { (matcher: Matcher) in matcher.name == LabelName.metric && matcher.op == .equal }
    if let index = matchers.firstIndex(where: isName), index > 0 {
      matchers.insert(matchers.remove(at: index), at: 0)
    }
    return Selector(matchers, position: position)
  }

  /// A metric has one name: said once outside the braces or in quotes, or once by `=`.
  private func checkName(
    _ matchers: [Matcher], isStated: Bool, _ position: SourceRange
  ) throws(PromQLError) {
    var named: Matcher?
    for matcher in matchers where matcher.name == LabelName.metric {
      guard let first = named else {
        named = matcher
        continue
      }
      if isStated || (first.op == .equal && matcher.op == .equal) {
        let names = "\(Quoting.text(first.value)) or \(Quoting.text(matcher.value))"
        throw PromQLError("metric name must not be set twice: \(names)", position)
      }
    }
  }

  /// One condition between braces; true if it was a quoted metric name.
  private mutating func matcher(into matchers: inout [Matcher]) throws(PromQLError) -> Bool {
    let nameToken = token
    guard nameToken.kind == .identifier || nameToken.kind == .string else {
      throw unexpected(in: "label matching", expected: "identifier or \"}\"")
    }
    let name = nameToken.kind == .string ? try unquoted(nameToken) : string(nameToken)
    try advance()
    guard let op = matchOperator() else {
      if nameToken.kind == .string, token.kind == .comma || token.kind == .rightBrace {
        matchers.append(Matcher(equal: LabelName.metric, name))
        return true
      }
      throw unexpected(in: "label matching", expected: "label matching operator")
    }
    try advance()
    guard token.kind == .string else {
      throw unexpected(in: "label matching", expected: "string")
    }
    let value = try unquoted(token)
    do throws(ModelError) {
      matchers.append(try Matcher(name, op, value))
    } catch {
      var reason = "\(error)"
      if case .badRegex(_, let why) = error { reason = why }
      throw PromQLError(
        "error parsing regexp: \(reason)", nameToken.range.through(token.range))
    }
    try advance()
    return false
  }

  private func matchOperator() -> MatchOperator? {
    switch token.kind {
    case .assign: .equal
    case .notEqual: .notEqual
    case .regex: .regex
    case .notRegex: .notRegex
    default: nil
    }
  }

  /// The text of a string token that names or matches something: UTF-8 even after
  /// its escapes, since no label in a store is anything else.
  func unquoted(_ token: Token) throws(PromQLError) -> String {
    let value = StringText.unquoted(text(token))
    guard let result = String(validating: value, as: UTF8.self) else {
      throw PromQLError("\(Quoting.literal(value)) is not valid UTF-8", token.range)
    }
    return result
  }

  // MARK: Modifiers after an expression

  /// `expr` with the modifier applied on which `token` stands.
  @inline(never)
  mutating func modified(_ expr: Expr) throws(PromQLError) -> Expr {
    switch token.kind {
    case .leftBracket: try bracketed(expr)
    case .offset: try offset(expr)
    case .atSign: try at(expr)
    case .anchored: try extended(expr, .anchored)
    default: try extended(expr, .smoothed)
    }
  }

  private mutating func bracketed(_ expr: Expr) throws(PromQLError) -> Expr {
    let opening = token
    try advance()
    let range = try positiveDuration(place: "subquery or range selector")
    if token.kind == .colon { return try subquery(expr, range) }
    guard token.kind == .rightBracket else {
      throw unexpected(in: "subquery or range", expected: "\":\" or \"]\"")
    }
    let brackets = opening.range.through(token.range)
    guard case .selector(let selector) = expr else {
      throw PromQLError("ranges only allowed for vector selectors", brackets)
    }
    if !selector.offset.isZero {
      throw PromQLError("no offset modifiers allowed before range", brackets)
    }
    if selector.at != nil { throw PromQLError("no @ modifiers allowed before range", brackets) }
    if selector.extent != .none {
      throw PromQLError("no anchored or smoothed modifiers allowed before range", brackets)
    }
    try advance()
    return .range(
      RangeSelector(selector, range: range, position: selector.position.through(brackets)))
  }

  private mutating func subquery(
    _ inner: Expr, _ range: DurationValue
  ) throws(PromQLError) -> Expr {
    try advance()
    var step: DurationValue?
    if token.kind != .rightBracket { step = try positiveDuration(place: "subquery selector") }
    guard token.kind == .rightBracket else {
      throw unexpected(in: "subquery selector", expected: "\"]\"")
    }
    let closing = token
    try advance()
    try grow(over: height, at: closing)
    return .subquery(
      Subquery(inner, range: range, step: step, position: inner.position.through(closing.range)))
  }

  private mutating func offset(_ expr: Expr) throws(PromQLError) -> Expr {
    try advance()
    let offset = try offsetDuration()
    let twice = PromQLError("offset may not be set multiple times", expr.position)
    switch expr {
    case .selector(var node):
      if !node.offset.isZero { throw twice }
      node.offset = offset
      node.position.end = range(from: 0).end
      return .selector(node)
    case .range(var node):
      if !node.selector.offset.isZero { throw twice }
      node.selector.offset = offset
      node.position.end = range(from: 0).end
      return .range(node)
    case .subquery(var node):
      if !node.offset.isZero { throw twice }
      node.offset = offset
      node.position.end = range(from: 0).end
      return .subquery(node)
    default:
      throw misplaced("offset", expr)
    }
  }

  private mutating func at(_ expr: Expr) throws(PromQLError) -> Expr {
    try advance()
    let at = try atTime(expr)
    let twice = PromQLError("@ <timestamp> may not be set multiple times", expr.position)
    switch expr {
    case .selector(var node):
      if node.at != nil { throw twice }
      node.at = at
      node.position.end = range(from: 0).end
      return .selector(node)
    case .range(var node):
      if node.selector.at != nil { throw twice }
      node.selector.at = at
      node.position.end = range(from: 0).end
      return .range(node)
    case .subquery(var node):
      if node.at != nil { throw twice }
      node.at = at
      node.position.end = range(from: 0).end
      return .subquery(node)
    default:
      throw misplaced("@", expr)
    }
  }

  private func misplaced(_ modifier: String, _ expr: Expr) -> PromQLError {
    PromQLError(
      "\(modifier) modifier must be preceded by an instant vector selector or range vector "
        + "selector or a subquery", expr.position)
  }

  private mutating func atTime(_ expr: Expr) throws(PromQLError) -> AtModifier {
    if token.kind == .start || token.kind == .finish {
      let at: AtModifier = token.kind == .start ? .start : .end
      try advance()
      try expect(.leftParen, in: "@", expected: "timestamp")
      try expect(.rightParen, in: "@", expected: "timestamp")
      return at
    }
    let isNegative = token.kind == .subtract
    if isNegative || token.kind == .add { try advance() }
    guard token.kind == .number || token.kind == .duration else {
      throw unexpected(in: "@", expected: "timestamp")
    }
    let seconds = try numberValue(token) * (isNegative ? -1 : 1)
    // 9.2e15 s in ms is the last that an Int64 holds.
    guard seconds.magnitude < 9.2e15 else {
      throw PromQLError(
        "timestamp out of bounds for @ modifier: \(string(token))", expr.position)
    }
    try advance()
    return .time(Int64((seconds * 1000).rounded(.toNearestOrAwayFromZero)))
  }

  private mutating func extended(
    _ expr: Expr, _ extent: RangeExtension
  ) throws(PromQLError) -> Expr {
    let word = extent == .anchored ? "anchored" : "smoothed"
    if !options.allowsExtendedRanges {
      throw PromQLError("\(word) modifier is experimental and not enabled", token.range)
    }
    try advance()
    let end = range(from: 0).end
    let both = PromQLError("anchored and smoothed modifiers cannot be used together", expr.position)
    switch expr {
    case .selector(var node):
      if node.extent != .none, node.extent != extent { throw both }
      node.extent = extent
      node.position.end = end
      return .selector(node)
    case .range(var node):
      if node.selector.extent != .none, node.selector.extent != extent { throw both }
      node.selector.extent = extent
      node.position.end = end
      return .range(node)
    case .subquery:
      throw PromQLError("\(word) modifier is not supported for subqueries", expr.position)
    default:
      throw PromQLError(
        "\(word) modifier must be preceded by an instant or range vector selector", expr.position)
    }
  }
}
