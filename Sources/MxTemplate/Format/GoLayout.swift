import MxTime

/// Go's way to say how a time is written: by the example of one certain instant,
/// Mon Jan 2 15:04:05 2006 -0700 MST.
extension TemplateTime {
  package func formatted(_ layout: String) -> String {
    let period = zone.period(at: seconds)
    let civil = Civil(secondsSince1970: seconds &+ Int64(period.offset), nanosecond: nanoseconds)
    var out = ""
    for part in GoLayout.parts(layout) {
      switch part {
      case .text(let text): out += text
      case .field(let field): out += GoLayout.text(field, civil, period)
      case .fraction(let mark, let digits, let trims):
        out += GoLayout.fraction(nanoseconds, mark, digits, trims)
      }
    }
    return out
  }
}

enum GoLayout {
  enum Part: Equatable {
    case text(String)
    case field(String)
    /// `.000` or `.999` (which trims zeros), or with a comma.
    case fraction(mark: Character, digits: Int, trims: Bool)
  }

  /// Longest first where one begins another.
  private static let fields = [
    "January", "Monday", "Z07:00:00", "-07:00:00", "Z070000", "-070000", "Z07:00", "-07:00",
    "Z0700", "-0700", "2006", "Z07", "-07", "MST", "Jan", "Mon", "002", "__2", "01", "02", "03",
    "04", "05", "06", "15", "PM", "pm", "_2", "1", "2", "3", "4", "5",
  ]

  static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  static let weekdays = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]

  static func parts(_ layout: String) -> [Part] {
    var parts: [Part] = []
    var text = ""
    var rest = layout[...]
    while let first = rest.first {
      if let fraction = fraction(rest) {
        if !text.isEmpty { parts.append(.text(text)) }
        text = ""
        parts.append(fraction.part)
        rest = rest.dropFirst(fraction.length)
      } else if let field = fields.first(where: { isField($0, rest) }) {
        if !text.isEmpty { parts.append(.text(text)) }
        text = ""
        parts.append(.field(field))
        rest = rest.dropFirst(field.count)
      } else {
        text.append(first)
        rest = rest.dropFirst()
      }
    }
    if !text.isEmpty { parts.append(.text(text)) }
    return parts
  }

  private static func isField(_ field: String, _ rest: Substring) -> Bool {
    guard rest.hasPrefix(field) else { return false }
    // `Jan` and `Mon` are no fields where a small letter follows, `_2006` is a year.
    if field == "Jan" || field == "Mon" {
      return !(rest.dropFirst(3).first.map { ("a"..."z").contains($0) } ?? false)
    }
    return field != "_2" || !rest.hasPrefix("_2006")
  }

  private static func fraction(_ rest: Substring) -> (part: Part, length: Int)? {
    guard let mark = rest.first, mark == "." || mark == ",", let digit = rest.dropFirst().first,
      digit == "0" || digit == "9"
    else { return nil }
    let run = rest.dropFirst().prefix { $0 == digit }
    if let after = rest.dropFirst(1 + run.count).first, ("0"..."9").contains(after) { return nil }
    guard run.count <= 9 else { return nil }
    return (.fraction(mark: mark, digits: run.count, trims: digit == "9"), 1 + run.count)
  }

  static func fraction(
    _ nanoseconds: Int, _ mark: Character, _ digits: Int, _ trims: Bool
  ) -> String {
    var text = String(String(nanoseconds + 1_000_000_000).dropFirst().prefix(digits))
    if trims {
      while text.hasSuffix("0") { text.removeLast() }
      if text.isEmpty { return "" }
    }
    return String(mark) + text
  }

  static func text(_ field: String, _ civil: Civil, _ period: Zone.Period) -> String {
    switch field {
    case "January": return months[civil.month - 1]
    case "Jan": return String(months[civil.month - 1].prefix(3))
    case "Monday": return weekdays[civil.weekday % 7]
    case "Mon": return String(weekdays[civil.weekday % 7].prefix(3))
    case "2006": return padded(civil.year, 4)
    case "06": return padded(((civil.year % 100) + 100) % 100, 2)
    case "01": return padded(civil.month, 2)
    case "1": return String(civil.month)
    case "02": return padded(civil.day, 2)
    case "_2": return padded(civil.day, 2, with: " ")
    case "2": return String(civil.day)
    case "002": return padded(civil.dayOfYear, 3)
    case "__2": return padded(civil.dayOfYear, 3, with: " ")
    case "15": return padded(civil.hour, 2)
    case "03": return padded((civil.hour + 11) % 12 + 1, 2)
    case "3": return String((civil.hour + 11) % 12 + 1)
    case "04": return padded(civil.minute, 2)
    case "4": return String(civil.minute)
    case "05": return padded(civil.second, 2)
    case "5": return String(civil.second)
    case "PM": return civil.hour >= 12 ? "PM" : "AM"
    case "pm": return civil.hour >= 12 ? "pm" : "am"
    case "MST": return period.abbreviation
    default: return offset(field, period.offset)
    }
  }

  /// `Z07:00`, `-0700` and their kin.
  private static func offset(_ field: String, _ seconds: Int) -> String {
    if field.hasPrefix("Z"), seconds == 0 { return "Z" }
    let magnitude = abs(seconds)
    let colon = field.contains(":") ? ":" : ""
    let digits = field.filter { $0 == "0" || $0 == "7" }.count
    var text = (seconds < 0 ? "-" : "+") + padded(magnitude / 3600, 2)
    if digits >= 4 { text += colon + padded(magnitude / 60 % 60, 2) }
    if digits >= 6 { text += colon + padded(magnitude % 60, 2) }
    return text
  }

  private static func padded(_ value: Int, _ width: Int, with fill: Character = "0") -> String {
    let text = String(abs(value))
    let padding = String(repeating: fill, count: max(0, width - text.count))
    return (value < 0 ? "-" : "") + padding + text
  }
}
