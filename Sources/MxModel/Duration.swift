/// Durations as Prometheus writes them: `1h30m`, `15s`, `100ms`, `7d`.
///
/// Units y w d h m s ms, each at most once and in this order, whole numbers;
/// a day is 24 h, a week 7 d, a year 365 d. `0` alone needs no unit.
package enum DurationText {
  private static let units: [(name: String, milliseconds: Int64)] = [
    ("y", 365 * 86_400_000), ("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000),
    ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// The milliseconds of `text`, nil if it is not such a duration or overflows.
  package static func parse(_ text: String) -> Int64? {
    if text == "0" { return 0 }
    var total: Int64 = 0
    var next = 0
    var rest = Array(text.utf8)[...]
    if rest.isEmpty { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
      rest = rest.dropFirst(digits.count)
      let letters = rest.prefix { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }
      rest = rest.dropFirst(letters.count)
      guard let number = Int64(String(decoding: digits, as: UTF8.self)),
        let unit = units.firstIndex(where: { $0.name.utf8.elementsEqual(letters) }), unit >= next
      else { return nil }
      let (part, tooLarge) = number.multipliedReportingOverflow(by: units[unit].milliseconds)
      let (sum, overflow) = total.addingReportingOverflow(part)
      if tooLarge || overflow { return nil }
      total = sum
      next = unit + 1
    }
    return total
  }

  /// The shortest spelling that reads back: `1h30m`, not `90m` nor `1h30m0s`.
  /// As Prometheus does, years, weeks are used only where nothing is left over.
  package static func print(_ milliseconds: Int64) -> String {
    if milliseconds == 0 { return "0s" }
    var result = milliseconds < 0 ? "-" : ""
    var left = milliseconds.magnitude
    for unit in units {
      let size = unit.milliseconds.magnitude
      let isExactOnly = unit.name == "y" || unit.name == "w"
      if left < size || (isExactOnly && left % size != 0) { continue }
      result += "\(left / size)\(unit.name)"
      left %= size
    }
    return result
  }
}
