import MxJSON

/// A field's value as the line protocol types it.
enum InfluxValue {
  case float(Double)
  case int(Int64)
  case uint(UInt64)
  case bool(Bool)
  /// What stands between the quotes, escapes and all.
  case string(Range<Int>)
}

/// Takes lines of the Influx line protocol apart, without copying.
///
///     line  = measurement *("," tag) 1*SP field *("," field) [1*SP timestamp]
///     tag   = key "=" text        field = key "=" value
///
/// In names and tag values a backslash escapes `,`, `=` and a blank (in a
/// measurement not `=`); before anything else it stands for itself, so that a
/// byte is escaped exactly if a backslash stands before it. Strings have their
/// own escapes and may hold newlines, so where a line ends is known only when
/// its fields are read.
struct InfluxScanner {
  let bytes: UnsafeRawBufferPointer
  var at: Int
  /// Where the line ends, as far as is known: at a newline or behind the last byte.
  private(set) var end: Int
  let start: Int
  /// A string held a newline.
  private(set) var spansLines = false
  /// There will be no more bytes behind these.
  private let final: Bool

  /// The line at `start`; nil where it may go on behind `bytes`.
  @inline(__always)
  init?(_ bytes: UnsafeRawBufferPointer, from start: Int, final: Bool) {
    self.bytes = bytes
    self.start = start
    self.final = final
    at = start
    if let newline = bytes.offset(of: Byte.newline, from: start) {
      end = newline
    } else if final {
      end = bytes.count
    } else {
      return nil
    }
    while at < end, bytes[at] == Byte.space { at &+= 1 }
  }

  /// Nothing but blanks, or a comment.
  @inline(__always)
  mutating func isEmpty() throws(LineFault) -> Bool {
    if at == end || (bytes[at] == Byte.carriageReturn && at &+ 1 == end) { return true }
    guard bytes[at] == Byte.hash else { return false }
    for offset in at..<end {
      let byte = bytes[offset]
      if byte == Byte.carriageReturn, offset + 1 == end { break }
      // As the reference implementation: a comment is printable, or has a tab.
      guard byte == Byte.tab || !Self.isUnprintable(byte) else {
        throw LineFault(offset - start, "a control character in a comment")
      }
    }
    return true
  }

  /// The measurement and its tags: up to the first blank that is not escaped.
  @inline(__always)
  mutating func series() throws(LineFault) -> Range<Int> {
    let first = at
    while let space = bytes.part(0..<end).offset(of: Byte.space, from: at) {
      at = space &+ 1
      if space == first || bytes[space &- 1] != Byte.backslash {
        while at < end, bytes[at] == Byte.space { at &+= 1 }
        return first..<space
      }
    }
    throw LineFault(end - start, "a measurement without fields", expected: "a blank and fields")
  }

  /// Goes past `key` and its `=`, if they stand here.
  @inline(__always)
  mutating func skip(_ key: UnsafeRawBufferPointer) -> Bool {
    guard end &- at >= key.count, bytes.part(at..<at &+ key.count).equals(key) else { return false }
    at &+= key.count
    return true
  }

  /// A field's key, as it stands; goes past the `=`.
  mutating func key() throws(LineFault) -> Range<Int> {
    let first = at
    while at < end, bytes[at] != Byte.equals {
      let byte = bytes[at]
      if byte == Byte.comma || byte == Byte.space || Self.isUnprintable(byte) { break }
      at += byte == Byte.backslash && at + 1 < end && Self.isEscapable(bytes[at + 1]) ? 2 : 1
    }
    guard at > first else { throw fault("no field key", expected: "a field") }
    guard at < end, bytes[at] == Byte.equals else { throw fault(found, expected: "'='") }
    guard bytes.part(first..<at).isUTF8 else {
      throw LineFault(first - start, "a field key that is not UTF-8")
    }
    at += 1
    return first..<at - 1
  }

