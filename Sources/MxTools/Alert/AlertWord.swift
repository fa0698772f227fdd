import MxAlert
import MxCLI
import MxModel

/// How people name alerts on a command line: by the id that notices print, by a rule's
/// name, by matchers, or as lists print them: `DiskFull{host="db1"}`.
struct AlertWord {
  private let fingerprint: UInt64?
  let matchers: [Matcher]

  init(_ word: String) throws {
    fingerprint = Fingerprint.parse(word)
    matchers = fingerprint == nil ? try Self.matchers(word) : []
  }

  static func matchers(_ word: String) throws -> [Matcher] {
    do throws(MatcherText.Problem) {
      return try MatcherText.argument(word)
    } catch {
      throw Diagnostic(.usage, error.description)
    }
  }

  /// Whether a rule of this name is meant, whatever alerts it has.
  func isRule(_ name: String) -> Bool {
    matchers.contains(Matcher(equal: "alertname", name))
  }

  func names(_ labels: LabelSet) -> Bool {
    fingerprint.map { $0 == Fingerprint.of(labels) } ?? matchers.allMatch(labels)
  }
}
