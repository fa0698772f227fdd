import MxModel

/// A variable's chosen values.
package struct VariableValue: Equatable, Sendable {
  package var values: [String]
  package var texts: [String]
  /// `All` was chosen; `allText`, if set, stands in queries as it is.
  package var isAll = false
  package var allText: String?
  package var isMulti = false

  package init(
    _ values: [String], texts: [String]? = nil, isAll: Bool = false, allText: String? = nil,
    isMulti: Bool = false
  ) {
    self.values = values
    self.texts = texts ?? values
    self.isAll = isAll
    self.allText = allText
    self.isMulti = isMulti
  }

  /// For titles.
  var title: String { isAll ? "All" : texts.joined(separator: " + ") }
}

/// What a query variable asks of the store.
package enum VariableQuery: Equatable, Sendable {
  case labelValues(label: String, selector: String?)
  case labelNames(selector: String?)
  /// Metric names that match a regular expression.
  case metrics(pattern: String)
  /// Series of an instant query, as `metric{labels} value time` lines.
  case result(expr: String)

  /// For messages, as dashboards write it.
  package var text: String {
    switch self {
    case .labelValues(let label, let selector?): "label_values(\(selector), \(label))"
    case .labelValues(let label, nil): "label_values(\(label))"
    case .labelNames(let selector): "label_names(\(selector ?? ""))"
    case .metrics(let pattern): "metrics(\(pattern))"
    case .result(let expr): "query_result(\(expr))"
    }
  }

  /// Nil for what is none of these, such as SQL.
  package static func parse(_ text: String) -> VariableQuery? {
    let text = TextTools.trim(text)
    guard text.hasSuffix(")"), let open = text.firstIndex(of: "(") else { return nil }
    let name = TextTools.trim(text[..<open])
    let inner = TextTools.trim(text[text.index(after: open)...].dropLast())
    switch name {
    case "label_values":
      guard let comma = lastComma(inner) else {
        return inner.isEmpty ? nil : .labelValues(label: inner, selector: nil)
      }
      let selector = TextTools.trim(inner[..<comma])
      let label = TextTools.trim(inner[inner.index(after: comma)...])
      return .labelValues(label: label, selector: selector.isEmpty ? nil : selector)
    case "label_names": return .labelNames(selector: inner.isEmpty ? nil : inner)
    case "metrics": return .metrics(pattern: inner)
    case "query_result": return .result(expr: inner)
    default: return nil
    }
  }

  /// The last comma outside of braces and quotes.
  private static func lastComma(_ text: String) -> String.Index? {
    var depth = 0
    var quote: Character?
    var found: String.Index?
    for index in text.indices {
      let character = text[index]
      if let open = quote {
        if character == open { quote = nil }
        continue
      }
      switch character {
      case "\"", "'", "`": quote = character
      case "{", "(", "[": depth += 1
      case "}", ")", "]": depth -= 1
      case "," where depth == 0: found = index
      default: break
      }
    }
    return found
  }
}

/// Chooses a value for every variable, in the order in which they depend on
/// each other.
struct VariableResolver {
  let dashboard: Dashboard
  /// From the command line.
  let chosen: [String: [String]]
  let interpolation: Interpolation
  /// Asks the store; nil where it cannot say.
  let ask: (VariableQuery) -> [String]?

  /// More values than anyone picks from.
  static let valueLimit = 5000

  func resolve() -> (values: [String: VariableValue], options: [String: [Variable.Option]]) {
    var resolved = interpolation
    var known: [String: [Variable.Option]] = [:]
    for variable in ordered() {
      let options = options(of: variable, resolved)
      known[variable.name] = options
      resolved.variables[variable.name] = value(of: variable, options)
    }
    return (resolved.variables, known)
  }

  /// A variable comes after those its query names; in a circle, as written.
  private func ordered() -> [Variable] {
    var waiting = dashboard.variables
    var done: Set<String> = []
    var result: [Variable] = []
    while !waiting.isEmpty {
      let names = Set(waiting.map(\.name))
      let index =
        waiting.firstIndex { variable in
          guard case .query(let text) = variable.kind else { return true }
          return Interpolation.names(in: text).allSatisfy {
            $0 == variable.name || !names.contains($0) || done.contains($0)
          }
        } ?? 0
      let variable = waiting.remove(at: index)
      done.insert(variable.name)
      result.append(variable)
    }
    return result
  }

