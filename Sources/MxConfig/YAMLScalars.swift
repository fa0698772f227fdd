/// What plain scalars mean: YAML 1.1 as Go's yaml package reads it into typed
/// fields, which is what Prometheus' and Alertmanager's files are written for.
extension YAMLScalar {
  var isNull: Bool {
    ["", "~", "null", "Null", "NULL"].contains(text)
  }

  var bool: Bool? {
    switch text {
    case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE": true
    case "n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE": false
    default: nil
    }
  }

  /// Decimal, `0x`, `0o`, `0b`, and octal after a bare 0; `_` between digits.
  var int: Int64? {
    guard text.utf8.count <= 80 else { return nil }
    var rest = text.utf8.filter { $0 != 0x5F }
    guard rest.count == text.utf8.count || text.utf8.first != 0x5F else { return nil }
    var negative = false
    if let sign = rest.first, sign == 0x2D || sign == 0x2B {
      negative = sign == 0x2D
      rest.removeFirst()
    }
    var radix: Int64 = 10
    if rest.count > 1, rest[0] == 0x30 {
      switch rest[1] | 0x20 {
      case 0x78: radix = 16
      case 0x6F: radix = 8
      case 0x62: radix = 2
      default: radix = 8
      }
      rest.removeFirst(rest[1] | 0x20 >= 0x60 ? 2 : 1)
    }
    guard !rest.isEmpty else { return nil }
    // Downwards, because there is one more negative number.
    var value: Int64 = 0
    for byte in rest {
      guard let digit = Self.digit(byte), digit < radix else { return nil }
      let scaled = value.multipliedReportingOverflow(by: radix)
      let next = scaled.partialValue.subtractingReportingOverflow(digit)
      if scaled.overflow || next.overflow { return nil }
      value = next.partialValue
    }
    if negative { return value }
    return value == .min ? nil : -value
  }

  /// Also integers; `.inf`, `-.inf` and `.nan`.
  var double: Double? {
    switch text {
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .infinity
    case "-.inf", "-.Inf", "-.INF": return -.infinity
    case ".nan", ".NaN", ".NAN": return .nan
    default: break
    }
    if let int { return Double(int) }
    let bytes = text.utf8.filter { $0 != 0x5F }
    guard text.utf8.count <= 400, bytes.contains(where: { $0 &- 0x30 <= 9 }),
      bytes.allSatisfy({
        $0 &- 0x30 <= 9 || $0 == 0x2E || $0 == 0x2D || $0 == 0x2B || $0 | 0x20 == 0x65
      }), bytes.first.map({ $0 | 0x20 != 0x65 }) ?? false,
      let value = Double(String(decoding: bytes, as: UTF8.self)), value.isFinite
    else { return nil }
    return value
  }

  private static func digit(_ byte: UInt8) -> Int64? {
    switch byte {
    case 0x30...0x39: Int64(byte - 0x30)
    case 0x41...0x46: Int64(byte - 0x41 + 10)
    case 0x61...0x66: Int64(byte - 0x61 + 10)
    default: nil
    }
  }
}
