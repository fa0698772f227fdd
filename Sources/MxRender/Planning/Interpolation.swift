import MxJSON
import MxTime

/// `$name`, `${name}`, `${name:format}` and `[[name]]` in texts.
package struct Interpolation: Sendable {
  package enum Format: Sendable {
    /// As in a query: escaped, several values as `(a|b)`.
    case promQL
    /// As in a title.
    case text
    case regex, pipe, csv, raw, glob, json, quoted, singleQuoted, percent, queryParameter
  }

  package var variables: [String: VariableValue] = [:]
  /// `__interval` and its like: put in as they are.
  package var builtIns: [String: String] = [:]
  /// Milliseconds, for `${__from:date}`.
  package var from: Int64 = 0
  package var to: Int64 = 0

  package init() {}

  /// What a text becomes; a name that nobody knows stays as it stands.
  package func expand(_ text: String, format: Format) -> String {
    guard text.utf8.contains(0x24) || text.utf8.contains(0x5B) else { return text }
    var out: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.first {
      if let reference = Reference(rest), let value = value(reference, format) {
        out += Array(value.utf8)
        rest = rest.dropFirst(reference.length)
      } else {
        out.append(byte)
        rest.removeFirst()
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// The variables a text names.
  static func names(in text: String) -> [String] {
    var names: [String] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      if let reference = Reference(rest) {
        names.append(reference.name)
        rest = rest.dropFirst(reference.length)
      } else {
        rest.removeFirst()
      }
    }
    return names
  }

  private func value(_ reference: Reference, _ format: Format) -> String? {
    let written = reference.format.isEmpty ? nil : Self.format(reference.format)
    if let text = builtIns[reference.name] { return text }
    if reference.name == "__from" || reference.name == "__to" {
      return date(reference.name == "__from" ? from : to, reference.format)
    }
    guard let value = variables[reference.name] else { return nil }
    if reference.format == "text" { return value.title }
    if reference.format == "queryparam" {
      let parts = value.isAll ? ["$__all"] : value.values
      return parts.map { "var-\(reference.name)=\(Self.percentEncoded($0))" }
        .joined(separator: "&")
    }
    return Self.text(value, written ?? format)
  }

  private func date(_ time: Int64, _ format: String) -> String {
    if format.isEmpty { return String(time) }
    if format == "date" || format == "date:iso" {
      return RFC3339.text(milliseconds: time, precision: .milliseconds)
    }
    if format == "date:seconds" { return String(TimeScale.floorDivide(time, 1000)) }
    let pattern = format.dropFirst(5)
    return DateText.pattern(
      String(pattern), Zone.utc.civil(milliseconds: time))
  }

  // MARK: - Formats

  private static func format(_ name: String) -> Format? {
    switch name {
    case "regex": .regex
    case "pipe": .pipe
    case "csv": .csv
    case "raw", "distributed", "lucene": .raw
    case "glob": .glob
    case "json": .json
    case "doublequote": .quoted
    case "singlequote", "sqlstring": .singleQuoted
    case "percentencode": .percent
    case "queryparam": .queryParameter
    default: nil
    }
  }

  static func text(_ value: VariableValue, _ format: Format) -> String {
    switch format {
    case .text: return value.title
    case .promQL, .regex:
      if value.isAll, let text = value.allText { return text }
      if format == .promQL && !value.isMulti {
        return value.values.map(escapedForQuery).joined(separator: "|")
      }
      let escaped = value.values.map {
        format == .promQL ? escapedForQuery(escapedForRegex($0)) : escapedForRegex($0)
      }
      return escaped.count == 1 ? escaped[0] : "(" + escaped.joined(separator: "|") + ")"
    default: break
    }
    let values = value.isAll ? value.allText.map { [$0] } ?? value.values : value.values
    switch format {
    case .pipe: return values.joined(separator: "|")
    case .glob: return values.count == 1 ? values[0] : "{" + values.joined(separator: ",") + "}"
    case .json:
      var writer = JSONWriter()
      writer.beginArray()
      for text in values { writer.string(text) }
      writer.endArray()
      return values.count == 1 ? quoted(values[0]) : writer.text
    case .quoted: return values.map(quoted).joined(separator: ",")
    case .singleQuoted:
      return values.map { "'" + TextTools.replacing($0, "'", with: "''") + "'" }
        .joined(separator: ",")
    case .percent: return percentEncoded(values.joined(separator: ","))
    default: return values.joined(separator: ",")
    }
  }

  private static func quoted(_ text: String) -> String {
    var writer = JSONWriter()
    writer.string(text)
    return writer.text
  }

  /// A value stands between quotes in a query: backslashes and quotes are escaped.
  private static func escapedForQuery(_ text: String) -> String {
    escape(text, [0x5C, 0x22, 0x27], with: 0x5C)
  }

  /// RE2's special characters.
  private static func escapedForRegex(_ text: String) -> String {
    escape(text, Array(#"\^$.*+?()[]{}|"#.utf8), with: 0x5C)
  }

  private static func escape(_ text: String, _ special: [UInt8], with mark: UInt8) -> String {
    var out: [UInt8] = []
    for byte in text.utf8 {
      if special.contains(byte) { out.append(mark) }
      out.append(byte)
    }
    return String(decoding: out, as: UTF8.self)
  }

  static func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var out: [UInt8] = []
    for byte in text.utf8 {
      let isPlain =
        byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 26 || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
      if isPlain {
        out.append(byte)
      } else {
        out += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}

/// One reference at the start of a text.
private struct Reference {
  var name: String
  var format = ""
  var length: Int

  init?(_ bytes: ArraySlice<UInt8>) {
    guard let first = bytes.first else { return nil }
    let rest = bytes.dropFirst()
    if first == 0x24, rest.first == 0x7B {
      guard let end = rest.firstIndex(of: 0x7D) else { return nil }
      self.init(inner: rest.dropFirst().prefix(upTo: end), length: end - bytes.startIndex + 1)
    } else if first == 0x24 {
      let word = rest.prefix { Self.isWord($0) }
      guard let start = word.first, start &- 0x30 > 9 else { return nil }
      self.init(name: String(decoding: word, as: UTF8.self), length: word.count + 1)
    } else if first == 0x5B, rest.first == 0x5B {
      guard let end = rest.firstIndex(of: 0x5D), rest.endIndex > end + 1, rest[end + 1] == 0x5D
      else { return nil }
      self.init(inner: rest.dropFirst().prefix(upTo: end), length: end - bytes.startIndex + 2)
    } else {
      return nil
    }
  }

  private init(name: String, length: Int) {
    self.name = name
    self.length = length
  }

  private init?(inner: ArraySlice<UInt8>, length: Int) {
    let word = inner.prefix { Self.isWord($0) }
    guard !word.isEmpty else { return nil }
    name = String(decoding: word, as: UTF8.self)
    self.length = length
    let rest = inner.dropFirst(word.count)
    if rest.first == 0x3A {
      format = String(decoding: rest.dropFirst(), as: UTF8.self)
    } else if !rest.isEmpty && rest.first != 0x2E {
      return nil
    }
  }

  static func isWord(_ byte: UInt8) -> Bool {
    byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 26 || byte == 0x5F
  }
}
