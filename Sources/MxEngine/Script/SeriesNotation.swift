import MxModel
import MxPromQL

/// Why a script cannot be read, and where.
package struct ScriptError: Error, Hashable, Sendable, CustomStringConvertible {
  package var line: Int
  package var message: String

  package var description: String { "line \(line): \(message)" }
}

/// One item of a sequence: what a series has at one interval.
enum ScriptSample: Sendable, Equatable {
  case missing
  case float(Double)
  case histogram(NativeHistogram)
}

/// `name{a="b"} 1 2+3x4 _ stale {{sum:1}}`: a series with its values, as test
/// scripts write them.
struct SeriesNotation {
  var labels: LabelSet
  /// The line gives start times (`series@st …`), not values.
  var isStartTimes = false
  var samples: [ScriptSample] = []
  /// Relative to each sample's time, in ms; nil for unknown.
  var startOffsets: [Int64?] = []

  init(_ text: String, line: Int) throws(ScriptError) {
    var scanner = NotationScanner(text, line: line)
    labels = try scanner.labels()
    if scanner.take("@st") {
      isStartTimes = true
      startOffsets = try scanner.startTimes()
    } else {
      samples = try scanner.samples()
    }
  }
}

/// Reads one line of the notation from left to right.
struct NotationScanner {
  /// Sequences longer than this are a slip of the pen.
  private static let maximumSamples = 1_000_000

  private let bytes: [UInt8]
  private let line: Int
  private var offset = 0

  init(_ text: String, line: Int) {
    bytes = Array(text.utf8)
    self.line = line
  }

  private func failure(_ message: String) -> ScriptError {
    ScriptError(line: line, message: message)
  }

  private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

  private mutating func skipBlanks() {
    while let byte = current, NotationScanner.isBlank(byte) { offset += 1 }
  }

  mutating func take(_ word: String) -> Bool {
    guard bytes[offset...].starts(with: word.utf8) else { return false }
    offset += word.utf8.count
    return true
  }

