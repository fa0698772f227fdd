import MxTime

/// `time.Time` and `time.Duration` have methods that templates use.
enum GoTimeMethods {
  static func method(_ time: TemplateTime, _ name: String) -> TemplateFunction? {
    reading(time, name) ?? field(time, name) ?? comparing(time, name) ?? moving(time, name)
  }

  private static func reading(_ time: TemplateTime, _ name: String) -> TemplateFunction? {
    func number(_ value: Int64) -> TemplateFunction { TemplateFunction(0) { _ in .int(value) } }
    switch name {
    case "Format": return TemplateFunction(1) { .string(time.formatted(try $0[0].text())) }
    case "String": return TemplateFunction(0) { _ in .string(time.description) }
    case "Location": return TemplateFunction(0) { _ in .string(time.zone.name) }
    case "IsZero": return TemplateFunction(0) { _ in .bool(time.seconds == zeroTime.seconds) }
    case "Unix": return number(time.seconds)
    case "UnixMilli": return number(time.milliseconds)
    case "UnixMicro": return number(time.seconds &* 1_000_000 &+ Int64(time.nanoseconds / 1000))
    case "UnixNano": return number(time.seconds &* 1_000_000_000 &+ Int64(time.nanoseconds))
    default: return nil
    }
  }

  /// Go's zero time: the year 1.
  static let zeroTime = TemplateTime(seconds: -62_135_596_800)

  /// What a clock in the time's zone shows.
  private static func field(_ time: TemplateTime, _ name: String) -> TemplateFunction? {
    let civil = civil(time)
    let value: Int
    switch name {
    case "Year": value = civil.year
    case "Day": value = civil.day
    case "Hour": value = civil.hour
    case "Minute": value = civil.minute
    case "Second": value = civil.second
    case "Nanosecond": value = civil.nanosecond
    case "YearDay": value = civil.dayOfYear
    case "Month":
      return TemplateFunction(0) { _ in .string(GoLayout.months[civil.month - 1]) }
    case "Weekday":
      return TemplateFunction(0) { _ in .string(GoLayout.weekdays[civil.weekday % 7]) }
    default: return nil
    }
    return TemplateFunction(0) { _ in .int(Int64(value)) }
  }

  private static func civil(_ time: TemplateTime) -> Civil {
    let shown = time.seconds &+ Int64(time.zone.offset(at: time.seconds))
    return Civil(secondsSince1970: shown, nanosecond: time.nanoseconds)
  }

  private static func comparing(_ time: TemplateTime, _ name: String) -> TemplateFunction? {
    switch name {
    case "After": return TemplateFunction(1) { .bool(isBefore(try $0[0].instant(), time)) }
    case "Before": return TemplateFunction(1) { .bool(isBefore(time, try $0[0].instant())) }
    case "Equal": return TemplateFunction(1) { .bool(time == (try $0[0].instant())) }
    case "Compare":
      return TemplateFunction(1) {
        let other = try $0[0].instant()
        return .int(isBefore(time, other) ? -1 : isBefore(other, time) ? 1 : 0)
      }
    case "Sub":
      return TemplateFunction(1) {
        let other = try $0[0].instant()
        let seconds = Double(time.seconds) - Double(other.seconds)
        let limit = 9.2e9
        let whole = Int64(min(max(seconds, -limit), limit)) * 1_000_000_000
        return .duration(
          TemplateDuration(nanoseconds: whole &+ Int64(time.nanoseconds - other.nanoseconds)))
      }
    default: return nil
    }
  }

