import Glibc

/// Public test data beside the project, where it is there.
enum Corpora {
  static let root: String? = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    let path = parts.joined(separator: "/") + "/../shared/corpora"
    return access(path, R_OK) == 0 ? path : nil
  }()

  /// Says so where there is nothing to test with.
  static func folder(_ name: String) -> String? {
    guard let root, access("\(root)/\(name)", R_OK) == 0 else {
      print("skipped: no corpora (\(name))")
      return nil
    }
    return "\(root)/\(name)"
  }

  /// All files below `folder` that end so, sorted.
  static func files(_ folder: String, endings: [String]) -> [String] {
    var found: [String] = []
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(".") { continue }
      if entry.pointee.d_type == UInt8(DT_DIR) {
        found += files("\(folder)/\(name)", endings: endings)
      } else if endings.contains(where: { name.hasSuffix($0) }) {
        found.append("\(folder)/\(name)")
      }
    }
    return found.sorted()
  }

  static func read(_ path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { return String(decoding: result, as: UTF8.self) }
      result += buffer[..<count]
    }
  }

  static func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}

/// One `expr:` of a rule file.
struct RuleExpression {
  var file: String
  var line: Int
  var text: String
}

/// Finds the values of `expr:` in YAML as rule files have it: plain, quoted and block
/// scalars. No YAML parser; enough for files that are valid.
struct RuleReader {
  let lines: [[UInt8]]
  let key: [UInt8]
  private var index = 0

  static func expressions(_ path: String) -> [RuleExpression] {
    expressions(inText: Corpora.read(path), key: "expr", file: path)
  }

  static func expressions(
    inText text: String, key: String, file path: String = ""
  ) -> [RuleExpression] {
    var reader = RuleReader(lines: Corpora.lines(text).map { Array($0.utf8) }, key: "\(key):")
    var found: [RuleExpression] = []
    while reader.index < reader.lines.count {
      let line = reader.index
      if let text = reader.next() {
        found.append(RuleExpression(file: path, line: line + 1, text: text))
      }
    }
    return found
  }

  private init(lines: [[UInt8]], key: String) {
    self.lines = lines
    self.key = Array(key.utf8)
  }

  private mutating func next() -> String? {
    let line = lines[index]
    index += 1
    var indent = 0
    while indent < line.count, line[indent] == 0x20 || line[indent] == UInt8(ascii: "-") {
      indent += 1
    }
    guard line[indent...].starts(with: key) else { return nil }
    let value = trimmed(line[(indent + key.count)...])
    switch value.first {
    case UInt8(ascii: "|"), UInt8(ascii: ">"):
      return block(indent, folded: value.first == UInt8(ascii: ">"))
    case UInt8(ascii: "'"): return quoted(value.dropFirst(), UInt8(ascii: "'"))
    case UInt8(ascii: "\""): return quoted(value.dropFirst(), UInt8(ascii: "\""))
    default: return plain(value, indent)
    }
  }

  private func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes.drop { $0 == 0x20 || $0 == 0x09 }
    while let last = bytes.last, last == 0x20 || last == 0x0D { bytes = bytes.dropLast() }
    return bytes
  }

  private func indentation(_ line: [UInt8]) -> Int {
    line.firstIndex { $0 != 0x20 } ?? .max
  }

  private mutating func block(_ indent: Int, folded: Bool) -> String {
    var parts: [String] = []
    while index < lines.count, indentation(lines[index]) > indent {
      parts.append(String(decoding: lines[index], as: UTF8.self))
      index += 1
    }
    return parts.joined(separator: folded ? " " : "\n")
  }

  private mutating func plain(_ first: ArraySlice<UInt8>, _ indent: Int) -> String {
    var parts = [String(decoding: withoutComment(first), as: UTF8.self)]
    while index < lines.count, indentation(lines[index]) > indent, indentation(lines[index]) < .max
    {
      parts.append(String(decoding: withoutComment(lines[index][...]), as: UTF8.self))
      index += 1
    }
    return parts.joined(separator: " ")
  }

  private func withoutComment(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    for at in bytes.indices.dropFirst() where bytes[at] == UInt8(ascii: "#") {
      if bytes[at - 1] == 0x20 { return bytes[..<at] }
    }
    return bytes
  }

  private mutating func quoted(_ first: ArraySlice<UInt8>, _ quote: UInt8) -> String {
    var result: [UInt8] = []
    var rest = first
    while true {
      while let byte = rest.popFirst() {
        if byte == quote {
          guard quote == UInt8(ascii: "'"), rest.first == quote else {
            return String(decoding: result, as: UTF8.self)
          }
          rest.removeFirst()
        } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
          guard let escaped = rest.popFirst() else { break }
          result.append(escaped == UInt8(ascii: "n") ? 0x0A : escaped)
          continue
        }
        result.append(byte)
      }
      guard index < lines.count else { return String(decoding: result, as: UTF8.self) }
      result.append(lines[index].isEmpty ? 0x0A : 0x20)
      rest = trimmed(lines[index][...])
      index += 1
    }
  }
}

/// Finds the strings of a key in JSON text, unescaped.
enum JSONStrings {
  static func values(of key: String, in text: String) -> [String] {
    let bytes = Array(text.utf8)
    let wanted = Array("\"\(key)\"".utf8)
    var found: [String] = []
    var index = 0
    while index + wanted.count < bytes.count {
      guard bytes[index] == wanted[0], bytes[index...].starts(with: wanted) else {
        index += 1
        continue
      }
      index += wanted.count
      while index < bytes.count, bytes[index] == 0x20 || bytes[index] == UInt8(ascii: ":") {
        index += 1
      }
      guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { continue }
      index += 1
      found.append(string(bytes, &index))
    }
    return found
  }

  private static func string(_ bytes: [UInt8], _ index: inout Int) -> String {
    var result: [UInt8] = []
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
        result.append(bytes[index])
        index += 1
        continue
      }
      switch bytes[index + 1] {
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "u"):
        let digits = String(
          decoding: bytes[(index + 2)..<min(index + 6, bytes.count)], as: UTF8.self)
        let scalar = UInt32(digits, radix: 16).flatMap { Unicode.Scalar($0) } ?? "?"
        result += Array(String(scalar).utf8)
        index += 4
      default: result.append(bytes[index + 1])
      }
      index += 2
    }
    return String(decoding: result, as: UTF8.self)
  }
}
