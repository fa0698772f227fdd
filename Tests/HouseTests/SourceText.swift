/// A file of the tree, and the same with comments and strings blanked.
struct SourceFile {
  /// From the root: `Sources/MxCLI/Output.swift`.
  let path: String
  let text: [UInt8]
  /// As long as `text`; comments and string contents are spaces, line ends stay.
  /// Empty for files that are not Swift.
  let code: [UInt8]

  init(path: String, text: [UInt8]) {
    self.path = path
    self.text = text
    code = path.hasSuffix(".swift") ? Blanker.blank(text) : []
  }

  init(path: String, _ text: String) {
    self.init(path: path, text: Array(text.utf8))
  }

  /// The folder below Sources or Tests: the module.
  var module: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 ? String(parts[1]) : ""
  }

  var isSource: Bool { path.hasPrefix("Sources/") && path.hasSuffix(".swift") }
  var isTest: Bool { path.hasPrefix("Tests/") && path.hasSuffix(".swift") }

  /// Lines as an editor counts them.
  var lineCount: Int {
    let ends = text.count { $0 == 10 }
    return text.last == 10 || text.isEmpty ? ends : ends + 1
  }

  func line(at offset: Int) -> Int {
    text[..<offset].count { $0 == 10 } + 1
  }
}

/// Turns comments and the insides of strings into spaces. What is interpolated
/// into a string is code and stays.
struct Blanker {
  private let text: [UInt8]
  private var out: [UInt8]
  private var at = 0

  static func blank(_ text: [UInt8]) -> [UInt8] {
    var blanker = Blanker(text: text)
    blanker.code(insideString: false)
    return blanker.out
  }

  private init(text: [UInt8]) {
    self.text = text
    out = text
  }

  private func starts(_ word: StaticString, at offset: Int) -> Bool {
    guard offset + word.utf8CodeUnitCount <= text.count else { return false }
    return word.withUTF8Buffer { buffer in
      buffer.indices.allSatisfy { text[offset + $0] == buffer[$0] }
    }
  }

  private mutating func blank(_ count: Int) {
    for index in at..<min(at + count, text.count) where text[index] != 10 { out[index] = 32 }
    at = min(at + count, text.count)
  }

  /// Code up to the end, or to the parenthesis that closes an interpolation.
  private mutating func code(insideString: Bool) {
    var depth = 0
    while at < text.count {
      switch text[at] {
      case UInt8(ascii: "/") where starts("//", at: at): lineComment()
      case UInt8(ascii: "/") where starts("/*", at: at): blockComment()
      case UInt8(ascii: "\""): string(hashes: 0)
      case UInt8(ascii: "#"):
        var hashes = 0
        while at + hashes < text.count, text[at + hashes] == UInt8(ascii: "#") { hashes += 1 }
        let isString = at + hashes < text.count && text[at + hashes] == UInt8(ascii: "\"")
        if isString {
          blank(hashes)
          string(hashes: hashes)
        } else {
          at += hashes
        }
      case UInt8(ascii: "("):
        depth += 1
        at += 1
      case UInt8(ascii: ")"):
        if insideString, depth == 0 { return }
        depth -= 1
        at += 1
      default: at += 1
      }
    }
  }

  private mutating func lineComment() {
    while at < text.count, text[at] != 10 { blank(1) }
  }

  private mutating func blockComment() {
    var depth = 0
    repeat {
      if starts("/*", at: at) {
        depth += 1
        blank(2)
      } else if starts("*/", at: at) {
        depth -= 1
        blank(2)
      } else {
        blank(1)
      }
    } while depth > 0 && at < text.count
  }

  private mutating func string(hashes: Int) {
    let isLong = starts("\"\"\"", at: at)
    blank(isLong ? 3 : 1)
    while at < text.count {
      if closes(isLong: isLong, hashes: hashes) {
        blank((isLong ? 3 : 1) + hashes)
        return
      }
      if text[at] == UInt8(ascii: "\\"), hasHashes(hashes, at: at + 1) {
        blank(1 + hashes)
        if at < text.count, text[at] == UInt8(ascii: "(") {
          blank(1)
          code(insideString: true)
        }
        blank(1)
      } else if text[at] == 10, !isLong {
        return
      } else {
        blank(1)
      }
    }
  }

  private func closes(isLong: Bool, hashes: Int) -> Bool {
    let quotes = isLong ? 3 : 1
    let isQuoted = isLong ? starts("\"\"\"", at: at) : text[at] == UInt8(ascii: "\"")
    return isQuoted && hasHashes(hashes, at: at + quotes)
  }

  private func hasHashes(_ count: Int, at offset: Int) -> Bool {
    guard offset + count <= text.count else { return count == 0 }
    return text[offset..<offset + count].allSatisfy { $0 == UInt8(ascii: "#") }
  }
}

extension UInt8 {
  var isWordByte: Bool {
    switch self {
    case 48...57, 65...90, 97...122, 95, 128...255: true
    default: false
    }
  }
}

extension [UInt8] {
  /// Where `needle` stands.
  func offsets(of needle: String) -> [Int] {
    let needle = Array(needle.utf8)
    guard let first = needle.first, count >= needle.count else { return [] }
    return withUnsafeBufferPointer { bytes in
      var found: [Int] = []
      for start in 0...(bytes.count - needle.count) where bytes[start] == first {
        if needle.indices.allSatisfy({ bytes[start + $0] == needle[$0] }) { found.append(start) }
      }
      return found
    }
  }

  /// Where `word` stands as a whole word.
  func offsets(ofWord word: String) -> [Int] {
    let length = word.utf8.count
    return offsets(of: word).filter { start in
      let isStart = start == 0 || !self[start - 1].isWordByte
      let end = start + length
      return isStart && (end == count || !self[end].isWordByte)
    }
  }
}