  private static func isBefore(_ left: TemplateTime, _ right: TemplateTime) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }

  // MARK: - Other times

  private static func moving(_ time: TemplateTime, _ name: String) -> TemplateFunction? {
    switch name {
    // Notices are made wherever cron runs: there as in containers the local zone is UTC.
    case "UTC", "Local":
      return TemplateFunction(0) { _ in
        .time(TemplateTime(seconds: time.seconds, nanoseconds: time.nanoseconds))
      }
    case "Add": return TemplateFunction(1) { .time(add(try $0[0].nanoseconds(), to: time)) }
    case "Truncate":
      return TemplateFunction(1) {
        .time(add(-(try sinceMultiple(of: $0[0].nanoseconds(), time)), to: time))
      }
    case "Round":
      return TemplateFunction(1) {
        let unit = try $0[0].nanoseconds()
        let rest = try sinceMultiple(of: unit, time)
        return .time(add(rest &+ rest < unit ? -rest : unit - rest, to: time))
      }
    case "AddDate":
      return TemplateFunction(3) {
        .time(try addDate($0.map { Int(clamping: try $0.whole()) }, to: time))
      }
    default: return nil
    }
  }

  private static func add(_ nanoseconds: Int64, to time: TemplateTime) -> TemplateTime {
    let sum = Int64(time.nanoseconds) &+ nanoseconds % 1_000_000_000
    let carried = sum < 0 ? -1 : sum / 1_000_000_000
    return TemplateTime(
      seconds: time.seconds &+ nanoseconds / 1_000_000_000 &+ carried,
      nanoseconds: Int(sum - carried * 1_000_000_000), zone: time.zone)
  }

  /// How far a time is behind a multiple of `unit`, counted from the zero time; ns.
  private static func sinceMultiple(of unit: Int64, _ time: TemplateTime) throws -> Int64 {
    if unit <= 0 { return 0 }
    let sinceZero = time.seconds &- zeroTime.seconds
    let product = sinceZero.multipliedFullWidth(by: 1_000_000_000)
    let low = product.low.addingReportingOverflow(UInt64(time.nanoseconds))
    let high = product.high + (low.overflow ? 1 : 0)
    if high < 0 { return 0 }
    return Int64(
      UInt64(unit).dividingFullWidth((UInt64(high) % UInt64(unit), low.partialValue)).remainder)
  }

  /// As Go does it: months and days carry over, so the 31st of February is in March.
  private static func addDate(_ parts: [Int], to time: TemplateTime) throws -> TemplateTime {
    var civil = civil(time)
    guard parts.allSatisfy({ abs($0) < 1_000_000 }) else {
      throw TemplateFailure("AddDate: beyond all dates")
    }
    civil.year += parts[0]
    civil.month += parts[1]
    civil.day += parts[2]
    guard let instants = time.zone.instants(of: civil) else {
      throw TemplateFailure("AddDate: beyond all dates")
    }
    return TemplateTime(seconds: instants.first, nanoseconds: time.nanoseconds, zone: time.zone)
  }

  // MARK: - Durations

  static func method(_ duration: TemplateDuration, _ name: String) -> TemplateFunction? {
    func whole(_ unit: Int64) -> TemplateFunction {
      TemplateFunction(0) { _ in .int(duration.nanoseconds / unit) }
    }
    func float(_ unit: Double) -> TemplateFunction {
      TemplateFunction(0) { _ in .float(Double(duration.nanoseconds) / unit) }
    }
    func rounded(_ round: @escaping @Sendable (Int64, Int64) -> Int64) -> TemplateFunction {
      TemplateFunction(1) {
        let unit = try $0[0].nanoseconds()
        if unit <= 0 { return .duration(duration) }
        return .duration(TemplateDuration(nanoseconds: round(duration.nanoseconds, unit)))
      }
    }
    switch name {
    case "String": return TemplateFunction(0) { _ in .string(duration.description) }
    case "Hours": return float(3600e9)
    case "Minutes": return float(60e9)
    case "Seconds": return float(1e9)
    case "Milliseconds": return whole(1_000_000)
    case "Microseconds": return whole(1_000)
    case "Nanoseconds": return whole(1)
    case "Abs":
      return TemplateFunction(0) { _ in
        .duration(
          TemplateDuration(nanoseconds: Int64(clamping: duration.nanoseconds.magnitude)))
      }
    case "Truncate": return rounded { $0 - $0 % $1 }
    case "Round":
      return rounded { value, unit in
        let rest = value % unit
        if rest.magnitude &+ rest.magnitude < unit.magnitude { return value - rest }
        return value &- rest &+ (value < 0 ? -unit : unit)
      }
    default: return nil
    }
  }
}

extension TemplateValue {
  /// A duration, or a constant number of nanoseconds, which Go takes for one.
  fileprivate func nanoseconds() throws -> Int64 {
    if case .int(let number) = self { return number }
    guard case .duration(let duration) = self else {
      throw TemplateFailure.wrongType(self, expected: "time.Duration")
    }
    return duration.nanoseconds
  }
}
