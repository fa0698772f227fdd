import Glibc

extension PatternShape {
  /// Reads the shape off the pattern's text; anything not certain is `.engine`.
  ///
  /// All but `.engine` are valid expressions by construction: nobody needs to
  /// compile them. Works on scalars, since a character may swallow an operator
  /// (`|` and a combining accent are one `Character`).
  package init(of text: String) {
    let scalars = Array(text.unicodeScalars)[...]
    let starts = PatternShape.begins(scalars, ".*")
    let ends = PatternShape.finishes(scalars, ".*")
    if text == ".*" {
      self = .anything
    } else if text == ".+" {
      self = .nonEmpty
    } else if let words = PatternShape.alternatives(scalars) {
      self = .literals(words)
    } else if ends, let word = PatternShape.literal(scalars.dropLast(2)) {
      self = .prefix(word, orMore: false)
    } else if PatternShape.finishes(scalars, ".+"),
      let word = PatternShape.literal(scalars.dropLast(2))
    {
      self = .prefix(word, orMore: true)
    } else if starts, let word = PatternShape.literal(scalars.dropFirst(2)) {
      self = .suffix(word)
    } else if starts, ends, let word = PatternShape.literal(scalars.dropFirst(2).dropLast(2)) {
      self = .contains(word)
    } else {
      self = .engine(prefix: PatternShape.literalPrefix(scalars))
    }
  }

  private typealias Scalars = ArraySlice<Unicode.Scalar>

  private static func begins(_ scalars: Scalars, _ text: String) -> Bool {
    scalars.starts(with: text.unicodeScalars)
  }

  private static func finishes(_ scalars: Scalars, _ text: String) -> Bool {
    scalars.suffix(text.unicodeScalars.count).elementsEqual(text.unicodeScalars)
  }

  /// The words of `a|b|c`, also inside one pair of brackets, nil if there is more to it.
  private static func alternatives(_ scalars: Scalars) -> [String]? {
    var body = scalars
    if finishes(body, ")") {
      if begins(body, "(?:") {
        body = body.dropFirst(3).dropLast()
      } else if begins(body, "(") {
        body = body.dropFirst().dropLast()
      }
    }
    var words: [String] = []
    // An escaped `|` leaves a backslash at the end of its part, which is no literal.
    for part in body.split(separator: "|", omittingEmptySubsequences: false) {
      guard let word = literal(part) else { return nil }
      words.append(word)
    }
    return words
  }

  /// The text that a pattern without operators stands for; nil where it has any.
  private static func literal(_ pattern: Scalars) -> String? {
    var result = String.UnicodeScalarView()
    var escaped = false
    for scalar in pattern {
      if escaped {
        guard isPunctuation(scalar) else { return nil }
        result.append(scalar)
        escaped = false
      } else if scalar == "\\" {
        escaped = true
      } else if isOperator(scalar) {
        return nil
      } else {
        result.append(scalar)
      }
    }
    return escaped ? nil : String(result)
  }

  /// The literal text that every match must begin with; empty where the
  /// pattern has alternatives, or flags or brackets at its start.
  private static func literalPrefix(_ pattern: Scalars) -> String {
    if pattern.contains("|") { return "" }
    var result = String.UnicodeScalarView()
    var rest = pattern
    while let scalar = rest.first {
      var taken = scalar
      var length = 1
      if scalar == "\\" {
        guard let next = rest.dropFirst().first, isPunctuation(next) else { break }
        taken = next
        length = 2
      } else if isOperator(scalar) {
        break
      }
      rest = rest.dropFirst(length)
      // A quantifier after it may make it optional or repeat it.
      if let next = rest.first, "*+?{".unicodeScalars.contains(next) { break }
      // So may one after a flag group between them: `a(?i)*` repeats the a.
      if begins(rest, "(?") && !begins(rest, "(?:") && !begins(rest, "(?P") { break }
      result.append(taken)
    }
    return String(result)
  }

  private static func isOperator(_ scalar: Unicode.Scalar) -> Bool {
    "\\.+*?()|[]{}^$".unicodeScalars.contains(scalar)
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && ispunct(Int32(scalar.value)) != 0
  }
}

/// Finding bytes in bytes.
package enum ByteSearch {
  package static func contains(_ text: UnsafeRawBufferPointer, _ part: String) -> Bool {
    var part = part
    return part.withUTF8 { find(UnsafeRawBufferPointer($0), in: text) != nil }
  }

  /// Where `part` first begins in `text`.
  package static func find(_ part: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer) -> Int?
  {
    guard let wanted = part.baseAddress, part.count > 0 else { return 0 }
    guard let base = text.baseAddress else { return nil }
    let first = Int32(part[0])
    var offset = 0
    while offset + part.count <= text.count {
      guard let hit = memchr(base + offset, first, text.count - part.count - offset + 1) else {
        return nil
      }
      offset = UnsafeRawPointer(hit) - base
      if memcmp(hit, wanted, part.count) == 0 { return offset }
      offset += 1
    }
    return nil
  }
}

/// Why a value of the model could not be made.
package enum ModelError: Error, Equatable {
  /// Not a regular expression of RE2.
  case badRegex(String, reason: String)
  /// Not a duration such as `1h30m`.
  case badDuration(String)
  /// A relabelling rule that cannot work; the text says why.
  case badRelabelRule(String)
}
