/// Regular expressions, given from outside: RE2 lives in a module of its own.
package struct TemplateRegex: Sendable {
  /// Whether `text` has a match of `pattern` anywhere; throws for a bad pattern.
  package var matches: @Sendable (_ pattern: String, _ text: String) throws -> Bool
  /// Every match in `text` replaced; `$1`, `${name}` in the replacement stand for
  /// groups. Throws for a bad pattern, and where the result gets longer than `limit`.
  package var replaceAll:
    @Sendable (_ pattern: String, _ text: String, _ replacement: String, _ limit: Int) throws ->
      String

  package init(
    matches: @escaping @Sendable (String, String) throws -> Bool,
    replaceAll: @escaping @Sendable (String, String, String, Int) throws -> String
  ) {
    self.matches = matches
    self.replaceAll = replaceAll
  }
}

/// What rule templates and notification templates share.
enum SharedFunctions {
  static func make(_ regex: TemplateRegex, limit: Int) -> [String: TemplateFunction] {
    [
      "toUpper": TemplateFunction(1) { .string(try $0[0].text().uppercased()) },
      "toLower": TemplateFunction(1) { .string(try $0[0].text().lowercased()) },
      "title": TemplateFunction(1) { .string(title(try $0[0].text())) },
      "match": TemplateFunction(2) { .bool(try regex.matches(try $0[0].text(), try $0[1].text())) },
      "reReplaceAll": TemplateFunction(3) {
        .string(try regex.replaceAll(try $0[0].text(), try $0[2].text(), try $0[1].text(), limit))
      },
      "safeHtml": TemplateFunction(1) { .string(try $0[0].text()) },
      "humanizeDuration": TemplateFunction(1) {
        .string(Humanize.duration(try Humanize.number($0[0])))
      },
    ]
  }

  /// The first letter of each word large, the others as they are.
  static func title(_ text: String) -> String {
    var out = ""
    var isInWord = false
    for character in text {
      let isLetter =
        character.isLetter || character.isNumber || character == "'" || character == "_"
      out += isLetter && !isInWord ? character.uppercased() : String(character)
      isInWord = isLetter
    }
    return out
  }
}
