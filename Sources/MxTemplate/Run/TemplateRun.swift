/// One rendering of a template.
struct TemplateRun {
  private let template: Template
  let functions: [String: TemplateFunction]
  private var out: [UInt8] = []
  private var variables: [(name: String, value: TemplateValue)] = []
  private var steps = 0
  private var depth = 0
  /// The template that runs, for messages.
  private var current: Template.Definition
  private var currentName: String
  private let escapesHTML: Bool

  /// How a list of nodes was left.
  private enum Flow { case on, `break`, `continue` }

  init(
    _ template: Template, _ functions: [String: TemplateFunction], escapesHTML: Bool = false
  ) {
    self.template = template
    self.escapesHTML = escapesHTML
    self.functions = functions
    currentName = template.name
    current =
      template.definitions[template.name]
      ?? Template.Definition(nodes: [], name: template.name, source: "")
  }

  mutating func execute(_ data: TemplateValue) throws(TemplateError) -> String {
    variables = [("$", data)]
    _ = try walk(current.nodes, data)
    return String(decoding: out, as: UTF8.self)
  }

  // MARK: - Messages

  /// `template: NAME:LINE:COLUMN: executing "NAME" at <…>: message`
  func fail(_ message: String, _ position: Int, _ context: String) -> TemplateError {
    let before = current.source.utf8.prefix(position)
    let line = 1 + before.count { $0 == 0x0A }
    let column = before.reversed().prefix { $0 != 0x0A }.count
    let short = context.utf8.count > 20 ? String(context.prefix(20)) + "..." : context
    return .failed(
      "template: \(current.name):\(line):\(column): executing \(GoLiteral.quoted(currentName)) "
        + "at <\(short)>: \(message)")
  }

  func fail(_ message: String, _ word: TemplateWord) -> TemplateError {
    fail(message, word.position, word.description)
  }

  mutating func step(
    _ count: Int = 1, _ position: Int, _ context: @autoclosure () -> String
  ) throws(TemplateError) {
    steps += count
    if steps > template.limits.steps {
      throw fail("more than \(template.limits.steps) steps", position, context())
    }
  }

  var limits: TemplateLimits { template.limits }

  // MARK: - Nodes

  private mutating func put(
    _ text: String, _ position: Int, _ context: @autoclosure () -> String
  ) throws(TemplateError) {
    out += Array(text.utf8)
    if out.count > template.limits.output {
      throw fail("output is longer than \(template.limits.output) bytes", position, context())
    }
  }

  private mutating func walk(
    _ nodes: [TemplateNode], _ dot: TemplateValue
  ) throws(TemplateError) -> Flow {
    for node in nodes {
      switch node {
      case .text(let text):
        try step(0, 0, "text")
        try put(text, 0, "text")
      case .action(let pipe):
        let value = try evaluate(pipe, dot)
        if pipe.variables.isEmpty {
          let text = try printed(value, pipe)
          let isRaw = !escapesHTML || pipe.endsSafely
          try put(isRaw ? text : Escapes.html(text), pipe.position, pipe.description)
        }
      case .branch(let branch):
        let flow = try walk(branch, dot)
        if flow != .on { return flow }
      case .call(let name, let pipe, let position):
        try call(name, pipe, position, dot)
      case .break: return .break
      case .continue: return .continue
      }
    }
    return .on
  }

  private func printed(
    _ value: TemplateValue, _ pipe: TemplatePipe
  ) throws(TemplateError) -> String {
    switch value {
    case .null: return "<no value>"
    case .string(let text): return text
    case .function:
      throw fail("can't print \(pipe.description) of type func()", pipe.position, pipe.description)
    default:
      do {
        return try GoFormat.sprint([value], limit: template.limits.output)
      } catch {
        throw fail("\(error)", pipe.position, pipe.description)
      }
    }
  }

  private mutating func walk(
    _ branch: TemplateBranch, _ dot: TemplateValue
  ) throws(TemplateError) -> Flow {
    let known = variables.count
    defer { variables.removeSubrange(known...) }
    if branch.kind == .range { return try range(branch, dot) }
    let value = try evaluate(branch.pipe, dot)
    if value.isTrue { return try walk(branch.body, branch.kind == .with ? value : dot) }
    return try branch.otherwise.map { nodes throws(TemplateError) in try walk(nodes, dot) } ?? .on
  }

