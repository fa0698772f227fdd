import Glibc
import MxModel

/// Collects the labels of one series from bytes and makes the canonical key
/// (see `LabelSet`) without allocating, once its buffers have grown.
struct KeyBuilder {
  private struct Part {
    var nameStart: Int
    var nameEnd: Int
    var valueEnd: Int
  }

  /// Names and values one after the other, escaped as keys need it.
  private var text: [UInt8] = []
  private var parts: [Part] = []
  private var key: [UInt8] = []

  init() {
    text.reserveCapacity(1024)
    parts.reserveCapacity(32)
    key.reserveCapacity(1024)
  }

  var count: Int { parts.count }

  mutating func removeAll() {
    text.removeAll(keepingCapacity: true)
    parts.removeAll(keepingCapacity: true)
  }

  /// Adds a label. One with an empty value is no label, but its name is taken.
  mutating func add(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    let start = text.count
    Self.append(name, to: &text)
    let middle = text.count
    Self.append(value, to: &text)
    parts.append(Part(nameStart: start, nameEnd: middle, valueEnd: text.count))
  }

  mutating func add(name: StaticString, value: UnsafeRawBufferPointer) {
    add(name: name.bytes, value: value)
  }

  mutating func add(name: String, value: String) {
    var name = name
    var value = value
    name.withUTF8 { name in
      value.withUTF8 { value in
        add(name: UnsafeRawBufferPointer(name), value: UnsafeRawBufferPointer(value))
      }
    }
  }

  func has(name: UnsafeRawBufferPointer) -> Bool {
    text.withUnsafeBytes { text in
      for part in parts where Self.same(text[part.nameStart..<part.nameEnd], name[...]) {
        return true
      }
      return false
    }
  }

  /// The value added under `name`, as escaped bytes.
  func withValue<R>(of name: StaticString, _ body: (UnsafeRawBufferPointer) -> R) -> R? {
    text.withUnsafeBytes { text in
      for part in parts where Self.same(text[part.nameStart..<part.nameEnd], name.bytes[...]) {
        return body(UnsafeRawBufferPointer(rebasing: text[part.nameEnd..<part.valueEnd]))
      }
      return nil
    }
  }

  /// Sorts by name. False where a name was added twice.
  private mutating func sort() -> Bool {
    text.withUnsafeBytes { text in
      // Insertion: exporters print few labels, and nearly sorted ones.
      for index in parts.indices.dropFirst() {
        let part = parts[index]
        var at = index
        while at > 0 {
          let before = parts[at - 1]
          let order = LabelKey.compare(
            UnsafeRawBufferPointer(rebasing: text[before.nameStart..<before.nameEnd]),
            UnsafeRawBufferPointer(rebasing: text[part.nameStart..<part.nameEnd]))
          if order == 0 { return false }
          if order < 0 { break }
          parts[at] = before
          at -= 1
        }
        parts[at] = part
      }
      return true
    }
  }

  /// The characters of all names and values; more than any limit where a name
  /// stands twice.
  mutating func sortAndCountCharacters() -> Int {
    guard sort() else { return .max }
    return text.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
  }

  /// The number of this series in `table`, nil where a label name stands twice.
  mutating func intern(into table: inout SeriesTable) -> UInt32? {
    guard sort() else { return nil }
    key.removeAll(keepingCapacity: true)
    for part in parts where part.valueEnd > part.nameEnd {
      key.append(contentsOf: text[part.nameStart..<part.nameEnd])
      key.append(0)
      key.append(contentsOf: text[part.nameEnd..<part.valueEnd])
      key.append(0)
    }
    return key.withUnsafeBytes { table.intern($0) }
  }

  private static func append(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
    guard bytes.hasZeroOrOne else {
      text.append(contentsOf: bytes)
      return
    }
    text.append(contentsOf: LabelKey.escaped(Array(bytes)))
  }

  private static func same(
    _ left: Slice<UnsafeRawBufferPointer>, _ right: Slice<UnsafeRawBufferPointer>
  ) -> Bool {
    left.count == right.count
      && LabelKey.compare(
        UnsafeRawBufferPointer(rebasing: left), UnsafeRawBufferPointer(rebasing: right)) == 0
  }
}

extension StaticString {
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
  }
}
