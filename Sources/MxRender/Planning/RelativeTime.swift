import MxTime

/// Times as dashboards say them: `now-6h`, `now-1d/d`, `now/w`, RFC 3339, or
/// milliseconds since 1970.
enum RelativeTime {
  /// `roundsUp` for the end of a range: `now/d` is then the end of the day.
  static func parse(_ text: String, now: Int64, zone: Zone, roundsUp: Bool) -> Int64? {
    let trimmed = TextTools.trim(text)
    guard trimmed.hasPrefix("now") else { return absolute(trimmed) }
    var time = now
    var rest = trimmed.dropFirst(3).utf8[...]
    while let sign = rest.popFirst() {
      if sign == 0x20 { continue }
      var count: Int64 = 0
      var hasDigits = false
      while let digit = rest.first, digit &- 0x30 <= 9 {
        // Seven digits of any unit are longer than any store.
        guard count < 1_000_000 else { return nil }
        count = count * 10 + Int64(digit &- 0x30)
        hasDigits = true
        rest.removeFirst()
      }
      guard let unit = rest.popFirst() else { return nil }
      switch sign {
      case 0x2D, 0x2B:
        let signed = (hasDigits ? count : 1) * (sign == 0x2D ? -1 : 1)
        guard let moved = move(time, signed, unit, zone) else { return nil }
        time = moved
      case 0x2F:
        guard let rounded = round(time, unit, zone, up: roundsUp) else { return nil }
        time = rounded
      default: return nil
      }
    }
    return time
  }

  private static func absolute(_ text: String) -> Int64? {
    if let number = Int64(text) {
      // Ten digits are seconds: in milliseconds they would be the year 1970.
      let milliseconds = number.magnitude < 100_000_000_000 ? number * 1000 : number
      return milliseconds.magnitude < 8_640_000_000_000_000 ? milliseconds : nil
    }
    return RFC3339.parse(text)?.milliseconds
  }

  private static func move(_ time: Int64, _ count: Int64, _ unit: UInt8, _ zone: Zone) -> Int64? {
    let size: Int64
    switch unit {
    case 0x73: size = 1000
    case 0x6D: size = 60_000
    case 0x68: size = 3_600_000
    case 0x64: size = 86_400_000
    case 0x77: size = 604_800_000
    // Months and years have no fixed length: the calendar's day stays.
    case 0x4D: return moveMonths(time, count, zone)
    case 0x79: return moveMonths(time, count * 12, zone)
    case 0x51: return moveMonths(time, count * 3, zone)
    default: return nil
    }
    return time + count * size
  }

  private static func moveMonths(_ time: Int64, _ count: Int64, _ zone: Zone) -> Int64? {
    var civil = zone.civil(milliseconds: time)
    let month = Int64(civil.year) * 12 + Int64(civil.month) - 1 + count
    civil.year = Int(TimeScale.floorDivide(month, 12))
    civil.month = Int(month - Int64(civil.year) * 12) + 1
    civil.day = min(civil.day, Civil.days(inMonth: civil.month, of: civil.year))
    return zone.instants(of: civil).map { $0.first * 1000 }
  }

  private static func round(_ time: Int64, _ unit: UInt8, _ zone: Zone, up: Bool) -> Int64? {
    var civil = zone.civil(milliseconds: time)
    civil.nanosecond = 0
    civil.second = 0
    if unit == 0x73 { return time - time % 1000 + (up ? 999 : 0) }
    if unit != 0x6D { civil.minute = 0 }
    if unit != 0x6D && unit != 0x68 { civil.hour = 0 }
    switch unit {
    case 0x6D: civil.minute += up ? 1 : 0
    case 0x68: civil.hour += up ? 1 : 0
    case 0x64: civil.day += up ? 1 : 0
    case 0x77: civil.day += (up ? 7 : 0) - (civil.weekday + 6) % 7
    case 0x4D:
      civil.day = 1
      civil.month += up ? 1 : 0
    case 0x79:
      civil.day = 1
      civil.month = 1
      civil.year += up ? 1 : 0
    default: return nil
    }
    guard let seconds = zone.instants(of: civil)?.first else { return nil }
    return seconds * 1000 - (up ? 1 : 0)
  }
}