  /// A field's value, of any type; nil where a string goes on behind the bytes at hand.
  @inline(__always)
  mutating func value() throws(LineFault) -> InfluxValue? {
    var number = 0.0
    // `scan` takes a sign +, which the protocol does not have.
    guard at < end, bytes[at] != Byte.plus else {
      throw fault(found, expected: "a field's value")
    }
    let behind = FloatParser.scan(bytes.part(0..<end), from: at, into: &number)
    if behind > at, behind == end || bytes[behind] == Byte.comma || bytes[behind] == Byte.space,
      number.isFinite
    {
      at = behind
      return .float(number)
    }
    return try otherValue()
  }

  /// Behind a value: true where another field follows, false where the fields end.
  @inline(__always)
  mutating func nextField() throws(LineFault) -> Bool {
    if at == end { return false }
    switch bytes[at] {
    case Byte.comma:
      at &+= 1
      return true
    case Byte.space: return false
    case Byte.carriageReturn where at &+ 1 == end: return false
    default: throw fault(found, expected: "',' or a blank after a field")
    }
  }

  /// The timestamp in units of the precision; nil where there is none.
  @inline(__always)
  mutating func time() throws(LineFault) -> Int64? {
    while at < end, bytes[at] == Byte.space { at &+= 1 }
    let last = end > at && bytes[end &- 1] == Byte.carriageReturn ? end &- 1 : end
    if at == last { return nil }
    let first = at
    while at < last, bytes[at] != Byte.space { at &+= 1 }
    let text = bytes.part(first..<at)
    guard text[0] != Byte.plus,
      let time = MillisecondText.parse(text) ?? IntegerParser.parse(text)
    else {
      throw LineFault(first - start, "a timestamp '\(text.shown)'", expected: "a whole number")
    }
    while at < last, bytes[at] == Byte.space { at &+= 1 }
    guard at == last else { throw fault(found, expected: "the end of the line") }
    return time
  }

  /// Gives a faulty line up: goes on behind the next newline.
  mutating func abandon() { at = end }

  // MARK: The rarer values

  @inline(never)
  private mutating func otherValue() throws(LineFault) -> InfluxValue? {
    if bytes[at] == Byte.quote { return try string() }
    let first = at
    while at < end, bytes[at] != Byte.comma, bytes[at] != Byte.space, bytes[at] != Byte.quote,
      !Self.isUnprintable(bytes[at])
    {
      at += 1
    }
    let text = bytes.part(first..<at)
    guard let value = Self.value(of: text) else {
      throw LineFault(
        first - start, "a field's value '\(text.shown)'",
        expected: "a number, true, false or a string in quotes")
    }
    return value
  }

  private static func value(of text: UnsafeRawBufferPointer) -> InfluxValue? {
    for word in ["t", "T", "true", "True", "TRUE"] as [StaticString] where text.equals(word) {
      return .bool(true)
    }
    for word in ["f", "F", "false", "False", "FALSE"] as [StaticString] where text.equals(word) {
      return .bool(false)
    }
    guard let last = text.last, let first = text.first, first != Byte.plus else { return nil }
    let digits = text.part(0..<text.count - 1)
    if last == UInt8(ascii: "i") { return IntegerParser.parse(digits).map { .int($0) } }
    if last == UInt8(ascii: "u") {
      guard digits.allSatisfy({ Byte.isDigit($0) }) else { return nil }
      return UInt64(digits.text).map { .uint($0) }
    }
    return FloatParser.parse(text).map { .float($0) }
  }

  /// Nil where the string goes on behind the bytes at hand.
  private mutating func string() throws(LineFault) -> InfluxValue? {
    let first = at + 1
    var here = first
    while here < bytes.count, bytes[here] != Byte.quote {
      here += bytes[here] == Byte.backslash ? 2 : 1
    }
    guard here < bytes.count else {
      if !final { return nil }
      throw fault("a string that is never closed")
    }
    guard bytes.part(first..<here).isUTF8 else { throw fault("a string that is not UTF-8") }
    at = here + 1
    if at > end {
      spansLines = true
      if let newline = bytes.offset(of: Byte.newline, from: at) {
        end = newline
      } else if final {
        end = bytes.count
      } else {
        return nil
      }
    }
    return .string(first..<here)
  }

