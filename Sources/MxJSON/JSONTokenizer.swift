/// What one step of a `JSONTokenizer` found: a kind, and where its bytes are.
package struct JSONToken: Equatable, Sendable {
  package enum Kind: UInt8, Sendable {
    case beginObject, endObject, beginArray, endArray
    /// An object member's name; the colon behind it is already read.
    case key
    case string, number, `true`, `false`, null
    /// Nothing is left.
    case end
  }

  package var kind: Kind
  /// A string or key has a `\` in it: `text` must undo that before use.
  package var isEscaped: Bool
  /// The bytes; a string's without its quotes.
  package var start: Int
  package var end: Int

  package var range: Range<Int> { start..<end }
}

/// Reads JSON (RFC 8259) token by token from bytes, without making a string.
///
/// The bytes must outlive it. Tokens come out only in an order which the grammar
/// allows: when `end` was returned, everything was valid, and all strings are
/// valid UTF-8. Names of an object may repeat, and are reported as they come.
/// A lone surrogate escape is U+FFFD. A byte order mark in front is passed over.
///
/// Depth is bounded (one bit a level), and no token allocates.
///
/// With `manyValues` the text is a run of values with white space between them
/// (one a line is NDJSON); after an error `skipLine` goes on with the next line.
package struct JSONTokenizer {
  /// One bit of `containers` each.
  package static let deepest = 128

  package let bytes: UnsafeRawBufferPointer
  let manyValues: Bool
  let depthLimit: Int
  /// The next byte to be read.
  package internal(set) var offset = 0
  /// The line of `offset`, from 1, and where that line starts.
  package internal(set) var line = 1
  package internal(set) var lineStart = 0
  /// How many arrays and objects are open.
  package internal(set) var depth = 0
  /// Of each open container, innermost in bit 0: is it an object?
  private var containers: UInt128 = 0
  private var state = State.topLevel

  private enum State: UInt8 {
    /// Before a top-level value, or at the end.
    case topLevel
    case firstMember, firstElement
    /// Behind a member's name.
    case value
    case afterMember, afterElement
  }

  package init(
    _ bytes: UnsafeRawBufferPointer, manyValues: Bool = false, depthLimit: Int = deepest
  ) {
    self.bytes = bytes
    self.manyValues = manyValues
    self.depthLimit = min(max(depthLimit, 1), Self.deepest)
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { offset = 3 }
  }

  /// Reads the next token. After an error only `skipLine` makes sense.
  package mutating func next() throws(JSONError) -> JSONToken {
    skipWhitespace()
    switch state {
    case .value:
      return try readValue()
    case .afterMember:
      if try endsContainer(with: 0x7D) { return close(.endObject) }
      return try readKey()
    case .afterElement:
      if try endsContainer(with: 0x5D) { return close(.endArray) }
      return try readValue()
    case .firstMember:
      if offset < bytes.count, bytes[offset] == 0x7D { return close(.endObject) }
      return try readKey()
    case .firstElement:
      if offset < bytes.count, bytes[offset] == 0x5D { return close(.endArray) }
      return try readValue()
    case .topLevel:
      return try readTopLevel()
    }
  }

  /// Drops what is left of this line and all that is open: after an error, the
  /// next line of NDJSON is read as if nothing had been.
  package mutating func skipLine() {
    while offset < bytes.count, bytes[offset] != 0x0A { offset &+= 1 }
    depth = 0
    containers = 0
    state = .topLevel
  }

  /// Behind a `beginObject` or `beginArray`: reads to its end. Behind anything
  /// else: nothing.
  package mutating func skipRest(of token: JSONToken) throws(JSONError) {
    guard token.kind == .beginObject || token.kind == .beginArray else { return }
    let outside = depth - 1
    while depth > outside { _ = try next() }
  }

  /// Reads a whole value, whatever it is, and forgets it.
  package mutating func skipValue() throws(JSONError) {
    try skipRest(of: next())
  }

  // MARK: - Structure

  private mutating func readTopLevel() throws(JSONError) -> JSONToken {
    guard offset < bytes.count else {
      if !manyValues, !sawValue { throw .unexpectedEnd(at: position) }
      return JSONToken(kind: .end, isEscaped: false, start: offset, end: offset)
    }
    if sawValue, !manyValues { throw .trailingData(at: position) }
    sawValue = true
    return try readValue()
  }

  private var sawValue = false

  /// Behind a member or element: true at the container's end, false behind a comma.
  @inline(__always)
  private mutating func endsContainer(with closer: UInt8) throws(JSONError) -> Bool {
    guard offset < bytes.count else { throw .unexpectedEnd(at: position) }
    let byte = bytes[offset]
    if byte == 0x2C {
      offset &+= 1
      skipWhitespace()
      return false
    }
    if byte == closer { return true }
    throw unexpected(closer == 0x7D ? "',' or '}'" : "',' or ']'")
  }

  private mutating func open(_ kind: JSONToken.Kind) throws(JSONError) -> JSONToken {
    if depth >= depthLimit { throw .tooDeep(limit: depthLimit, at: position) }
    let isObject = kind == .beginObject
    containers = (containers &<< 1) | (isObject ? 1 : 0)
    depth &+= 1
    state = isObject ? .firstMember : .firstElement
    offset &+= 1
    return JSONToken(kind: kind, isEscaped: false, start: offset &- 1, end: offset)
  }

  private mutating func close(_ kind: JSONToken.Kind) -> JSONToken {
    containers &>>= 1
    depth &-= 1
    offset &+= 1
    valueIsComplete()
    return JSONToken(kind: kind, isEscaped: false, start: offset &- 1, end: offset)
  }

  @inline(__always)
  private mutating func valueIsComplete() {
    state = depth == 0 ? .topLevel : containers & 1 == 1 ? .afterMember : .afterElement
  }

  private mutating func readKey() throws(JSONError) -> JSONToken {
    guard offset < bytes.count else { throw .unexpectedEnd(at: position) }
    guard bytes[offset] == 0x22 else { throw unexpected("a name in double quotes") }
    let token = try readString(.key)
    skipWhitespace()
    guard offset < bytes.count else { throw .unexpectedEnd(at: position) }
    guard bytes[offset] == 0x3A else { throw unexpected("':'") }
    offset &+= 1
    state = .value
    return token
  }

  private mutating func readValue() throws(JSONError) -> JSONToken {
    guard offset < bytes.count else { throw .unexpectedEnd(at: position) }
    let token: JSONToken
    switch bytes[offset] {
    case 0x22: token = try readString(.string)
    case 0x7B: return try open(.beginObject)
    case 0x5B: return try open(.beginArray)
    case 0x2D, 0x30...0x39: token = try readNumber()
    case 0x74: token = try readWord(.true, "true")
    case 0x66: token = try readWord(.false, "false")
    case 0x6E: token = try readWord(.null, "null")
    default: throw unexpected("a value")
    }
    valueIsComplete()
    return token
  }

  // MARK: - Places

  /// The place of `offset`.
  package var position: JSONPosition { position(of: offset) }

  /// The place of an offset on the present line or, for errors, close behind.
  func position(of offset: Int) -> JSONPosition {
    JSONPosition(offset: offset, line: line, column: offset - lineStart + 1)
  }

  func unexpected(_ expected: String) -> JSONError {
    .unexpected(bytes[offset], expected: expected, at: position)
  }
}
