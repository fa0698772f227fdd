/// A time zone: what clocks showed, show and will show, by the tz database.
///
/// A value without identity or global state: the process' own TZ is never
/// asked. UTC needs no file; any other zone that is not installed is an error,
/// never silently UTC.
package struct Zone: Equatable, Sendable {
  /// One kind of local time.
  package struct Period: Equatable, Sendable {
    /// Seconds east of UTC, within ±26 hours.
    package var offset: Int
    package var isSummer: Bool
    /// `CET`; `+0530` where people have no letters for it.
    package var abbreviation: String
  }

  package struct Transition: Equatable, Sendable {
    /// Seconds since 1970.
    package var at: Int64
    package var to: Period
  }

  package let name: String
  /// Before the first transition.
  private let first: Period
  /// Ascending.
  private let transitions: [Transition]
  private let rule: PosixRule?

  init(name: String, first: Period, transitions: [Transition], rule: PosixRule?) {
    self.name = name
    self.first = first
    self.transitions = transitions
    self.rule = rule
  }

  package static let utc = Zone.fixed(offset: 0, name: "UTC")

  /// A clock that is never changed, `offset` seconds east.
  package static func fixed(offset: Int, name: String) -> Zone {
    let bounded = min(max(offset, -93_600), 93_600)
    let period = Period(offset: bounded, isSummer: false, abbreviation: name)
    return Zone(name: name, first: period, transitions: [], rule: nil)
  }

  /// A zone from the bytes of its file.
  package static func parse(_ bytes: [UInt8], name: String) throws(TimeError) -> Zone {
    try TZif.parse(bytes, name: name)
  }

  // MARK: - From instants to clocks

  package func period(at seconds: Int64) -> Period {
    guard let last = transitions.last else { return rule?.period(at: seconds) ?? first }
    if seconds >= last.at { return rule?.period(at: seconds) ?? last.to }
    // The first transition after `seconds`; the one before it holds.
    var low = 0
    var high = transitions.count - 1
    while low < high {
      let middle = (low + high) / 2
      if transitions[middle].at > seconds { high = middle } else { low = middle + 1 }
    }
    return low == 0 ? first : transitions[low - 1].to
  }

  package func offset(at seconds: Int64) -> Int { period(at: seconds).offset }

  /// What the clock shows. Instants in milliseconds, as all of mx has them.
  package func civil(milliseconds: Int64) -> Civil {
    let (seconds, rest) = Civil.floorDivide(milliseconds, 1000)
    return Civil(
      secondsSince1970: seconds + Int64(offset(at: seconds)), nanosecond: Int(rest) * 1_000_000)
  }

  /// `2026-11-20T10:00:00+01:00`.
  package func text(
    milliseconds: Int64, precision: RFC3339.Precision = .shortest
  ) -> String {
    let (seconds, _) = Civil.floorDivide(milliseconds, 1000)
    return RFC3339.text(
      milliseconds: milliseconds, offset: offset(at: seconds), precision: precision)
  }

  /// The changes after `start` and up to `end`, at most `limit`: for those who
  /// must show local time where there is no tz database.
  package func transitions(after start: Int64, through end: Int64, limit: Int) -> [Transition] {
    guard start < end, limit > 0 else { return [] }
    var found = transitions.filter { $0.at > start && $0.at <= end }
    guard let rule, rule.summer != nil else { return Array(found.prefix(limit)) }
    let lastKnown = transitions.last?.at ?? .min
    let earliest = Civil(secondsSince1970: max(start, lastKnown)).year
    let latest = Civil(secondsSince1970: end).year
    var year = earliest
    while year <= latest, found.count < limit, Civil.years.contains(year) {
      for change in rule.changes(around: year)
      where change.at > max(start, lastKnown) && change.at <= end
        && change.at > found.last?.at ?? .min
      {
        found.append(change)
      }
      year += 1
    }
    return Array(found.prefix(limit))
  }

  // MARK: - From clocks to instants

  /// When a clock in this zone shows a given time.
  package enum Instants: Equatable, Sendable {
    case once(Int64)
    /// The clock was turned back: it shows this time twice.
    case twice(Int64, Int64)
    /// The clock was turned forward over this time, at the instant given.
    case never(skippedAt: Int64)

    /// The first of two; for a time that does not exist, when it was skipped.
    package var first: Int64 {
      switch self {
      case .once(let seconds), .twice(let seconds, _), .never(let seconds): seconds
      }
    }
  }

  /// In seconds since 1970; nil for a date beyond all bounds.
  package func instants(of civil: Civil) -> Instants? {
    guard let local = civil.secondsSince1970 else { return nil }
    // Offsets are within 26 hours: one before and one after any change nearby.
    let day: Int64 = 26 * 3600
    let before = offset(at: local - day)
    let after = offset(at: local + day)
    var found: [Int64] = []
    for offset in Set([before, after, self.offset(at: local - Int64(before))]).sorted(by: >) {
      let seconds = local - Int64(offset)
      if self.offset(at: seconds) == offset { found.append(seconds) }
    }
    if let first = found.first {
      return found.count == 1 ? .once(first) : .twice(first, found[found.count - 1])
    }
    // No clock shows it: find the jump over it.
    var low = local - day
    var high = local + day
    while low + 1 < high {
      let middle = low + (high - low) / 2
      if middle + Int64(offset(at: middle)) > local { high = middle } else { low = middle }
    }
    return .never(skippedAt: high)
  }
}
