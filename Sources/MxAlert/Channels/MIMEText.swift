import MxTemplate

/// Mail as bytes: headers, parts, quoted-printable and base64 (RFC 2045 to 2047).
enum MIMEText {
  indirect enum Part {
    case text(String, String)
    case file(String, name: String, [UInt8])
    case multi(String, boundary: String, [Part])
  }

  static func message(headers: [(name: String, value: String)], _ body: Part) -> [UInt8] {
    var text = ""
    for header in headers { text += "\(header.name): \(self.header(header.value))\r\n" }
    text += "MIME-Version: 1.0\r\n"
    return Array((text + part(body)).utf8)
  }

  private static func part(_ part: Part) -> String {
    switch part {
    case .text(let type, let text):
      return "Content-Type: \(type); charset=UTF-8\r\n"
        + "Content-Transfer-Encoding: quoted-printable\r\n\r\n\(quotedPrintable(text))\r\n"
    case .file(let type, let name, let bytes):
      return "Content-Type: \(type); name=\"\(name)\"\r\n"
        + "Content-Disposition: inline; filename=\"\(name)\"\r\n"
        + "Content-Transfer-Encoding: base64\r\n\r\n\(wrapped(Base64.encode(bytes)))\r\n"
    case .multi(let kind, let boundary, let parts):
      var text = "Content-Type: multipart/\(kind); boundary=\"\(boundary)\"\r\n\r\n"
      for part in parts { text += "--\(boundary)\r\n\(self.part(part))" }
      return text + "--\(boundary)--\r\n"
    }
  }

  /// Lines of 76 characters.
  private static func wrapped(_ text: String) -> String {
    let bytes = Array(text.utf8)
    return stride(from: 0, to: bytes.count, by: 76).map { start in
      String(decoding: bytes[start..<min(start + 76, bytes.count)], as: UTF8.self)
    }.joined(separator: "\r\n")
  }

  /// One line, whatever the value: no header can begin another one. Words that are
  /// not ASCII are encoded.
  static func header(_ value: String) -> String {
    let line = String(
      decoding: value.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
    if line.utf8.allSatisfy({ $0 < 0x80 }) { return line }
    // An address's name is encoded, the address itself is not.
    if let open = line.lastIndex(of: "<"), line.hasSuffix(">") {
      return encodedWords(String(line[..<open])) + " " + line[open...]
    }
    return encodedWords(line)
  }

  /// `=?utf-8?q?…?=`, at most 75 characters each, cut between characters.
  private static func encodedWords(_ text: String) -> String {
    var words: [String] = []
    var current = ""
    for scalar in text.unicodeScalars {
      var piece = ""
      for byte in String(scalar).utf8 {
        let isPlain = (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 <= 9
        piece += byte == 0x20 ? "_" : isPlain ? String(UnicodeScalar(byte)) : hex(byte)
      }
      if current.utf8.count + piece.utf8.count > 60 {
        words.append(current)
        current = ""
      }
      current += piece
    }
    words.append(current)
    return words.map { "=?utf-8?q?\($0)?=" }.joined(separator: "\r\n ")
  }

  static func quotedPrintable(_ text: String) -> String {
    var out: [UInt8] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var width = 0
      let bytes = Array(line.utf8.filter { $0 != 0x0D })
      for (index, byte) in bytes.enumerated() {
        let isLast = index == bytes.count - 1
        let isBlank = byte == 0x20 || byte == 0x09
        let isPlain = (byte > 0x20 && byte < 0x7F && byte != 0x3D) || (isBlank && !isLast)
        let piece = isPlain ? [byte] : Array(hex(byte).utf8)
        if width + piece.count > 75 {
          out += Array("=\r\n".utf8)
          width = 0
        }
        out += piece
        width += piece.count
      }
      out += [0x0D, 0x0A]
    }
    return String(decoding: out.dropLast(2), as: UTF8.self)
  }

  private static func hex(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "=" + (digits.utf8.count == 1 ? "0" + digits : digits)
  }
}
