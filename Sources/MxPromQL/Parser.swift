package import MxModel

/// What the parser accepts. Everything of Prometheus 3.14 by default.
package struct ParserOptions: Hashable, Sendable {
  /// The experimental functions and aggregators.
  package var allowsExperimentalFunctions = true
  /// `anchored` and `smoothed`.
  package var allowsExtendedRanges = true
  /// `fill (0)` and its like.
  package var allowsFill = true
  /// `x[5m * 2]`, `offset step()`.
  package var allowsDurationArithmetic = true

  /// How deep a tree may be, sums of many terms included: whoever walks it by
  /// recursion, this parser first, must fit a small stack (512 KiB). People
  /// write fewer than 40 levels, generated sums fewer than 300.
  package static let maximumDepth = 500

  /// Positions are 32-bit, and no query is that long.
  package static let maximumBytes = 1 << 24

  package init() {}
}

/// PromQL text to trees.
package enum PromQL {
  /// Parses and checks a whole query. The result is well typed.
  package static func parse(
    _ source: String, options: ParserOptions = ParserOptions()
  ) throws(PromQLError) -> Expr {
    try parse(bytes: Array(source.utf8), options: options)
  }

  /// Likewise from bytes, which need not be UTF-8 where that is an error.
  package static func parse(
    bytes: [UInt8], options: ParserOptions = ParserOptions()
  ) throws(PromQLError) -> Expr {
    try run(bytes, options) { (parser) throws(PromQLError) in try parser.query() }
  }

  /// Parses one instant selector without modifiers, such as the API's `match[]`
  /// and `mx-query series` take: `up{job=~"a.*"}`.
  package static func parseSelector(_ source: String) throws(PromQLError) -> [Matcher] {
    try run(Array(source.utf8), ParserOptions()) { (parser) throws(PromQLError) in
      try parser.lonelySelector()
    }
  }

  private static func run<Result>(
    _ bytes: [UInt8], _ options: ParserOptions,
    _ body: (inout Parser) throws(PromQLError) -> Result
  ) throws(PromQLError) -> Result {
    guard bytes.count <= ParserOptions.maximumBytes else {
      throw PromQLError(
        "query is \(bytes.count) bytes long, at most \(ParserOptions.maximumBytes) are allowed",
        .none, position: SourcePosition(line: 1, column: 1))
    }
    let outcome = bytes.withUnsafeBufferPointer { bytes in
      Swift.Result<Result, PromQLError> { () throws(PromQLError) in
        var parser = Parser(bytes, options)
        return try body(&parser)
      }
      .mapError { error in
        var error = error
        error.position = bytes.isEmpty ? nil : error.range.position(in: bytes)
        return error
      }
    }
    return try outcome.get()
  }
}

/// One run over one query: precedence climbing over a lexer, one token ahead.
///
/// What recurses has a small frame: 500 levels must fit 512 KiB. That is why the
/// leaves are kept out of it (`@inline(never)`).
///
/// Every method that reads a thing begins with `token` on its first piece and
/// ends with `token` just after its last.
struct Parser {
  /// Which construct is open, for messages: `unexpected number "2" in aggregation`.
  enum Context {
    case none
    case aggregation
  }

