/// Commands and operands: what stands between the bars of a pipeline.
extension TemplateRun {
  mutating func evaluate(
    _ command: TemplateCommand, _ dot: TemplateValue, _ final: TemplateValue?
  ) throws(TemplateError) -> TemplateValue {
    let first = command.words[0]
    let hasArguments = command.words.count > 1 || final != nil
    switch first.kind {
    case .function(let name):
      return try callFunction(
        name, first, command.words.dropFirst(), dot, final, in: command)
    case .field(let fields):
      return try access(dot, fields, first, command.words.dropFirst(), dot, final)
    case .variable(let name, let fields) where !fields.isEmpty:
      return try access(variable(name), fields, first, command.words.dropFirst(), dot, final)
    case .chain(let inner, let fields):
      let base = try operand(inner, dot)
      return try access(base, fields, first, command.words.dropFirst(), dot, final)
    case .null: throw fail("nil is not a command", first)
    default:
      if hasArguments {
        throw fail("can't give argument to non-function \(first.description)", first)
      }
      return try operand(first, dot)
    }
  }

  /// A word by itself: an argument, or a command without arguments.
  mutating func operand(
    _ word: TemplateWord, _ dot: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    switch word.kind {
    case .dot: return dot
    case .null: return .null
    case .constant(let value, _): return value
    case .variable(let name, let fields):
      return try access(variable(name), fields, word, [], dot, nil)
    case .field(let fields): return try access(dot, fields, word, [], dot, nil)
    case .function(let name): return try callFunction(name, word, [], dot, nil)
    case .chain(let inner, let fields):
      return try access(try operand(inner, dot), fields, word, [], dot, nil)
    case .pipe(let pipe):
      return try deeper(word) { run throws(TemplateError) in try run.evaluate(pipe, dot) }
    }
  }

  // MARK: - Fields

  private mutating func access(
    _ base: TemplateValue, _ fields: [String], _ word: TemplateWord,
    _ arguments: ArraySlice<TemplateWord>, _ dot: TemplateValue, _ final: TemplateValue?
  ) throws(TemplateError) -> TemplateValue {
    var value = base
    for (index, field) in fields.enumerated() {
      let isLast = index == fields.count - 1
      value = try access(
        value, field, word, isLast ? arguments : [], dot, isLast ? final : nil)
    }
    return value
  }

  private mutating func access(
    _ value: TemplateValue, _ field: String, _ word: TemplateWord,
    _ arguments: ArraySlice<TemplateWord>, _ dot: TemplateValue, _ final: TemplateValue?
  ) throws(TemplateError) -> TemplateValue {
    if let method = Self.method(value, field) {
      return try call(method, named: field, word, arguments, dot, final)
    }
    let hasArguments = !arguments.isEmpty || final != nil
    switch value {
    case .map(let map):
      if hasArguments { throw fail("\(field) is not a method but has arguments", word) }
      return map.entries[field] ?? (map.isText ? .string("") : .null)
    case .object(let object):
      guard let found = object[field] else { break }
      if hasArguments {
        throw fail("\(field) has arguments but cannot be invoked as function", word)
      }
      return found
    case .null:
      throw fail("nil pointer evaluating interface {}.\(field)", word)
    default: break
    }
    throw fail("can't evaluate field \(field) in type \(value.typeName)", word)
  }

  /// A method's function with its receiver inside.
  private static func method(_ value: TemplateValue, _ name: String) -> TemplateFunction? {
    switch value {
    case .map(let map): map.methods[name]
    case .object(let object): object.methods[name]
    case .time(let time): GoTimeMethods.method(time, name)
    case .duration(let duration): GoTimeMethods.method(duration, name)
    default: nil
    }
  }

  // MARK: - Calls

  private mutating func callFunction(
    _ name: String, _ word: TemplateWord, _ arguments: ArraySlice<TemplateWord>,
    _ dot: TemplateValue, _ final: TemplateValue?, in command: TemplateCommand? = nil
  ) throws(TemplateError) -> TemplateValue {
    if name == "and" || name == "or" {
      return try shortCircuit(name == "and", word, arguments, dot, final)
    }
    if let function = functions[name] {
      return try call(function, named: name, word, arguments, dot, final, in: command)
    }
    guard let builtin = GoBuiltins.function(name, limit: limits.output) else {
      throw fail("\(GoLiteral.quoted(name)) is not a defined function", word)
    }
    return try call(builtin, named: name, word, arguments, dot, final, in: command)
  }

  /// Arguments after the one that decides are not evaluated.
  private mutating func shortCircuit(
    _ isAnd: Bool, _ word: TemplateWord, _ arguments: ArraySlice<TemplateWord>,
    _ dot: TemplateValue, _ final: TemplateValue?
  ) throws(TemplateError) -> TemplateValue {
    var value = TemplateValue.null
    for argument in arguments {
      value = try operand(argument, dot)
      if value.isTrue != isAnd { return value }
    }
    if let final { return final }
    if arguments.isEmpty {
      throw fail(
        "wrong number of args for \(isAnd ? "and" : "or"): want at least 1 got 0", word)
    }
    return value
  }

  private mutating func call(
    _ function: TemplateFunction, named name: String, _ word: TemplateWord,
    _ arguments: ArraySlice<TemplateWord>, _ dot: TemplateValue, _ final: TemplateValue?,
    in command: TemplateCommand? = nil
  ) throws(TemplateError) -> TemplateValue {
    let count = arguments.count + (final == nil ? 0 : 1)
    guard function.arity.contains(count) else {
      let isOpen = function.arity.upperBound == .max
      let bound =
        count < function.arity.lowerBound
        ? function.arity.lowerBound : function.arity.upperBound
      throw fail(
        "wrong number of args for \(name): want \(isOpen ? "at least " : "")\(bound) got \(count)",
        word)
    }
    var values: [TemplateValue] = []
    values.reserveCapacity(count)
    for argument in arguments { values.append(try operand(argument, dot)) }
    if let final { values.append(final) }
    do {
      let result = try function.body(values)
      try step(1 + check(result), word.position, word.description)
      return result
    } catch let error as TemplateError {
      throw error
    } catch let failure as TemplateFailure where failure.isAboutArgument {
      throw fail(failure.description, word)
    } catch {
      // What failed is the command as a whole; a function as an argument, by itself.
      throw fail(
        "error calling \(name): \(error)", command?.position ?? word.position,
        command?.description ?? word.description)
    }
  }

  /// Texts that double, lists within lists: stopped while they are small. What the
  /// result weighs, in steps.
  private func check(_ value: TemplateValue) throws -> Int {
    if case .string(let text) = value {
      if text.utf8.count > limits.output {
        throw TemplateFailure("result is longer than \(limits.output) bytes")
      }
      return text.utf8.count / 1024
    }
    guard let size = value.size(limit: limits.elements, depth: limits.depth) else {
      throw TemplateFailure(
        "result has more than \(limits.elements) elements or \(limits.depth) levels")
    }
    return size / 16
  }
}
