/// Durations as Prometheus writes them, in milliseconds: `1h30m`, `7d`, `100ms`.
package enum Durations {
  /// From long to short: a text may name each once, and only in this order.
  private static let units: [(name: String, milliseconds: Int64)] = [
    ("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000),
    ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// Reads a duration. `0` alone needs no unit. A sign is not part of it.
  package static func parse(_ text: String) throws(TimeError) -> Int64 {
    if text == "0" { return 0 }
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty else {
      throw .badDuration(text, "expected something like 1h30m, found nothing")
    }
    var at = 0
    var total: Int64 = 0
    var nextUnit = 0
    while at < bytes.count {
      let number = try readNumber(text, bytes, &at)
      let unit = try readUnit(text, bytes, &at)
      if unit < nextUnit {
        throw .badDuration(text, "units are y w d h m s ms, each once and in this order")
      }
      nextUnit = unit + 1
      let product = number.multipliedReportingOverflow(by: units[unit].milliseconds)
      let sum = total.addingReportingOverflow(product.partialValue)
      if product.overflow || sum.overflow { throw .badDuration(text, "too long") }
      total = sum.partialValue
    }
    return total
  }

  private static func readNumber(
    _ text: String, _ bytes: [UInt8], _ at: inout Int
  ) throws(TimeError) -> Int64 {
    let start = at
    var value: Int64 = 0
    while at < bytes.count, bytes[at] &- 0x30 <= 9 {
      let tenfold = value.multipliedReportingOverflow(by: 10)
      let sum = tenfold.partialValue.addingReportingOverflow(Int64(bytes[at] &- 0x30))
      if tenfold.overflow || sum.overflow { throw .badDuration(text, "too long") }
      value = sum.partialValue
      at += 1
    }
    if at == start { throw .badDuration(text, "expected something like 1h30m") }
    return value
  }

  private static func readUnit(
    _ text: String, _ bytes: [UInt8], _ at: inout Int
  ) throws(TimeError) -> Int {
    let start = at
    while at < bytes.count, bytes[at] &- 0x30 > 9 { at += 1 }
    let name = String(decoding: bytes[start..<at], as: UTF8.self)
    if let unit = units.firstIndex(where: { $0.name == name }) { return unit }
    throw .badDuration(
      text, name.isEmpty ? "the unit is missing" : "unknown unit '\(name)', known: y w d h m s ms")
  }

  /// Prints as Prometheus does: years and weeks only where nothing else is left.
  package static func text(_ milliseconds: Int64) -> String {
    if milliseconds == 0 { return "0s" }
    var out = milliseconds < 0 ? "-" : ""
    var rest = milliseconds.magnitude
    for (index, unit) in units.enumerated() {
      let size = UInt64(unit.milliseconds)
      if index < 2, rest % size != 0 { continue }
      if rest >= size {
        out += "\(rest / size)\(unit.name)"
        rest %= size
      }
    }
    return out
  }

  /// For people: the two largest units, cut off below. `3d 4h`, `12s`, `250ms`.
  package static func human(_ milliseconds: Int64) -> String {
    if milliseconds == 0 { return "0s" }
    var out = milliseconds < 0 ? "-" : ""
    var rest = milliseconds.magnitude
    var parts = 0
    for (index, unit) in units.enumerated() where unit.name != "w" {
      let size = UInt64(unit.milliseconds)
      let count = rest / size
      if count == 0 {
        // `1h 0m 5s` is `1h`: the two parts must be neighbours.
        if parts > 0 { break }
        continue
      }
      if unit.name == "ms", parts > 0 { break }
      out += (parts > 0 ? " " : "") + "\(count)\(unit.name)"
      rest %= size
      parts += 1
      if parts == 2 || index == units.count - 1 { break }
    }
    return out
  }
}