  let bytes: UnsafeBufferPointer<UInt8>
  let options: ParserOptions
  private var lexer: Lexer
  /// The token to look at.
  var token = Token(kind: .end, start: 0, end: 0)
  /// Where the last token that was taken ended.
  var lastEnd = 0
  var context = Context.none
  /// `by` and `without` of the aggregations that are open, innermost last. Kept here
  /// and not on the stack, which is for 500 of them.
  var groupings: [Aggregation.Grouping?] = []
  /// How many expressions are open around this place.
  private var depth = 0
  /// How high the tree is that the last method returned.
  var height = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>, _ options: ParserOptions) {
    self.bytes = bytes
    self.options = options
    self.lexer = Lexer(bytes)
  }

  mutating func query() throws(PromQLError) -> Expr {
    try advance()
    if token.kind == .end { throw PromQLError("no expression found in input", .none) }
    let result = try expression(1)
    if token.kind != .end { throw unexpected() }
    try TypeChecker(bytes: bytes).check(result)
    return result
  }

  mutating func lonelySelector() throws(PromQLError) -> [Matcher] {
    try advance()
    guard token.kind.canNameMetric || token.kind == .leftBrace else { throw unexpected() }
    let found = try selector()
    if token.kind != .end { throw unexpected() }
    try TypeChecker(bytes: bytes).check(.selector(found))
    return found.matchers
  }

  // MARK: Tokens

  @inline(never)
  mutating func advance() throws(PromQLError) {
    lastEnd = token.end
    token = try lexer.next()
  }

  /// Takes a token of `kind`, or throws what `unexpected` says.
  @inline(never)
  mutating func expect(
    _ kind: TokenKind, in place: String? = nil, expected: String? = nil
  ) throws(PromQLError) {
    guard token.kind == kind else { throw unexpected(in: place, expected: expected) }
    try advance()
  }

  func text(_ token: Token) -> Slice<UnsafeBufferPointer<UInt8>> { bytes[token.start..<token.end] }

  func string(_ token: Token) -> String { String(decoding: text(token), as: UTF8.self) }

  func range(from start: Int) -> SourceRange { Token(kind: .end, start: start, end: lastEnd).range }

  // MARK: Expressions

  /// An expression whose operators bind at least as tightly as `minimum`.
  @inline(never)
  mutating func expression(_ minimum: Int) throws(PromQLError) -> Expr {
    try descend()
    var left = try operand()
    while let op = token.kind.binaryOperator, op.precedence >= minimum {
      let leftHeight = height
      let operatorToken = token
      try advance()
      let modifiers = try binaryModifiers()
      let right = try expression(op.precedence + (op.isRightAssociative ? 0 : 1))
      left = Self.combined(op, left, right, modifiers, operatorToken)
      try grow(over: max(leftHeight, height), at: operatorToken)
    }
    depth -= 1
    return left
  }

  @inline(never)
  private static func combined(
    _ op: BinaryOperator, _ left: Expr, _ right: Expr, _ modifiers: BinaryModifiers,
    _ operatorToken: Token
  ) -> Expr {
    .binary(
      BinaryExpr(
        op, left, right, returnsBool: modifiers.returnsBool, matching: modifiers.matching,
        operatorPosition: operatorToken.range, position: left.position.through(right.position)))
  }

  /// Goes one level down, unless that is too deep. The caller takes the level back
  /// when it is done; an error ends the whole parse.
  mutating func descend() throws(PromQLError) {
    depth += 1
    if depth > ParserOptions.maximumDepth { throw tooDeep(token) }
  }

  mutating func ascend() { depth -= 1 }

  /// Notes that a node was put on a tree of height `below`.
  @inline(never)
  mutating func grow(over below: Int, at place: Token) throws(PromQLError) {
    height = below + 1
    if height > ParserOptions.maximumDepth { throw tooDeep(place) }
  }

  @inline(never)
  private func tooDeep(_ place: Token) -> PromQLError {
    PromQLError(
      "expression is nested too deeply, at most \(ParserOptions.maximumDepth) levels are allowed",
      place.range)
  }

  /// A sign or a primary with what stands after it.
  private mutating func operand() throws(PromQLError) -> Expr {
    if token.kind == .add || token.kind == .subtract { return try signed() }
    var result = try primary()
    while token.kind.isModifier { result = try modified(result) }
    return result
  }

  @inline(never)
  private mutating func signed() throws(PromQLError) -> Expr {
    let sign = token
    try advance()
    // Only `^` binds tighter than a sign.
    let inner = try expression(UnaryOperator.precedence + 1)
    if case .number = inner {} else { try grow(over: height, at: sign) }
    return Self.signed(sign, inner)
  }

  @inline(never)
  private static func signed(_ sign: Token, _ inner: Expr) -> Expr {
    let position = sign.range.through(inner.position)
    let op: UnaryOperator = sign.kind == .subtract ? .minus : .plus
    if case .number(let node) = inner {
      let value = op == .minus ? -node.value : node.value
      return .number(NumberLiteral(value, isDuration: node.isDuration, position: position))
    }
    return .unary(UnaryExpr(op, inner, position: position))
  }

  private mutating func primary() throws(PromQLError) -> Expr {
    height = 1
    switch token.kind {
    case .leftParen: return try parenthesized()
    case .number, .duration, .string, .leftBrace: return try leaf()
    default:
      guard token.kind.canNameMetric else { throw unexpected() }
      return try named()
    }
  }

  @inline(never)
  private mutating func leaf() throws(PromQLError) -> Expr {
    if token.kind == .leftBrace { return .selector(try selector()) }
    if token.kind != .string { return .number(try numberLiteral()) }
    let node = StringLiteral(bytes: StringText.unquoted(text(token)), position: token.range)
    try advance()
    return .string(node)
  }

  @inline(never)
  private mutating func parenthesized() throws(PromQLError) -> Expr {
    let opening = token
    try advance()
    let inner = try expression(1)
    guard token.kind == .rightParen else { throw unexpected() }
    try advance()
    try grow(over: height, at: opening)
    return Self.wrapped(inner, range(from: opening.start))
  }

  @inline(never)
  private static func wrapped(_ inner: Expr, _ position: SourceRange) -> Expr {
    .parentheses(Parentheses(inner, position: position))
  }

  /// A call, an aggregation or a selector: they all begin with a word.
  @inline(never)
  private mutating func named() throws(PromQLError) -> Expr {
    let name = token
    try advance()
    if let op = name.kind.aggregateOperator {
      if token.kind == .leftParen || token.kind == .by || token.kind == .without {
        return try aggregation(op, name)
      }
    } else if token.kind == .leftParen, name.kind == .identifier || name.kind.isFunctionKeyword {
      return try call(name)
    }
    return try namedSelector(name)
  }

  @inline(never)
  private mutating func namedSelector(_ name: Token) throws(PromQLError) -> Expr {
    .selector(try selector(named: name))
  }

  func numberValue(_ token: Token) throws(PromQLError) -> Double {
    if token.kind == .duration { return Double(try milliseconds(token)) / 1000 }
    guard let value = NumberText.value(text(token)) else {
      throw PromQLError("error parsing number: \(string(token)) is out of range", token.range)
    }
    return value
  }

  private mutating func numberLiteral() throws(PromQLError) -> NumberLiteral {
    let node = NumberLiteral(
      try numberValue(token), isDuration: token.kind == .duration, position: token.range)
    try advance()
    return node
  }
}
