import MxJSON

/// `templating.list[]`.
enum VariableReader {
  static func variable(_ scope: Scope) -> Variable {
    var variable = Variable()
    variable.name = scope.string("name") ?? ""
    variable.label = scope.nonEmpty("label") ?? variable.name
    variable.isMulti = scope.bool("multi") ?? false
    variable.includesAll = scope.bool("includeAll") ?? false
    variable.allValue = scope.nonEmpty("allValue")
    variable.regex = scope.string("regex") ?? ""
    // A number, or a word in v2.
    variable.sort = scope["sort"]?.value.int.map { Int(clamping: $0) } ?? 0
    // 2 hides all of it; v2 says hideVariable.
    let hide = scope["hide"]
    variable.isHidden = hide?.value.int == 2 || hide?.value.string == "hideVariable"
    variable.kind = kind(scope, type: scope.string("type") ?? "")
    variable.current = scope["current"]?.strings("value") ?? []
    return variable
  }

  private static func kind(_ scope: Scope, type: String) -> Variable.Kind {
    switch type {
    case "query":
      let source = PanelReader.sourceKind(scope["datasource"])
      if PanelReader.answersPromQL(source) { return .query(query(scope)) }
      scope.report(
        .note, "values of data source type '\(source)' are not asked",
        field: "variable \(scope.string("name") ?? "")")
      return .other(type)
    case "custom":
      let listed = options(scope)
      return .custom(listed.isEmpty ? parseList(scope.string("query") ?? "") : listed)
    case "interval":
      return .interval(parseList(scope.string("query") ?? "").map(\.value))
    case "constant": return .constant(scope.string("query") ?? "")
    case "textbox": return .textBox(scope.string("query") ?? "")
    case "datasource": return .dataSource
    case "adhoc":
      scope.report(
        .note, "ad hoc filters are not applied", field: "variable \(scope.string("name") ?? "")")
      return .adHoc
    default:
      scope.report(
        .warning, "unknown type of variable '\(type)'",
        field: "variable \(scope.string("name") ?? "")")
      return .other(type)
    }
  }

  /// A text, or an object that holds it.
  private static func query(_ scope: Scope) -> String {
    if let text = scope["query"]?.value.string, !text.isEmpty { return text }
    for holder in ["query", "definition"] {
      guard let inner = scope[holder] else { continue }
      if let text = inner.value.string, !text.isEmpty { return text }
      if let text = inner.value["query"]?.string, !text.isEmpty { return text }
      if let text = inner.value["expr"]?.string, !text.isEmpty { return text }
    }
    return ""
  }

  private static func options(_ scope: Scope) -> [Variable.Option] {
    scope.elements("options").compactMap { option in
      guard let value = option.string("value"), value != "$__all" else { return nil }
      return Variable.Option(text: option.string("text") ?? value, value: value)
    }
  }

  /// `1m,5m` or `all : .*, one : 1`; a comma after a backslash is part of the text.
  static func parseList(_ text: String) -> [Variable.Option] {
    var items: [String] = []
    var item = ""
    var isEscaped = false
    for character in text {
      if isEscaped {
        item.append(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "," {
        items.append(item)
        item = ""
      } else {
        item.append(character)
      }
    }
    items.append(item)
    return items.prefix(1000).compactMap { item in
      let trimmed = TextTools.trim(item)
      if trimmed.isEmpty { return nil }
      if let split = TextTools.split(trimmed, at: " : ") {
        return Variable.Option(text: TextTools.trim(split.0), value: TextTools.trim(split.1))
      }
      return Variable.Option(text: trimmed, value: trimmed)
    }
  }
}

/// The few things the standard library lacks without Foundation.
enum TextTools {
  static func trim(_ text: some StringProtocol) -> String {
    var part = text[...]
    while let first = part.first, first.isWhitespace { part.removeFirst() }
    while let last = part.last, last.isWhitespace { part.removeLast() }
    return String(part)
  }

  /// Before and after the first `separator`.
  static func split(_ text: String, at separator: String) -> (String, String)? {
    let bytes = Array(text.utf8)
    let wanted = Array(separator.utf8)
    guard !wanted.isEmpty, bytes.count >= wanted.count else { return nil }
    for start in 0...(bytes.count - wanted.count)
    where bytes[start..<(start + wanted.count)].elementsEqual(wanted) {
      return (
        String(decoding: bytes[..<start], as: UTF8.self),
        String(decoding: bytes[(start + wanted.count)...], as: UTF8.self)
      )
    }
    return nil
  }

  /// Every `part` replaced, from left to right.
  static func replacing(_ text: String, _ part: String, with other: String) -> String {
    let bytes = Array(text.utf8)
    let wanted = Array(part.utf8)
    guard let first = wanted.first, bytes.count >= wanted.count else { return text }
    var out: [UInt8] = []
    var at = 0
    while at < bytes.count {
      let end = at + wanted.count
      if bytes[at] == first, end <= bytes.count, bytes[at..<end].elementsEqual(wanted) {
        out += Array(other.utf8)
        at = end
      } else {
        out.append(bytes[at])
        at += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
