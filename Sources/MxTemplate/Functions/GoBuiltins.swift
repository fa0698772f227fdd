/// The functions that every Go template has (`and` and `or` are the evaluator's own).
enum GoBuiltins {
  static let names: Set<String> = [
    "and", "or", "not", "len", "index", "slice", "print", "printf", "println", "html", "js",
    "urlquery", "eq", "ne", "lt", "le", "gt", "ge", "call",
  ]

  static func function(_ name: String, limit: Int) -> TemplateFunction? {
    switch name {
    case "not": TemplateFunction(1) { .bool(!$0[0].isTrue) }
    case "len": TemplateFunction(1) { try length($0[0]) }
    case "index": TemplateFunction(atLeast: 1, index)
    case "slice": TemplateFunction(1...4, slice)
    case "print": TemplateFunction(atLeast: 0) { .string(try GoFormat.sprint($0, limit: limit)) }
    case "println":
      TemplateFunction(atLeast: 0) { .string(try GoFormat.sprintln($0, limit: limit)) }
    case "printf":
      TemplateFunction(atLeast: 1) {
        let format = try $0[0].text()
        return .string(try GoFormat.sprintf(format, Array($0.dropFirst()), limit: limit))
      }
    case "html": TemplateFunction(atLeast: 0) { .string(Escapes.html(try joined($0, limit))) }
    case "js": TemplateFunction(atLeast: 0) { .string(Escapes.javaScript(try joined($0, limit))) }
    case "urlquery":
      TemplateFunction(atLeast: 0) { .string(Escapes.query(try joined($0, limit))) }
    case "eq", "ne", "lt", "le", "gt", "ge": GoComparison.function(name)
    case "call":
      TemplateFunction(atLeast: 1) {
        guard case .function(let function) = $0[0] else {
          throw TemplateFailure("non-function of type \($0[0].typeName)")
        }
        guard function.arity.contains($0.count - 1) else {
          throw TemplateFailure(
            "wrong number of args: got \($0.count - 1) want \(function.arity.lowerBound)")
        }
        return try function.body(Array($0.dropFirst()))
      }
    default: nil
    }
  }

  /// One text as it is, anything else as `print` would have it.
  private static func joined(_ arguments: [TemplateValue], _ limit: Int) throws -> String {
    if arguments.count == 1, case .string(let text) = arguments[0] { return text }
    return try GoFormat.sprint(arguments, limit: limit)
  }

  private static func length(_ value: TemplateValue) throws -> TemplateValue {
    switch value {
    case .string(let text): return .int(Int64(text.utf8.count))
    case .list(let values): return .int(Int64(values.count))
    case .map(let map): return .int(Int64(map.entries.count))
    case .object(let object) where object.elements != nil:
      return .int(Int64(object.elements?.count ?? 0))
    case .null: throw TemplateFailure("len of nil pointer")
    default: throw TemplateFailure("len of type \(value.typeName)")
    }
  }

  private static func position(
    _ value: TemplateValue, _ count: Int, includesEnd: Bool
  ) throws -> Int {
    guard case .int(let index) = value else {
      if case .null = value { throw TemplateFailure("cannot index slice/array with nil") }
      throw TemplateFailure("cannot index slice/array with type \(value.typeName)")
    }
    guard index >= 0, index < Int64(count) + (includesEnd ? 1 : 0) else {
      throw TemplateFailure("index out of range: \(index)")
    }
    return Int(index)
  }

  private static func index(_ arguments: [TemplateValue]) throws -> TemplateValue {
    var value = arguments[0]
    for key in arguments.dropFirst() {
      switch value {
      case .list(let values):
        value = values[try position(key, values.count, includesEnd: false)]
      case .object(let object) where object.elements != nil:
        let elements = object.elements ?? []
        value = elements[try position(key, elements.count, includesEnd: false)]
      case .string(let text):
        let bytes = Array(text.utf8)
        value = .int(Int64(bytes[try position(key, bytes.count, includesEnd: false)]))
      case .map(let map):
        guard case .string(let name) = key else {
          throw TemplateFailure("value has type \(key.typeName); should be string")
        }
        value = map.entries[name] ?? (map.isText ? .string("") : .null)
      case .null: throw TemplateFailure("index of untyped nil")
      default: throw TemplateFailure("can't index item of type \(value.typeName)")
      }
    }
    return value
  }

