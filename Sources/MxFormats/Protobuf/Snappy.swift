import Glibc

/// Snappy's block format (not the framed one), as remote write wants it.
///
///     offset  size   field
///     0       1…5    length of the text, varint
///     …              elements, each by the two low bits of its first byte:
///                    00  literal: 6 bits length-1 (60…63: 1…4 bytes follow)
///                    01  copy: 3 bits length-4, 11 bits offset, one byte follows
///                    10  copy: 6 bits length-1, offset in two bytes
///                    11  copy: 6 bits length-1, offset in four bytes
package enum Snappy {
  package enum Fault: Error {
    case truncated
    case badOffset
    case wrongLength
    case tooLarge
  }

  /// The text of a block; at most `limit` bytes are ever reserved.
  package static func decompress(
    _ block: UnsafeRawBufferPointer, limit: Int
  ) throws(Fault) -> [UInt8] {
    var at = 0
    guard let length = varint(block, &at) else { throw .truncated }
    guard length <= limit else { throw .tooLarge }
    // Three bytes of a copy make at most 64: a false length must not reserve memory.
    guard length <= (block.count - at) * 22 + 64 else { throw .wrongLength }
    var fault: Fault?
    let text = [UInt8](unsafeUninitializedCapacity: length) { out, count in
      count = 0
      do throws(Fault) {
        try decode(block, from: at, into: out, &count)
        if count != length { fault = .wrongLength }
      } catch {
        fault = error
      }
    }
    if let fault { throw fault }
    return text
  }

  private static func decode(
    _ block: UnsafeRawBufferPointer, from start: Int, into out: UnsafeMutableBufferPointer<UInt8>,
    _ count: inout Int
  ) throws(Fault) {
    guard let source = block.baseAddress else { return }
    var at = start
    while at < block.count {
      let tag = block[at]
      at += 1
      if tag & 3 == 0 {
        var length = Int(tag >> 2) + 1
        if length > 60 {
          length = try number(block, &at, bytes: length - 60) + 1
        }
        guard length <= block.count - at else { throw .truncated }
        guard length <= out.count - count, let target = out.baseAddress else { throw .wrongLength }
        memcpy(target + count, source + at, length)
        at += length
        count += length
        continue
      }
      let length: Int
      let offset: Int
      switch tag & 3 {
      case 1:
        length = Int(tag >> 2 & 7) + 4
        offset = try Int(tag >> 5) << 8 | number(block, &at, bytes: 1)
      case 2:
        length = Int(tag >> 2) + 1
        offset = try number(block, &at, bytes: 2)
      default:
        length = Int(tag >> 2) + 1
        offset = try number(block, &at, bytes: 4)
      }
      guard offset > 0, offset <= count else { throw .badOffset }
      guard length <= out.count - count else { throw .wrongLength }
      // Byte by byte: a copy may overlap what it makes.
      for _ in 0..<length {
        out[count] = out[count - offset]
        count += 1
      }
    }
  }

  private static func number(
    _ block: UnsafeRawBufferPointer, _ at: inout Int, bytes: Int
  ) throws(Fault) -> Int {
    guard bytes <= block.count - at else { throw .truncated }
    var value = 0
    for index in 0..<bytes { value |= Int(block[at + index]) << (8 * index) }
    at += bytes
    return value
  }

  private static func varint(_ block: UnsafeRawBufferPointer, _ at: inout Int) -> Int? {
    var value = 0
    for shift in stride(from: 0, through: 28, by: 7) {
      guard at < block.count else { return nil }
      let byte = block[at]
      at += 1
      value |= Int(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  /// A block that decompresses to `text`. Greedy, with a table of the last place
  /// of each hash of four bytes, in pieces of 64 KiB as the reference does.
  package static func compress(_ text: UnsafeRawBufferPointer) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(32 + text.count + text.count / 6)
    var length = UInt64(text.count)
    while length >= 0x80 {
      out.append(UInt8(truncatingIfNeeded: length) | 0x80)
      length >>= 7
    }
    out.append(UInt8(length))
    var table = [UInt16](repeating: 0, count: 1 << 14)
    var start = 0
    while start < text.count {
      let end = min(start + 1 << 16, text.count)
      compress(text.part(start..<end), &table, into: &out)
      start = end
    }
    return out
  }

  private static func compress(
    _ piece: UnsafeRawBufferPointer, _ table: inout [UInt16], into out: inout [UInt8]
  ) {
    for index in table.indices { table[index] = 0 }
    var literal = 0
    var at = 1
    while at + 4 <= piece.count {
      let word = piece.loadUnaligned(fromByteOffset: at, as: UInt32.self)
      let slot = Int((word &* 0x1E35_A7BD) >> 18)
      let before = Int(table[slot])
      table[slot] = UInt16(truncatingIfNeeded: at)
      guard before < at, piece.loadUnaligned(fromByteOffset: before, as: UInt32.self) == word else {
        // The longer nothing matches, the longer the steps.
        at += 1 + (at - literal) >> 5
        continue
      }
      appendLiteral(piece, literal..<at, to: &out)
      var length = 4
      while at + length < piece.count, piece[at + length] == piece[before + length] { length += 1 }
      appendCopy(offset: at - before, length: length, to: &out)
      at += length
      literal = at
    }
    appendLiteral(piece, literal..<piece.count, to: &out)
  }

  private static func appendLiteral(
    _ piece: UnsafeRawBufferPointer, _ range: Range<Int>, to out: inout [UInt8]
  ) {
    if range.isEmpty { return }
    let length = range.count - 1
    if length < 60 {
      out.append(UInt8(length) << 2)
    } else if length < 1 << 8 {
      out += [60 << 2, UInt8(length)]
    } else {
      out += [61 << 2, UInt8(length & 0xFF), UInt8(length >> 8)]
    }
    out.append(contentsOf: piece.part(range))
  }

  private static func appendCopy(offset: Int, length: Int, to out: inout [UInt8]) {
    var left = length
    while left > 0 {
      let part = min(left, 64)
      out += [UInt8(part - 1) << 2 | 2, UInt8(offset & 0xFF), UInt8(offset >> 8)]
      left -= part
    }
  }
}
