/// Reads a template into a tree, and the templates it defines.
struct TemplateParser {
  private let name: String
  private let tokens: [TemplateToken]
  private let source: [UInt8]
  private let functions: Set<String>
  private let limits: TemplateLimits
  private var at = 0
  private var variables = ["$"]
  private var depth = 0
  private var rangeDepth = 0
  private var templates: [String: [TemplateNode]] = [:]

  /// What ended a list of nodes.
  private enum Ending { case end, otherwise, source }

  static func parse(
    _ text: String, name: String, functions: Set<String>, limits: TemplateLimits
  ) throws(TemplateError) -> (root: [TemplateNode], templates: [String: [TemplateNode]]) {
    let source = Array(text.utf8)
    guard source.count <= limits.source else {
      throw .syntax(
        "template: \(name): \(source.count) bytes long, at most \(limits.source) allowed")
    }
    let tokens = try TemplateLexer.tokens(source) { message, position in
      Self.error(name, source, message, position)
    }
    var parser = TemplateParser(name, tokens, source, functions, limits)
    let (root, ending) = try parser.list()
    if ending == .end { throw parser.fail("unexpected {{end}}") }
    if ending == .otherwise { throw parser.fail("unexpected {{else}}") }
    return (root, parser.templates)
  }

  private init(
    _ name: String, _ tokens: [TemplateToken], _ source: [UInt8], _ functions: Set<String>,
    _ limits: TemplateLimits
  ) {
    self.name = name
    self.tokens = tokens
    self.source = source
    self.functions = functions
    self.limits = limits
  }

  private static func error(
    _ name: String, _ source: [UInt8], _ message: String, _ position: Int
  ) -> TemplateError {
    let line = 1 + source.prefix(position).count { $0 == 0x0A }
    return .syntax("template: \(name):\(line): \(message)")
  }

  private func fail(_ message: String) -> TemplateError {
    Self.error(name, source, message, tokens[max(0, min(at - 1, tokens.count - 1))].position)
  }

  // MARK: - Tokens

  private var peeked: TemplateToken { tokens[min(at, tokens.count - 1)] }

  private mutating func next() -> TemplateToken {
    let token = peeked
    at += 1
    return token
  }

  private mutating func skipSpace() { while peeked.kind == .space { at += 1 } }

  private mutating func nextWord() -> TemplateToken {
    skipSpace()
    return next()
  }

  private func unexpected(_ token: TemplateToken, _ context: String) -> TemplateError {
    switch token.kind {
    case .end: return fail("unexpected EOF")
    case .keyword: return fail("unexpected <\(token.text)> in \(context)")
    default: return fail("unexpected \(GoLiteral.quoted(token.text)) in \(context)")
    }
  }

