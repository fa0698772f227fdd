/// Instants as the user types them, in milliseconds since 1970 UTC.
///
/// Here, and not by way of a calendar library, because this module imports
/// nothing of ours and the command line knows UTC offsets only.
package enum TimeText {
  /// The first and last instants taken: years 0000 to 9999.
  static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

  /// RFC 3339, a date (its first instant, UTC), Unix seconds with fractions,
  /// `now`, `now-6h`, `now+6h`, `-6h`.
  package static func milliseconds(_ text: String, now: Int64) throws(ValueError) -> Int64 {
    let found = try relative(text, now: now) ?? unix(text) ?? calendar(text)
    guard let found else { throw bad(text) }
    guard range.contains(found) else {
      throw ValueError(
        "'\(text)' is not between the years 0000 and 9999",
        hint: unix(text) == nil ? nil : "a number is Unix seconds, not milliseconds")
    }
    return found
  }

  private static func bad(_ text: String) -> ValueError {
    ValueError(
      "'\(text)' is not a time; expected RFC 3339, a date, Unix seconds, now, now-6h or -6h")
  }

  private static func relative(_ text: String, now: Int64) throws(ValueError) -> Int64? {
    if text == "now" { return now }
    let hasNow = text.hasPrefix("now")
    let rest = hasNow ? text.dropFirst(3) : text[...]
    guard let sign = rest.first, sign == "-" || (sign == "+" && hasNow),
      hasNow || rest.utf8.last.map({ 97...122 ~= $0 }) ?? false
    else { return nil }
    let length: Int64
    do throws(ValueError) {
      length = try DurationText.milliseconds(String(rest.dropFirst()))
    } catch {
      throw ValueError("'\(text)': \(error.message)", hint: error.hint)
    }
    let (sum, over) =
      sign == "-"
      ? now.subtractingReportingOverflow(length) : now.addingReportingOverflow(length)
    // Out of Int64 is out of the years we take: any such number says so.
    return over ? (sign == "-" ? .min : .max) : sum
  }

  private static func unix(_ text: String) -> Int64? {
    let isNegative = text.hasPrefix("-")
    let digits = isNegative ? text.dropFirst() : text[...]
    return NumberText.scaled(digits.utf8, by: 1000).map { isNegative ? -$0 : $0 }
  }

  /// `2026-11-20`, `2026-11-20T06:30:00.25+01:00`; a space or `t` may stand for `T`.
  private static func calendar(_ text: String) -> Int64? {
    var reader = DigitReader(bytes: Array(text.utf8.prefix(64)))
    guard text.utf8.count <= 64, let year = reader.number(4), reader.take("-"),
      let month = reader.number(2), reader.take("-"), let day = reader.number(2),
      let midnight = daysSince1970(year: year, month: month, day: day)
    else { return nil }
    let milliseconds = midnight * 86_400_000
    if reader.isAtEnd { return milliseconds }
    guard reader.take("T") || reader.take("t") || reader.take(" "),
      let hour = reader.number(2), hour < 24, reader.take(":"),
      let minute = reader.number(2), minute < 60, reader.take(":"),
      // 60 is a leap second: the same instant as the next second, as in POSIX time.
      let second = reader.number(2), second <= 60, let fraction = reader.fraction(),
      let offset = reader.offset(), reader.isAtEnd
    else { return nil }
    return milliseconds + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction
  }

  /// Days of the proleptic Gregorian calendar; nil where there is no such day.
  static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64? {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard 1...12 ~= month, 1...lengths[Int(month) - 1] ~= day else { return nil }
    // Years counted from March put the leap day last, so that a month's first
    // day is a straight line: (153 m + 2) / 5.
    let shifted = month > 2 ? year : year - 1
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
      - 719_468
  }

  /// `2026-11-20T06:30:00.250Z`; the fraction only where there is one.
  package static func rfc3339(_ milliseconds: Int64) -> String {
    let clamped = min(max(milliseconds, range.lowerBound), range.upperBound)
    let days = (clamped - (clamped < 0 ? 86_399_999 : 0)) / 86_400_000
    let ofDay = clamped - days * 86_400_000
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    let month = march < 10 ? march + 3 : march - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let day = dayOfYear - (153 * march + 2) / 5 + 1
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    let second = ofDay / 1000
    let clock =
      "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    return "\(date)T\(clock)\(ofDay % 1000 == 0 ? "" : ".\(padded(ofDay % 1000, 3))")Z"
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}

/// Takes fixed-width digits and signs off a short text.
private struct DigitReader {
  let bytes: [UInt8]
  var at = 0

  var isAtEnd: Bool { at == bytes.count }

  mutating func take(_ sign: Unicode.Scalar) -> Bool {
    guard at < bytes.count, bytes[at] == UInt8(ascii: sign) else { return false }
    at += 1
    return true
  }

  mutating func number(_ width: Int) -> Int64? {
    guard at + width <= bytes.count else { return nil }
    var value: Int64 = 0
    for byte in bytes[at..<at + width] {
      guard 48...57 ~= byte else { return nil }
      value = value * 10 + Int64(byte - 48)
    }
    at += width
    return value
  }

  /// Milliseconds of `.25`, 0 where there is no point; digits past the third are cut off.
  mutating func fraction() -> Int64? {
    guard take(".") else { return 0 }
    var value: Int64 = 0
    var place: Int64 = 100
    let start = at
    while at < bytes.count, 48...57 ~= bytes[at] {
      value += Int64(bytes[at] - 48) * place
      place /= 10
      at += 1
    }
    return at > start ? value : nil
  }

  /// Minutes east of UTC of `Z` or `+01:00`.
  mutating func offset() -> Int64? {
    if take("Z") || take("z") { return 0 }
    let isEast = take("+")
    guard isEast || take("-"), let hours = number(2), hours < 24, take(":"),
      let minutes = number(2), minutes < 60
    else { return nil }
    return (hours * 60 + minutes) * (isEast ? 1 : -1)
  }
}
