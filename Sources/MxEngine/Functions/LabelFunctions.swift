import MxModel
import MxPromQL

extension Evaluator {
  /// The text of a string argument; bytes that are no UTF-8 can be no label.
  private func text(_ node: Call, _ index: Int) -> StringLiteral {
    guard case .string(let literal) = node.arguments[index].unwrapped else {
      preconditionFailure("BUG: \(node.function.name) without a string literal")
    }
    return literal
  }

  private func labelName(_ node: Call, _ index: Int, _ role: String) throws -> String {
    let literal = text(node, index)
    guard let name = literal.validText, !name.isEmpty else {
      throw EngineError.query(
        "invalid \(role) label name in \(node.function.name)(): \(literal.value)")
    }
    return name
  }

  func labelReplace(_ node: Call, _ grid: Grid) throws -> VectorStream {
    let target = try labelName(node, 1, "destination")
    let replacement = text(node, 2).value
    let source = text(node, 3).value
    let pattern = text(node, 4).value
    let regex: Regex
    do {
      regex = try Regex(pattern)
    } catch {
      throw EngineError.query("invalid regular expression in label_replace(): \(pattern)")
    }
    let template = ReplacementTemplate(replacement, regex)
    let stream = try vector(node.arguments[0], grid)
    let column = try stream.roster.column(source)
    // Each distinct value is matched once, however many series have it.
    let replaced = column.values.map { template.expand(regex, $0) }
    return try relabelled(stream, target) { series in replaced[Int(column.ids[series])] }
  }

  func labelJoin(_ node: Call, _ grid: Grid) throws -> VectorStream {
    let target = try labelName(node, 1, "destination")
    let separator = text(node, 2).value
    var columns: [LabelColumn] = []
    let stream = try vector(node.arguments[0], grid)
    for index in node.arguments.indices.dropFirst(3) {
      columns.append(try stream.roster.column(try labelName(node, index, "source")))
    }
    let sources = columns
    return try relabelled(stream, target) { series in
      sources.map { $0.values[Int($0.ids[series])] }.joined(separator: separator)
    }
  }

  /// The stream with one label set anew; nil leaves a series as it is.
  private func relabelled(
    _ stream: VectorStream, _ target: String, _ value: (Int) -> String?
  ) throws -> VectorStream {
    let count = stream.roster.count
    var marks = stream.marks.list(count)
    let old = try stream.roster.column(target)
    var column = LabelColumn(ids: [], values: [""])
    column.ids.reserveCapacity(count)
    var known: [String: UInt32] = ["": 0]
    for series in 0..<count {
      let new = value(series)
      // A name that was asked for is no longer to be dropped.
      if new != nil, target == LabelName.metric { marks[series] = false }
      let text = new ?? old.values[Int(old.ids[series])]
      if let id = known[text] {
        column.ids.append(id)
      } else {
        known[text] = UInt32(column.values.count)
        column.ids.append(UInt32(column.values.count))
        column.values.append(text)
      }
    }
    var result = stream
    result.roster = stream.roster.setting(target, to: column)
    result.marks = marks.contains(true) ? .some(marks) : .none
    return try unique(result)
  }
}

/// `$1`, `${1}` and `${name}` in the replacement of `label_replace`.
private struct ReplacementTemplate {
  private enum Part {
    case text([UInt8])
    case group(Int)
  }

  private var parts: [Part] = []

  init(_ text: String, _ regex: Regex) {
    let bytes = Array(text.utf8)
    var plain: [UInt8] = []
    var index = 0
    func isWord(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: "_") || (byte >= 48 && byte <= 57)
        || (byte | 0x20 >= 97 && byte | 0x20 <= 122)
    }
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "$"), index + 1 < bytes.count else {
        plain.append(bytes[index])
        index += 1
        continue
      }
      var start = index + 1
      if bytes[start] == UInt8(ascii: "$") {
        plain.append(bytes[start])
        index += 2
        continue
      }
      let isBraced = bytes[start] == UInt8(ascii: "{")
      if isBraced { start += 1 }
      var end = start
      while end < bytes.count, isWord(bytes[end]) { end += 1 }
      let isClosed = !isBraced || (end < bytes.count && bytes[end] == UInt8(ascii: "}"))
      guard end > start, isClosed else {
        plain.append(bytes[index])
        index += 1
        continue
      }
      if !plain.isEmpty { parts.append(.text(plain)) }
      plain = []
      let name = String(decoding: bytes[start..<end], as: UTF8.self)
      if let group = ReplacementTemplate.group(name, regex) { parts.append(.group(group)) }
      index = isBraced ? end + 1 : end
    }
    if !plain.isEmpty { parts.append(.text(plain)) }
  }

  private static func group(_ name: String, _ regex: Regex) -> Int? {
    if name.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) {
      guard let number = Int(name), number <= regex.groupCount else { return nil }
      return number
    }
    return (1...max(1, regex.groupCount)).first {
      $0 <= regex.groupCount && regex.groupName($0) == name
    }
  }

  /// The replacement for `value`, nil where the pattern does not match all of it.
  func expand(_ regex: Regex, _ value: String) -> String? {
    var value = value
    return value.withUTF8 { bytes -> String? in
      let raw = UnsafeRawBufferPointer(bytes)
      guard let groups = regex.match(raw, whole: true) else { return nil }
      var result: [UInt8] = []
      for part in parts {
        switch part {
        case .text(let text): result += text
        case .group(let number):
          if let range = groups[number] { result += raw[range] }
        }
      }
      return String(decoding: result, as: UTF8.self)
    }
  }
}