  private mutating func deeper<Result>(
    _ body: (inout TemplateParser) throws(TemplateError) -> Result
  ) throws(TemplateError) -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= limits.depth else {
      throw fail("nested deeper than \(limits.depth) levels")
    }
    return try body(&self)
  }

  // MARK: - Nodes

  private mutating func list() throws(TemplateError) -> ([TemplateNode], Ending) {
    var nodes: [TemplateNode] = []
    while true {
      let token = next()
      switch token.kind {
      case .end: return (nodes, .source)
      case .text: nodes.append(.text(token.text))
      case .openAction:
        skipSpace()
        if case .keyword(let keyword) = peeked.kind, keyword != .nil {
          _ = next()
          if keyword == .end {
            try close("end")
            return (nodes, .end)
          }
          if keyword == .else { return (nodes, .otherwise) }
          if let node = try control(keyword) { nodes.append(node) }
        } else {
          let pipe = try pipeline("command", closedBy: .closeAction)
          nodes.append(.action(pipe))
        }
      default: throw unexpected(token, "input")
      }
    }
  }

  private mutating func close(_ context: String) throws(TemplateError) {
    let token = nextWord()
    guard token.kind == .closeAction else { throw unexpected(token, context) }
  }

  private mutating func control(_ keyword: TemplateKeyword) throws(TemplateError) -> TemplateNode? {
    switch keyword {
    case .if: return try branch(.if)
    case .with: return try branch(.with)
    case .range: return try branch(.range)
    case .break, .continue:
      if rangeDepth == 0 { throw fail("{{\(keyword.rawValue)}} outside {{range}}") }
      try close("{{\(keyword.rawValue)}}")
      return keyword == .break ? .break : .continue
    case .define: return try define()
    case .block: return try block()
    case .template: return try call()
    case .else, .end, .nil: preconditionFailure("BUG: handled by list()")
    }
  }

  private mutating func branch(
    _ kind: TemplateBranch.Kind
  ) throws(TemplateError) -> TemplateNode {
    try deeper { parser throws(TemplateError) in try parser.branchBody(kind) }
  }

  private mutating func branchBody(
    _ kind: TemplateBranch.Kind
  ) throws(TemplateError) -> TemplateNode {
    let known = variables.count
    defer { variables.removeSubrange(known...) }
    let pipe = try pipeline(kind.rawValue, closedBy: .closeAction, isRange: kind == .range)
    if kind == .range { rangeDepth += 1 }
    let (body, ending) = try list()
    if kind == .range { rangeDepth -= 1 }
    var otherwise: [TemplateNode]?
    switch ending {
    case .source: throw fail("unexpected EOF")
    case .end: break
    case .otherwise: otherwise = try elseBody(kind)
    }
    return .branch(TemplateBranch(kind: kind, pipe: pipe, body: body, otherwise: otherwise))
  }

  private mutating func elseBody(
    _ kind: TemplateBranch.Kind
  ) throws(TemplateError) -> [TemplateNode] {
    skipSpace()
    // `{{else if x}}` is `{{else}}{{if x}}` with one `{{end}}` for both.
    let again: TemplateKeyword? = kind == .if ? .if : kind == .with ? .with : nil
    if let again, peeked.kind == .keyword(again) {
      _ = next()
      return [try branch(kind)]
    }
    try close("else")
    let (nodes, ending) = try list()
    guard ending == .end else {
      throw ending == .source ? fail("unexpected EOF") : fail("expected end; found {{else}}")
    }
    return nodes
  }

  private mutating func quotedName(_ context: String) throws(TemplateError) -> String {
    let token = nextWord()
    guard token.kind == .string, let text = GoLiteral.string(token.text) else {
      throw unexpected(token, context)
    }
    return text
  }

  private mutating func define() throws(TemplateError) -> TemplateNode? {
    if depth > 0 { throw fail("unexpected {{define}}") }
    let name = try quotedName("define clause")
    try close("define clause")
    try body(of: name, "define clause")
    return nil
  }

  /// The nodes up to `{{end}}`, as a template with variables of its own.
  private mutating func body(of name: String, _ context: String) throws(TemplateError) {
    let outer = variables
    let outerRanges = rangeDepth
    variables = ["$"]
    rangeDepth = 0
    depth += 1
    let (nodes, ending) = try list()
    depth -= 1
    rangeDepth = outerRanges
    variables = outer
    guard ending == .end else {
      throw ending == .source ? fail("unexpected EOF") : fail("unexpected {{else}} in \(context)")
    }
    let isEmpty = nodes.allSatisfy { node in
      if case .text(let text) = node { text.utf8.allSatisfy { $0 <= 0x20 } } else { false }
    }
    // An empty definition does not replace one with contents.
    if templates[name] == nil || !isEmpty { templates[name] = nodes }
  }

  private mutating func block() throws(TemplateError) -> TemplateNode {
    skipSpace()
    let position = peeked.position
    let name = try quotedName("block clause")
    let pipe = try pipeline("block clause", closedBy: .closeAction)
    guard depth < limits.depth else { throw fail("nested deeper than \(limits.depth) levels") }
    try body(of: name, "block clause")
    return .call(name: name, pipe, position: position)
  }

  private mutating func call() throws(TemplateError) -> TemplateNode {
    skipSpace()
    let position = peeked.position
    let name = try quotedName("template clause")
    skipSpace()
    if peeked.kind == .closeAction {
      _ = next()
      return .call(name: name, nil, position: position)
    }
    let pipe = try pipeline("template clause", closedBy: .closeAction)
    return .call(name: name, pipe, position: position)
  }
}

// MARK: - Pipelines

extension TemplateParser {
  private mutating func pipeline(
    _ context: String, closedBy ending: TemplateToken.Kind, isRange: Bool = false
  ) throws(TemplateError) -> TemplatePipe {
    skipSpace()
    var pipe = TemplatePipe(position: peeked.position)
    try declarations(&pipe, context, isRange)
    while true {
      skipSpace()
      let token = peeked
      switch token.kind {
      case ending:
        _ = next()
        try check(pipe, context)
        return pipe
      case .bool, .character, .dot, .field, .identifier, .number, .keyword(.nil), .string,
        .variable, .openParen:
        pipe.commands.append(try command())
      default:
        _ = next()
        throw unexpected(token, context)
      }
    }
  }

