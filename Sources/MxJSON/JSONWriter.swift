/// Writes JSON into bytes.
///
/// Commas, colons and indentation are its own business; that names and values
/// alternate is the caller's, and a mistake there is a BUG.
package struct JSONWriter {
  /// What to write for NaN and the infinities, which JSON does not have.
  package enum NonFinite: Sendable {
    /// `null`, as JavaScript does.
    case null
    /// `"NaN"`, `"+Inf"`, `"-Inf"`, as Prometheus' API does.
    case string
  }

  package private(set) var bytes: [UInt8] = []
  private let indent: Int
  private let safeInHTML: Bool
  private let nonFinite: NonFinite
  private var open: [Container] = []

  private struct Container {
    var isObject: Bool
    var isEmpty = true
    var awaitsValue = false
  }

  /// `indent` blanks a level on lines of their own; 0 for no white space at all.
  /// With `safeInHTML` the text may stand in a `<script>`: no `<`, `>`, `&` and
  /// no U+2028 or U+2029 is written as itself.
  package init(indent: Int = 0, safeInHTML: Bool = false, nonFinite: NonFinite = .null) {
    self.indent = max(indent, 0)
    self.safeInHTML = safeInHTML
    self.nonFinite = nonFinite
  }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Hands over what was written so far, to write it out in pieces.
  package mutating func take() -> [UInt8] {
    let taken = bytes
    bytes.removeAll(keepingCapacity: true)
    return taken
  }

  package mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

  // MARK: - Structure

  package mutating func beginObject() { begin(isObject: true) }

  package mutating func endObject() { end(isObject: true) }

  package mutating func beginArray() { begin(isObject: false) }

  package mutating func endArray() { end(isObject: false) }

  package mutating func name(_ name: String) {
    startName()
    appendString(name)
    endName()
  }

  private mutating func startName() {
    guard let last = open.indices.last, open[last].isObject, !open[last].awaitsValue else {
      preconditionFailure("BUG: a name outside an object or behind a name")
    }
    separate(last)
    open[last].awaitsValue = true
  }

  private mutating func endName() {
    bytes.append(0x3A)
    if indent > 0 { bytes.append(0x20) }
  }

  private mutating func begin(isObject: Bool) {
    startValue()
    bytes.append(isObject ? 0x7B : 0x5B)
    open.append(Container(isObject: isObject))
  }

  private mutating func end(isObject: Bool) {
    guard let container = open.popLast(), container.isObject == isObject,
      !container.awaitsValue
    else { preconditionFailure("BUG: the end of something else than is open") }
    if !container.isEmpty { startLine() }
    bytes.append(isObject ? 0x7D : 0x5D)
    if open.isEmpty, indent > 0 { bytes.append(0x0A) }
  }

  @inline(__always)
  private mutating func startValue() {
    guard let last = open.indices.last else { return }
    if open[last].isObject {
      precondition(open[last].awaitsValue, "BUG: a value without a name")
      open[last].awaitsValue = false
    } else {
      separate(last)
    }
  }

  @inline(__always)
  private mutating func separate(_ last: Int) {
    if open[last].isEmpty {
      open[last].isEmpty = false
    } else {
      bytes.append(0x2C)
    }
    startLine()
  }

  @inline(__always)
  private mutating func startLine() {
    guard indent > 0 else { return }
    bytes.append(0x0A)
    bytes.append(contentsOf: repeatElement(0x20, count: indent * open.count))
  }

  /// Ends a top-level value's line: NDJSON.
  package mutating func member(_ name: String, _ value: String) {
    self.name(name)
    string(value)
  }

  package mutating func member(_ name: String, _ value: Int64) {
    self.name(name)
    int(value)
  }

  package mutating func member(_ name: String, _ value: Double) {
    self.name(name)
    double(value)
  }

  package mutating func newline() { bytes.append(0x0A) }

  // MARK: - Values

  package mutating func null() {
    startValue()
    append("null")
  }

  package mutating func bool(_ value: Bool) {
    startValue()
    append(value ? "true" : "false")
  }

  package mutating func int(_ value: Int64) {
    startValue()
    NumberText.append(value, to: &bytes)
  }

  package mutating func int(_ value: Int) { int(Int64(value)) }

  package mutating func double(_ value: Double) {
    startValue()
    if value.isFinite {
      NumberText.append(value, .json, to: &bytes)
    } else if nonFinite == .null {
      append("null")
    } else {
      bytes.append(0x22)
      NumberText.append(value, .json, to: &bytes)
      bytes.append(0x22)
    }
  }

  /// A double as a string, as Prometheus' API writes values: `"0.5"`, `"+Inf"`.
  package mutating func quotedDouble(_ value: Double) {
    startValue()
    bytes.append(0x22)
    NumberText.append(value, .json, to: &bytes)
    bytes.append(0x22)
  }

  /// Milliseconds as seconds with up to three decimals: `1700000000.5`.
  package mutating func seconds(milliseconds: Int64) {
    startValue()
    if milliseconds < 0 { bytes.append(0x2D) }
    let magnitude = milliseconds.magnitude
    NumberText.append(magnitude / 1000, to: &bytes)
    var rest = magnitude % 1000
    if rest > 0 { bytes.append(0x2E) }
    var unit: UInt64 = 100
    while rest > 0 {
      bytes.append(UInt8(truncatingIfNeeded: rest / unit) &+ 0x30)
      rest %= unit
      unit /= 10
    }
  }

  package mutating func string(_ value: String) {
    startValue()
    appendString(value)
  }

  /// A string from bytes; what is not UTF-8 in them is replaced by U+FFFD.
  package mutating func string(_ value: UnsafeRawBufferPointer) {
    startValue()
    var at = 0
    while at < value.count {
      let length = UTF8Rules.sequenceLength(value, at)
      if length == 0 { return appendString(String(decoding: value, as: UTF8.self)) }
      at &+= length
    }
    appendEscaped(value)
  }

  /// JSON that is already written; it must be one whole value.
  package mutating func raw(_ json: [UInt8]) {
    startValue()
    bytes.append(contentsOf: json)
  }

  /// A tree, as it stands. Recursion is bounded by the depth of the tree.
  package mutating func value(_ value: JSONValue) {
    switch value.content {
    case .null: null()
    case .bool(let value): bool(value)
    case .integer(let value): int(value)
    case .double(let value): double(value)
    case .string(let value): string(value)
    case .array(let values):
      beginArray()
      for value in values { self.value(value) }
      endArray()
    case .object(let members):
      beginObject()
      for member in members {
        name(member.name)
        self.value(member.value)
      }
      endObject()
    }
  }

  // MARK: - Bytes

  private mutating func append(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { bytes.append(text.utf8Start[index]) }
  }

  private mutating func appendString(_ value: String) {
    var value = value
    value.withUTF8 { appendEscaped(UnsafeRawBufferPointer($0)) }
  }

  private mutating func appendEscaped(_ value: UnsafeRawBufferPointer) {
    bytes.append(0x22)
    var plainStart = 0
    var at = 0
    while at < value.count {
      let byte = value[at]
      if needsEscape(value, at) {
        bytes.append(contentsOf: value[plainStart..<at])
        at &+= appendEscape(byte, value, at)
        plainStart = at
      } else {
        at &+= 1
      }
    }
    bytes.append(contentsOf: value[plainStart..<at])
    bytes.append(0x22)
  }

  @inline(__always)
  private func needsEscape(_ value: UnsafeRawBufferPointer, _ at: Int) -> Bool {
    let byte = value[at]
    if byte < 0x20 || byte == 0x22 || byte == 0x5C { return true }
    guard safeInHTML else { return false }
    if byte == 0x3C || byte == 0x3E || byte == 0x26 { return true }
    // U+2028 and U+2029 are E2 80 A8 and E2 80 A9.
    return byte == 0xE2 && value.count &- at >= 3 && value[at &+ 1] == 0x80
      && (value[at &+ 2] == 0xA8 || value[at &+ 2] == 0xA9)
  }

  /// Appends an escape, and returns how many bytes of the input it stands for.
  private mutating func appendEscape(
    _ byte: UInt8, _ value: UnsafeRawBufferPointer, _ at: Int
  ) -> Int {
    switch byte {
    case 0x22: append("\\\"")
    case 0x5C: append("\\\\")
    case 0x0A: append("\\n")
    case 0x0D: append("\\r")
    case 0x09: append("\\t")
    case 0xE2:
      append(value[at + 2] == 0xA8 ? "\\u2028" : "\\u2029")
      return 3
    default:
      append("\\u00")
      let digits: StaticString = "0123456789abcdef"
      bytes.append(digits.utf8Start[Int(byte >> 4)])
      bytes.append(digits.utf8Start[Int(byte & 15)])
    }
    return 1
  }
}
