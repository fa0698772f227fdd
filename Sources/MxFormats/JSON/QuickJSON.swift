import MxJSON
import MxModel

/// Flat lines of JSON, without a tokenizer:
///
///     {"metric":{"__name__":"up","job":"a"},"values":[1,1],"timestamps":[1000,2000]}
///     {"metricName":"deploy","timestamp":1,"value":1,"tags":{"env":"x"}}
///
/// Members that are not times or values are hashed as they stand, an object from
/// its brace to the next closing one. Only texts that the long way has parsed
/// are known, and a text that was one complete object is one wherever it
/// stands: a brace inside a string makes a text unknown, never misread. All
/// else that is not as above is left to the long way, which decides.
struct QuickJSON {
  private let options: FormatOptions
  private var known = RawTextTable()
  private var values: [Double] = []
  private var times: [Int64] = []
  /// The members that name the series, one after the other.
  private var seriesText: [UInt8] = []
  /// Where they lie: one at most lines.
  private var parts: [Range<Int>] = []

  init(_ options: FormatOptions) { self.options = options }

  /// False, and nothing done, where the line is for the long way.
  @inline(__always)
  mutating func take(_ text: UnsafeRawBufferPointer, into batch: inout SampleBatch) -> Bool {
    guard scan(text), let ref = known.find(hash(text)) else { return false }
    if values.count == times.count {
      for index in 0..<values.count { batch.push(ref, times[index], values[index]) }
      return true
    }
    guard times.isEmpty else { return false }
    for value in values { batch.push(ref, options.defaultTime, value) }
    return true
  }

  /// Remembers the series of a line that the long way has just taken.
  @inline(never)
  mutating func learn(_ text: UnsafeRawBufferPointer, _ ref: UInt32) {
    guard scan(text), known.find(hash(text)) == nil else { return }
    for part in parts {
      // The part is `"key": value`; its value must be whole.
      guard let colon = text.offset(of: Byte.colon, from: part.lowerBound),
        Self.isOneValue(text.part(colon + 1..<part.upperBound))
      else { return }
    }
    known.insert(hash(text), ref)
  }

  private static func isOneValue(_ text: UnsafeRawBufferPointer) -> Bool {
    var tokenizer = JSONTokenizer(text)
    do throws(JSONError) {
      try tokenizer.skipValue()
      return try tokenizer.next().kind == .end
    } catch {
      return false
    }
  }

  @inline(__always)
  private mutating func hash(_ text: UnsafeRawBufferPointer) -> RawTextTable.Hash {
    if parts.count == 1 { return known.hash(text.part(parts[0])) }
    seriesText.removeAll(keepingCapacity: true)
    for part in parts {
      seriesText.append(contentsOf: text.part(part))
      seriesText.append(0)
    }
    return seriesText.withUnsafeBytes { known.hash($0) }
  }

  /// Finds the members of the line; false where it is not as expected.
  @inline(__always)
  private mutating func scan(_ text: UnsafeRawBufferPointer) -> Bool {
    values.removeAll(keepingCapacity: true)
    times.removeAll(keepingCapacity: true)
    parts.removeAll(keepingCapacity: true)
    var at = 0
    guard Self.skip(text, &at, Byte.openBrace) else { return false }
    while true {
      at = text.skipBlanks(at)
      let start = at
      guard Self.skip(text, &at, Byte.quote), let end = text.offset(of: Byte.quote, from: at)
      else { return false }
      let key = text.part(at..<end)
      at = end &+ 1
      guard Self.skip(text, &at, Byte.colon) else { return false }
      at = text.skipBlanks(at)
      guard at < text.count, member(text, key, start, &at) else { return false }
      at = text.skipBlanks(at)
      guard at < text.count else { return false }
      if text[at] == Byte.comma {
        at &+= 1
        continue
      }
      guard text[at] == Byte.closeBrace else { return false }
      at = text.skipBlanks(at &+ 1)
      if at < text.count, text[at] == Byte.carriageReturn { at &+= 1 }
      return at == text.count && !parts.isEmpty && !values.isEmpty
    }
  }

