/// The rule at the end of a zone's file, for all times after its last
/// transition: `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// POSIX' TZ with the extension of RFC 8536: hours from -167 to 167. Offsets are
/// turned around on reading: here, as everywhere, east is positive.
struct PosixRule: Equatable, Sendable {
  /// A day of the year, and when on that day, in seconds of local time.
  struct Change: Equatable, Sendable {
    enum Day: Equatable, Sendable {
      /// 1 to 365; 29 February is never counted.
      case julian(Int)
      /// 0 to 365; 29 February is counted.
      case zeroBased(Int)
      /// The `week`-th (5: the last) `weekday` (0: Sunday) of a month.
      case monthly(month: Int, week: Int, weekday: Int)
    }

    var day: Day
    var time: Int

    /// Seconds since 1970 in the local time before the change.
    func localSeconds(in year: Int) -> Int64 {
      let newYear = Civil(year, 1, 1).dayNumber ?? 0
      let number: Int64
      switch day {
      case .julian(let day):
        number = newYear + Int64(day - 1) + (Civil.isLeap(year) && day >= 60 ? 1 : 0)
      case .zeroBased(let day):
        number = newYear + Int64(day)
      case .monthly(let month, let week, let weekday):
        let first = Civil(year, month, 1)
        var day = 1 + (weekday - first.weekday + 7) % 7 + (week - 1) * 7
        while day > Civil.days(inMonth: month, of: year) { day -= 7 }
        number = (first.dayNumber ?? 0) + Int64(day - 1)
      }
      return number * 86_400 + Int64(time)
    }
  }

  var standard: Zone.Period
  /// Nil where the clock is never changed.
  var summer: Summer?

  struct Summer: Equatable, Sendable {
    var period: Zone.Period
    var start: Change
    var end: Change
  }

  /// The changes around a year, in order: a rule may reach over New Year.
  func changes(around year: Int) -> [Zone.Transition] {
    guard let summer else { return [] }
    var changes: [Zone.Transition] = []
    for year in (year - 1)...(year + 1) {
      let start = summer.start.localSeconds(in: year) - Int64(standard.offset)
      let end = summer.end.localSeconds(in: year) - Int64(summer.period.offset)
      changes.append(Zone.Transition(at: end, to: standard))
      changes.append(Zone.Transition(at: start, to: summer.period))
    }
    // A summer that starts when the last one ends is a summer all year.
    changes.sort { ($0.at, $0.to.isSummer ? 1 : 0) < ($1.at, $1.to.isSummer ? 1 : 0) }
    return changes
  }

  func period(at seconds: Int64) -> Zone.Period {
    guard summer != nil else { return standard }
    let year = Civil(secondsSince1970: seconds &+ Int64(standard.offset)).year
    guard Civil.years.contains(year - 2), Civil.years.contains(year + 2) else { return standard }
    return changes(around: year).last { $0.at <= seconds }?.to ?? standard
  }
}

extension PosixRule {
  /// Nil where `text` is no such rule.
  init?(_ text: [UInt8]) {
    var reader = Reader(text: text)
    guard let name = reader.name(), let offset = reader.time(limit: 24) else { return nil }
    standard = Zone.Period(offset: -offset, isSummer: false, abbreviation: name)
    if reader.isAtEnd { return }
    guard let summerName = reader.name() else { return nil }
    var summerOffset = standard.offset + 3600
    if !reader.isNext(0x2C) {
      guard let written = reader.time(limit: 24) else { return nil }
      summerOffset = -written
    }
    guard reader.skip(0x2C), let start = reader.change(), reader.skip(0x2C),
      let end = reader.change(), reader.isAtEnd
    else { return nil }
    summer = Summer(
      period: Zone.Period(offset: summerOffset, isSummer: true, abbreviation: summerName),
      start: start, end: end)
  }

  private struct Reader {
    let text: [UInt8]
    var at = 0

    var isAtEnd: Bool { at == text.count }

    func isNext(_ byte: UInt8) -> Bool { at < text.count && text[at] == byte }

    mutating func skip(_ byte: UInt8) -> Bool {
      guard isNext(byte) else { return false }
      at += 1
      return true
    }

    /// Three letters or more, or anything printable in `< >`.
    mutating func name() -> String? {
      let quoted = skip(0x3C)
      let start = at
      while at < text.count {
        let byte = text[at]
        let isLetter = (byte | 0x20) &- 0x61 < 26
        let belongs = isLetter || (quoted && (byte &- 0x30 <= 9 || byte == 0x2B || byte == 0x2D))
        if !belongs { break }
        at += 1
      }
      let name = String(decoding: text[start..<at], as: UTF8.self)
      guard name.utf8.count >= 3, name.utf8.count <= 16, !quoted || skip(0x3E) else { return nil }
      return name
    }

    /// At most three digits.
    mutating func number(_ range: ClosedRange<Int>) -> Int? {
      let start = at
      var value = 0
      while at < text.count, at - start < 3, text[at] &- 0x30 <= 9 {
        value = value * 10 + Int(text[at] - 0x30)
        at += 1
      }
      return at > start && range.contains(value) ? value : nil
    }

    /// `[+-] h[hh] [:mm [:ss]]` in seconds.
    mutating func time(limit hours: Int) -> Int? {
      let negative = isNext(0x2D)
      if negative || isNext(0x2B) { at += 1 }
      guard let hour = number(0...hours) else { return nil }
      var seconds = hour * 3600
      if skip(0x3A) {
        guard let minute = number(0...59) else { return nil }
        seconds += minute * 60
        if skip(0x3A) {
          guard let second = number(0...59) else { return nil }
          seconds += second
        }
      }
      return negative ? -seconds : seconds
    }

    mutating func change() -> Change? {
      guard let day = changeDay() else { return nil }
      guard skip(0x2F) else { return Change(day: day, time: 7200) }
      guard let time = time(limit: 167) else { return nil }
      return Change(day: day, time: time)
    }

    private mutating func changeDay() -> Change.Day? {
      if skip(0x4A) { return number(1...365).map { .julian($0) } }
      guard skip(0x4D) else { return number(0...365).map { .zeroBased($0) } }
      guard let month = number(1...12), skip(0x2E), let week = number(1...5), skip(0x2E),
        let weekday = number(0...6)
      else { return nil }
      return .monthly(month: month, week: week, weekday: weekday)
    }
  }
}
