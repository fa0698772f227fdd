/// Reads YAML files into trees.
///
/// Bounds: the bytes of a file, the depth of nesting, and how many nodes a
/// document comes to once its aliases are replaced; so a file of a kilobyte
/// cannot stand for a billion nodes.
package enum YAML {
  package struct Limits: Sendable {
    package var bytes = 16 << 20
    package var depth = 64
    package var nodes = 1_000_000

    package init() {}
  }

  /// All documents of a text; what is wrong goes to `problems`, and an empty list
  /// comes back where the text is not YAML at all.
  package static func documents(
    _ bytes: [UInt8], file: String, problems: ConfigProblems, limits: Limits = Limits()
  ) -> [YAMLNode] {
    guard bytes.count <= limits.bytes else {
      problems.add(
        ConfigPlace(file: file, line: 1, column: 1),
        "the file has \(bytes.count) bytes, at most \(limits.bytes) allowed")
      return []
    }
    var builder = TreeBuilder(
      events: YAMLEvents(bytes, file: file), problems: problems, limits: limits)
    do throws(YAMLStop) {
      return try builder.documents()
    } catch {
      problems.add(error.place, error.message, hint: error.hint)
      return []
    }
  }

  /// The first document, as Prometheus reads its files; an empty mapping where
  /// there is none.
  package static func document(
    _ bytes: [UInt8], file: String, problems: ConfigProblems, limits: Limits = Limits()
  ) -> YAMLNode {
    let all = documents(bytes, file: file, problems: problems, limits: limits)
    if let first = all.first, !first.isNull { return first }
    return YAMLNode(.mapping([]), ConfigPlace(file: file, line: 1, column: 1))
  }

  /// The same of a text, for those who want to stop at the first bad file.
  package static func parse(_ text: String, file: String) throws(ConfigError) -> YAMLNode {
    let problems = ConfigProblems()
    let node = document(Array(text.utf8), file: file, problems: problems)
    try problems.check()
    return node
  }
}

/// Events to a tree. Recursion is bounded by `limits.depth`.
private struct TreeBuilder {
  let events: YAMLEvents
  let problems: ConfigProblems
  let limits: YAML.Limits
  /// Of the document being read. An anchor is known once its node is complete, so
  /// no node can contain itself.
  private var anchors: [String: YAMLNode] = [:]
  private var nodes = 0

  init(events: YAMLEvents, problems: ConfigProblems, limits: YAML.Limits) {
    self.events = events
    self.problems = problems
    self.limits = limits
  }

  mutating func documents() throws(YAMLStop) -> [YAMLNode] {
    var found: [YAMLNode] = []
    while true {
      switch try next() {
      case .streamEnd: return found
      case .documentStart:
        anchors = [:]
        nodes = 0
        found.append(try node(try next(), depth: 1))
      default: break
      }
    }
  }

  private func next() throws(YAMLStop) -> YAMLEvents.Event { try events.next().get() }

  private mutating func node(
    _ event: YAMLEvents.Event, depth: Int
  ) throws(YAMLStop) -> YAMLNode {
    let place = events.place
    guard depth <= limits.depth else {
      throw YAMLStop(place: place, message: "nested deeper than \(limits.depth) levels")
    }
    try count(1, place)
    let built: YAMLNode
    let name: String?
    switch event {
    case .scalar(let scalar, let anchor, let tag):
      built = YAMLNode(.scalar(scalar), place, tag: tag)
      name = anchor
    case .sequenceStart(let anchor, let tag):
      built = YAMLNode(.sequence(try elements(depth)), place, tag: tag)
      name = anchor
    case .mappingStart(let anchor, let tag):
      built = YAMLNode(.mapping(try fields(depth)), place, tag: tag)
      name = anchor
    case .alias(let anchor):
      built = try aliased(anchor, place, depth)
      name = nil
    case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
      throw YAMLStop(place: place, message: "expected a value")
    }
    if let name { anchors[name] = built }
    return built
  }

  private mutating func count(_ more: Int, _ place: ConfigPlace) throws(YAMLStop) {
    nodes += more
    if nodes > limits.nodes {
      throw YAMLStop(
        place: place,
        message: "more than \(limits.nodes) values with the aliases replaced")
    }
  }

  private mutating func aliased(
    _ anchor: String, _ place: ConfigPlace, _ depth: Int
  ) throws(YAMLStop) -> YAMLNode {
    guard let node = anchors[anchor] else {
      throw YAMLStop(place: place, message: "no anchor '\(anchor)' before this alias")
    }
    try count(node.size, place)
    guard depth - 1 + node.height <= limits.depth else {
      throw YAMLStop(place: place, message: "nested deeper than \(limits.depth) levels")
    }
    return node
  }

  private mutating func elements(_ depth: Int) throws(YAMLStop) -> [YAMLNode] {
    var elements: [YAMLNode] = []
    while true {
      let event = try next()
      if case .sequenceEnd = event { return elements }
      elements.append(try node(event, depth: depth + 1))
    }
  }

  private mutating func fields(_ depth: Int) throws(YAMLStop) -> [YAMLField] {
    var fields: [YAMLField] = []
    var lines: [String: Int] = [:]
    var merges: [YAMLNode] = []
    while true {
      let event = try next()
      if case .mappingEnd = event { break }
      let key = try node(event, depth: depth + 1)
      let value = try node(try next(), depth: depth + 1)
      guard case .scalar(let scalar) = key.content else {
        problems.add(key.place, "a field's name is \(key.kindName), expected a text")
        continue
      }
      if scalar.text == "<<", scalar.isPlain, key.tag == nil || key.tag == YAMLTag.merge {
        merges += mergeable(value)
        continue
      }
      if let line = lines[scalar.text] {
        problems.add(key.place, "field '\(scalar.text)' is already set in line \(line)")
        continue
      }
      lines[scalar.text] = key.place.line
      fields.append(YAMLField(name: scalar.text, namePlace: key.place, value: value))
    }
    for merge in merges {
      for field in merge.fields ?? [] where lines[field.name] == nil {
        try count(field.value.size + 1, field.namePlace)
        lines[field.name] = field.namePlace.line
        fields.append(field)
      }
    }
    return fields
  }

  /// What `<<` may stand before: a mapping or a list of mappings.
  private func mergeable(_ node: YAMLNode) -> [YAMLNode] {
    let nodes = node.sequence ?? [node]
    return nodes.filter { node in
      if node.fields != nil { return true }
      problems.add(node.place, "'<<' merges \(node.kindName), expected a mapping")
      return false
    }
  }
}