  @inline(__always)
  private mutating func member(
    _ text: UnsafeRawBufferPointer, _ key: UnsafeRawBufferPointer, _ start: Int, _ at: inout Int
  ) -> Bool {
    if key.equals("values") {
      return values.isEmpty && numbers(text, &at)
    }
    if key.equals("timestamps") {
      return times.isEmpty && moments(text, &at)
    }
    if key.equals("value") {
      return values.isEmpty && number(text, &at)
    }
    if key.equals("timestamp") || key.equals("time") {
      return times.isEmpty && moment(text, &at)
    }
    return other(text, key, start, &at)
  }

  /// A member that belongs to the series' name, or that we know nothing of.
  private mutating func other(
    _ text: UnsafeRawBufferPointer, _ key: UnsafeRawBufferPointer, _ start: Int, _ at: inout Int
  ) -> Bool {
    let end: Int?
    if text[at] == Byte.openBrace {
      end = text.offset(of: Byte.closeBrace, from: at)
    } else if text[at] == Byte.quote {
      end = text.offset(of: Byte.quote, from: at &+ 1)
      if let end, text.part(at..<end).offset(of: Byte.backslash) != nil { return false }
    } else {
      return false
    }
    guard let end, key.offset(of: Byte.backslash) == nil, !key.equals("samples") else {
      return false
    }
    at = end &+ 1
    parts.append(start..<at)
    return true
  }

  @inline(__always)
  private mutating func numbers(_ text: UnsafeRawBufferPointer, _ at: inout Int) -> Bool {
    guard Self.skip(text, &at, Byte.openBracket) else { return false }
    while number(text, &at) {
      if Self.skip(text, &at, Byte.closeBracket) { return true }
      guard Self.skip(text, &at, Byte.comma) else { return false }
      at = text.skipBlanks(at)
    }
    return false
  }

  @inline(__always)
  private mutating func number(_ text: UnsafeRawBufferPointer, _ at: inout Int) -> Bool {
    guard at < text.count, Byte.isDigit(text[at]) || text[at] == Byte.minus else { return false }
    var value = 0.0
    let end = FloatParser.scan(text, from: at, into: &value)
    guard end > at, value.isFinite else { return false }
    at = end
    values.append(value)
    return true
  }

  @inline(__always)
  private mutating func moments(_ text: UnsafeRawBufferPointer, _ at: inout Int) -> Bool {
    guard Self.skip(text, &at, Byte.openBracket) else { return false }
    while moment(text, &at) {
      if Self.skip(text, &at, Byte.closeBracket) { return true }
      guard Self.skip(text, &at, Byte.comma) else { return false }
      at = text.skipBlanks(at)
    }
    return false
  }

  /// A timestamp as a number, or in quotes.
  @inline(__always)
  private mutating func moment(_ text: UnsafeRawBufferPointer, _ at: inout Int) -> Bool {
    let quoted = at < text.count && text[at] == Byte.quote
    let start = quoted ? at &+ 1 : at
    var end = start
    if quoted {
      guard let quote = text.offset(of: Byte.quote, from: start) else { return false }
      end = quote
    } else {
      while end < text.count,
        Byte.isDigit(text[end]) || text[end] == Byte.minus
          || text[end] == Byte.point
      {
        end &+= 1
      }
    }
    guard let instant = Instant(anyText: text.part(start..<end), options.precision) else {
      return false
    }
    at = quoted ? end &+ 1 : end
    times.append(instant.rounded)
    return true
  }

  /// Goes past blanks and `byte`.
  @inline(__always)
  private static func skip(
    _ text: UnsafeRawBufferPointer, _ at: inout Int, _ byte: UInt8
  ) -> Bool {
    at = text.skipBlanks(at)
    guard at < text.count, text[at] == byte else { return false }
    at &+= 1
    return true
  }
}
