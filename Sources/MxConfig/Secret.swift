/// A text that must not be seen: no description, dump or interpolation shows it.
package struct Secret: Hashable, Sendable {
  private let text: String

  package init(_ text: String) { self.text = text }

  /// The text itself, for the one place that sends it.
  package func reveal() -> String { text }

  package var isEmpty: Bool { text.isEmpty }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "<secret>" }
  package var debugDescription: String { "<secret>" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Where a secret comes from. Resolving needs the world, which comes in as two
/// closures: `environment` gives a variable, `read` a file's bytes (nil where
/// there is no such file).
package enum SecretSource: Equatable, Sendable {
  /// In the configuration itself. Each `${NAME}` in it is a variable of the
  /// environment; and if all of it is the name of a file in
  /// `$CREDENTIALS_DIRECTORY`, that file is the secret.
  case written(Secret)
  /// A path; without a slash first a name in `$CREDENTIALS_DIRECTORY`.
  case file(String)

  /// Why a secret cannot be had. Names it, never shows it.
  package enum Failure: Error, Equatable, CustomStringConvertible {
    case variableNotSet(String)
    case noFile(String)
    case emptyFile(String)
    case notText(String)

    package var description: String {
      switch self {
      case .variableNotSet(let name): "environment variable '\(name)' is not set"
      case .noFile(let path): "no secret file '\(path)' to be read"
      case .emptyFile(let path): "secret file '\(path)' is empty"
      case .notText(let path): "secret file '\(path)' is not UTF-8 text"
      }
    }
  }

  package func resolve(
    environment: (String) -> String?, read: (String) -> [UInt8]?
  ) throws(Failure) -> Secret {
    let credentials = environment("CREDENTIALS_DIRECTORY").flatMap { $0.isEmpty ? nil : $0 }
    switch self {
    case .written(let secret):
      let text = secret.reveal()
      if let credentials, Self.isFileName(text),
        let bytes = read(credentials + "/" + text)
      {
        return try Self.contents(bytes, text)
      }
      return Secret(try Self.substitute(text, environment))
    case .file(let path):
      if let credentials, Self.isFileName(path), let bytes = read(credentials + "/" + path) {
        return try Self.contents(bytes, path)
      }
      guard let bytes = read(path) else { throw .noFile(path) }
      return try Self.contents(bytes, path)
    }
  }

  /// The last end of line, which editors add, is not part of the secret.
  private static func contents(
    _ bytes: [UInt8], _ path: String
  ) throws(Failure) -> Secret {
    var bytes = bytes[...]
    if bytes.last == 0x0A { bytes.removeLast() }
    if bytes.last == 0x0D { bytes.removeLast() }
    if bytes.isEmpty { throw .emptyFile(path) }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notText(path) }
    return Secret(text)
  }

  private static func isFileName(_ text: String) -> Bool {
    guard (1...255).contains(text.utf8.count), text.utf8.first != 0x2E else { return false }
    return text.utf8.allSatisfy { byte in
      byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 26 || byte == 0x2E || byte == 0x2D
        || byte == 0x5F
    }
  }

  /// Puts variables in place of `${NAME}`; any other `$` stays as it is.
  private static func substitute(
    _ text: String, _ environment: (String) -> String?
  ) throws(Failure) -> String {
    var out: [UInt8] = []
    let bytes = Array(text.utf8)
    var at = 0
    while at < bytes.count {
      guard let end = variableEnd(bytes, at) else {
        out.append(bytes[at])
        at += 1
        continue
      }
      let name = String(decoding: bytes[(at + 2)..<end], as: UTF8.self)
      guard let value = environment(name) else { throw .variableNotSet(name) }
      out += Array(value.utf8)
      at = end + 1
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// Where the `}` of a `${NAME}` that starts at `start` is.
  private static func variableEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
    guard bytes.count - start > 3, bytes[start] == 0x24, bytes[start + 1] == 0x7B else {
      return nil
    }
    var at = start + 2
    while at < bytes.count, bytes[at] != 0x7D {
      let byte = bytes[at]
      let isLetter = (byte | 0x20) &- 0x61 < 26 || byte == 0x5F
      let isDigit = byte &- 0x30 <= 9
      guard isLetter || (isDigit && at > start + 2) else { return nil }
      at += 1
    }
    return at < bytes.count && at > start + 2 ? at : nil
  }
}
