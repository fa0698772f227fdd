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

  /// What may stand behind an expression and belongs to it.
  var isModifier: Bool {
    switch self {
    case .leftBracket, .offset, .atSign, .anchored, .smoothed: true
    default: false
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

  private struct Word {
    let text: StaticString
    let kind: TokenKind

    @inline(__always)
    init(_ text: StaticString, _ kind: TokenKind) {
      self.text = text
      self.kind = kind
    }

    /// Negative where it sorts before `other`, letters of `other` taken as small ones.
    func compare(_ other: UnsafeBufferPointer<UInt8>) -> Int {
      let bytes = text.utf8Start
      let count = text.utf8CodeUnitCount
      for index in 0..<min(count, other.count) {
        let byte = other[index]
        let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
        let order = Int(bytes[index]) - Int(isUpper ? byte | 0x20 : byte)
        if order != 0 { return order }
      }
      return count - other.count
    }
  }

  /// In the order of their bytes. Written out and not sorted when first needed: like
  /// this it is data in the program.
  private static let table: [Word] = [
    Word("anchored", .anchored),
    Word("and", .and),
    Word("atan2", .atan2),
    Word("avg", .avg),
    Word("bool", .bool),
    Word("bottomk", .bottomk),
    Word("by", .by),
    Word("count", .count),
    Word("count_values", .countValues),
    Word("end", .finish),
    Word("fill", .fill),
    Word("fill_left", .fillLeft),
    Word("fill_right", .fillRight),
    Word("group", .group),
    Word("group_left", .groupLeft),
    Word("group_right", .groupRight),
    Word("ignoring", .ignoring),
    Word("inf", .number),
    Word("limit_ratio", .limitRatio),
    Word("limitk", .limitk),
    Word("max", .max),
    Word("max_of", .maxOf),
    Word("min", .min),
    Word("min_of", .minOf),
    Word("nan", .number),
    Word("offset", .offset),
    Word("on", .on),
    Word("or", .or),
    Word("quantile", .quantile),
    Word("range", .range),
    Word("smoothed", .smoothed),
    Word("start", .start),
    Word("stddev", .stddev),
    Word("stdvar", .stdvar),
    Word("step", .step),
    Word("sum", .sum),
    Word("topk", .topk),
    Word("unless", .unless),
    Word("without", .without),
  ]

  /// The keyword that `word` is, nil for an ordinary name.
  static func find(_ word: UnsafeBufferPointer<UInt8>) -> TokenKind? {
    guard word.count <= maximumLength else { return nil }
    var low = 0
    var high = table.count
    while low < high {
      let middle = (low + high) / 2
      let order = table[middle].compare(word)
      if order == 0 { return table[middle].kind }
      if order < 0 { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  static func find(_ word: String) -> TokenKind? {
    var word = word
    return word.withUTF8 { find($0) }
  }
}
