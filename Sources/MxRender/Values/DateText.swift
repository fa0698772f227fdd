import MxJSON
import MxTime

/// Instants as dates.
enum DateText {
  /// Of the day of `bareOn` the time alone.
  static func text(
    _ milliseconds: Double, _ style: Unit.DateStyle, _ zone: Zone, bareOn now: Int64? = nil
  ) -> String {
    // A year of five digits is nobody's date.
    guard milliseconds.magnitude < 253_402_300_800_000 else {
      return NumberText.fixed(milliseconds)
    }
    let civil = zone.civil(milliseconds: Int64(milliseconds))
    if let now, zone.civil(milliseconds: now).dayNumber == civil.dayNumber {
      return pattern(style == .us ? "h:mm:ss a" : "HH:mm:ss", civil)
    }
    switch style {
    case .iso: return iso(civil)
    case .us: return pattern("MM/DD/YYYY h:mm:ss a", civil)
    case .pattern(let text): return pattern(text, civil)
    }
  }

  /// `2026-11-29 04:11:18`. Not by way of tokens: pages have thousands of it.
  private static func iso(_ civil: Civil) -> String {
    guard (0...9999).contains(civil.year) else { return pattern("YYYY-MM-DD HH:mm:ss", civil) }
    var text: [UInt8] = []
    text.reserveCapacity(19)
    RFC3339.append(civil, separator: 0x20, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  static func pad(_ value: Int, _ width: Int = 2) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  static let days = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]

  /// The tokens of moment.js that dashboards use; text in brackets stays.
  static func pattern(_ text: String, _ civil: Civil) -> String {
    var result = ""
    var rest = text[...]
    while let first = rest.first {
      if first == "[", let end = rest.firstIndex(of: "]") {
        result += rest[rest.index(after: rest.startIndex)..<end]
        rest = rest[rest.index(after: end)...]
        continue
      }
      let run = rest.prefix { $0 == first }
      if let (token, value) = token(String(run), rest, civil) {
        result += value
        rest = rest.dropFirst(token)
      } else {
        result += run
        rest = rest.dropFirst(run.count)
      }
    }
    return result
  }

  private static func token(
    _ run: String, _ rest: Substring, _ civil: Civil
  ) -> (length: Int, value: String)? {
    let month = months[min(max(civil.month - 1, 0), 11)]
    let hour12 = civil.hour % 12 == 0 ? 12 : civil.hour % 12
    switch run {
    case "YYYY": return (4, pad(civil.year, 4))
    case "YY": return (2, pad(civil.year % 100))
    case "MMMM": return (4, month)
    case "MMM": return (3, String(month.prefix(3)))
    case "MM": return (2, pad(civil.month))
    case "M": return (1, String(civil.month))
    case "DD": return (2, pad(civil.day))
    case "D": return (1, String(civil.day))
    case "dddd": return (4, days[civil.weekday])
    case "ddd": return (3, String(days[civil.weekday].prefix(3)))
    case "HH": return (2, pad(civil.hour))
    case "H": return (1, String(civil.hour))
    case "hh": return (2, pad(hour12))
    case "h": return (1, String(hour12))
    case "mm": return (2, pad(civil.minute))
    case "m": return (1, String(civil.minute))
    case "ss": return (2, pad(civil.second))
    case "s": return (1, String(civil.second))
    case "SSS": return (3, pad(civil.nanosecond / 1_000_000, 3))
    case "A": return (1, civil.hour < 12 ? "AM" : "PM")
    case "a": return (1, civil.hour < 12 ? "am" : "pm")
    case "L":
      if rest.hasPrefix("LTS") { return (3, pattern("h:mm:ss A", civil)) }
      if rest.hasPrefix("LT") { return (2, pattern("h:mm A", civil)) }
      return (1, pattern("MM/DD/YYYY", civil))
    case "LL": return (2, pattern("MMMM D, YYYY", civil))
    case "LLL": return (3, pattern("MMMM D, YYYY h:mm A", civil))
    default: return nil
    }
  }
}
