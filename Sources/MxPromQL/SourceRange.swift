/// Where a piece of an expression stands in the query, as byte offsets.
///
/// All ranges are equal to each other: where something was written is no part
/// of what it means, so `==` on expressions compares meaning alone. Use
/// `start` and `end` to compare places.
package struct SourceRange: Hashable, Sendable {
  package var start: Int32
  package var end: Int32

  /// For nodes that were made, not read.
  package static let none = SourceRange(0, 0)

  package init(_ start: Int32, _ end: Int32) {
    self.start = start
    self.end = end
  }

  /// From the beginning of this range to the end of `other`.
  package func through(_ other: SourceRange) -> SourceRange { SourceRange(start, other.end) }

  /// Line and column of the start in `source`, both from 1, columns in bytes as
  /// Prometheus counts them. This is what annotations carry: `(1:14)`.
  package func position(in source: String) -> SourcePosition {
    var source = source
    return source.withUTF8 { position(in: $0) }
  }

  package func position(in source: UnsafeBufferPointer<UInt8>) -> SourcePosition {
    var line = 1
    var column = 1
    for byte in source.prefix(Int(start)) {
      column += 1
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      }
    }
    return SourcePosition(line: line, column: column)
  }

  package static func == (left: SourceRange, right: SourceRange) -> Bool { true }
  package func hash(into hasher: inout Hasher) {}
}

/// A place for people: both numbers count from 1.
package struct SourcePosition: Hashable, Sendable, CustomStringConvertible {
  package var line: Int
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  package var description: String { "\(line):\(column)" }
}
