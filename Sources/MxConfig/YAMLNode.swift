/// A YAML value that remembers where it was written.
///
/// Aliases are replaced by what they stand for and merge keys (`<<`) are carried
/// out, within bounds. A mapping keeps the order of its fields, and has each once.
package struct YAMLNode: Equatable, Sendable {
  package enum Content: Equatable, Sendable {
    case scalar(YAMLScalar)
    case sequence([YAMLNode])
    case mapping([YAMLField])
  }

  package var content: Content
  package var place: ConfigPlace
  /// As written, `tag:yaml.org,2002:str` for `!!str`; nil where there is none.
  package var tag: String?
  /// How many nodes this one comes to with its aliases replaced, itself included.
  let size: Int
  /// How many levels it has.
  let height: Int

  init(_ content: Content, _ place: ConfigPlace, tag: String? = nil) {
    self.content = content
    self.place = place
    self.tag = tag
    switch content {
    case .scalar:
      size = 1
      height = 1
    case .sequence(let nodes):
      size = nodes.reduce(1) { $0 + $1.size }
      height = 1 + (nodes.map(\.height).max() ?? 0)
    case .mapping(let fields):
      size = fields.reduce(1) { $0 + 1 + $1.value.size }
      height = 1 + (fields.map(\.value.height).max() ?? 0)
    }
  }
}

package struct YAMLField: Equatable, Sendable {
  package var name: String
  package var namePlace: ConfigPlace
  package var value: YAMLNode
}

/// A scalar as it stands in the file, before anything is made of it.
package struct YAMLScalar: Equatable, Sendable {
  package var text: String
  /// Not in quotes and no block: only then may it be a number, a truth or null.
  package var isPlain: Bool
}

extension YAMLNode {
  package var scalar: YAMLScalar? {
    if case .scalar(let scalar) = content { scalar } else { nil }
  }

  package var sequence: [YAMLNode]? {
    if case .sequence(let nodes) = content { nodes } else { nil }
  }

  package var fields: [YAMLField]? {
    if case .mapping(let fields) = content { fields } else { nil }
  }

  package subscript(name: String) -> YAMLNode? {
    fields?.first { $0.name == name }?.value
  }

  /// `~`, `null` or nothing at all: as if the field were not there.
  package var isNull: Bool { resolvable?.isNull ?? false }

  package var bool: Bool? { resolvable?.bool }

  package var int: Int64? { resolvable?.int }

  package var double: Double? { resolvable?.double }

  /// The text of any scalar but null: `severity: 1` is the string `1` where a
  /// string is wanted.
  package var string: String? { isNull ? nil : scalar?.text }

  /// Plain and not tagged as a string: its text may mean something.
  private var resolvable: YAMLScalar? {
    guard let scalar, scalar.isPlain, tag == nil || tag != YAMLTag.string else { return nil }
    return scalar
  }

  /// What it is, for messages.
  package var kindName: String {
    switch content {
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .scalar(let scalar):
      if isNull {
        "nothing"
      } else if bool != nil {
        "'\(scalar.text)'"
      } else if int != nil || double != nil {
        "the number \(scalar.text)"
      } else {
        "the text '\(Self.short(scalar.text))'"
      }
    }
  }

  private static func short(_ text: String) -> String {
    let line = text.prefix { !$0.isNewline }
    return line.count <= 40 && line.count == text.count ? text : line.prefix(40) + "…"
  }
}

enum YAMLTag {
  static let string = "tag:yaml.org,2002:str"
  static let merge = "tag:yaml.org,2002:merge"
}
