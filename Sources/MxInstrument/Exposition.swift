/// Writes the Prometheus text format 0.0.4:
///
///     # HELP requests_total Requests answered.
///     # TYPE requests_total counter
///     requests_total{method="GET"} 17 1700000000000
///
/// Backslash and newline are escaped everywhere, quotes in label values.
struct Exposition {
  private(set) var text = ""
  private let suffix: String

  init(time: Int64?) { suffix = time.map { " \($0)\n" } ?? "\n" }

  mutating func header(_ name: String, help: String, type: String) {
    text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(type)\n"
  }

  mutating func sample(_ name: String, _ labels: [(name: String, value: String)], _ value: Double) {
    text += name
    if !labels.isEmpty {
      text += "{"
      for (index, label) in labels.enumerated() {
        if index > 0 { text += "," }
        text += "\(label.name)=\"\(Self.escaped(label.value, quotes: true))\""
      }
      text += "}"
    }
    text += " " + Self.number(value) + suffix
  }

  /// The shortest text that reads back to the same number.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    // Whole numbers without ".0"; up to 2⁵³ none is lost on the way.
    if value == value.rounded(.towardZero), value.magnitude <= 9_007_199_254_740_992 {
      return value.sign == .minus && value == 0 ? "-0" : String(Int64(value))
    }
    return value.description
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\".unicodeScalars
      case "\n": result += "\\n".unicodeScalars
      case "\"" where quotes: result += "\\\"".unicodeScalars
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}