  private static func slice(_ arguments: [TemplateValue]) throws -> TemplateValue {
    let count: Int
    switch arguments[0] {
    case .string(let text):
      if arguments.count == 4 { throw TemplateFailure("cannot 3-index slice a string") }
      count = text.utf8.count
    case .list(let values): count = values.count
    case .null: throw TemplateFailure("slice of untyped nil")
    default: throw TemplateFailure("can't slice item of type \(arguments[0].typeName)")
    }
    let bounds = try arguments.dropFirst().map { try position($0, count, includesEnd: true) }
    let from = bounds.first ?? 0
    let to = bounds.count > 1 ? bounds[1] : count
    if from > to { throw TemplateFailure("invalid slice index: \(from) > \(to)") }
    if bounds.count > 2, to > bounds[2] {
      throw TemplateFailure("invalid slice index: \(to) > \(bounds[2])")
    }
    switch arguments[0] {
    case .string(let text):
      return .string(String(decoding: Array(text.utf8)[from..<to], as: UTF8.self))
    case .list(let values): return .list(Array(values[from..<to]))
    default: return .null
    }
  }
}

/// `eq ne lt le gt ge`: kinds must agree, as in Go.
enum GoComparison {
  static func function(_ name: String) -> TemplateFunction {
    switch name {
    case "eq": TemplateFunction(atLeast: 1, anyEqual)
    case "ne": TemplateFunction(2) { .bool(!(try equal($0[0], $0[1]))) }
    case "lt": TemplateFunction(2) { .bool(try less($0[0], $0[1])) }
    case "le": TemplateFunction(2) { .bool(try less($0[0], $0[1]) || equal($0[0], $0[1])) }
    case "gt":
      TemplateFunction(2) { .bool(!(try less($0[0], $0[1]) || equal($0[0], $0[1]))) }
    default: TemplateFunction(2) { .bool(!(try less($0[0], $0[1]))) }
    }
  }

  private static func anyEqual(_ arguments: [TemplateValue]) throws -> TemplateValue {
    guard arguments.count > 1 else {
      throw TemplateFailure("missing argument for comparison")
    }
    for argument in arguments.dropFirst() where try equal(arguments[0], argument) {
      return .bool(true)
    }
    return .bool(false)
  }

  private static func whole(_ value: TemplateValue) -> Int64? {
    switch value {
    case .int(let number): number
    case .duration(let duration): duration.nanoseconds
    default: nil
    }
  }

  private static func equal(_ left: TemplateValue, _ right: TemplateValue) throws -> Bool {
    if let a = whole(left), let b = whole(right) { return a == b }
    switch (left, right) {
    case (.bool(let a), .bool(let b)): return a == b
    case (.float(let a), .float(let b)): return a == b
    case (.string(let a), .string(let b)): return a.utf8.elementsEqual(b.utf8)
    case (.time(let a), .time(let b)): return a == b
    case (.null, .null): return true
    case (.null, _) where isBasic(right), (_, .null) where isBasic(left): return false
    case (.list, _), (.map, _), (.function, _):
      throw TemplateFailure("non-comparable type \(left.typeName)")
    default: throw TemplateFailure("incompatible types for comparison")
    }
  }

  private static func isBasic(_ value: TemplateValue) -> Bool {
    switch value {
    case .list, .map, .function, .object: false
    default: true
    }
  }

  private static func less(_ left: TemplateValue, _ right: TemplateValue) throws -> Bool {
    if let a = whole(left), let b = whole(right) { return a < b }
    switch (left, right) {
    case (.float(let a), .float(let b)): return a < b
    case (.string(let a), .string(let b)): return a.utf8.lexicographicallyPrecedes(b.utf8)
    case (.bool, .bool): throw TemplateFailure("invalid type for comparison")
    case (.null, _), (_, .null), (.list, _), (.map, _), (.object, _), (.time, _), (.function, _):
      throw TemplateFailure("invalid type for comparison")
    default: throw TemplateFailure("incompatible types for comparison")
    }
  }
}

/// Arguments of a certain kind, or Go's words for a wrong one.
extension TemplateValue {
  func text() throws -> String {
    guard case .string(let text) = self else {
      throw TemplateFailure.wrongType(self, expected: "string")
    }
    return text
  }

  func whole() throws -> Int64 {
    guard case .int(let number) = self else {
      throw TemplateFailure.wrongType(self, expected: "int")
    }
    return number
  }

  func instant() throws -> TemplateTime {
    guard case .time(let time) = self else {
      throw TemplateFailure.wrongType(self, expected: "time.Time")
    }
    return time
  }

  func elements() throws -> [TemplateValue] {
    switch self {
    case .list(let values): return values
    case .object(let object) where object.elements != nil: return object.elements ?? []
    default: throw TemplateFailure.wrongType(self, expected: "[]interface {}")
    }
  }
}
