package import MxFormats

/// One line or sample that was not taken, with all it takes to say so and to
/// try it again.
package struct Refusal: Hashable, Sendable {
  /// The file, URL or `-`.
  package var source: String
  /// Counted from 1; 0 where the input has no lines.
  package var line = 0
  package var column = 0
  package var reason: String
  /// What it is written in; nil where it cannot be tried again.
  package var format: Format?
  /// The line; a sample that the gate refused is a line of Prometheus text.
  package var text: [UInt8] = []
  /// Whether a parser has read it, and the gate refused it.
  var isSample = false
  package var context = RefusalContext()

  package init(source: String, reason: String) {
    self.source = source
    self.reason = reason
  }

  package init(source: String, format: Format?, _ problem: Problem) {
    self.source = source
    line = problem.line
    column = problem.column
    reason =
      problem.expected.isEmpty ? problem.what : "\(problem.what), expected \(problem.expected)"
    self.format = format
    text = problem.text
  }

  /// `3:17: what is wrong, what was expected`, to be put behind the source.
  package var description: String {
    line == 0 ? reason : column == 0 ? "\(line): \(reason)" : "\(line):\(column): \(reason)"
  }
}

/// The refusals of a run until someone takes them: counts are exact, of texts
/// no more than `limit` are kept at a time.
package struct RefusalLog: Sendable {
  package private(set) var count = 0
  private var kept: [Refusal] = []
  private var bytes = 0
  /// Of `count`, those that were handed over or said to be more.
  private var told = 0
  private static let limit = 4096
  private static let byteLimit = 8 << 20

  package init() {}

  /// Whether another one would be kept: if not, its text need not be made.
  var hasRoom: Bool { kept.count < Self.limit && bytes < Self.byteLimit }

  mutating func add(_ refusal: @autoclosure () -> Refusal) {
    count += 1
    guard hasRoom else { return }
    let refusal = refusal()
    bytes += refusal.text.count + refusal.reason.utf8.count + 64
    kept.append(refusal)
  }

  /// More that no text is kept of.
  mutating func add(uncounted number: Int) { count += number }

  /// Hands over what was kept, and how many more there were.
  mutating func take() -> (kept: [Refusal], more: Int) {
    defer {
      kept = []
      bytes = 0
      told = count
    }
    return (kept, count - told - kept.count)
  }
}