  /// A selector of equalities, up to its closing brace.
  mutating func labels() throws(ScriptError) -> LabelSet {
    let start = offset
    var depth = 0
    var quote: UInt8?
    while let byte = current {
      if let open = quote {
        if byte == UInt8(ascii: "\\"), open != UInt8(ascii: "`") { offset += 1 }
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "{") {
        depth += 1
      } else if byte == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0 {
          offset += 1
          break
        }
      } else if depth > 0,
        [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`")].contains(byte)
      {
        quote = byte
      } else if depth == 0, NotationScanner.isBlank(byte) || byte == UInt8(ascii: "@") {
        // `name {a="b"}` is no notation: a blank ends the name.
        break
      }
      offset += 1
    }
    let end = min(offset, bytes.count)
    let text = String(decoding: bytes[start..<end], as: UTF8.self)
    if text.filter({ $0 != " " }) == "{}" { return .empty }
    do {
      let matchers = try PromQL.parseSelector(text)
      guard matchers.allSatisfy({ $0.op == .equal }) else {
        throw failure("'\(text)' names no single series")
      }
      return LabelSet(matchers.map { ($0.name, $0.value) })
    } catch let error as PromQLError {
      throw failure("bad series '\(text)': \(error.message)")
    } catch let error as ScriptError {
      throw error
    } catch {
      throw failure("bad series '\(text)'")
    }
  }

  mutating func samples() throws(ScriptError) -> [ScriptSample] {
    var result: [ScriptSample] = []
    while true {
      skipBlanks()
      guard let byte = current else { return result }
      if byte == UInt8(ascii: "_") {
        offset += 1
        // `_x3` is three, where `1x3` is four.
        let count = try repetitions() ?? 1
        result += [ScriptSample](repeating: .missing, count: count)
      } else if take("stale") {
        let count = try (repetitions() ?? 0) + 1
        result += [ScriptSample](repeating: .float(StaleMarker.value), count: count)
      } else if byte == UInt8(ascii: "{") {
        try appendHistograms(to: &result)
      } else {
        try appendFloats(to: &result)
      }
      guard result.count <= NotationScanner.maximumSamples else {
        throw failure("more than \(NotationScanner.maximumSamples) samples")
      }
      if let byte = current, !NotationScanner.isBlank(byte) {
        throw failure("unexpected '\(Character(UnicodeScalar(byte)))' in a sequence of values")
      }
    }
  }

  private mutating func repetitions() throws(ScriptError) -> Int? {
    guard current == UInt8(ascii: "x") else { return nil }
    offset += 1
    let digits = bytes[offset...].prefix { $0 >= 48 && $0 <= 57 }
    offset += digits.count
    guard let count = Int(String(decoding: digits, as: UTF8.self)),
      count <= NotationScanner.maximumSamples
    else { throw failure("no number of repetitions after 'x'") }
    return count
  }

  private mutating func appendFloats(to result: inout [ScriptSample]) throws(ScriptError) {
    var value = try number()
    var step = 0.0
    if let byte = current, byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") {
      step = try number()
    }
    let count = try repetitions() ?? 0
    for _ in 0...count {
      result.append(.float(value))
      value += step
    }
  }

  /// A signed number: decimal, infinity, NaN, or a duration in seconds.
  private mutating func number() throws(ScriptError) -> Double {
    var sign = 1.0
    if let byte = current, byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") {
      if byte == UInt8(ascii: "-") { sign = -1 }
      offset += 1
    }
    let start = offset
    let letters = bytes[offset...].prefix { ($0 | 0x20) >= 97 && ($0 | 0x20) <= 122 }
    let word = String(decoding: letters, as: UTF8.self).lowercased()
    for (name, value) in [("inf", Double.infinity), ("nan", OrdinaryNaN.value)]
    where word == name || word == name + "x" {
      offset += 3
      return sign * value
    }
    func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    while let byte = current, isDigit(byte) || byte == UInt8(ascii: ".") { offset += 1 }
    if let byte = current, byte | 0x20 == UInt8(ascii: "e") {
      var end = offset + 1
      if end < bytes.count, bytes[end] == 43 || bytes[end] == 45 { end += 1 }
      if end < bytes.count, isDigit(bytes[end]) {
        offset = end
        while let byte = current, isDigit(byte) { offset += 1 }
      }
    }
    if let value = Double(String(decoding: bytes[start..<offset], as: UTF8.self)) {
      guard let byte = current, byte >= 97, byte <= 122, byte != UInt8(ascii: "x") else {
        return sign * value
      }
    }
    offset = start
    guard let milliseconds = duration() else {
      throw failure("no number at '\(String(decoding: bytes[start...].prefix(12), as: UTF8.self))'")
    }
    return sign * Double(milliseconds) / 1000
  }

  private mutating func duration() -> Int64? {
    let text = bytes[offset...].prefix {
      ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 < 120) || $0 == 121
    }
    guard let result = DurationText.parse(String(decoding: text, as: UTF8.self)) else { return nil }
    offset += text.count
    return result
  }

  private mutating func appendHistograms(to result: inout [ScriptSample]) throws(ScriptError) {
    var value = try histogram()
    var step: HistogramNotation?
    var isSubtracted = false
    if let byte = current, byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") {
      isSubtracted = byte == UInt8(ascii: "-")
      offset += 1
      step = try histogram()
    }
    let count = try repetitions() ?? 0
    for _ in 0...count {
      result.append(.histogram(value.histogram))
      if let step {
        guard value.add(step, sign: isSubtracted ? -1 : 1) else {
          throw failure(
            "error combining histograms: cannot merge from schema \(step.schema) to "
              + "\(value.schema)")
        }
      }
    }
  }

  private mutating func histogram() throws(ScriptError) -> HistogramNotation {
    guard take("{{") else { throw failure("no histogram where '{{' should be") }
    let start = offset
    while offset + 1 < bytes.count,
      bytes[offset] != UInt8(ascii: "}") || bytes[offset + 1] != UInt8(ascii: "}")
    {
      offset += 1
    }
    let inside = String(decoding: bytes[start..<offset], as: UTF8.self)
    guard take("}}") else { throw failure("a histogram without '}}'") }
    guard let result = HistogramNotation(inside) else {
      throw failure("bad histogram '{{\(inside)}}'")
    }
    return result
  }

  /// `-30s-1mx2`: offsets from the samples' times, growing by the second part.
  mutating func startTimes() throws(ScriptError) -> [Int64?] {
    var result: [Int64?] = []
    while true {
      skipBlanks()
      guard let byte = current else { return result }
      if byte == UInt8(ascii: "_") {
        offset += 1
        result += [Int64?](repeating: nil, count: try repetitions() ?? 1)
        continue
      }
      var value = try signedDuration()
      var step: Int64 = 0
      if let byte = current, byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") {
        step = try signedDuration()
      }
      for _ in 0...(try repetitions() ?? 0) {
        result.append(value)
        value = SafeTime.bounded(value + step)
      }
    }
  }

  private mutating func signedDuration() throws(ScriptError) -> Int64 {
    let isNegative = current == UInt8(ascii: "-")
    if isNegative || current == UInt8(ascii: "+") { offset += 1 }
    guard let result = duration() else { throw failure("no duration in a list of start times") }
    return SafeTime.bounded(isNegative ? -result : result)
  }
}
