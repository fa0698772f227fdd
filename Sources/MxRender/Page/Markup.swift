import MxJSON

/// HTML and SVG as bytes. The only door for text is `text` and attribute
/// values, and both escape.
///
/// What is markup is a `StaticString`: written in our source, so nothing read
/// from a dashboard or a store can ever become a tag, an attribute name or a
/// script, whatever it holds.
struct Markup {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int = 4096) { bytes.reserveCapacity(capacity) }

  /// Makes room for what is about to come.
  mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

  /// Markup of our own, as it stands.
  mutating func raw(_ markup: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: markup.utf8Start, count: markup.utf8CodeUnitCount))
  }

  /// Text between tags.
  mutating func text(_ text: String) { Self.appendEscaped(text, to: &bytes) }

  /// What another builder made: already escaped there.
  mutating func append(_ other: Markup) { bytes += other.bytes }

  /// `<name a="…" b="…">`.
  mutating func open(_ name: StaticString, _ attributes: Attribute...) {
    tag(name, attributes)
    raw(">")
  }

  /// `<name a="…"/>`: for SVG's childless elements.
  mutating func leaf(_ name: StaticString, _ attributes: Attribute...) {
    tag(name, attributes)
    raw("/>")
  }

  mutating func close(_ name: StaticString) {
    raw("</")
    raw(name)
    raw(">")
  }

  /// `<name …>text</name>`.
  mutating func element(_ name: StaticString, _ text: String, _ attributes: Attribute...) {
    tag(name, attributes)
    raw(">")
    self.text(text)
    close(name)
  }

  /// Text that is no markup in its place: within `style`, nothing is an entity.
  /// Its callers make sure that the text cannot end the element.
  mutating func trusted(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func trusted(_ made: [UInt8]) { bytes += made }

  mutating func trusted(_ made: ArraySlice<UInt8>) { bytes += made }

  mutating func newline() { bytes.append(0x0A) }

  private mutating func tag(_ name: StaticString, _ attributes: [Attribute]) {
    raw("<")
    raw(name)
    for attribute in attributes {
      switch attribute.value {
      case .absent: continue
      case .text(let text):
        begin(attribute.name)
        self.text(text)
        bytes.append(0x22)
      case .number(let value):
        begin(attribute.name)
        Self.appendNumber(value, to: &bytes)
        bytes.append(0x22)
      case .percent(let value):
        begin(attribute.name)
        Self.appendNumber(value, to: &bytes)
        raw("%\"")
      }
    }
  }

  private mutating func begin(_ name: StaticString) {
    raw(" ")
    raw(name)
    raw("=\"")
  }

  // MARK: - Escaping

  /// The one place where text becomes markup: five characters as entities, and
  /// what XML cannot hold (control characters, U+FFFE, U+FFFF) as U+FFFD.
  static func appendEscaped(_ text: String, to out: inout [UInt8]) {
    var text = text
    text.withUTF8 { source in
      // Where what is not appended yet begins.
      var start = 0
      for index in source.indices where !isPlain(source[index]) {
        // EF BF BE and EF BF BF are U+FFFE and U+FFFF.
        let isNoncharacter =
          source[index] & 0xFE == 0xBE && index >= 2 && source[index - 1] == 0xBF
          && source[index - 2] == 0xEF
        guard let entity = isNoncharacter ? "\u{FFFD}" : entity(source[index]) else { continue }
        out.append(contentsOf: source[start..<(isNoncharacter ? index - 2 : index)])
        out.append(
          contentsOf: UnsafeBufferPointer(
            start: entity.utf8Start, count: entity.utf8CodeUnitCount))
        start = index + 1
      }
      out.append(contentsOf: source[start...])
    }
  }

  /// Whether it stands for itself in any place.
  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x20, 0x21, 0x23...0x25, 0x28...0x3B, 0x3D, 0x3F...0x7E, 0x80..<0xBE: true
    default: false
    }
  }

  /// What stands for a byte; nil where it stands for itself.
  private static func entity(_ byte: UInt8) -> StaticString? {
    switch byte {
    case 0x26: "&amp;"
    case 0x3C: "&lt;"
    case 0x3E: "&gt;"
    case 0x22: "&quot;"
    case 0x27: "&#39;"
    case 0x00..<0x09, 0x0B, 0x0C, 0x0E..<0x20, 0x7F: "\u{FFFD}"
    default: nil
    }
  }

  /// At most two decimals, no trailing zeros: a fiftieth of a pixel is enough.
  static func appendNumber(_ value: Double, to out: inout [UInt8]) {
    // A coordinate that is no number would make a whole path invalid.
    guard value.isFinite else { return out.append(0x30) }
    let scaled = Int64((min(max(value, -1e9), 1e9) * 100).rounded())
    if scaled < 0 { out.append(0x2D) }
    let magnitude = scaled.magnitude
    NumberText.append(magnitude / 100, to: &out)
    let rest = UInt8(truncatingIfNeeded: magnitude % 100)
    if rest == 0 { return }
    out.append(0x2E)
    out.append(rest / 10 + 0x30)
    if rest % 10 != 0 { out.append(rest % 10 + 0x30) }
  }
}

