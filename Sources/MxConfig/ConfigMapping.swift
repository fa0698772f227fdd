/// Reads the fields of one mapping, and knows at the end which nobody asked for.
///
/// Every getter takes a field's name. Where the field is missing or null the
/// answer is nil (or the default); where it is of the wrong kind the answer is
/// the same, and a problem says what was expected and what was found. `finish`
/// reports all fields that were never asked for, with the nearest one that was.
package final class ConfigMapping {
  package let place: ConfigPlace
  package let problems: ConfigProblems
  private var fields: [String: YAMLField] = [:]
  /// In the order of the file.
  package let names: [String]
  private var known: [String] = []
  private var askedFor: Set<String> = []

  /// `what` is for the message where `node` is no mapping: `a rule`.
  package init(_ node: YAMLNode, _ what: String, _ problems: ConfigProblems) {
    place = node.place
    self.problems = problems
    let found = node.fields ?? []
    names = found.map(\.name)
    for field in found { fields[field.name] = field }
    if node.fields == nil, !node.isNull {
      problems.add(place, "\(what) is \(node.kindName), expected a mapping")
    }
  }

  /// Runs `body` over a mapping, and then `finish`.
  package static func read<Result>(
    _ node: YAMLNode, _ what: String, _ problems: ConfigProblems,
    _ body: (ConfigMapping) -> Result
  ) -> Result {
    let mapping = ConfigMapping(node, what, problems)
    defer { mapping.finish() }
    return body(mapping)
  }

  /// Reports every field that was not asked for.
  package func finish() {
    for name in names where !askedFor.contains(name) {
      guard let field = fields[name] else { continue }
      let nearest = Suggestion.nearest(to: name, among: known)
      problems.add(
        field.namePlace, "unknown field '\(name)'", hint: nearest.map { "did you mean '\($0)'?" })
    }
  }

  // MARK: - Fields as they are

  /// The field, also where it is null.
  package func field(_ name: String) -> YAMLField? {
    if askedFor.insert(name).inserted { known.append(name) }
    return fields[name]
  }

  package func node(_ name: String) -> YAMLNode? {
    guard let node = field(name)?.value, !node.isNull else { return nil }
    return node
  }

  /// Whether the field is there; null counts.
  package func has(_ name: String) -> Bool { field(name) != nil }

  /// Knows the field, and leaves it alone.
  package func ignore(_ names: String...) {
    for name in names { _ = field(name) }
  }

  /// Where a field stands; the mapping where it does not.
  package func place(of name: String) -> ConfigPlace { field(name)?.value.place ?? place }

  /// Something is wrong with a field's contents.
  package func report(_ name: String, _ message: String, hint: String? = nil) {
    problems.add(place(of: name), message, hint: hint)
  }

  /// Reports a missing field, unless the value is there.
  package func require<Value>(_ name: String, _ value: Value?) -> Value? {
    if value == nil, node(name) == nil {
      problems.add(place, "field '\(name)' is missing")
    }
    return value
  }

  private func mismatch(_ name: String, _ node: YAMLNode, _ expected: String) {
    problems.add(node.place, "'\(name)' is \(node.kindName), expected \(expected)")
  }

  // MARK: - Scalars

  package func string(_ name: String) -> String? {
    guard let node = node(name) else { return nil }
    if let text = node.string { return text }
    mismatch(name, node, "a text")
    return nil
  }

  package func bool(_ name: String) -> Bool? {
    guard let node = node(name) else { return nil }
    if let value = node.bool { return value }
    mismatch(name, node, "true or false")
    return nil
  }

  package func int(_ name: String, in range: ClosedRange<Int64> = .min ... .max) -> Int64? {
    guard let node = node(name) else { return nil }
    guard let value = node.int else {
      mismatch(name, node, "an integer")
      return nil
    }
    guard range.contains(value) else {
      problems.add(
        node.place,
        "'\(name)' is \(value), expected \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return value
  }

  package func double(_ name: String) -> Double? {
    guard let node = node(name) else { return nil }
    if let value = node.double { return value }
    mismatch(name, node, "a number")
    return nil
  }

  /// A text with a grammar of its own: durations, times, matchers, sizes.
  package func parsed<Value>(_ name: String, _ parse: (String) throws -> Value) -> Value? {
    guard let text = string(name) else { return nil }
    return parsed(name, text, place(of: name), parse)
  }

  private func parsed<Value>(
    _ name: String, _ text: String, _ place: ConfigPlace, _ parse: (String) throws -> Value
  ) -> Value? {
    do {
      return try parse(text)
    } catch {
      problems.add(place, "'\(name)': \(error)")
      return nil
    }
  }

  /// One of a few words.
  package func choice<Value>(_ name: String, _ choices: [(String, Value)]) -> Value? {
    guard let text = string(name) else { return nil }
    if let choice = choices.first(where: { $0.0 == text }) { return choice.1 }
    let words = choices.map(\.0)
    let nearest = Suggestion.nearest(to: text, among: words)
    problems.add(
      place(of: name), "'\(name)' is '\(text)', expected \(words.joined(separator: ", "))",
      hint: nearest.map { "did you mean '\($0)'?" })
    return nil
  }

  // MARK: - Lists and mappings

  package func list(_ name: String) -> [YAMLNode]? {
    guard let node = node(name) else { return nil }
    if let nodes = node.sequence { return nodes }
    mismatch(name, node, "a list")
    return nil
  }

  package func strings(_ name: String) -> [String]? {
    list(name).map { nodes in nodes.compactMap { element(name, $0) } }
  }

  /// `a` is the same as `[a]`.
  package func stringOrList(_ name: String) -> [String]? {
    guard let node = node(name) else { return nil }
    if let text = node.string { return [text] }
    if let nodes = node.sequence { return nodes.compactMap { element(name, $0) } }
    mismatch(name, node, "a text or a list of texts")
    return nil
  }

  /// A list of texts, each with a grammar of its own.
  package func parsedList<Value>(
    _ name: String, _ parse: (String) throws -> Value
  ) -> [Value]? {
    list(name).map { nodes in
      nodes.compactMap { node in
        element(name, node).flatMap { parsed(name, $0, node.place, parse) }
      }
    }
  }

  private func element(_ name: String, _ node: YAMLNode) -> String? {
    if let text = node.string { return text }
    problems.add(node.place, "an element of '\(name)' is \(node.kindName), expected a text")
    return nil
  }

  /// A mapping of names to texts, such as labels, in the order of the file.
  package func stringMap(_ name: String) -> [(name: String, value: String, place: ConfigPlace)]? {
    guard let node = node(name) else { return nil }
    guard let fields = node.fields else {
      mismatch(name, node, "a mapping")
      return nil
    }
    return fields.compactMap { field in
      // `label: ` with nothing behind it is the empty text.
      if let text = field.value.isNull ? "" : field.value.string {
        return (field.name, text, field.value.place)
      }
      mismatch("\(name).\(field.name)", field.value, "a text")
      return nil
    }
  }

  /// A mapping within this one. `finish` is called for it.
  package func mapping<Result>(
    _ name: String, _ body: (ConfigMapping) -> Result
  ) -> Result? {
    guard let node = node(name) else { return nil }
    guard node.fields != nil else {
      mismatch(name, node, "a mapping")
      return nil
    }
    return Self.read(node, "'\(name)'", problems, body)
  }

  /// A list of mappings; those elements that are none are reported and left out.
  package func mappings<Result>(
    _ name: String, _ body: (ConfigMapping) -> Result?
  ) -> [Result]? {
    list(name).map { nodes in
      nodes.compactMap { node in
        guard node.fields != nil else {
          problems.add(
            node.place, "an element of '\(name)' is \(node.kindName), expected a mapping")
          return nil
        }
        return Self.read(node, "an element of '\(name)'", problems, body)
      }
    }
  }

  /// A secret: `name` itself, or a path in `name_file`, not both.
  package func secret(_ name: String) -> SecretSource? {
    let fileName = name + "_file"
    let literal = string(name)
    let file = string(fileName)
    if literal != nil, file != nil {
      report(fileName, "'\(name)' and '\(fileName)' are both set, at most one allowed")
      return nil
    }
    if let file { return .file(file) }
    return literal.map { .written(Secret($0)) }
  }
}
