import CRE2

/// How a matcher compares.
package enum MatchOperator: String, Sendable {
  case equal = "="
  case notEqual = "!="
  case regex = "=~"
  case notRegex = "!~"

  /// Whether the matcher holds where `equal` or `regex` does not.
  package var isNegative: Bool { self == .notEqual || self == .notRegex }
}

/// One condition on a label: `job=~"node|app"`. A missing label equals "".
package struct Matcher: Hashable, Sendable, CustomStringConvertible {
  package let name: String
  package let op: MatchOperator
  package let value: String
  private let pattern: Pattern?

  /// Throws where `value` is not a regular expression though `op` asks for one.
  package init(_ name: String, _ op: MatchOperator, _ value: String) throws(ModelError) {
    self.name = name
    self.op = op
    self.value = value
    self.pattern = op == .regex || op == .notRegex ? try Pattern(value) : nil
  }

  /// `name="value"`, which cannot fail.
  package init(equal name: String, _ value: String) {
    self.name = name
    self.op = .equal
    self.value = value
    self.pattern = nil
  }

  /// Compares bytes: two spellings of `é` are two values, as in every store.
  package func matches(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { matches(UnsafeRawBufferPointer($0)) }
  }

  package func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    switch op {
    case .equal: text.elementsEqual(value.utf8)
    case .notEqual: !text.elementsEqual(value.utf8)
    case .regex: pattern?.matches(text) ?? false
    case .notRegex: !(pattern?.matches(text) ?? false)
    }
  }

  /// Whether series without the label pass.
  package var matchesEmpty: Bool { matches("") }

  /// What a source can look up instead of running the regex; nil for `=` and `!=`.
  package var shape: PatternShape? { pattern?.shape }

  package var description: String {
    let label = LabelName.isPlainLabel(name) ? name : LabelKey.quoted(name)
    return "\(label)\(op.rawValue)\(LabelKey.quoted(value))"
  }

  package static func == (left: Matcher, right: Matcher) -> Bool {
    left.name == right.name && left.op == right.op && left.value == right.value
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(op)
    hasher.combine(value)
  }
}

/// What kind of text a regular expression asks for, where that needs no engine.
package enum PatternShape: Hashable, Sendable {
  /// `a|b|c` or a plain word: exactly these.
  case literals([String])
  /// `abc.*`: everything that begins so. `abc.+` has `orMore` true: at least one byte more.
  case prefix(String, orMore: Bool)
  /// `.*abc`.
  case suffix(String)
  /// `.*abc.*`.
  case contains(String)
  /// `.*`.
  case anything
  /// `.+`.
  case nonEmpty
  /// Needs the engine; every match begins with this prefix (often empty).
  case engine(prefix: String)
}

/// A compiled, fully anchored RE2 expression, shared by whoever holds it.
///
/// The engine is made only where the shape cannot answer: most matchers of
/// dashboards (`a|b|c`, `abc.*`) never start it.
package final class Pattern: Sendable {
  package let text: String
  package let shape: PatternShape
  /// Nil for the shapes that need no engine: they are valid as they stand.
  private let regex: Regex?

  package init(_ text: String) throws(ModelError) {
    self.text = text
    self.shape = PatternShape(of: text)
    if case .engine = shape { regex = try Regex(text) } else { regex = nil }
  }

  package func matches(_ candidate: String) -> Bool {
    var candidate = candidate
    return candidate.withUTF8 { matches(UnsafeRawBufferPointer($0)) }
  }

  package func matches(_ candidate: UnsafeRawBufferPointer) -> Bool {
    switch shape {
    case .literals(let all): all.contains { candidate.elementsEqual($0.utf8) }
    case .prefix(let prefix, let orMore):
      candidate.count >= prefix.utf8.count + (orMore ? 1 : 0) && candidate.starts(with: prefix.utf8)
    case .suffix(let suffix):
      candidate.count >= suffix.utf8.count
        && candidate.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    case .anything: true
    case .nonEmpty: !candidate.isEmpty
    case .contains(let part): ByteSearch.contains(candidate, part)
    case .engine: regex?.matchesWhole(candidate) ?? false
    }
  }
}

/// RE2: Prometheus' own syntax, linear time whatever the pattern.
package final class Regex: Sendable {
  // RE2 objects are immutable and thread-safe once made.
  nonisolated(unsafe) private let handle: OpaquePointer
  package let groupCount: Int

  package init(_ text: String) throws(ModelError) {
    var reason = [CChar](repeating: 0, count: 200)
    var pattern = text
    let made = pattern.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { chars in
        withUnsafePointer(to: CChar(0)) { nothing in
          mx_re2_new(chars.baseAddress ?? nothing, chars.count, &reason, reason.count)
        }
      }
    }
    guard let made else {
      let end = reason.firstIndex(of: 0) ?? reason.count
      let message = String(decoding: reason[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw .badRegex(text, reason: message)
    }
    handle = made
    groupCount = Int(mx_re2_groups(made))
  }

  deinit { mx_re2_free(handle) }

  package func matchesWhole(_ text: UnsafeRawBufferPointer) -> Bool {
    withChars(text) { mx_re2_full_match(handle, $0, text.count) }
  }

  package func matchesWhole(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { matchesWhole(UnsafeRawBufferPointer($0)) }
  }

  package func search(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      withChars(UnsafeRawBufferPointer(bytes)) { mx_re2_search(handle, $0, bytes.count) }
    }
  }

  /// The name of group `index` (from 1), nil where it has none.
  package func groupName(_ index: Int) -> String? {
    mx_re2_group_name(handle, Int32(clamping: index)).map { String(cString: $0) }
  }

  /// The groups of the first match at or after `start`, whole match first, as
  /// byte ranges; nil inside where a group took no part, nil outside for no match.
  package func match(
    _ text: UnsafeRawBufferPointer, from start: Int = 0, whole: Bool
  ) -> [Range<Int>?]? {
    var offsets = [Int](repeating: -1, count: 2 * (groupCount + 1))
    let found = withChars(text) {
      mx_re2_match(handle, $0, text.count, start, whole, &offsets, Int32(groupCount))
    }
    guard found else { return nil }
    return (0...groupCount).map { group in
      offsets[2 * group] < 0 ? nil : offsets[2 * group]..<offsets[2 * group + 1]
    }
  }

  private func withChars<R>(
    _ text: UnsafeRawBufferPointer, _ body: (UnsafePointer<CChar>) -> R
  ) -> R {
    if let base = text.baseAddress { return body(base.assumingMemoryBound(to: CChar.self)) }
    return withUnsafePointer(to: CChar(0)) { body($0) }
  }
}

extension [Matcher] {
  /// A label that is not there is empty to a matcher.
  package func allMatch(_ labels: LabelSet) -> Bool {
    allSatisfy { $0.matches(labels[$0.name] ?? "") }
  }
}
