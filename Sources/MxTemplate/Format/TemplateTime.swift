package import MxTime

/// Go's `time.Time`: an instant and the zone it is shown in.
package struct TemplateTime: Hashable, Sendable {
  package var seconds: Int64
  package var nanoseconds: Int
  package var zone: Zone

  package init(seconds: Int64, nanoseconds: Int = 0, zone: Zone = .utc) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
    self.zone = zone
  }

  package init(milliseconds: Int64, zone: Zone = .utc) {
    let rest = milliseconds % 1000
    let floor = rest < 0 ? rest + 1000 : rest
    seconds = (milliseconds - floor) / 1000
    nanoseconds = Int(floor) * 1_000_000
    self.zone = zone
  }

  /// Instants between the years -290 and 2262 in ms, saturating outside.
  package var milliseconds: Int64 {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, tooLarge) = product.addingReportingOverflow(Int64(nanoseconds / 1_000_000))
    return tooLarge ? .max : sum
  }

  package static func == (left: TemplateTime, right: TemplateTime) -> Bool {
    left.seconds == right.seconds && left.nanoseconds == right.nanoseconds
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(seconds)
    hasher.combine(nanoseconds)
  }
}

extension TemplateTime: CustomStringConvertible {
  /// As Go prints it: `2022-01-25 12:36:43.566 +0000 UTC`.
  package var description: String { formatted("2006-01-02 15:04:05.999999999 -0700 MST") }
}

extension TemplateDuration: CustomStringConvertible {
  /// As Go prints it: `1h2m3.5s`, `250ms`, `0s`.
  package var description: String {
    let magnitude = nanoseconds.magnitude
    let sign = nanoseconds < 0 ? "-" : ""
    if magnitude == 0 { return "0s" }
    if magnitude < 1_000 { return "\(sign)\(magnitude)ns" }
    if magnitude < 1_000_000 { return sign + Self.decimal(magnitude, 1_000) + "µs" }
    if magnitude < 1_000_000_000 { return sign + Self.decimal(magnitude, 1_000_000) + "ms" }
    let minutes = magnitude / 60_000_000_000
    let seconds = Self.decimal(magnitude % 60_000_000_000, 1_000_000_000) + "s"
    if minutes == 0 { return sign + seconds }
    if minutes < 60 { return "\(sign)\(minutes)m\(seconds)" }
    return "\(sign)\(minutes / 60)h\(minutes % 60)m\(seconds)"
  }

  private static func decimal(_ value: UInt64, _ unit: UInt64) -> String {
    var rest = String(value % unit + unit).dropFirst()
    while rest.hasSuffix("0") { rest.removeLast() }
    return rest.isEmpty ? "\(value / unit)" : "\(value / unit).\(rest)"
  }
}
