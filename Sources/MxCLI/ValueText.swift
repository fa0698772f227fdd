/// Why a text is not the value it should be: what was found, what was
/// expected, and sometimes what was probably meant.
package struct ValueError: Error, Equatable {
  package let message: String
  package let hint: String?

  package init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}

/// Numbers as the user types them, the same in every locale.
package enum NumberText {
  package static func number(_ text: String) throws(ValueError) -> Double {
    guard let value = Double(text), value.isFinite else {
      throw ValueError("'\(text)' is not a number", hint: commaHint(text))
    }
    return value
  }

  package static func integer(
    _ text: String, in range: ClosedRange<Int64>
  ) throws(ValueError) -> Int64 {
    guard let value = Int64(text) else { throw ValueError("'\(text)' is not a whole number") }
    guard range.contains(value) else {
      throw ValueError("\(value) is not from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  static func commaHint(_ text: String) -> String? {
    text.utf8.contains(UInt8(ascii: ",")) ? "the decimal sign is '.' in every locale" : nil
  }

  /// The digits of a decimal fraction, scaled: `1.5` by 1000 is 1500, exactly.
  ///
  /// Nil unless `text` is digits with at most one point among them, or where
  /// the result leaves Int64. What is finer than `scale` is rounded to the
  /// nearest, halves up.
  static func scaled(_ text: Substring.UTF8View, by scale: Int64) -> Int64? {
    var whole: Int64 = 0
    var fraction = 0.0
    var place = 0.1
    var digits = 0
    var afterPoint = false
    for byte in text {
      if byte == UInt8(ascii: "."), !afterPoint {
        afterPoint = true
        continue
      }
      guard case 48...57 = byte else { return nil }
      digits += 1
      if afterPoint {
        fraction += Double(byte - 48) * place
        place /= 10
      } else {
        let (tens, over) = whole.multipliedReportingOverflow(by: 10)
        let (sum, overSum) = tens.addingReportingOverflow(Int64(byte - 48))
        if over || overSum { return nil }
        whole = sum
      }
    }
    guard digits > 0 else { return nil }
    let (product, over) = whole.multipliedReportingOverflow(by: scale)
    let rounded = Int64((fraction * Double(scale)).rounded())
    let (sum, overSum) = product.addingReportingOverflow(rounded)
    return over || overSum ? nil : sum
  }
}

/// Lengths of time as Prometheus writes them: `1h30m`, `15s`, `7d`, `100ms`.
package enum DurationText {
  static let units: [(name: String, milliseconds: Int64)] = [
    ("y", 365 * 86_400_000), ("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000),
    ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// Whole numbers with units, each unit at most once and larger before
  /// smaller; `0` needs none.
  package static func milliseconds(_ text: String) throws(ValueError) -> Int64 {
    if text == "0" { return 0 }
    var rest = text.utf8[...]
    var total: Int64 = 0
    var smallest = -1
    guard !rest.isEmpty else { throw bad(text) }
    while !rest.isEmpty {
      let digits = rest.prefix { 48...57 ~= $0 }
      rest = rest.dropFirst(digits.count)
      let letters = rest.prefix { 97...122 ~= $0 }
      rest = rest.dropFirst(letters.count)
      guard let count = Int64(String(Substring(digits))),
        let unit = units.firstIndex(where: { $0.name == String(Substring(letters)) }),
        unit > smallest
      else { throw bad(text) }
      smallest = unit
      let (part, over) = count.multipliedReportingOverflow(by: units[unit].milliseconds)
      let (sum, overSum) = total.addingReportingOverflow(part)
      if over || overSum { throw ValueError("'\(text)' is longer than can be counted") }
      total = sum
    }
    return total
  }

  private static func bad(_ text: String) -> ValueError {
    let onlyDigits = !text.isEmpty && text.utf8.allSatisfy { 48...57 ~= $0 }
    return ValueError(
      "'\(text)' is not a duration; expected one like 1h30m, 15s, 7d or 100ms",
      hint: onlyDigits ? "did you mean '\(text)s'?" : nil)
  }

  /// `5400000` as `1h30m`; what `milliseconds` reads back.
  package static func format(_ milliseconds: Int64) -> String {
    if milliseconds == 0 { return "0s" }
    var rest = milliseconds.magnitude
    var text = milliseconds < 0 ? "-" : ""
    for unit in units {
      let length = unit.milliseconds.magnitude
      // Years and weeks only where nothing is left over: '1y35d' helps nobody.
      let isWhole = unit.name != "y" && unit.name != "w" || rest % length == 0
      guard rest >= length, isWhole else { continue }
      text += "\(rest / length)\(unit.name)"
      rest %= length
    }
    return text
  }
}

/// An amount of storage: bytes, or a share of the file system.
package enum ByteSize: Equatable, Sendable {
  case bytes(Int64)
  case percent(Double)

  private static let units: [(name: String, bytes: Int64)] = [
    ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("B", 1), ("", 1),
  ]

  /// `4096`, `64MiB`, `1.5GiB`, `5%`.
  package init(parsing text: String) throws(ValueError) {
    let digits = text.utf8.prefix { 48...57 ~= $0 || $0 == UInt8(ascii: ".") }
    let unit = String(Substring(text.utf8.dropFirst(digits.count)))
    if unit == "%" {
      guard let share = Double(String(Substring(digits))), 0...100 ~= share else {
        throw ValueError("'\(text)' is not a share from 0% to 100%")
      }
      self = .percent(share)
      return
    }
    guard let found = ByteSize.units.first(where: { $0.name == unit }),
      let bytes = NumberText.scaled(digits, by: found.bytes)
    else {
      let near = ByteSize.units.first { $0.name.lowercased().first == unit.lowercased().first }
      let meant = near.map { "did you mean '\(String(Substring(digits)))\($0.name)'?" }
      throw ValueError(
        "'\(text)' is not a size; expected bytes, KiB, MiB, GiB, TiB or %",
        hint: digits.isEmpty || unit.isEmpty ? nil : meant)
    }
    self = .bytes(bytes)
  }
}

/// Numbers of things in messages: '1 file', '2 files'.
package enum CountText {
  package static func format(_ number: Int, _ word: String) -> String {
    "\(number) \(word)\(number == 1 ? "" : "s")"
  }
}
