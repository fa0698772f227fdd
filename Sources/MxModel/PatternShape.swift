import Glibc

extension PatternShape {
  /// Reads the shape off the pattern's text; anything not certain is `.engine`.
  package init(of text: String) {
    if text == ".*" {
      self = .anything
    } else if text == ".+" {
      self = .nonEmpty
    } else if let words = PatternShape.alternatives(text) {
      self = .literals(words)
    } else if let word = PatternShape.literal(text.dropping(suffix: ".*")) {
      self = .prefix(word, orMore: false)
    } else if let word = PatternShape.literal(text.dropping(suffix: ".+")) {
      self = .prefix(word, orMore: true)
    } else if let word = PatternShape.literal(text.dropping(prefix: ".*")) {
      self = .suffix(word)
    } else if let word = PatternShape.literal(
      text.dropping(prefix: ".*")?.dropping(suffix: ".*"))
    {
      self = .contains(word)
    } else {
      self = .engine(prefix: PatternShape.literalPrefix(text))
    }
  }

  /// The words of `a|b|c`, also inside one pair of brackets, nil if there is more to it.
  private static func alternatives(_ text: String) -> [String]? {
    var body = Substring(text)
    if body.hasPrefix("(?:"), body.hasSuffix(")") {
      body = body.dropFirst(3).dropLast()
    } else if body.hasPrefix("("), body.hasSuffix(")") {
      body = body.dropFirst().dropLast()
    }
    var words: [String] = []
    for part in body.split(separator: "|", omittingEmptySubsequences: false) {
      guard let word = literal(String(part)) else { return nil }
      words.append(word)
    }
    return words
  }

  /// The text that a pattern without operators stands for; nil where it has any.
  private static func literal(_ pattern: String?) -> String? {
    guard let pattern else { return nil }
    var result = ""
    var escaped = false
    for character in pattern.unicodeScalars {
      if escaped {
        guard isPunctuation(character) else { return nil }
        result.unicodeScalars.append(character)
        escaped = false
      } else if character == "\\" {
        escaped = true
      } else if isOperator(character) {
        return nil
      } else {
        result.unicodeScalars.append(character)
      }
    }
    return escaped ? nil : result
  }

  /// The literal bytes that every match must begin with; empty where the
  /// pattern has alternatives or flags outside brackets.
  private static func literalPrefix(_ pattern: String) -> String {
    if pattern.contains("|") || pattern.hasPrefix("(?") { return "" }
    var result = ""
    var scalars = Array(pattern.unicodeScalars)[...]
    while let character = scalars.first {
      var taken = character
      var length = 1
      if character == "\\" {
        guard scalars.count > 1, isPunctuation(scalars[scalars.startIndex + 1]) else { break }
        taken = scalars[scalars.startIndex + 1]
        length = 2
      } else if isOperator(character) {
        break
      }
      // A quantifier after it may make it optional or repeat it.
      if scalars.count > length,
        "*+?{".unicodeScalars.contains(scalars[scalars.startIndex + length])
      {
        break
      }
      result.unicodeScalars.append(taken)
      scalars = scalars.dropFirst(length)
    }
    return result
  }

  private static func isOperator(_ scalar: Unicode.Scalar) -> Bool {
    "\\.+*?()|[]{}^$".unicodeScalars.contains(scalar)
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && ispunct(Int32(scalar.value)) != 0
  }
}

extension String {
  fileprivate func dropping(suffix: String) -> String? {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil
  }

  fileprivate func dropping(prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
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
