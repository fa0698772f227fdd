/// How a tool and its network helper talk: frames over one stream socket.
///
///     offset  size  field
///     0       4     size of what follows, kind included; little-endian
///     4       1     kind: 1 HTTP request, 2 mail, 3 go; 16 response
///     5       …     the kind's fields, in the order `WireMessages` lists them
///
/// Integers are little-endian; a text or a run of bytes is its length (4 bytes)
/// and then itself; a list is its count (4 bytes) and then its elements; a truth
/// is one byte. The tool sends its requests, then `go` with the time there is
/// for all of them, and shuts its side; the helper begins at `go` alone, sends a
/// response for each request as it comes, in any order, and ends.
///
/// Both sides bound every size before they believe it.
///
/// Example: `go` with 1000 ms is `05 00 00 00  03  e8 03 00 00`.
package enum Wire {
  package enum Kind {
    package static let http: UInt8 = 1
    package static let mail: UInt8 = 2
    package static let go: UInt8 = 3
    package static let response: UInt8 = 16
  }

  /// Requests of one run.
  package static let mostRequests = 10_000
  /// Of any frame: no body comes near.
  package static let largestFrame = 1 << 30
  /// Of a response, besides its body.
  package static let largestHeaders = 1 << 20
}

/// Why bytes are not a frame or a message.
package enum WireError: Error, Equatable {
  case truncated(at: Int)
  case tooLong(size: Int, limit: Int)
  case badValue(at: Int)
  case notText(at: Int)
  case trailingBytes(at: Int)
  case unknownKind(UInt8)
}

extension WireError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .truncated(let at): "a frame ends within a field, at byte \(at)"
    case .tooLong(let size, let limit): "a frame has \(size) bytes, at most \(limit) allowed"
    case .badValue(let at): "a field has a value that means nothing, near byte \(at)"
    case .notText(let at): "a text is not UTF-8, at byte \(at)"
    case .trailingBytes(let at): "a frame goes on behind its last field, at byte \(at)"
    case .unknownKind(let kind): "a frame is of the unknown kind \(kind)"
    }
  }
}

/// Writes one frame's fields; `finish` puts the size in front.
package struct WireWriter {
  private var bytes: [UInt8]

  package init(kind: UInt8) { bytes = [0, 0, 0, 0, kind] }

  package mutating func byte(_ value: UInt8) { bytes.append(value) }

  package mutating func bool(_ value: Bool) { bytes.append(value ? 1 : 0) }

  package mutating func word(_ value: UInt32) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func long(_ value: UInt64) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func run(_ value: [UInt8]) {
    word(UInt32(clamping: value.count))
    bytes.append(contentsOf: value)
  }

  package mutating func text(_ value: String) { run(Array(value.utf8)) }

  package mutating func headers(_ value: [NetHeader]) {
    word(UInt32(clamping: value.count))
    for header in value {
      text(header.name)
      text(header.value)
    }
  }

  package consuming func finish() throws(WireError) -> [UInt8] {
    let size = bytes.count - 4
    guard size <= Wire.largestFrame else {
      throw .tooLong(size: size, limit: Wire.largestFrame)
    }
    withUnsafeBytes(of: UInt32(size).littleEndian) { raw in
      for index in 0..<4 { bytes[index] = raw[index] }
    }
    return bytes
  }
}

/// Reads one frame's fields; `finish` makes sure that there were no more.
package struct WireReader {
  private let bytes: [UInt8]
  private var at = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  private mutating func take(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
    guard count <= bytes.count - at else { throw .truncated(at: at) }
    defer { at += count }
    return bytes[at..<(at + count)]
  }

  package mutating func byte() throws(WireError) -> UInt8 {
    guard at < bytes.count else { throw .truncated(at: at) }
    defer { at += 1 }
    return bytes[at]
  }

  package mutating func bool() throws(WireError) -> Bool {
    let value = try byte()
    guard value <= 1 else { throw .badValue(at: at - 1) }
    return value == 1
  }

  package mutating func word() throws(WireError) -> UInt32 {
    try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  package mutating func long() throws(WireError) -> UInt64 {
    try take(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  package mutating func run() throws(WireError) -> [UInt8] { Array(try take(Int(word()))) }

  package mutating func text() throws(WireError) -> String {
    let start = at
    guard let text = String(validating: try run(), as: UTF8.self) else {
      throw .notText(at: start)
    }
    return text
  }

  /// A list's count: each element takes at least `size` bytes, so no count makes
  /// us reserve more than there is.
  package mutating func count(ofSize size: Int) throws(WireError) -> Int {
    let count = Int(try word())
    guard count <= (bytes.count - at) / size else { throw .truncated(at: at) }
    return count
  }

  package mutating func headers() throws(WireError) -> [NetHeader] {
    var headers: [NetHeader] = []
    for _ in 0..<(try count(ofSize: 8)) { headers.append(NetHeader(try text(), try text())) }
    return headers
  }

  package func finish() throws(WireError) {
    guard at == bytes.count else { throw .trailingBytes(at: at) }
  }
}

/// Cuts a stream into frames.
package struct FrameBuffer {
  package struct Frame: Equatable {
    package var kind: UInt8
    package var payload: [UInt8]
  }

  private let limit: Int
  private var bytes: [UInt8] = []
  private var start = 0

  package init(limit: Int = Wire.largestFrame) { self.limit = limit }

  package mutating func append(_ more: UnsafeRawBufferPointer) {
    // Move the rest forward only when it is less than what was used up.
    if start > bytes.count - start {
      bytes.removeFirst(start)
      start = 0
    }
    bytes.append(contentsOf: more)
  }

  /// The next whole frame; nil until there is one.
  package mutating func next() throws(WireError) -> Frame? {
    guard bytes.count - start >= 4 else { return nil }
    let size = (0..<4).reversed().reduce(0) { $0 << 8 | Int(bytes[start + $1]) }
    guard size >= 1 else { throw .badValue(at: 0) }
    guard size <= limit else { throw .tooLong(size: size, limit: limit) }
    guard bytes.count - start - 4 >= size else { return nil }
    let payload = Array(bytes[(start + 5)..<(start + 4 + size)])
    let frame = Frame(kind: bytes[start + 4], payload: payload)
    start += 4 + size
    return frame
  }

  /// Whether the stream ended between frames.
  package var isEmpty: Bool { start == bytes.count }
}