/// A name of our own and a value that is escaped when it is written.
struct Attribute {
  enum Value {
    case absent
    case text(String)
    case number(Double)
    case percent(Double)
  }

  var name: StaticString
  var value: Value

  static func text(_ name: StaticString, _ value: String) -> Attribute {
    Attribute(name: name, value: .text(value))
  }

  /// Left out where there is nothing to say.
  static func optional(_ name: StaticString, _ value: String?) -> Attribute {
    Attribute(name: name, value: value.map { .text($0) } ?? .absent)
  }

  static func number(_ name: StaticString, _ value: Double) -> Attribute {
    Attribute(name: name, value: .number(value))
  }

  static func percent(_ name: StaticString, _ value: Double) -> Attribute {
    Attribute(name: name, value: .percent(value))
  }

  static func `class`(_ names: String...) -> Attribute {
    let all = names.filter { !$0.isEmpty }
    return Attribute(
      name: "class", value: all.isEmpty ? .absent : .text(all.joined(separator: " ")))
  }
}

/// The `d` of a path. Lines are told from point to point: neighbours of a series are
/// alike, and a page of thirty thousand points is packed into a third.
struct PathText {
  private(set) var bytes: [UInt8] = []
  /// Parts of a unit: tenths of a pixel are enough for lines, circles want more.
  private let parts: Double
  private var lastX: Int64 = 0
  private var lastY: Int64 = 0
  /// The letter of the last command need not be said again.
  private var isLine = false

  init(decimals: Int = 1) { parts = decimals == 1 ? 10 : 100 }

  var isEmpty: Bool { bytes.isEmpty }
  var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func move(_ x: Double, _ y: Double) {
    command(0x4D)
    pair(x, y)
  }

  mutating func line(_ x: Double, _ y: Double) {
    let (toX, toY) = (whole(x), whole(y))
    if !isLine {
      command(0x6C)
      isLine = true
    } else if toX >= lastX {
      bytes.append(0x20)
    }
    number(toX - lastX)
    if toY >= lastY { bytes.append(0x20) }
    number(toY - lastY)
    (lastX, lastY) = (toX, toY)
  }

  mutating func horizontal(_ x: Double) {
    command(0x48)
    lastX = whole(x)
    number(lastX)
  }

  mutating func vertical(_ y: Double) {
    command(0x56)
    lastY = whole(y)
    number(lastY)
  }

  mutating func curve(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ x: Double, _ y: Double
  ) {
    command(0x43)
    pair(x1, y1)
    bytes.append(0x20)
    pair(x2, y2)
    bytes.append(0x20)
    pair(x, y)
  }

  mutating func arc(radius: Double, large: Bool, clockwise: Bool, _ x: Double, _ y: Double) {
    command(0x41)
    number(whole(radius))
    bytes.append(0x2C)
    number(whole(radius))
    bytes.append(contentsOf: " 0 ".utf8)
    bytes.append(large ? 0x31 : 0x30)
    bytes.append(0x20)
    bytes.append(clockwise ? 0x31 : 0x30)
    bytes.append(0x20)
    pair(x, y)
  }

  /// A dot: a line of no length, round where its caps are.
  mutating func dot(_ x: Double, _ y: Double) {
    move(x, y)
    bytes.append(contentsOf: "h0".utf8)
  }

  mutating func close() { command(0x5A) }

  private mutating func command(_ letter: UInt8) {
    bytes.append(letter)
    isLine = false
  }

  /// Absolute, and where the next line begins.
  private mutating func pair(_ x: Double, _ y: Double) {
    (lastX, lastY) = (whole(x), whole(y))
    number(lastX)
    bytes.append(0x2C)
    number(lastY)
  }

  private func whole(_ value: Double) -> Int64 {
    value.isFinite ? Int64((min(max(value, -1e9), 1e9) * parts).rounded()) : 0
  }

  private mutating func number(_ whole: Int64) {
    Markup.appendNumber(Double(whole) / parts, to: &bytes)
  }
}
