import MxJSON

/// Problems as they are found, in the order of the text.
final class ProblemList {
  /// More than this of one dashboard says nothing new.
  static let limit = 200
  private(set) var all: [Problem] = []
  /// The kinds of data sources that variables stand for, by the variables' names: what a
  /// panel's queries are written in.
  var sources: [String: String] = [:]

  func add(_ problem: Problem) {
    if all.count < Self.limit { all.append(problem) }
  }
}

/// A place in the dashboard's tree that knows its path, so that whatever is
/// wrong is reported with panel, field, line and column.
///
/// Grafana's own files are loose: null and "" stand for absent, numbers come as
/// text. That is accepted; a value of another kind is reported and passed over.
struct Scope {
  var value: JSONValue
  var path: String
  var panel: String
  let problems: ProblemList

  var sources: [String: String] { problems.sources }

  /// The member `name`; absent where it is null.
  subscript(name: String) -> Scope? {
    guard let inner = value[name], !inner.isNull else { return nil }
    return Scope(
      value: inner, path: path.isEmpty ? name : "\(path).\(name)", panel: panel,
      problems: problems)
  }

  subscript(names: String...) -> Scope? {
    var scope = self
    for name in names {
      guard let inner = scope[name] else { return nil }
      scope = inner
    }
    return scope
  }

  func report(
    _ severity: Problem.Severity, _ message: String, field: String? = nil, hint: String? = nil
  ) {
    problems.add(
      Problem(
        severity: severity, panel: panel, field: field ?? path, line: value.line,
        column: value.column, message: message, hint: hint))
  }

  private func mismatch(_ expected: String) {
    report(.warning, "\(value.kindName), expected \(expected)")
  }

  // MARK: - Members

  func string(_ name: String) -> String? {
    guard let member = self[name] else { return nil }
    switch member.value.content {
    case .string(let text): return text
    case .integer(let number): return String(number)
    case .double(let number): return NumberText.fixed(number)
    case .bool(let flag): return flag ? "true" : "false"
    default:
      member.mismatch("a string")
      return nil
    }
  }

  /// A string that says something.
  func nonEmpty(_ name: String) -> String? {
    guard let text = string(name), !text.isEmpty else { return nil }
    return text
  }

  func bool(_ name: String) -> Bool? {
    guard let member = self[name] else { return nil }
    switch member.value.content {
    case .bool(let flag): return flag
    case .string("true"): return true
    case .string("false"), .string(""): return false
    case .integer(let number): return number != 0
    default:
      member.mismatch("true or false")
      return nil
    }
  }

  func double(_ name: String) -> Double? {
    guard let member = self[name] else { return nil }
    if let number = member.value.double { return number.isFinite ? number : nil }
    if case .string(let text) = member.value.content {
      if text.isEmpty || text == "auto" { return nil }
      if let number = Double(text), number.isFinite { return number }
      member.report(.warning, "'\(text)' is not a number")
      return nil
    }
    member.mismatch("a number")
    return nil
  }

  /// An integer within `bounds`; one beyond them becomes the nearest.
  func int(_ name: String, in bounds: ClosedRange<Int>) -> Int? {
    guard let number = double(name) else { return nil }
    return Int(min(max(number.rounded(), Double(bounds.lowerBound)), Double(bounds.upperBound)))
  }

  /// The elements of an array, at most `limit` of them.
  func elements(_ name: String, limit: Int = 1000) -> [Scope] {
    guard let member = self[name] else { return [] }
    guard let values = member.value.array else {
      // An empty object stands for an empty array in some exports.
      if member.value.members?.isEmpty != true { member.mismatch("an array") }
      return []
    }
    if values.count > limit {
      member.report(
        .warning, "\(values.count) elements, at most \(limit) allowed: the rest is left out")
    }
    return values.prefix(limit).enumerated().map { index, value in
      Scope(
        value: value, path: "\(member.path)[\(index)]", panel: panel, problems: problems)
    }
  }

  func strings(_ name: String) -> [String] {
    guard let member = self[name] else { return [] }
    if let text = member.value.string { return text.isEmpty ? [] : [text] }
    return elements(name).compactMap(\.value.string)
  }

  /// One of an enumeration's words; an unknown one is reported with those known.
  func choice<Word: RawRepresentable & CaseIterable>(
    _ name: String, _ type: Word.Type
  ) -> Word? where Word.RawValue == String {
    guard let text = nonEmpty(name) else { return nil }
    if let known = Word(rawValue: text) { return known }
    let names = Word.allCases.map(\.rawValue).joined(separator: ", ")
    self[name]?.report(.note, "unknown value '\(text)'", hint: "known: \(names)")
    return nil
  }
}
