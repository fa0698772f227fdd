/// Why a template cannot be read or run; the texts are Go's.
package enum TemplateError: Error, Hashable, Sendable {
  /// `template: NAME:LINE: …`
  case syntax(String)
  /// `template: NAME:LINE:COLUMN: executing "NAME" at <…>: …`
  case failed(String)
}

extension TemplateError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .syntax(let message), .failed(let message): message
    }
  }
}

/// What a function says when it cannot do its work.
package struct TemplateFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package var description: String
  /// Said about an argument, before the call: not prefixed by `error calling …`.
  var isAboutArgument = false

  package init(_ description: String) { self.description = description }

  init(argument description: String) {
    self.description = description
    isAboutArgument = true
  }

  static func wrongType(_ value: TemplateValue, expected: String) -> TemplateFailure {
    if case .null = value {
      return TemplateFailure(argument: "invalid value; expected \(expected)")
    }
    return TemplateFailure(
      argument: "wrong type for value; expected \(expected); got \(value.typeName)")
  }
}

/// How much a template may take; what is given in comes from people.
package struct TemplateLimits: Hashable, Sendable {
  /// Bytes of template text.
  package var source = 1 << 20
  /// Bytes of output, and of any text in between.
  package var output = 1 << 20
  /// Nodes walked and elements made.
  package var steps = 1_000_000
  /// Values inside of one list or map, those of its elements included.
  package var elements = 50_000
  /// Levels of nested blocks, parentheses, template calls and lists.
  package var depth = 100

  package init() {}
}
