import MxTime

/// Go's `time.Parse`.
extension GoLayout {
  /// The instant that `text` names in the way of `layout`; nil where it does not.
  /// Without a zone in the layout it is UTC.
  static func parse(_ text: String, layout: String) -> TemplateTime? {
    var reader = TimeReader(rest: Array(text.utf8)[...])
    for part in parts(layout) {
      switch part {
      case .text(let literal):
        guard reader.skip(Array(literal.utf8)) else { return nil }
      case .fraction(_, let digits, let trims):
        guard reader.fraction(trims ? nil : digits) else { return nil }
      case .field(let field):
        guard reader.read(field) else { return nil }
      }
    }
    guard reader.rest.isEmpty else { return nil }
    return reader.time()
  }
}

private struct TimeReader {
  var rest: ArraySlice<UInt8>
  private var civil = Civil(0, 1, 1)
  private var isAfternoon: Bool?
  private var offset = 0
  private var zoneName = "UTC"

  init(rest: ArraySlice<UInt8>) { self.rest = rest }

  mutating func skip(_ literal: [UInt8]) -> Bool {
    guard rest.starts(with: literal) else { return false }
    rest = rest.dropFirst(literal.count)
    return true
  }

  private mutating func number(_ width: ClosedRange<Int>) -> Int? {
    let digits = rest.prefix(width.upperBound).prefix { $0 >= 0x30 && $0 <= 0x39 }
    guard digits.count >= width.lowerBound else { return nil }
    rest = rest.dropFirst(digits.count)
    return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  private mutating func name(_ names: [String], length: Int?) -> Int? {
    for (index, name) in names.enumerated() {
      let wanted = Array((length.map { String(name.prefix($0)) } ?? name).lowercased().utf8)
      let found = rest.prefix(wanted.count).map { $0 >= 0x41 && $0 <= 0x5a ? $0 | 0x20 : $0 }
      if found == wanted {
        rest = rest.dropFirst(wanted.count)
        return index
      }
    }
    return nil
  }

  /// `.123`: as many digits as the layout has zeros, or any number.
  mutating func fraction(_ digits: Int?) -> Bool {
    guard let mark = rest.first, mark == UInt8(ascii: ".") || mark == UInt8(ascii: ",") else {
      return digits == nil
    }
    rest = rest.dropFirst()
    let count = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }.count
    guard count > 0, count <= 18, digits.map({ $0 == count }) ?? true else { return false }
    var value = 0
    for byte in rest.prefix(min(count, 9)) { value = value * 10 + Int(byte - 0x30) }
    for _ in min(count, 9)..<9 { value *= 10 }
    civil.nanosecond = value
    rest = rest.dropFirst(count)
    return true
  }

  mutating func read(_ field: String) -> Bool {
    switch field {
    case "2006": return set(\.year, number(4...4))
    case "06": return set(\.year, number(2...2).map { $0 >= 69 ? 1900 + $0 : 2000 + $0 })
    case "01": return set(\.month, number(2...2))
    case "1": return set(\.month, number(1...2))
    case "January": return set(\.month, name(GoLayout.months, length: nil).map { $0 + 1 })
    case "Jan": return set(\.month, name(GoLayout.months, length: 3).map { $0 + 1 })
    case "Monday": return name(GoLayout.weekdays, length: nil) != nil
    case "Mon": return name(GoLayout.weekdays, length: 3) != nil
    case "02": return set(\.day, number(2...2))
    case "_2", "2":
      if field == "_2", rest.first == 0x20 { rest = rest.dropFirst() }
      return set(\.day, number(1...2))
    case "15": return set(\.hour, number(2...2))
    case "03": return set(\.hour, number(2...2))
    case "3": return set(\.hour, number(1...2))
    case "04": return set(\.minute, number(2...2))
    case "4": return set(\.minute, number(1...2))
    case "05": return second(number(2...2))
    case "5": return second(number(1...2))
    case "PM", "pm":
      guard let half = name(["am", "pm"], length: nil) else { return false }
      isAfternoon = half == 1
      return true
    case "MST":
      let letters = rest.prefix(5).prefix { $0 >= 0x41 && $0 <= 0x5a }
      guard letters.count >= 3 else { return false }
      zoneName = String(decoding: letters, as: UTF8.self)
      rest = rest.dropFirst(letters.count)
      return true
    case "002", "__2": return false
    default: return zone(field)
    }
  }

  private mutating func set(_ field: WritableKeyPath<Civil, Int>, _ value: Int?) -> Bool {
    guard let value else { return false }
    civil[keyPath: field] = value
    return true
  }

  /// A fraction behind the seconds is read also where the layout has none.
  private mutating func second(_ value: Int?) -> Bool {
    guard set(\.second, value) else { return false }
    let isFraction =
      rest.first == UInt8(ascii: ".")
      && rest.dropFirst().first.map { $0 >= 0x30 && $0 <= 0x39 } == true
    return isFraction ? fraction(nil) : true
  }

  private mutating func zone(_ field: String) -> Bool {
    if field.hasPrefix("Z"), rest.first == UInt8(ascii: "Z") {
      rest = rest.dropFirst()
      return true
    }
    guard let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else {
      return false
    }
    rest = rest.dropFirst()
    let parts = (field.filter { $0 == "0" || $0 == "7" }.count) / 2
    var seconds = 0
    for (index, unit) in [3600, 60, 1].prefix(parts).enumerated() {
      if index > 0, field.contains(":"), !skip([UInt8(ascii: ":")]) { return false }
      guard let value = number(2...2), value < 60 else { return false }
      seconds += value * unit
    }
    offset = sign == UInt8(ascii: "-") ? -seconds : seconds
    zoneName = ""
    return true
  }

  func time() -> TemplateTime? {
    var civil = civil
    if let isAfternoon {
      guard (1...12).contains(civil.hour) else { return nil }
      civil.hour = civil.hour % 12 + (isAfternoon ? 12 : 0)
    }
    guard civil.isValid, let seconds = civil.secondsSince1970 else { return nil }
    let zone = offset == 0 ? Zone.utc : Zone.fixed(offset: offset, name: zoneName)
    return TemplateTime(
      seconds: seconds - Int64(offset), nanoseconds: civil.nanosecond, zone: zone)
  }
}
