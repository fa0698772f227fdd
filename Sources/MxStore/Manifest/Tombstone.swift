import MxCodec
package import MxModel

/// A deletion: what it hides and since which commit. It hides samples of all
/// earlier commits that match; later ones are not touched.
package struct Tombstone: Hashable, Sendable {
  /// The commit that made it; its name for `undelete`.
  package var sequence: UInt64
  /// The segment record that keeps it for a rebuild.
  package var record: UInt64
  package var matchers: [Matcher]
  package var range: TimeRange
  /// When it was made, ms: until the grace is over it can be taken back.
  package var made: Int64

  package init(
    sequence: UInt64, record: UInt64, matchers: [Matcher], range: TimeRange, made: Int64
  ) {
    self.sequence = sequence
    self.record = record
    self.matchers = matchers
    self.range = range
    self.made = made
  }
}

/// The bytes of a tombstone.
///
///     size   field
///     1…10   sequence, varint
///     8      record
///     1…10   range from, zigzag varint; then range to, zigzag varint
///     1…10   made, zigzag varint
///     1…10   number of matchers, then for each:
///       1        operator: 0 =, 1 !=, 2 =~, 3 !~
///       1…10+n   name, varint length and bytes; then value likewise
extension Tombstone {
  private static let operators: [MatchOperator] = [.equal, .notEqual, .regex, .notRegex]

  func append(to out: inout [UInt8]) {
    out.append(varint: sequence)
    out.append(littleEndian: record)
    out.append(signedVarint: range.from)
    out.append(signedVarint: range.to)
    out.append(signedVarint: made)
    Tombstone.append(matchers, to: &out)
  }

  static func append(_ matchers: [Matcher], to out: inout [UInt8]) {
    out.append(varint: matchers.count)
    for matcher in matchers {
      out.append(UInt8(Tombstone.operators.firstIndex(of: matcher.op) ?? 0))
      for text in [matcher.name, matcher.value] {
        out.append(varint: text.utf8.count)
        out += text.utf8
      }
    }
  }

  init(from reader: inout ByteReader) throws(CodecError) {
    sequence = try reader.varint()
    record = try reader.uint64()
    let from = try reader.signedVarint()
    range = TimeRange(from: from, to: try reader.signedVarint())
    made = try reader.signedVarint()
    matchers = try Tombstone.matchers(from: &reader)
  }

  static func matchers(from reader: inout ByteReader) throws(CodecError) -> [Matcher] {
    var matchers: [Matcher] = []
    for _ in 0..<(try reader.count(atMost: reader.remaining)) {
      let start = reader.offset
      let op = Int(try reader.uint8())
      guard op < Tombstone.operators.count else { throw .malformed("match operator", at: start) }
      let name = String(
        decoding: try reader.bytes(try reader.count(atMost: reader.remaining)), as: UTF8.self)
      let value = String(
        decoding: try reader.bytes(try reader.count(atMost: reader.remaining)), as: UTF8.self)
      do throws(ModelError) {
        matchers.append(try Matcher(name, Tombstone.operators[op], value))
      } catch {
        throw .malformed("matcher", at: start)
      }
    }
    return matchers
  }
}
