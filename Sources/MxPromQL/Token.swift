/// What a piece of a query is, before it means anything.
enum TokenKind: UInt8, Sendable {
  case end
  case leftParen, rightParen, leftBrace, rightBrace, leftBracket, rightBracket
  case comma, colon
  /// `=`, `=~`, `!~`: between a label and its value.
  case assign, regex, notRegex
  case identifier
  /// A name with a colon in it: a metric's only.
  case metricIdentifier
  case string, number, duration
  case atSign

  // In the order of BinaryOperator.
  case add, subtract, multiply, divide, modulo, power, atan2
  case equal, notEqual, greater, less, greaterOrEqual, lessOrEqual
  case and, or, unless
  case trimUpper, trimLower

  // In the order of AggregateOperator.
  case sum, avg, min, max, count, group, stddev, stdvar
  case topk, bottomk, quantile, countValues, limitk, limitRatio

  case by, without, offset, anchored, smoothed
  case bool, on, ignoring, groupLeft, groupRight
  case fill, fillLeft, fillRight

  // Keywords that are functions too.
  case start, finish, step, range, minOf, maxOf

  var binaryOperator: BinaryOperator? {
    BinaryOperator(rawValue: rawValue &- TokenKind.add.rawValue)
  }

  var aggregateOperator: AggregateOperator? {
    AggregateOperator(rawValue: rawValue &- TokenKind.sum.rawValue)
  }

  /// Words that may name a metric where an expression begins.
  var canNameMetric: Bool {
    switch self {
    case .identifier, .metricIdentifier, .and, .or, .unless, .by, .without, .offset, .anchored,
      .smoothed, .start, .finish, .step, .range, .minOf, .maxOf:
      true
    default: aggregateOperator != nil
    }
  }

  /// Words that may name a label in `by (…)` and its like: all of them.
  var canNameLabel: Bool {
    switch self {
    case .bool, .on, .ignoring, .groupLeft, .groupRight, .fill, .fillLeft, .fillRight, .atan2: true
    case .metricIdentifier: false
    default: canNameMetric
    }
  }

  /// `start (` and its like are calls.
  var isFunctionKeyword: Bool { rawValue >= TokenKind.start.rawValue }
}

/// A piece of the query, by its bytes.
struct Token {
  var kind: TokenKind
  var start: Int
  var end: Int

  var range: SourceRange {
    SourceRange(Int32(truncatingIfNeeded: start), Int32(truncatingIfNeeded: end))
  }
}

/// The words that are not just names. They are found in any case.
enum Keyword {
  /// The longest is `count_values`.
  static let maximumLength = 12

  /// A word of up to 16 bytes in lower case, as two integers.
  private struct Packed {
    var high: UInt64 = 0
    var low: UInt64 = 0

    init(_ word: UnsafeBufferPointer<UInt8>) {
      for byte in word {
        high = high &<< 8 | low &>> 56
        let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
        low = low &<< 8 | UInt64(isUpper ? byte | 0x20 : byte)
      }
    }

    @inline(__always)
    static func precedes(_ left: Packed, _ right: Packed) -> Bool {
      left.high == right.high ? left.low < right.low : left.high < right.high
    }
  }

  private static let words: [(StaticString, TokenKind)] = [
    ("and", .and), ("or", .or), ("unless", .unless), ("atan2", .atan2),
    ("sum", .sum), ("avg", .avg), ("min", .min), ("max", .max), ("count", .count),
    ("group", .group), ("stddev", .stddev), ("stdvar", .stdvar), ("topk", .topk),
    ("bottomk", .bottomk), ("quantile", .quantile), ("count_values", .countValues),
    ("limitk", .limitk), ("limit_ratio", .limitRatio),
    ("by", .by), ("without", .without), ("offset", .offset), ("anchored", .anchored),
    ("smoothed", .smoothed), ("bool", .bool), ("on", .on), ("ignoring", .ignoring),
    ("group_left", .groupLeft), ("group_right", .groupRight), ("fill", .fill),
    ("fill_left", .fillLeft), ("fill_right", .fillRight), ("start", .start), ("end", .finish),
    ("step", .step), ("range", .range), ("min_of", .minOf), ("max_of", .maxOf),
    ("inf", .number), ("nan", .number),
  ]

  private static let table: [(key: Packed, kind: TokenKind)] =
    words.map { word, kind in
      (
        Packed(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)), kind
      )
    }
    .sorted { Packed.precedes($0.key, $1.key) }

  /// The keyword that `word` is, nil for an ordinary name.
  static func find(_ word: UnsafeBufferPointer<UInt8>) -> TokenKind? {
    guard word.count <= maximumLength else { return nil }
    let key = Packed(word)
    var low = 0
    var high = table.count
    while low < high {
      let middle = (low + high) / 2
      if Packed.precedes(table[middle].key, key) { low = middle + 1 } else { high = middle }
    }
    guard low < table.count, table[low].key.high == key.high, table[low].key.low == key.low else {
      return nil
    }
    return table[low].kind
  }

  static func find(_ word: String) -> TokenKind? {
    var word = word
    return word.withUTF8 { find($0) }
  }
}