  private func fault(_ what: String, expected: String = "") -> LineFault {
    LineFault(at - start, what, expected: expected)
  }

  private var found: String { SeriesText.found(bytes.part(start..<end), at - start) }

  @inline(__always)
  static func isUnprintable(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

  @inline(__always)
  static func isEscapable(_ byte: UInt8) -> Bool {
    byte == Byte.comma || byte == Byte.equals || byte == Byte.space
  }
}

/// The measurement and tags of one line, unescaped.
struct InfluxSeries {
  private(set) var measurement: [UInt8] = []
  private(set) var tags: [(key: [UInt8], value: [UInt8])] = []

  /// Takes the text apart that `InfluxScanner.series` found.
  init(_ text: UnsafeRawBufferPointer) throws(LineFault) {
    guard text.isUTF8 else { throw LineFault(0, "the measurement or a tag is not UTF-8") }
    var at = 0
    measurement = Self.take(text, &at, equals: false)
    if measurement.isEmpty || at < text.count && text[at] != Byte.comma {
      throw LineFault(at, SeriesText.found(text, at), expected: "a measurement")
    }
    while at < text.count {
      guard text[at] == Byte.comma else {
        throw LineFault(at, SeriesText.found(text, at), expected: "',' or a blank after a tag")
      }
      at += 1
      let start = at
      let key = Self.take(text, &at, equals: true)
      guard at < text.count, text[at] == Byte.equals else {
        throw LineFault(at, SeriesText.found(text, at), expected: "'=' after a tag's key")
      }
      if key.isEmpty { throw LineFault(at, "an empty tag key") }
      at += 1
      let value = Self.take(text, &at, equals: true)
      if value.isEmpty { throw LineFault(at, "a tag without a value") }
      if tags.contains(where: { $0.key == key }) {
        throw LineFault(start, "a tag that stands twice")
      }
      tags.append((key, value))
    }
  }

  /// The unescaped bytes up to what ends them; `=` ends and is escaped only in tags.
  private static func take(
    _ text: UnsafeRawBufferPointer, _ at: inout Int, equals: Bool
  ) -> [UInt8] {
    var result: [UInt8] = []
    while at < text.count {
      let byte = text[at]
      if byte == Byte.comma || byte == Byte.space || InfluxScanner.isUnprintable(byte) { break }
      if equals, byte == Byte.equals { break }
      if byte == Byte.backslash, at + 1 < text.count {
        let next = text[at + 1]
        if next == Byte.comma || next == Byte.space || (equals && next == Byte.equals) {
          result.append(next)
          at += 2
          continue
        }
      }
      result.append(byte)
      at += 1
    }
    return result
  }

  /// A field's key, unescaped.
  static func key(_ text: UnsafeRawBufferPointer) -> [UInt8] {
    var result: [UInt8] = []
    var at = 0
    while at < text.count {
      if text[at] == Byte.backslash, at + 1 < text.count,
        InfluxScanner.isEscapable(text[at + 1])
      {
        at += 1
      }
      result.append(text[at])
      at += 1
    }
    return result
  }

  /// A string field's text: `\n`, `\r`, `\t`, `\"` and `\\` are escapes.
  static func string(_ text: UnsafeRawBufferPointer) -> [UInt8] {
    var result: [UInt8] = []
    var at = 0
    while at < text.count {
      guard text[at] == Byte.backslash, at + 1 < text.count else {
        result.append(text[at])
        at += 1
        continue
      }
      switch text[at + 1] {
      case UInt8(ascii: "n"): result.append(Byte.newline)
      case UInt8(ascii: "r"): result.append(Byte.carriageReturn)
      case UInt8(ascii: "t"): result.append(Byte.tab)
      case Byte.quote, Byte.backslash: result.append(text[at + 1])
      default: result += [Byte.backslash, text[at + 1]]
      }
      at += 2
    }
    return result
  }
}
