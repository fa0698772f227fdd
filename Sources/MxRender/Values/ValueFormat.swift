import Glibc
import MxJSON
import MxTime

/// A value as text in its unit.
struct ValueFormat: Sendable {
  var unit: Unit
  var decimals: Int?
  var zone: Zone
  /// The present, for `dateTimeFromNow`; milliseconds.
  var now: Int64

  init(unit: Unit, decimals: Int? = nil, zone: Zone = .utc, now: Int64 = 0) {
    self.unit = unit
    self.decimals = decimals
    self.zone = zone
    self.now = now
  }

  /// `scale` is the distance of ticks, when the text stands at one: all ticks of
  /// an axis have the decimals that tell them apart.
  func text(_ value: Double, step: Double? = nil) -> String {
    guard value.isFinite else { return Decimals.special(value) }
    switch unit.kind {
    case .plain: return unit.prefix + number(value, step) + unit.suffix
    case .fraction: return number(value * 100, step.map { $0 * 100 }) + "%"
    case .decimal(let prefixes): return scaled(value, step, 1000, prefixes)
    case .binary(let prefixes): return scaled(value, step, 1024, prefixes)
    case .duration(let seconds): return duration(value * seconds, step.map { $0 * seconds })
    case .longDuration(let seconds): return Self.words(value * seconds, parts: (decimals ?? 1) + 1)
    case .clock(let seconds, let hasDays): return Self.clock(value * seconds, hasDays)
    case .stopwatch(let seconds): return stopwatch(value * seconds)
    case .grouped: return unit.prefix + grouped(value, step) + unit.suffix
    case .scientific: return scientific(value)
    case .hexadecimal:
      let whole = value.rounded(.towardZero)
      guard abs(whole) < 0x1p53 else { return NumberText.fixed(value) }
      return unit.prefix + String(Int64(whole), radix: 16, uppercase: true)
    case .truth(let yes, let no): return value != 0 ? yes : no
    case .date(let style, let bareToday):
      return DateText.text(value, style, zone, bareOn: bareToday ? now : nil)
    case .ago: return ago(value)
    case .text: return NumberText.general(value)
    }
  }

  /// The distance of ticks that differ as texts; 0 for any.
  func leastStep(decimals: Int?) -> Double {
    switch unit.kind {
    case .truth, .hexadecimal: return 1
    case .clock(let seconds, _): return 1 / seconds
    case .stopwatch(let seconds): return 0.001 / seconds
    case .plain, .grouped: return decimals.map { 1 / Decimals.powers[min(max($0, 0), 15)] } ?? 0
    case .fraction: return decimals.map { 0.01 / Decimals.powers[min(max($0, 0), 13)] } ?? 0
    default: return 0
    }
  }

  private func number(_ value: Double, _ step: Double?) -> String {
    let places = decimals ?? step.map(Decimals.needed) ?? Decimals.automatic(value)
    return Decimals.fixed(value, places)
  }

  private func scaled(
    _ value: Double, _ step: Double?, _ factor: Double, _ prefixes: [String]
  ) -> String {
    var rest = value
    var stepRest = step
    var index = unit.offset
    // A zero on an axis has no prefix of its own; rounding may carry to the next.
    while rest.magnitude >= factor * 0.99995 && index + 1 < prefixes.count {
      rest /= factor
      stepRest = stepRest.map { $0 / factor }
      index += 1
    }
    while rest.magnitude < 0.99995 && rest != 0 && index > 0 {
      rest *= factor
      stepRest = stepRest.map { $0 * factor }
      index -= 1
    }
    let prefix = prefixes.indices.contains(index) ? prefixes[index] : ""
    let text = number(rest, stepRest)
    // Names of counts (K, Mil) stand apart from the suffix by the suffix's blank.
    return unit.prefix + text + prefix + unit.suffix
  }

  private static let durations: [(seconds: Double, name: String)] = [
    (31_536_000, " years"), (604_800, " weeks"), (86_400, " days"), (3600, " hours"),
    (60, " mins"), (1, " s"), (1e-3, " ms"), (1e-6, " µs"), (1e-9, " ns"),
  ]

