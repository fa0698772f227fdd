import MxTime

/// Cells as texts, where a transformation makes texts of them.
struct CellText {
  let zone: Zone

  func text(_ cell: Frame.Cell, pattern: String = "") -> String {
    guard case .time(let time) = cell else { return cell.plainText }
    return DateText.text(Double(time), pattern.isEmpty ? .iso : .pattern(pattern), zone)
  }

  func textCell(_ cell: Frame.Cell, pattern: String = "") -> Frame.Cell {
    cell == .none ? .none : .text(text(cell, pattern: pattern))
  }
}

/// The `convertFieldType` and `formatTime` transformations: a column as another kind.
enum FieldConversion {
  static func converted(
    _ frame: Frame, _ conversions: [TransformOptions.Conversion], _ zone: CellText
  ) -> Frame {
    var result = frame
    for conversion in conversions {
      guard let index = frame.column(conversion.field) else { continue }
      result.columns[index].cells = result.columns[index].cells.map {
        converted($0, conversion, zone)
      }
    }
    return result
  }

  private static func converted(
    _ cell: Frame.Cell, _ conversion: TransformOptions.Conversion, _ zone: CellText
  ) -> Frame.Cell {
    if cell == .none { return .none }
    switch conversion.kind {
    case .string: return zone.textCell(cell, pattern: conversion.pattern)
    case .number: return number(cell)
    case .boolean: return .text(truth(cell) ? "true" : "false")
    case .time: return time(cell, conversion.pattern, zone.zone).map { .time($0) } ?? .none
    }
  }

  /// Commas group thousands.
  private static func number(_ cell: Frame.Cell) -> Frame.Cell {
    guard case .text(let text) = cell else { return .number(cell.number) }
    switch text {
    case "true": return .number(1)
    case "false": return .number(0)
    default: break
    }
    let number = Double(TextTools.trim(text.filter { $0 != "," }))
    return number.map { .number($0) } ?? .none
  }

  private static func truth(_ cell: Frame.Cell) -> Bool {
    if case .text(let text) = cell { return !text.isEmpty && text != "false" && text != "0" }
    return cell.number != 0 && !cell.number.isNaN
  }

  /// Numbers are milliseconds since 1970.
  private static func time(_ cell: Frame.Cell, _ pattern: String, _ zone: Zone) -> Int64? {
    guard case .text(let text) = cell else { return milliseconds(cell.number) }
    if !pattern.isEmpty { return DatePattern.parse(text, pattern, zone) }
    if let number = Double(text) { return milliseconds(number) }
    return RFC3339.parse(text)?.milliseconds
      ?? ["YYYY-MM-DD HH:mm:ss", "YYYY-MM-DDTHH:mm:ss", "YYYY-MM-DD"].lazy
      .compactMap { DatePattern.parse(text, $0, zone) }.first
  }

  private static func milliseconds(_ number: Double) -> Int64? {
    number.magnitude < 0x1p53 ? Int64(number) : nil
  }
}

/// Dates that are read by moment.js' tokens.
enum DatePattern {
  /// Nil for what is not written like that.
  static func parse(_ text: String, _ pattern: String, _ zone: Zone) -> Int64? {
    var rest = text[...]
    var parts: [Character: Int] = [:]
    var pattern = pattern[...]
    while let letter = pattern.first {
      let run = pattern.prefix { $0 == letter }
      pattern = pattern.dropFirst(run.count)
      guard "YMDHhmsSAa".contains(letter) else {
        guard rest.hasPrefix(run) else { return nil }
        rest = rest.dropFirst(run.count)
        continue
      }
      guard let value = value(letter, run.count, &rest) else { return nil }
      parts[letter == "h" ? "H" : letter == "a" ? "A" : letter] = value
    }
    guard rest.isEmpty else { return nil }
    return milliseconds(parts, zone)
  }

  private static func value(_ letter: Character, _ count: Int, _ rest: inout Substring) -> Int? {
    if letter == "A" || letter == "a" {
      let word = rest.prefix(2).lowercased()
      rest = rest.dropFirst(2)
      return word == "pm" ? 1 : word == "am" ? 0 : nil
    }
    if letter == "M", count > 2 {
      for (index, name) in DateText.months.enumerated() {
        let wanted = count == 3 ? name.prefix(3) : name[...]
        if rest.lowercased().hasPrefix(wanted.lowercased()) {
          rest = rest.dropFirst(wanted.count)
          return index + 1
        }
      }
      return nil
    }
    let digits = rest.prefix(max(count, 2)).prefix { $0.isASCII && $0.isNumber }
    rest = rest.dropFirst(digits.count)
    guard let number = Int(digits) else { return nil }
    return letter == "Y" && count == 2 ? 2000 + number : number
  }

  private static func milliseconds(_ parts: [Character: Int], _ zone: Zone) -> Int64? {
    var hour = parts["H"] ?? 0
    if let half = parts["A"] { hour = hour % 12 + half * 12 }
    let (year, month, day) = (parts["Y"] ?? 1970, parts["M"] ?? 1, parts["D"] ?? 1)
    let (minute, second) = (parts["m"] ?? 0, parts["s"] ?? 0)
    guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }
    let civil = Civil(year, month, day, hour, minute, second)
    return zone.instants(of: civil).map { $0.first * 1000 + Int64(parts["S"] ?? 0) }
  }
}
