import Glibc

/// The labels of one series, as one run of bytes that compares, hashes and
/// prints without being taken apart.
///
/// The key holds the pairs in name order, each part ended by a zero byte:
///
///     __name__ 00 up 00 instance 00 a:9100 00 job 00 node 00
///
/// so that `memcmp` of two keys is Prometheus' order of label sets: first name,
/// then value, a shorter set first. A zero or one byte inside a part (legal in
/// UTF-8, never seen) is written as `01 01` or `01 02`, which keeps the order
/// and leaves zero to the ends. A label with an empty value is no label.
package struct LabelSet: Hashable, Sendable {
  /// The canonical key; see above.
  package let key: [UInt8]

  /// The empty set.
  package static let empty = LabelSet(key: [])

  /// Wraps a key that is canonical already (made by `LabelSetBuilder` or read
  /// from a store, whose checksums vouch for it).
  package init(key: [UInt8]) { self.key = key }

  package init(_ pairs: [(String, String)]) {
    var builder = LabelSetBuilder()
    for (name, value) in pairs { builder.add(name, value) }
    self = builder.finish()
  }

  /// `up{job="node"}` as a literal for tests and messages.
  package init(name: String, _ pairs: [(String, String)] = []) {
    self.init([(LabelName.metric, name)] + pairs)
  }

  package var isEmpty: Bool { key.isEmpty }

  package subscript(name: String) -> String? {
    var name = name
    return name.withUTF8 { plain in
      if plain.contains(where: { $0 <= 1 }) {
        return LabelKey.escaped(Array(plain)).withUnsafeBytes { value(of: $0) }
      }
      return value(of: UnsafeRawBufferPointer(plain))
    }
  }

  private func value(of escapedName: UnsafeRawBufferPointer) -> String? {
    key.withUnsafeBytes { bytes in
      var cursor = LabelCursor(bytes)
      while let pair = cursor.next() {
        if LabelKey.compare(pair.name, escapedName) == 0 { return LabelKey.text(pair.value) }
      }
      return nil
    }
  }

  /// The metric name, or nil where it was dropped.
  package var metricName: String? { self[LabelName.metric] }

  package var pairs: [(name: String, value: String)] {
    key.withUnsafeBytes { bytes in
      var result: [(name: String, value: String)] = []
      var cursor = LabelCursor(bytes)
      while let pair = cursor.next() {
        result.append((LabelKey.text(pair.name), LabelKey.text(pair.value)))
      }
      return result
    }
  }

  /// This set with `name` set to `value`; an empty value removes it.
  package func setting(_ name: String, to value: String) -> LabelSet {
    var builder = LabelSetBuilder()
    for pair in pairs where pair.name != name { builder.add(pair.name, pair.value) }
    builder.add(name, value)
    return builder.finish()
  }

  package func removing(_ names: Set<String>) -> LabelSet {
    LabelSet(pairs.filter { !names.contains($0.name) }.map { ($0.name, $0.value) })
  }

  package func keeping(_ names: Set<String>) -> LabelSet {
    LabelSet(pairs.filter { names.contains($0.name) }.map { ($0.name, $0.value) })
  }
}

extension LabelSet: Comparable {
  package static func < (left: LabelSet, right: LabelSet) -> Bool {
    left.key.withUnsafeBytes { a in
      right.key.withUnsafeBytes { b in LabelKey.compare(a, b) < 0 }
    }
  }
}

