/// An instant to the nanosecond, for input that is finer than milliseconds.
package struct Timestamp: Equatable, Hashable, Sendable {
  package var seconds: Int64
  /// 0 to 999,999,999, also before 1970.
  package var nanoseconds: Int32

  package init(seconds: Int64, nanoseconds: Int32) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// Cut off downwards; nil beyond Int64.
  package var milliseconds: Int64? {
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    let (sum, carried) = scaled.addingReportingOverflow(Int64(nanoseconds) / 1_000_000)
    return overflow || carried ? nil : sum
  }

  /// Since 1970; nil before 1677 and after 2262.
  package var nanosecondsSince1970: Int64? {
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carried) = scaled.addingReportingOverflow(Int64(nanoseconds))
    return overflow || carried ? nil : sum
  }
}

/// Times as RFC 3339 writes them: `2026-11-20T10:00:00.5+01:00`.
package enum RFC3339 {
  /// How many decimals of a second to print.
  package enum Precision: Sendable {
    case seconds, milliseconds, nanoseconds
    /// Milliseconds without trailing zeros, none for whole seconds.
    case shortest
  }

  /// Reads a time, or a date alone, which is its midnight at UTC. A blank or a
  /// small letter may stand for the T, a small z for the Z. More than nine
  /// decimals are cut off, and second 60 is the first of the next minute.
  package static func parse(_ bytes: UnsafeRawBufferPointer) -> Timestamp? {
    var reader = Reader(bytes: bytes)
    guard let year = reader.number(4), reader.skip(0x2D), let month = reader.number(2),
      reader.skip(0x2D), let day = reader.number(2)
    else { return nil }
    var civil = Civil(year, month, day)
    if reader.isAtEnd { return timestamp(civil, leapSecond: false, offset: 0) }
    guard reader.skip(0x54) || reader.skip(0x74) || reader.skip(0x20),
      let hour = reader.number(2), reader.skip(0x3A), let minute = reader.number(2),
      reader.skip(0x3A), let second = reader.number(2)
    else { return nil }
    if reader.skip(0x2E) || reader.skip(0x2C) {
      guard let fraction = reader.fraction() else { return nil }
      civil.nanosecond = fraction
    }
    guard let offset = reader.offset(), reader.isAtEnd else { return nil }
    civil.hour = hour
    civil.minute = minute
    civil.second = min(second, 59)
    return second > 60 ? nil : timestamp(civil, leapSecond: second == 60, offset: offset)
  }

  package static func parse(_ text: String) -> Timestamp? {
    var text = text
    return text.withUTF8 { parse(UnsafeRawBufferPointer($0)) }
  }

  /// Prints `milliseconds` since 1970 at `offset` seconds east of UTC. What needs
  /// more than four digits for the year is printed as Unix seconds.
  package static func text(
    milliseconds: Int64, offset: Int = 0, precision: Precision = .shortest
  ) -> String {
    var out: [UInt8] = []
    append(milliseconds: milliseconds, offset: offset, precision: precision, to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  package static func append(
    milliseconds: Int64, offset: Int = 0, precision: Precision = .shortest,
    to out: inout [UInt8]
  ) {
    let (seconds, rest) = Civil.floorDivide(milliseconds, 1000)
    let time = Timestamp(seconds: seconds, nanoseconds: Int32(rest) * 1_000_000)
    append(time, offset: offset, precision: precision, to: &out)
  }

  package static func append(
    _ time: Timestamp, offset: Int = 0, precision: Precision, to out: inout [UInt8]
  ) {
    // Offsets are below a day, or whoever made this one has made a mistake.
    precondition(abs(offset) <= 93_600, "BUG: zone offset of \(offset) s")
    let local = Civil(
      secondsSince1970: time.seconds &+ Int64(offset), nanosecond: Int(time.nanoseconds))
    guard (0...9999).contains(local.year) else {
      out += Array(String(time.seconds).utf8)
      return
    }
    append(local, separator: 0x54, to: &out)
    appendFraction(local.nanosecond, precision, to: &out)
    appendOffset(offset, to: &out)
  }

  /// Date and clock to the second, `separator` between them; years of four digits.
  package static func append(_ local: Civil, separator: UInt8, to out: inout [UInt8]) {
    pad(local.year, 4, to: &out)
    out.append(0x2D)
    pad(local.month, 2, to: &out)
    out.append(0x2D)
    pad(local.day, 2, to: &out)
    out.append(separator)
    pad(local.hour, 2, to: &out)
    out.append(0x3A)
    pad(local.minute, 2, to: &out)
    out.append(0x3A)
    pad(local.second, 2, to: &out)
  }

  private static func appendFraction(
    _ nanosecond: Int, _ precision: Precision, to out: inout [UInt8]
  ) {
    let milliseconds = nanosecond / 1_000_000
    switch precision {
    case .seconds: return
    case .milliseconds:
      out.append(0x2E)
      pad(milliseconds, 3, to: &out)
    case .nanoseconds:
      out.append(0x2E)
      pad(nanosecond, 9, to: &out)
    case .shortest:
      guard milliseconds > 0 else { return }
      out.append(0x2E)
      pad(milliseconds, 3, to: &out)
      while out.last == 0x30 { out.removeLast() }
    }
  }

  private static func appendOffset(_ offset: Int, to out: inout [UInt8]) {
    // The format has no seconds in an offset: old local times round to a minute.
    let minutes = (abs(offset) + 30) / 60
    if minutes == 0 { return out.append(0x5A) }
    out.append(offset < 0 ? 0x2D : 0x2B)
    pad(minutes / 60, 2, to: &out)
    out.append(0x3A)
    pad(minutes % 60, 2, to: &out)
  }

  static func pad(_ value: Int, _ width: Int, to out: inout [UInt8]) {
    var unit = 1
    for _ in 1..<width { unit *= 10 }
    while unit > 0 {
      out.append(UInt8(truncatingIfNeeded: value / unit % 10) + 0x30)
      unit /= 10
    }
  }

  private static func timestamp(_ civil: Civil, leapSecond: Bool, offset: Int) -> Timestamp? {
    guard civil.isValid, let seconds = civil.secondsSince1970 else { return nil }
    return Timestamp(
      seconds: seconds - Int64(offset) + (leapSecond ? 1 : 0),
      nanoseconds: Int32(civil.nanosecond))
  }

  private struct Reader {
    let bytes: UnsafeRawBufferPointer
    var at = 0

    var isAtEnd: Bool { at == bytes.count }

    mutating func skip(_ byte: UInt8) -> Bool {
      guard at < bytes.count, bytes[at] == byte else { return false }
      at += 1
      return true
    }

    /// Exactly `width` digits.
    mutating func number(_ width: Int) -> Int? {
      guard bytes.count - at >= width else { return nil }
      var value = 0
      for _ in 0..<width {
        let digit = bytes[at] &- 0x30
        guard digit <= 9 else { return nil }
        value = value * 10 + Int(digit)
        at += 1
      }
      return value
    }

    /// At least one digit, as nanoseconds.
    mutating func fraction() -> Int? {
      var value = 0
      var unit = 100_000_000
      let start = at
      while at < bytes.count {
        let digit = bytes[at] &- 0x30
        if digit > 9 { break }
        value += Int(digit) * unit
        unit /= 10
        at += 1
      }
      return at > start ? value : nil
    }

    /// `Z` or `±hh:mm`, in seconds east.
    mutating func offset() -> Int? {
      if skip(0x5A) || skip(0x7A) { return 0 }
      guard at < bytes.count else { return nil }
      let negative = bytes[at] == 0x2D
      guard skip(0x2D) || skip(0x2B), let hours = number(2), skip(0x3A),
        let minutes = number(2), hours < 24, minutes < 60
      else { return nil }
      let seconds = hours * 3600 + minutes * 60
      return negative ? -seconds : seconds
    }
  }
}
