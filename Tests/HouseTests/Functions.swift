/// A function of a file and how long its body is.
struct FunctionSize: Equatable {
  let name: String
  let line: Int
  /// Lines from the opening brace's to the closing one's.
  let length: Int
}

/// Finds functions by their braces, in blanked code.
enum Functions {
  static func of(_ code: [UInt8]) -> [FunctionSize] {
    var found: [FunctionSize] = []
    var line = 1
    var counted = 0
    for (offset, end, name) in heads(code) {
      guard let open = opening(code, after: end) else { continue }
      for index in counted..<offset where code[index] == 10 { line += 1 }
      counted = offset
      found.append(FunctionSize(name: name, line: line, length: bodyLength(code, open: open)))
    }
    return found.sorted { $0.line < $1.line }
  }

  /// `func name`, `init`, `subscript`, `deinit`, not calls of `.init`.
  private static func heads(_ code: [UInt8]) -> [(offset: Int, end: Int, name: String)] {
    var found: [(offset: Int, end: Int, name: String)] = []
    for word in ["func", "init", "subscript", "deinit"] {
      for offset in code.offsets(ofWord: word) {
        if offset > 0, code[offset - 1] == UInt8(ascii: ".") { continue }
        var end = offset + word.utf8.count
        var name = word
        if word == "func" {
          while end < code.count, code[end] == 32 { end += 1 }
          let start = end
          while end < code.count, ![32, 10, 40, 60, 123].contains(code[end]) || end == start {
            end += 1
          }
          name = String(decoding: code[start..<end], as: UTF8.self)
        } else if end < code.count, [UInt8(ascii: "?"), UInt8(ascii: "!")].contains(code[end]) {
          end += 1
        }
        while end < code.count, [32, 10].contains(code[end]) { end += 1 }
        // A parenthesis, generic parameters, or the body must follow.
        guard end < code.count, [40, 60, 123].contains(code[end]) else { continue }
        found.append((offset, end, name))
      }
    }
    return found.sorted { $0.offset < $1.offset }
  }

  /// The body's brace; nil for a requirement of a protocol.
  private static func opening(_ code: [UInt8], after end: Int) -> Int? {
    var depth = 0
    var at = end
    while at < code.count {
      switch code[at] {
      case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "{") where depth == 0: return at
      case UInt8(ascii: "}") where depth == 0: return nil
      case 10 where depth == 0 && startsDeclaration(code, at: at + 1): return nil
      default: break
      }
      at += 1
    }
    return nil
  }

  private static let starters = [
    "func", "var", "let", "init", "case", "package", "public", "static", "mutating", "struct",
    "enum", "extension", "final", "private", "subscript", "deinit",
  ]

  private static func startsDeclaration(_ code: [UInt8], at offset: Int) -> Bool {
    var start = offset
    while start < code.count, code[start] == 32 { start += 1 }
    var end = start
    while end < code.count, code[end].isWordByte { end += 1 }
    return starters.contains(String(decoding: code[start..<end], as: UTF8.self))
  }

  private static func bodyLength(_ code: [UInt8], open: Int) -> Int {
    var depth = 0
    var lines = 1
    for byte in code[open...] {
      switch byte {
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"): depth -= 1
      case 10: lines += 1
      default: break
      }
      if depth == 0 { break }
    }
    return lines
  }
}

/// The modules a file imports.
enum Imports {
  static func of(_ code: [UInt8]) -> [(module: String, line: Int)] {
    var found: [(module: String, line: Int)] = []
    let lines = code.split(separator: 10, omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      var words = line.split { $0 == 32 || $0 == 9 }.map { String(decoding: $0, as: UTF8.self) }
      let modifiers = ["public", "package", "internal", "private", "fileprivate"]
      while let first = words.first, first.hasPrefix("@") || modifiers.contains(first) {
        words.removeFirst()
      }
      guard words.count >= 2, words[0] == "import" else { continue }
      let kinds = ["struct", "class", "enum", "func", "protocol", "var", "let", "typealias"]
      let name = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
      found.append((String(name.prefix { $0 != "." && $0 != ";" }), index + 1))
    }
    return found
  }
}
