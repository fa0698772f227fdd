/// The request line and headers of a raw request.
///
/// Strict where two readers could read two different things (a space before a
/// colon, folded lines, two lengths); a line may end in a bare line feed.
struct RequestHead: Equatable {
  var method: String
  var target: String
  /// The minor version: HTTP/1.0 or HTTP/1.1.
  var minor: Int
  var headers: [NetHeader]

  /// How the body is sent.
  enum Framing: Equatable {
    case length(Int)
    case chunked
  }

  /// Reads all of `bytes`, which end before the empty line.
  init(_ bytes: ArraySlice<UInt8>, _ limits: ServerLimits) throws(RequestError) {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)[...]
    // RFC 9112 2.2: an empty line before a request is to be passed over.
    while let first = lines.first, Self.withoutReturn(first).isEmpty { lines.removeFirst() }
    guard let first = lines.popFirst() else { throw .malformed("the request is empty") }
    (method, target, minor) = try Self.requestLine(Self.withoutReturn(first))
    headers = []
    for line in lines {
      guard headers.count < limits.headers else { throw .headTooLarge(limit: limits.head) }
      headers.append(try Self.header(Self.withoutReturn(line)))
    }
  }

  private static func withoutReturn(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    line.last == 0x0D ? line.dropLast() : line
  }

  private static func requestLine(
    _ line: ArraySlice<UInt8>
  ) throws(RequestError) -> (String, String, Int) {
    let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard words.count == 3, isToken(words[0]), !words[1].isEmpty,
      words[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { throw .malformed("the first line is not 'METHOD TARGET HTTP/1.1'") }
    let version = String(decoding: words[2], as: UTF8.self)
    guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
      throw version.hasPrefix("HTTP/")
        ? .unknownVersion(version)
        : .malformed("the first line is not 'METHOD TARGET HTTP/1.1'")
    }
    return (
      String(decoding: words[0], as: UTF8.self), String(decoding: words[1], as: UTF8.self),
      version == "HTTP/1.1" ? 1 : 0
    )
  }

  private static func header(_ line: ArraySlice<UInt8>) throws(RequestError) -> NetHeader {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), isToken(line[..<colon]) else {
      throw .malformed("a header is not 'NAME: VALUE'")
    }
    var value = line[line.index(after: colon)...].drop { $0 == 0x20 || $0 == 0x09 }
    while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
    guard value.allSatisfy({ ($0 >= 0x20 || $0 == 0x09) && $0 != 0x7F }) else {
      throw .malformed("a control character in a header")
    }
    return NetHeader(
      String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
  }

  private static func isToken(_ bytes: ArraySlice<UInt8>) -> Bool {
    !bytes.isEmpty && bytes.count <= 256
      && bytes.allSatisfy { byte in
        byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 26 || "!#$%&'*+-.^_`|~".utf8.contains(byte)
      }
  }

  /// The first header of a name, in letters of any case.
  func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }

  func framing() throws(RequestError) -> Framing {
    let lengths = headers.filter { $0.name.lowercased() == "content-length" }.map(\.value)
    let encodings = headers.filter { $0.name.lowercased() == "transfer-encoding" }.map(\.value)
    if let encoding = encodings.first {
      guard lengths.isEmpty else { throw .malformed("both a length and a transfer encoding") }
      guard encodings.count == 1, encoding.lowercased() == "chunked", minor == 1 else {
        throw .unknownEncoding(encodings.joined(separator: ", "))
      }
      return .chunked
    }
    guard let length = lengths.first else { return .length(0) }
    guard lengths.allSatisfy({ $0 == length }), let count = Self.length(length) else {
      throw .malformed("'Content-Length' is not one number")
    }
    return .length(count)
  }

  static func length(_ text: String) -> Int? {
    text.utf8.count <= 18 && text.utf8.allSatisfy { $0 &- 0x30 <= 9 } ? Int(text) : nil
  }

  /// Path and query. `http://host/path`, as clients of proxies write it, is the
  /// path alone.
  func split() throws(RequestError) -> (path: String, query: String) {
    var rest = Substring(target)
    for scheme in ["http://", "https://"] where rest.lowercased().hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
    }
    rest = rest.prefix { $0 != "#" }
    let mark = rest.firstIndex(of: "?") ?? rest.endIndex
    guard let path = FormText.decoded(rest[..<mark].utf8, plusIsSpace: false),
      !path.utf8.contains(0)
    else { throw .malformed("the path has an escape that is none") }
    return (path.isEmpty ? "/" : path, String(rest[mark...].dropFirst()))
  }
}