  private mutating func declarations(
    _ pipe: inout TemplatePipe, _ context: String, _ isRange: Bool
  ) throws(TemplateError) {
    while peeked.kind == .variable {
      let start = at
      let variable = next()
      skipSpace()
      switch peeked.kind {
      case .declare, .assign:
        pipe.assigns = next().kind == .assign
        if pipe.assigns, !variables.contains(variable.text) {
          throw fail("undefined variable \(GoLiteral.quoted(variable.text))")
        }
        pipe.variables.append(variable.text)
        if !pipe.assigns { variables += pipe.variables }
        return
      case .comma where isRange && pipe.variables.isEmpty:
        _ = next()
        skipSpace()
        guard peeked.kind == .variable else { throw fail("range can only initialize variables") }
        pipe.variables.append(variable.text)
      case .comma:
        throw fail("too many declarations in \(context)")
      default:
        if !pipe.variables.isEmpty { throw fail("range can only initialize variables") }
        at = start
        return
      }
    }
  }

  private func check(_ pipe: TemplatePipe, _ context: String) throws(TemplateError) {
    if pipe.commands.isEmpty { throw fail("missing value for \(context)") }
    for (index, command) in pipe.commands.enumerated() where index > 0 {
      switch command.words[0].kind {
      case .constant, .dot, .null:
        throw fail("non executable command in pipeline stage \(index + 1)")
      default: continue
      }
    }
  }

  private mutating func command() throws(TemplateError) -> TemplateCommand {
    var command = TemplateCommand(words: [], position: peeked.position)
    while true {
      skipSpace()
      if let word = try operand() { command.words.append(word) }
      let token = next()
      switch token.kind {
      case .space: continue
      case .closeAction, .closeParen: at -= 1
      case .pipe:
        skipSpace()
        if peeked.kind == .closeAction || peeked.kind == .closeParen {
          throw fail("missing value for command")
        }
      default: throw unexpected(token, "operand")
      }
      break
    }
    if command.words.isEmpty { throw fail("empty command") }
    return command
  }

  /// A term and the fields behind it.
  private mutating func operand() throws(TemplateError) -> TemplateWord? {
    guard var word = try term() else { return nil }
    guard peeked.kind == .field else { return word }
    // Go's messages give the place of the first field behind the term.
    let position = peeked.position
    var fields: [String] = []
    while peeked.kind == .field { fields.append(String(next().text.dropFirst())) }
    switch word.kind {
    case .field(let first): word.kind = .field(first + fields)
    case .variable(let name, let first): word.kind = .variable(name, fields: first + fields)
    case .constant(_, let written):
      throw fail("unexpected . after term \(GoLiteral.quoted(written))")
    case .null: throw fail("unexpected . after term \"nil\"")
    case .dot: throw fail("unexpected . after term \".\"")
    default: word.kind = .chain(word, fields: fields)
    }
    word.position = position
    return word
  }

  private mutating func term() throws(TemplateError) -> TemplateWord? {
    let token = next()
    let kind: TemplateWord.Kind
    switch token.kind {
    case .identifier:
      guard functions.contains(token.text) else {
        throw fail("function \(GoLiteral.quoted(token.text)) not defined")
      }
      kind = .function(token.text)
    case .dot: kind = .dot
    case .keyword(.nil): kind = .null
    case .variable:
      guard variables.contains(token.text) else {
        throw fail("undefined variable \(GoLiteral.quoted(token.text))")
      }
      kind = .variable(token.text, fields: [])
    case .field: kind = .field([String(token.text.dropFirst())])
    case .bool: kind = .constant(.bool(token.text == "true"), written: token.text)
    case .character:
      guard let value = GoLiteral.character(token.text) else {
        throw fail("malformed character constant: \(token.text)")
      }
      kind = .constant(.int(value), written: token.text)
    case .number:
      guard let value = GoLiteral.number(token.text) else {
        throw fail("illegal number syntax: \(GoLiteral.quoted(token.text))")
      }
      kind = .constant(value, written: token.text)
    case .string:
      guard let text = GoLiteral.string(token.text) else { throw fail("invalid syntax") }
      kind = .constant(.string(text), written: token.text)
    case .openParen:
      let pipe = try deeper { parser throws(TemplateError) in
        try parser.pipeline("parenthesized pipeline", closedBy: .closeParen)
      }
      kind = .pipe(pipe)
    default:
      at -= 1
      return nil
    }
    return TemplateWord(kind: kind, position: token.position)
  }
}
