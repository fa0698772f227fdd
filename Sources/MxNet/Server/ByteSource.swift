/// Bytes of a client, read a piece at a time and given out by lines and counts.
struct ByteSource {
  private let read: (UnsafeMutableRawBufferPointer) throws -> Int
  private var buffer: [UInt8] = []
  private var start = 0
  private(set) var hasEnded = false

  /// `read` fills some of a buffer and returns how much; 0 is the end.
  init(_ read: @escaping (UnsafeMutableRawBufferPointer) throws -> Int) { self.read = read }

  /// False at the end.
  private mutating func fill() throws -> Bool {
    if hasEnded { return false }
    if start > 1 << 16 {
      buffer.removeFirst(start)
      start = 0
    }
    let count = try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { piece in
      let count = try read(piece)
      buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece[..<count]))
      return count
    }
    hasEnded = count == 0
    return count > 0
  }

  /// Up to and without an empty line; nil where the stream ends before one came.
  mutating func head(limit: Int) throws -> ArraySlice<UInt8>? {
    var scanned = start
    // Bytes of the line so far that are not a carriage return, and lines with any.
    var isBlank = true
    var hasLine = false
    while true {
      while scanned < buffer.count {
        let byte = buffer[scanned]
        scanned += 1
        if byte == 0x0A {
          if isBlank, hasLine { return take(head: scanned) }
          if !isBlank { hasLine = true }
          isBlank = true
        } else if byte != 0x0D {
          isBlank = false
        }
        if scanned - start > limit { throw RequestError.headTooLarge(limit: limit) }
      }
      let before = start
      if !(try fill()) {
        if start == buffer.count { throw RequestError.closed }
        return nil
      }
      scanned -= before - start
    }
  }

  private mutating func take(head end: Int) -> ArraySlice<UInt8> {
    defer { start = end }
    var head = buffer[start..<end].dropLast()
    if head.last == 0x0D { head.removeLast() }
    // The end of the line before the empty one.
    if head.last == 0x0A { head.removeLast() }
    return head
  }

  /// Exactly `count` bytes into `out`; false where the stream ends before.
  mutating func take(_ count: Int, into out: inout [UInt8]) throws -> Bool {
    var left = count
    while left > 0 {
      if start == buffer.count, !(try fill()) { return false }
      let piece = min(left, buffer.count - start)
      out.append(contentsOf: buffer[start..<(start + piece)])
      start += piece
      left -= piece
    }
    return true
  }

  /// All there is, `limit` bytes at most; nil where there is more.
  mutating func rest(limit: Int) throws -> [UInt8]? {
    var out: [UInt8] = []
    repeat {
      out.append(contentsOf: buffer[start...])
      start = buffer.count
      if out.count > limit { return nil }
    } while try fill()
    return out
  }

  /// A line without its end; nil where the stream ends or the line is too long.
  mutating func line(limit: Int) throws -> ArraySlice<UInt8>? {
    var scanned = start
    while true {
      while scanned < buffer.count {
        if buffer[scanned] == 0x0A {
          defer { start = scanned + 1 }
          let line = buffer[start..<scanned]
          return line.last == 0x0D ? line.dropLast() : line
        }
        scanned += 1
        if scanned - start > limit { return nil }
      }
      let before = start
      if !(try fill()) { return nil }
      scanned -= before - start
    }
  }
}
