/// A threshold of Nagios plugins: `10`, `10:`, `~:10`, `10:20`, `@10:20`.
///
/// It alerts outside the range, with `@` inside; both ends belong to the range. The
/// start is 0 where it is left out and `~` is minus infinity.
package struct NagiosRange: Equatable, Sendable {
  package let text: String
  private let low: Double
  private let high: Double
  private let alertsInside: Bool

  package init(_ text: String) throws(ValueError) {
    self.text = text
    var rest = text[...]
    alertsInside = rest.hasPrefix("@")
    if alertsInside { rest = rest.dropFirst() }
    let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 1 || parts.count == 2, !rest.isEmpty else { throw Self.bad(text) }
    let start = parts.count == 2 ? parts[0] : ""
    let end = parts[parts.count - 1]
    low = start.isEmpty ? 0 : start == "~" ? -.infinity : try Self.number(start, text)
    high = end.isEmpty ? .infinity : try Self.number(end, text)
    guard low <= high else {
      throw ValueError("'\(text)' is no range: its start is above its end")
    }
  }

  private static func bad(_ text: String) -> ValueError {
    ValueError("'\(text)' is not a range; expected one like 10, 10:, ~:10, 10:20 or @10:20")
  }

  private static func number(_ text: Substring, _ whole: String) throws(ValueError) -> Double {
    guard let value = Double(text), value.isFinite else { throw bad(whole) }
    return value
  }

  package func alerts(_ value: Double) -> Bool {
    (value < low || value > high) != alertsInside
  }
}

/// What a Nagios plugin says: a state, a line, measured values.
package struct NagiosResult: Sendable {
  package enum State: Int32, Comparable, Sendable {
    case ok = 0
    case warning = 1
    case critical = 2
    case unknown = 3

    package var word: String {
      switch self {
      case .ok: "OK"
      case .warning: "WARNING"
      case .critical: "CRITICAL"
      case .unknown: "UNKNOWN"
      }
    }

    /// By what somebody must do: what is not known goes below what surely is wrong.
    private var weight: Int { [0, 2, 3, 1][Int(rawValue)] }

    package static func < (left: State, right: State) -> Bool { left.weight < right.weight }
  }

  /// One measured value with the thresholds that it was held against.
  package struct Measure: Sendable {
    package var label: String
    package var value: Double
    package var warning: NagiosRange?
    package var critical: NagiosRange?

    package init(
      _ label: String, _ value: Double, warning: NagiosRange?, critical: NagiosRange?
    ) {
      self.label = label
      self.value = value
      self.warning = warning
      self.critical = critical
    }
  }

  package var state: State
  package var summary: String
  /// More lines, for people who look closer.
  package var details: [String] = []
  package var measures: [Measure] = []

  package init(_ state: State, _ summary: String) {
    self.state = state
    self.summary = summary
  }

  package var exitCode: ExitCode { ExitCode(rawValue: state.rawValue) }

  /// `STATE - summary | 'label'=value;warn;crit`, then the details.
  package var text: String {
    var line = "\(state.word) - \(Self.plain(summary))"
    if !measures.isEmpty {
      line += " | " + measures.map(Self.performance).joined(separator: " ")
    }
    return ([line] + details.map(Self.plain)).joined(separator: "\n") + "\n"
  }

  /// The bar parts text and measures.
  private static func plain(_ text: String) -> String {
    String(text.map { $0 == "|" ? "/" : $0 })
  }

  private static func performance(_ measure: Measure) -> String {
    let label = measure.label.unicodeScalars.reduce(into: "") { label, character in
      // Neither may stand in a label.
      switch character {
      case "=": label += ":"
      case "'", "\"": break
      case "|", "\n": label += " "
      default: label.unicodeScalars.append(character)
      }
    }
    let value = measure.value.isFinite ? NumberText.shortest(measure.value) : "U"
    return
      "'\(label)'=\(value);\(measure.warning?.text ?? "");\(measure.critical?.text ?? "")"
  }
}