  private func value(of variable: Variable, _ options: [Variable.Option]) -> VariableValue {
    if let values = chosen[variable.name], !values.isEmpty {
      if values == ["$__all"] || (values == ["All"] && variable.includesAll) {
        return all(variable, options)
      }
      return choice(values, of: variable, options)
    }
    switch variable.kind {
    case .constant(let text): return VariableValue([text])
    case .textBox(let text): return VariableValue([variable.current.first ?? text])
    case .dataSource: return VariableValue(["default"])
    default: break
    }
    if variable.current == ["$__all"] || variable.current == ["All"] {
      return all(variable, options)
    }
    let saved = variable.current.filter { value in options.contains { $0.value == value } }
    if !saved.isEmpty { return choice(saved, of: variable, options) }
    if variable.includesAll { return all(variable, options) }
    if let first = options.first { return choice([first.value], of: variable, options) }
    return choice(variable.current, of: variable, options)
  }

  private func choice(
    _ values: [String], of variable: Variable, _ options: [Variable.Option]
  ) -> VariableValue {
    let texts = values.map { value in
      options.first { $0.value == value }?.text ?? value
    }
    return VariableValue(values, texts: texts, isMulti: variable.isMulti || variable.includesAll)
  }

  private func all(_ variable: Variable, _ options: [Variable.Option]) -> VariableValue {
    // Nothing known to choose from: whatever there is.
    let text = variable.allValue ?? (options.isEmpty ? ".*" : nil)
    return VariableValue(
      options.map(\.value), texts: options.map(\.text), isAll: true, allText: text, isMulti: true)
  }

  private func options(of variable: Variable, _ known: Interpolation) -> [Variable.Option] {
    switch variable.kind {
    case .custom(let options): return options
    case .interval(let values):
      return values.filter { $0 != "auto" && !$0.hasPrefix("$__auto") }
        .map { Variable.Option(text: $0, value: $0) }
    case .query(let text):
      let expanded = known.expand(text, format: .promQL)
      guard let query = VariableQuery.parse(expanded), let values = ask(query) else { return [] }
      return sorted(
        filtered(values.prefix(Self.valueLimit).map { $0 }, variable.regex, known), variable.sort)
    default: return []
    }
  }

  /// `/regex/`: what matches stays; a group, or groups named text and value, is what
  /// is taken.
  private func filtered(
    _ values: [String], _ regex: String, _ known: Interpolation
  ) -> [Variable.Option] {
    let pattern = Patterns.body(known.expand(regex, format: .regex))
    guard !pattern.isEmpty, let compiled = Patterns.compile(pattern) else {
      return values.map { Variable.Option(text: $0, value: $0) }
    }
    var seen: Set<String> = []
    return values.compactMap { value in
      guard let groups = Patterns.search(compiled, value) else { return nil }
      let option = Self.option(value, groups, compiled)
      return seen.insert(option.value).inserted ? option : nil
    }
  }

  private static func option(
    _ value: String, _ groups: [String?], _ regex: Regex
  ) -> Variable.Option {
    var text: String?
    var inner: String?
    for index in 0..<regex.groupCount where index + 1 < groups.count {
      switch regex.groupName(index + 1) {
      case "text": text = groups[index + 1]
      case "value": inner = groups[index + 1]
      default: inner = inner ?? groups[index + 1]
      }
    }
    let chosen = inner ?? text ?? value
    return Variable.Option(text: text ?? chosen, value: chosen)
  }

  /// Grafana's numbers: 1 and 2 by text, 3 and 4 by number, 5 and 6 without case.
  private func sorted(_ options: [Variable.Option], _ sort: Int) -> [Variable.Option] {
    let ascending: [Variable.Option]
    switch sort {
    case 1, 2: ascending = options.sorted { $0.text < $1.text }
    case 3, 4: ascending = options.sorted { Patterns.naturalLess($0.text, $1.text) }
    case 5, 6: ascending = options.sorted { $0.text.lowercased() < $1.text.lowercased() }
    default: return options
    }
    return sort % 2 == 0 ? ascending.reversed() : ascending
  }
}
