import MxTime

/// What templates compute with: Go's values as far as rules and notices need them.
package indirect enum TemplateValue: Sendable {
  /// Go's untyped nil.
  case null
  case bool(Bool)
  case int(Int64)
  case float(Double)
  case string(String)
  case time(TemplateTime)
  case duration(TemplateDuration)
  case list([TemplateValue])
  case map(TemplateMap)
  /// A Go struct: fields in order of declaration, which is how they print.
  case object(TemplateObject)
  case function(TemplateFunction)

  package static func strings(_ texts: [String]) -> TemplateValue {
    .list(texts.map { .string($0) })
  }

  package static func labels(_ pairs: [(name: String, value: String)]) -> TemplateValue {
    .map(TemplateMap(pairs.map { ($0.name, .string($0.value)) }, isText: true))
  }
}

/// A Go map with string keys.
package struct TemplateMap: Sendable {
  package var entries: [String: TemplateValue] = [:]
  /// A map of strings to strings: what is missing is "", else it is nil.
  package var isText: Bool
  /// `SortedPairs` of notification labels and the like.
  package var methods: [String: TemplateFunction] = [:]

  package init(_ pairs: [(String, TemplateValue)], isText: Bool) {
    for (name, value) in pairs { entries[name] = value }
    self.isText = isText
  }

  /// By bytes, as Go sorts them.
  var keys: [String] { entries.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
}

/// A Go struct.
package struct TemplateObject: Sendable {
  /// As Go prints it in messages: `template.sample`.
  package var type: String
  package var fields: [(name: String, value: TemplateValue)]
  package var methods: [String: TemplateFunction]
  /// A list with methods (notification alerts): ranged over and indexed as this.
  package var elements: [TemplateValue]?

  package init(
    _ type: String, _ fields: [(name: String, value: TemplateValue)],
    methods: [String: TemplateFunction] = [:], elements: [TemplateValue]? = nil
  ) {
    self.type = type
    self.fields = fields
    self.methods = methods
    self.elements = elements
  }

  package subscript(name: String) -> TemplateValue? {
    fields.first { $0.name == name }?.value
  }
}

/// A function that templates can call.
package struct TemplateFunction: Sendable {
  package typealias Body = @Sendable ([TemplateValue]) throws -> TemplateValue

  /// How many arguments it takes.
  package var arity: ClosedRange<Int>
  package var body: Body

  package init(_ arity: ClosedRange<Int>, _ body: @escaping Body) {
    self.arity = arity
    self.body = body
  }

  package init(_ count: Int, _ body: @escaping Body) { self.init(count...count, body) }

  package init(atLeast count: Int, _ body: @escaping Body) {
    self.init(count...Int.max, body)
  }
}

/// Go's `time.Duration`.
package struct TemplateDuration: Hashable, Sendable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
}

extension TemplateValue {
  /// Go's notion of empty: what `if`, `and`, `or` and `not` ask.
  var isTrue: Bool {
    switch self {
    case .null: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .float(let value): value != 0
    case .string(let text): !text.utf8.isEmpty
    case .time: true
    case .duration(let value): value.nanoseconds != 0
    case .list(let values): !values.isEmpty
    case .map(let map): !map.entries.isEmpty
    case .object(let object): object.elements.map { !$0.isEmpty } ?? true
    case .function: true
    }
  }

  /// As `%T` prints it.
  var typeName: String {
    switch self {
    case .null: "<nil>"
    case .bool: "bool"
    case .int: "int"
    case .float: "float64"
    case .string: "string"
    case .time: "time.Time"
    case .duration: "time.Duration"
    case .list(let values):
      !values.isEmpty && values.allSatisfy(\.isString) ? "[]string" : "[]interface {}"
    case .map(let map): map.isText ? "map[string]string" : "map[string]interface {}"
    case .object(let object): object.type
    case .function: "func()"
    }
  }

  var isString: Bool { if case .string = self { true } else { false } }

  /// How many values are inside, the value itself included; nil where there are more
  /// than `limit` or they are nested deeper than `depth`. What a template builds of
  /// itself may double with each step: counting stops in time.
  func size(limit: Int, depth: Int) -> Int? {
    if limit <= 0 || depth <= 0 { return nil }
    let inner: [TemplateValue]
    switch self {
    case .list(let values): inner = values
    case .map(let map): inner = Array(map.entries.values)
    case .object(let object): inner = object.elements ?? object.fields.map(\.value)
    default: return 1
    }
    var total = 1
    for value in inner {
      guard let size = value.size(limit: limit - total, depth: depth - 1) else { return nil }
      total += size
    }
    return total
  }
}