  private mutating func range(
    _ branch: TemplateBranch, _ dot: TemplateValue
  ) throws(TemplateError) -> Flow {
    let value = try evaluate(branch.pipe, dot)
    var elements: [(key: TemplateValue, value: TemplateValue)] = []
    switch value {
    case .list(let values):
      elements = values.enumerated().map { (.int(Int64($0.offset)), $0.element) }
    case .object(let object) where object.elements != nil:
      elements = (object.elements ?? []).enumerated().map { (.int(Int64($0.offset)), $0.element) }
    case .map(let map):
      elements = map.keys.map { (.string($0), map.entries[$0] ?? .null) }
    case .int(let count):
      try step(
        Int(clamping: min(count, Int64(template.limits.steps) + 1)), branch.pipe.position, "range")
      elements = (0..<max(0, count)).map { (.int($0), .int($0)) }
    case .null: break
    default:
      throw fail(
        "range can't iterate over \(try printed(value, branch.pipe))", branch.pipe.position,
        branch.pipe.description)
    }
    if elements.isEmpty {
      return try branch.otherwise.map { nodes throws(TemplateError) in try walk(nodes, dot) }
        ?? .on
    }
    let known = variables.count
    for element in elements {
      try step(1, branch.pipe.position, branch.pipe.description)
      set(branch.pipe, element.key, element.value)
      let flow = try walk(branch.body, element.value)
      variables.removeSubrange(known...)
      if flow == .break { break }
    }
    return .on
  }

  /// The variables of a range: `$value`, or `$key, $value`.
  private mutating func set(
    _ pipe: TemplatePipe, _ key: TemplateValue, _ value: TemplateValue
  ) {
    let names = pipe.variables
    guard let last = names.last else { return }
    if pipe.assigns {
      if names.count > 1 { assign(names[0], key) }
      assign(last, value)
    } else {
      // The pipeline declared them once already; these are this round's.
      if names.count > 1 { variables.append((names[0], key)) }
      variables.append((last, value))
    }
  }

  private mutating func assign(_ name: String, _ value: TemplateValue) {
    if let index = variables.lastIndex(where: { $0.name == name }) {
      variables[index].value = value
    }
  }

  private mutating func call(
    _ name: String, _ pipe: TemplatePipe?, _ position: Int, _ dot: TemplateValue
  ) throws(TemplateError) {
    let context = "{{template \(GoLiteral.quoted(name))}}"
    try step(1, position, context)
    guard let definition = template.definitions[name] else {
      throw fail("template \(GoLiteral.quoted(name)) not defined", position, context)
    }
    guard depth < template.limits.depth else {
      throw fail("exceeded maximum template depth (\(template.limits.depth))", position, context)
    }
    let value = try pipe.map { pipe throws(TemplateError) in try evaluate(pipe, dot) } ?? .null
    let outer = (variables, current, currentName)
    variables = [("$", value)]
    current = definition
    currentName = name
    depth += 1
    _ = try walk(definition.nodes, value)
    depth -= 1
    (variables, current, currentName) = outer
  }

  // MARK: - Pipelines

  mutating func evaluate(
    _ pipe: TemplatePipe, _ dot: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    var value: TemplateValue?
    for command in pipe.commands {
      try step(1, command.position, command.description)
      value = try evaluate(command, dot, value)
    }
    let result = value ?? .null
    guard let last = pipe.variables.last else { return result }
    if pipe.assigns {
      if pipe.variables.count == 1 { assign(last, result) }
    } else {
      for name in pipe.variables { variables.append((name, result)) }
    }
    return result
  }

  func variable(_ name: String) -> TemplateValue {
    variables.last { $0.name == name }?.value ?? .null
  }

  /// A nested template call keeps its place in the source of its own definition.
  mutating func deeper<Result>(
    _ word: TemplateWord,
    _ body: (inout TemplateRun) throws(TemplateError) -> Result
  ) throws(TemplateError) -> Result {
    depth += 1
    defer { depth -= 1 }
    if depth > 2 * template.limits.depth { throw fail("nested too deep", word) }
    return try body(&self)
  }
}