/// Collects labels in any order and makes the canonical key.
///
/// A name added twice keeps its last value, as a relabelling step would want;
/// an empty one last leaves no label.
package struct LabelSetBuilder {
  private var pairs: [(name: [UInt8], value: [UInt8])] = []

  package init() {}

  package mutating func add(_ name: String, _ value: String) {
    add(Array(name.utf8), Array(value.utf8))
  }

  package mutating func add(_ name: [UInt8], _ value: [UInt8]) {
    pairs.append((LabelKey.escaped(name), LabelKey.escaped(value)))
  }

  package mutating func removeAll() { pairs.removeAll(keepingCapacity: true) }

  package func finish() -> LabelSet {
    var order = Array(pairs.indices)
    order.sort { left, right in
      let names = (pairs[left].name, pairs[right].name)
      if names.0 != names.1 { return names.0.lexicographicallyPrecedes(names.1) }
      return left < right
    }
    var key: [UInt8] = []
    key.reserveCapacity(pairs.reduce(0) { $0 + $1.name.count + $1.value.count + 2 })
    for (place, index) in order.enumerated() {
      let pair = pairs[index]
      let isLast = place + 1 == order.count || pairs[order[place + 1]].name != pair.name
      if !isLast || pair.value.isEmpty { continue }
      key += pair.name
      key.append(0)
      key += pair.value
      key.append(0)
    }
    return LabelSet(key: key)
  }
}

/// Walks the pairs of a canonical key without copying. The parts are escaped
/// bytes: equal to the plain ones unless a zero or one byte is inside.
package struct LabelCursor {
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0

  package init(_ key: UnsafeRawBufferPointer) { bytes = key }

  package mutating func next() -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
    guard let name = part(), let value = part() else { return nil }
    return (name, value)
  }

  private mutating func part() -> UnsafeRawBufferPointer? {
    guard offset < bytes.count, let base = bytes.baseAddress,
      let end = memchr(base + offset, 0, bytes.count - offset)
    else { return nil }
    let length = UnsafeRawPointer(end) - (base + offset)
    defer { offset += length + 1 }
    return UnsafeRawBufferPointer(start: base + offset, count: length)
  }
}

/// The bytes of canonical keys: order, escapes, text.
package enum LabelKey {
  /// Negative, zero or positive as `left` sorts before, with or after `right`.
  @inline(__always)
  package static func compare(
    _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
  ) -> Int {
    let shared = min(left.count, right.count)
    if shared > 0, let a = left.baseAddress, let b = right.baseAddress {
      let order = memcmp(a, b, shared)
      if order != 0 { return Int(order) }
    }
    return left.count - right.count
  }

  package static func escaped(_ part: [UInt8]) -> [UInt8] {
    guard part.contains(where: { $0 <= 1 }) else { return part }
    return part.flatMap { $0 <= 1 ? [1, $0 + 1] : [$0] }
  }

  package static func unescaped(_ part: UnsafeRawBufferPointer) -> [UInt8] {
    guard part.contains(where: { $0 == 1 }) else { return Array(part) }
    var result: [UInt8] = []
    var index = 0
    while index < part.count {
      if part[index] == 1, index + 1 < part.count {
        result.append(part[index + 1] &- 1)
        index += 2
      } else {
        result.append(part[index])
        index += 1
      }
    }
    return result
  }

  package static func text(_ part: UnsafeRawBufferPointer) -> String {
    String(decoding: unescaped(part), as: UTF8.self)
  }
}

/// Names that mean something to everyone, and which names need no quotes.
package enum LabelName {
  package static let metric = "__name__"
  package static let bucketBound = "le"
  package static let type = "__type__"
  package static let unit = "__unit__"

  /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
  package static func isPlainMetric(_ name: String) -> Bool { isPlain(name, colon: true) }

  /// `[a-zA-Z_][a-zA-Z0-9_]*`
  package static func isPlainLabel(_ name: String) -> Bool { isPlain(name, colon: false) }

  private static func isPlain(_ name: String, colon: Bool) -> Bool {
    isPlain(name.utf8, colon: colon)
  }

  static func isPlain(_ name: some Sequence<UInt8>, colon: Bool) -> Bool {
    var first = true
    for byte in name {
      let letter = byte | 0x20
      let isLetter = letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z")
      let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
      let isMark = byte == UInt8(ascii: "_") || (colon && byte == UInt8(ascii: ":"))
      guard isLetter || isMark || (isDigit && !first) else { return false }
      first = false
    }
    return !first
  }
}
