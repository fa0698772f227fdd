/// A JSON text as a tree: for dashboards and replies, not for samples.
///
/// Every value knows its line and column. Objects keep the order of their
/// members, and members of the same name are all there.
package struct JSONValue: Sendable {
  package enum Content: Sendable {
    case null
    case bool(Bool)
    /// Written as an integer that fits.
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])
  }

  package var content: Content
  /// Both from 1; 0 for a value that was not read from a text.
  package var line: Int32
  package var column: Int32

  package init(_ content: Content, line: Int32 = 0, column: Int32 = 0) {
    self.content = content
    self.line = line
    self.column = column
  }
}

package struct JSONMember: Sendable {
  package var name: String
  package var value: JSONValue

  package init(_ name: String, _ value: JSONValue) {
    self.name = name
    self.value = value
  }
}

extension JSONValue {
  package var isNull: Bool {
    if case .null = content { true } else { false }
  }

  package var bool: Bool? {
    if case .bool(let value) = content { value } else { nil }
  }

  package var string: String? {
    if case .string(let value) = content { value } else { nil }
  }

  package var double: Double? {
    switch content {
    case .integer(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  /// An integer, also one written as `3.0` or `3e2`.
  package var int: Int64? {
    switch content {
    case .integer(let value): value
    case .double(let value): Int64(exactly: value)
    default: nil
    }
  }

  package var array: [JSONValue]? {
    if case .array(let values) = content { values } else { nil }
  }

  package var members: [JSONMember]? {
    if case .object(let members) = content { members } else { nil }
  }

  /// An object's member; the last one, where several have the name.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = content else { return nil }
    return members.last { $0.name == name }?.value
  }

  /// An array's element.
  package subscript(index: Int) -> JSONValue? {
    guard case .array(let values) = content, values.indices.contains(index) else { return nil }
    return values[index]
  }

  /// Follows member names downwards: `panel[path: "fieldConfig", "defaults"]`.
  package subscript(path names: String...) -> JSONValue? {
    var value = self
    for name in names {
      guard let inner = value[name] else { return nil }
      value = inner
    }
    return value
  }

  /// What kind of value it is, for messages.
  package var kindName: String {
    switch content {
    case .null: "null"
    case .bool: "a boolean"
    case .integer, .double: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// Equal contents: where they stood does not count, nor how a number was written.
extension JSONValue: Equatable {
  package static func == (left: JSONValue, right: JSONValue) -> Bool {
    // Case by case: the optimiser of Swift 6.3.1 crashes on a switch over both.
    switch left.content {
    case .null: return right.isNull
    case .bool(let value): return right.bool == value
    case .string(let value): return right.string == value
    case .integer(let value):
      if case .integer(let other) = right.content { return value == other }
      return right.double == Double(value)
    case .double(let value): return right.double == value
    case .array(let values): return right.array == values
    case .object(let members):
      guard let others = right.members, others.count == members.count else { return false }
      return members.indices.allSatisfy {
        members[$0].name == others[$0].name && members[$0].value == others[$0].value
      }
    }
  }
}

extension JSONValue {
  /// Reads a text that is one value.
  package static func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONValue {
    var reader = TreeReader(tokenizer: JSONTokenizer(bytes))
    let value = try reader.readValue()
    _ = try reader.tokenizer.next()
    return value
  }

  package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    // A typed throw does not pass through the closure by itself.
    let result: Result<JSONValue, JSONError> = bytes.withUnsafeBytes { raw in
      Result { () throws(JSONError) in try parse(raw) }
    }
    return try result.get()
  }

  package static func parse(_ text: String) throws(JSONError) -> JSONValue {
    try parse(Array(text.utf8))
  }
}

/// Builds the tree. Recursion is bounded by the tokenizer's depth.
private struct TreeReader {
  var tokenizer: JSONTokenizer

  mutating func readValue() throws(JSONError) -> JSONValue {
    try value(of: tokenizer.next())
  }

  private mutating func value(of token: JSONToken) throws(JSONError) -> JSONValue {
    let line = Int32(clamping: tokenizer.line)
    let isString = token.kind == .string
    let column = Int32(clamping: token.start - tokenizer.lineStart + (isString ? 0 : 1))
    return JSONValue(try content(of: token), line: line, column: column)
  }

  private mutating func content(of token: JSONToken) throws(JSONError) -> JSONValue.Content {
    switch token.kind {
    case .beginObject: return .object(try readMembers())
    case .beginArray: return .array(try readElements())
    case .string: return .string(tokenizer.string(token))
    case .number:
      if let integer = tokenizer.int64(token) { return .integer(integer) }
      return .double(tokenizer.double(token))
    case .true: return .bool(true)
    case .false: return .bool(false)
    case .null: return .null
    case .endObject, .endArray, .key, .end:
      preconditionFailure("BUG: \(token.kind) in place of a value")
    }
  }

  private mutating func readMembers() throws(JSONError) -> [JSONMember] {
    var members: [JSONMember] = []
    while true {
      let token = try tokenizer.next()
      guard token.kind == .key else { return members }
      let name = tokenizer.string(token)
      members.append(JSONMember(name, try readValue()))
    }
  }

  private mutating func readElements() throws(JSONError) -> [JSONValue] {
    var elements: [JSONValue] = []
    while true {
      let token = try tokenizer.next()
      if token.kind == .endArray { return elements }
      elements.append(try value(of: token))
    }
  }
}
