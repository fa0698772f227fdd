/// Doubles as text, in the spelling each convention wants.
///
/// All spellings have the fewest digits that read back as the same double; they
/// differ in when an exponent is written and in how integers and the values that
/// are no numbers look. None depends on the locale.
package enum NumberText {
  /// When to write an exponent: by the power of ten of the first digit.
  package enum ExponentRule: Sendable {
    /// Go's 'f': never.
    case never
    /// Go's `%g` and `%v`, as templates print values: below 1e-4 and from 1e21
    /// on, or from 1e6 on with `templates`.
    case below4(orFrom: Int)
    /// Prometheus' HTTP API and Go's JSON: below 1e-6 and from 1e21 on.
    case json

    /// Whether Swift's own description is spelled as this rule wants it, except
    /// for the `.0` of integers: it writes exponents below 1e-4 and from 2^54 on.
    @inline(__always)
    func agreesWithDescription(_ magnitude: Double) -> Bool {
      switch self {
      case .never: magnitude >= 1e-4 && magnitude < 0x1p53
      case .below4(let limit):
        magnitude < 1e-4 || magnitude < (limit == 6 ? 1e6 : 0x1p53) || magnitude >= 1e21
      case .json:
        magnitude < 1e-6 || (magnitude >= 1e-4 && magnitude < 0x1p53) || magnitude >= 1e21
      }
    }

    @inline(__always)
    func wantsExponent(_ power: Int) -> Bool {
      switch self {
      case .never: false
      case .below4(let limit): power < -4 || power >= limit
      case .json: power < -6 || power >= 21
      }
    }
  }

  /// Go's 'f' with the shortest precision: `1500000`, `0.00001`, `NaN`, `+Inf`.
  package static func fixed(_ value: Double) -> String { text(value, .never) }

  /// The values in Prometheus' HTTP API: `1500000`, `1e-07`, `1e+21`, `+Inf`.
  package static func prometheusJSON(_ value: Double) -> String { text(value, .json) }

  /// Go's shortest `%g` and `%v`, as Prometheus' templates print: `1e+06`, `100000`.
  package static func template(_ value: Double) -> String { text(value, .below4(orFrom: 6)) }

  /// Go's 'g' spelling with the wider window: exponents below 1e-4 and from 1e21 on.
  package static func general(_ value: Double) -> String { text(value, .below4(orFrom: 21)) }

  /// OpenMetrics' canonical numbers, also for `le`: `1.0`, `0.5`, `1e+06`, `+Inf`.
  package static func openMetrics(_ value: Double) -> String {
    var out: [UInt8] = []
    appendOpenMetrics(value, to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  package static func appendOpenMetrics(_ value: Double, to out: inout [UInt8]) {
    let start = out.count
    append(value, .below4(orFrom: 6), to: &out)
    guard value.isFinite else { return }
    for byte in out[start...] where byte == 0x2E || byte == 0x65 { return }
    out.append(0x2E)
    out.append(0x30)
  }

  package static func text(_ value: Double, _ rule: ExponentRule) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(24)
    append(value, rule, to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  /// Appends `value`: `-0` keeps its sign, infinities are `+Inf` and `-Inf`.
  package static func append(_ value: Double, _ rule: ExponentRule, to out: inout [UInt8]) {
    guard value.isFinite else {
      appendASCII(value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf", to: &out)
      return
    }
    if value.sign == .minus { out.append(0x2D) }
    let magnitude = value.magnitude
    guard let decimal = DecimalDigits(quick: magnitude) else {
      if rule.agreesWithDescription(magnitude) {
        return appendDescription(magnitude, to: &out)
      }
      return append(DecimalDigits(magnitude), rule, to: &out)
    }
    append(decimal, rule, to: &out)
  }

  private static func appendDescription(_ magnitude: Double, to out: inout [UInt8]) {
    var text = magnitude.description
    text.withUTF8 { bytes in
      let isInteger =
        bytes.count > 2 && bytes[bytes.count - 1] == 0x30
        && bytes[bytes.count - 2] == 0x2E
      out.append(contentsOf: isInteger ? bytes[..<(bytes.count - 2)] : bytes[...])
    }
  }

  private static func append(
    _ decimal: DecimalDigits, _ rule: ExponentRule, to out: inout [UInt8]
  ) {
    if decimal.count == 0 {
      out.append(0x30)
    } else if rule.wantsExponent(decimal.point - 1) {
      appendExponential(decimal, to: &out)
    } else {
      appendPositional(decimal, to: &out)
    }
  }

  package static func append(_ value: Int64, to out: inout [UInt8]) {
    if value < 0 { out.append(0x2D) }
    append(value.magnitude, to: &out)
  }

  package static func append(_ value: UInt64, to out: inout [UInt8]) {
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var at = 20
    var rest = value
    repeat {
      at &-= 1
      digits[at] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
      rest /= 10
    } while rest > 0
    while at < 20 {
      out.append(digits[at])
      at &+= 1
    }
  }

  private static func appendPositional(_ decimal: DecimalDigits, to out: inout [UInt8]) {
    if decimal.point <= 0 {
      out.append(0x30)
      out.append(0x2E)
      appendZeros(0 - decimal.point, to: &out)
      for index in 0..<decimal.count { out.append(decimal.digits[index]) }
      return
    }
    for index in 0..<decimal.count {
      if index == decimal.point { out.append(0x2E) }
      out.append(decimal.digits[index])
    }
    appendZeros(decimal.point - decimal.count, to: &out)
  }

  /// `d.ddde±XX`, at least two digits in the exponent.
  private static func appendExponential(_ decimal: DecimalDigits, to out: inout [UInt8]) {
    out.append(decimal.digits[0])
    if decimal.count > 1 { out.append(0x2E) }
    for index in 1..<max(decimal.count, 1) { out.append(decimal.digits[index]) }
    let power = decimal.point - 1
    out.append(0x65)
    out.append(power < 0 ? 0x2D : 0x2B)
    if power.magnitude < 10 { out.append(0x30) }
    append(UInt64(power.magnitude), to: &out)
  }

  private static func appendZeros(_ count: Int, to out: inout [UInt8]) {
    var left = count
    while left > 0 {
      out.append(0x30)
      left -= 1
    }
  }

  private static func appendASCII(_ text: StaticString, to out: inout [UInt8]) {
    for index in 0..<text.utf8CodeUnitCount { out.append(text.utf8Start[index]) }
  }
}