  private func duration(_ seconds: Double, _ step: Double?) -> String {
    if seconds == 0 { return "0 s" }
    let unit =
      Self.durations.first { seconds.magnitude >= $0.seconds * 0.99995 }
      ?? Self.durations[Self.durations.count - 1]
    let value = seconds / unit.seconds
    let text = number(value, step.map { $0 / unit.seconds })
    if text == "1", unit.seconds >= 60 { return text + unit.name.dropLast() }
    return text + unit.name
  }

  /// `2 days, 3 hours`: the largest parts.
  static func words(_ seconds: Double, parts limit: Int) -> String {
    var rest = seconds.magnitude
    guard rest < 1e15 else { return NumberText.fixed(seconds) + " s" }
    if rest < 1 { return rest == 0 ? "0 seconds" : Decimals.fixed(seconds * 1000, 0) + " ms" }
    var parts: [String] = []
    let names: [(Double, String)] = [
      (31_536_000, "year"), (2_628_000, "month"), (604_800, "week"), (86_400, "day"),
      (3600, "hour"), (60, "minute"), (1, "second"),
    ]
    for (size, name) in names {
      let count = (rest / size).rounded(.down)
      if count == 0 {
        if parts.isEmpty { continue }
        break
      }
      parts.append("\(Decimals.fixed(count, 0)) \(name)\(count == 1 ? "" : "s")")
      rest -= count * size
      if parts.count == limit { break }
    }
    return (seconds < 0 ? "-" : "") + parts.joined(separator: ", ")
  }

  /// `26:03:04`, or `1 d 02:03:04`.
  static func clock(_ seconds: Double, _ hasDays: Bool) -> String {
    guard seconds.magnitude < 1e12 else { return NumberText.fixed(seconds) + " s" }
    let whole = Int64(seconds.magnitude.rounded())
    let days = hasDays ? whole / 86_400 : 0
    let rest = Int(whole - days * 86_400)
    return (seconds < 0 ? "-" : "") + (days > 0 ? "\(days) d " : "")
      + [rest / 3600, rest / 60 % 60, rest % 60].map { DateText.pad($0) }.joined(separator: ":")
  }

  /// `01h:02m:03s:004ms`; decimals are how many parts follow the first.
  private func stopwatch(_ seconds: Double) -> String {
    guard seconds.magnitude < 1e12 else { return NumberText.fixed(seconds) + " s" }
    let whole = Int((seconds.magnitude * 1000).rounded())
    let all = [
      (whole / 3_600_000, 2, "h"), (whole / 60_000 % 60, 2, "m"), (whole / 1000 % 60, 2, "s"),
      (whole % 1000, 3, "ms"),
    ]
    let first = all.firstIndex { $0.0 > 0 } ?? 3
    let shown = all[first...].prefix((decimals ?? 3) + 1)
    return (seconds < 0 ? "-" : "")
      + shown.map { DateText.pad($0.0, $0.1) + $0.2 }.joined(separator: ":")
  }

  /// At most three decimals, and none that are zero.
  private func grouped(_ value: Double, _ step: Double?) -> String {
    if let step { return Decimals.grouped(number(value, step)) }
    return Decimals.grouped(Decimals.trimmed(Decimals.fixed(value, decimals ?? 3)))
  }

  /// `1.5e+3`, as JavaScript writes it.
  private func scientific(_ value: Double) -> String {
    guard value != 0 else { return Decimals.fixed(0, decimals ?? 0) + "e+0" }
    var power = Int(floor(log10(value.magnitude)))
    // In two steps: the power alone may be more than a number holds.
    var digits = value * pow(10, Double(-power / 2)) * pow(10, Double(-power - -power / 2))
    var text = Decimals.fixed(digits, decimals ?? 12)
    if abs(Double(text) ?? 0) >= 10 {
      power += 1
      digits /= 10
      text = Decimals.fixed(digits, decimals ?? 12)
    }
    if decimals == nil { text = Decimals.trimmed(text) }
    return "\(text)e\(power < 0 ? "-" : "+")\(power.magnitude)"
  }

  private func ago(_ milliseconds: Double) -> String {
    let seconds = (Double(now) - milliseconds) / 1000
    let text = Self.words(seconds.magnitude, parts: 1)
    return seconds >= 0 ? text + " ago" : "in " + text
  }
}
