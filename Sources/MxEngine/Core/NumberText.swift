import MxModel

/// Numbers as Prometheus writes them into labels and messages.
enum NumberText {
  /// Shortest, never with an exponent: `count_values`.
  static func plain(_ value: Double) -> String {
    guard let parts = Decimal(value) else { return special(value) }
    return parts.sign + fixed(parts.digits, point: parts.point)
  }

  /// Shortest, with an exponent below 1e-4 and from 1e6 on: messages (`%g`).
  static func general(_ value: Double) -> String {
    guard let parts = Decimal(value) else { return special(value) }
    let exponent = parts.point - 1
    if parts.digits != [zero], exponent < -4 || exponent >= 6 {
      return parts.sign + scientific(parts.digits, exponent: exponent)
    }
    return parts.sign + fixed(parts.digits, point: parts.point)
  }

  /// OpenMetrics' form: `1.0`, `0.5`, `1e+06`, `+Inf`.
  static func openMetrics(_ value: Double) -> String {
    let text = general(value)
    let isPlain = text.utf8.allSatisfy { ($0 >= zero && $0 <= zero + 9) || $0 == UInt8(ascii: "-") }
    return isPlain ? text + ".0" : text
  }

  private static let zero = UInt8(ascii: "0")

  private static func special(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    return value < 0 ? "-Inf" : "+Inf"
  }

  /// `digits` with the decimal point after the first `point` of them.
  private static func fixed(_ digits: [UInt8], point: Int) -> String {
    var text: [UInt8] = []
    if point <= 0 {
      text = Array("0".utf8)
      if digits != [zero] {
        text.append(UInt8(ascii: "."))
        text += [UInt8](repeating: zero, count: -point) + digits
      }
    } else if point >= digits.count {
      text = digits + [UInt8](repeating: zero, count: point - digits.count)
    } else {
      text = digits[..<point] + [UInt8(ascii: ".")] + digits[point...]
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func scientific(_ digits: [UInt8], exponent: Int) -> String {
    var text = [digits[0]]
    if digits.count > 1 {
      text.append(UInt8(ascii: "."))
      text += digits[1...]
    }
    let magnitude = String(exponent.magnitude)
    return String(decoding: text, as: UTF8.self) + (exponent < 0 ? "e-" : "e+")
      + (magnitude.utf8.count < 2 ? "0" : "") + magnitude
  }

  /// The shortest digits that read back, without trailing zeros.
  private struct Decimal {
    var sign = ""
    var digits: [UInt8] = []
    /// How many digits stand before the decimal point; may be negative.
    var point = 0

    init?(_ value: Double) {
      guard value.isFinite else { return nil }
      var seenPoint = false
      var exponent: [UInt8]?
      for byte in value.description.utf8 {
        switch byte {
        case UInt8(ascii: "-") where exponent == nil: sign = "-"
        case UInt8(ascii: "."): seenPoint = true
        case UInt8(ascii: "e"): exponent = []
        default:
          if exponent != nil {
            exponent?.append(byte)
          } else {
            digits.append(byte)
            if !seenPoint { point += 1 }
          }
        }
      }
      if let exponent { point += Int(String(decoding: exponent, as: UTF8.self)) ?? 0 }
      while digits.count > 1, digits.first == zero {
        digits.removeFirst()
        point -= 1
      }
      while digits.count > 1, digits.last == zero { digits.removeLast() }
      if digits == [zero] { point = 1 }
    }
  }
}

/// Times in messages.
enum TimeText {
  /// `2024-01-02T15:04:05.678Z`.
  static func utc(_ milliseconds: Int64) -> String {
    let day = CivilDay(milliseconds: milliseconds)
    let inDay = milliseconds - day.number * 86_400_000
    func padded(_ value: Int64, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
    let clock = [inDay / 3_600_000, inDay / 60_000 % 60, inDay / 1000 % 60].map { padded($0, 2) }
    let fraction = inDay % 1000 == 0 ? "" : "." + padded(inDay % 1000, 3)
    return "\(padded(day.year, 4))-\(padded(day.month, 2))-\(padded(day.day, 2))T"
      + clock.joined(separator: ":") + fraction + "Z"
  }
}

/// A day of the Gregorian calendar in UTC.
struct CivilDay {
  /// Days since 1970-01-01.
  let number: Int64
  let year: Int64
  let month: Int64
  let day: Int64
  let dayOfYear: Int64

  init(milliseconds: Int64) {
    var days = milliseconds / 86_400_000
    if milliseconds % 86_400_000 < 0 { days -= 1 }
    self.init(number: days)
  }

  init(number days: Int64) {
    number = days
    // Eras of 400 years, years that begin in March: the leap day is a year's last.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayFromMarch = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayFromMarch + 2) / 153
    day = dayFromMarch - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let isLeap = CivilDay.isLeap(year)
    dayOfYear =
      month > 2 ? dayFromMarch + 60 + (isLeap ? 1 : 0) : dayFromMarch - 305
  }

  static func isLeap(_ year: Int64) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  var daysInMonth: Int64 {
    switch month {
    case 2: CivilDay.isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// 0 is Sunday.
  var weekday: Int64 {
    let day = (number + 4) % 7
    return day < 0 ? day + 7 : day
  }
}
