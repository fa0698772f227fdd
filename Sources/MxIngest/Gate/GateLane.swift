/// Why rows are refused, in classes that are counted.
enum RefusalClass: String {
  case labels, limits, time, counter, histogram
}

/// One input on its way through the gate.
package final class GateLane {
  package let source: String
  package internal(set) var tally = GateTally()
  /// Series of the input -> of the run; from `firstRefused` on what became of it instead.
  private(set) var map: [UInt32] = []
  private var reasons: [(RefusalClass, String)] = []
  private var numbers: [String: UInt32] = [:]
  private(set) var hasRefused = false
  /// Line -> the number it had in the input it was refused from; empty: its own.
  var lineNumbers: [Int] = []
  /// Problems of the parser that were noted so far.
  var problems = 0

  /// No run has so many series.
  static let firstRefused: UInt32 = 0xF000_0000
  /// Dropped by the rule of the number above.
  private static let firstDropped: UInt32 = 0xFF00_0000

  init(source: String) { self.source = source }

  /// What messages call the line `line`.
  func number(of line: Int) -> Int {
    line > 0 && line <= lineNumbers.count ? lineNumbers[line - 1] : line
  }

  /// The judgement of series number `map.count`.
  func accept(_ ref: UInt32, as out: UInt32) {
    precondition(Int(ref) == map.count && out < Self.firstRefused, "BUG: series out of order")
    map.append(out)
  }

  func refuse(_ ref: UInt32, _ kind: RefusalClass, _ reason: String) {
    precondition(Int(ref) == map.count, "BUG: series out of order")
    hasRefused = true
    if let number = numbers[reason] { return map.append(number) }
    // So many different reasons are one.
    let number = Self.firstRefused + UInt32(min(reasons.count, 0xFFFF))
    if reasons.count <= 0xFFFF {
      reasons.append((kind, reason))
      numbers[reason] = number
    }
    map.append(number)
  }

  func drop(_ ref: UInt32, rule: Int) {
    precondition(Int(ref) == map.count, "BUG: series out of order")
    hasRefused = true
    map.append(Self.firstDropped + UInt32(min(rule, 0xFFFF)))
  }

  /// The rule that dropped a series, by its entry in `map`.
  func rule(of entry: UInt32) -> Int? {
    entry >= Self.firstDropped ? Int(entry - Self.firstDropped) : nil
  }

  func reason(of entry: UInt32) -> (kind: RefusalClass, reason: String) {
    precondition(entry >= Self.firstRefused && !reasons.isEmpty, "BUG: a series that was taken")
    return reasons[min(Int(entry - Self.firstRefused), reasons.count - 1)]
  }
}
