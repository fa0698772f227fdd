import MxCodec
import MxModel

/// A column of a tier's windows, by the number that files know it by.
enum WindowColumn: UInt8, CaseIterable, Sendable {
  case count = 0
  case minimum = 1
  case maximum = 2
  case sum = 3
  /// What rounding took from the sum, in 4096ths of the sum's last place: a small
  /// whole number where the samples are of like size.
  case tail = 4
  case first = 5
  case last = 6
  /// From the window's start to its first sample, ms.
  case firstOffset = 7
  /// From the last sample to the window's end, ms.
  case lastOffset = 8
  case resetSum = 9
  case resetCount = 10
  case flags = 11
  /// How min, max, sum and tail are told in earlier tiers; see `EarlierCoding`.
  case places = 12
  /// How min, max, sum and tail are told; see `WindowCoder`.
  case form = 13

  /// Whether each metric has habits of its own in it; the others are alike for
  /// whatever is scraped together.
  var isOfMetric: Bool {
    switch self {
    case .minimum, .maximum, .sum, .tail, .first, .last, .resetSum: true
    case .count, .firstOffset, .lastOffset, .resetCount, .flags, .places, .form: false
    }
  }

  /// Of a window as `WindowCoder` writes it.
  func value(of window: Window, width: Int64) -> Double {
    switch self {
    case .count: window.count
    case .minimum: window.minimum
    case .maximum: window.maximum
    case .sum: window.sum
    case .tail: window.tail
    case .first: window.first
    case .last: window.last
    case .firstOffset: window.count == 0 ? 0 : Double(window.firstTime &- window.end &+ width)
    case .lastOffset: window.count == 0 ? 0 : Double(window.end &- window.lastTime)
    case .resetSum: window.resetSum
    case .resetCount: window.resetCount
    case .flags: Double(window.flags.rawValue)
    case .places, .form: window.form
    }
  }

  /// The other way round. A damaged offset must not trap.
  func set(_ value: Double, of window: inout Window, width: Int64) {
    switch self {
    case .count: window.count = value
    case .minimum: window.minimum = value
    case .maximum: window.maximum = value
    case .sum: window.sum = value
    case .tail: window.tail = value
    case .first: window.first = value
    case .last: window.last = value
    case .firstOffset: window.firstTime = window.end &- width &+ (Int64(exactly: value) ?? 0)
    case .lastOffset: window.lastTime = window.end &- (Int64(exactly: value) ?? 0)
    case .resetSum: window.resetSum = value
    case .resetCount: window.resetCount = value
    case .flags: window.flags = WindowFlags(rawValue: UInt8(exactly: value) ?? 0)
    case .places, .form: window.form = value
    }
  }
}

/// The tail of a sum as a small number: scaled by a power of two, which loses nothing.
enum SumTail {
  static func scaled(_ tail: Double, sum: Double) -> Double {
    guard let exponent = exponent(sum, tail) else { return tail }
    return tail * power(64 - exponent)
  }

  @inline(__always)
  static func unscaled(_ value: Double, sum: Double) -> Double {
    guard let exponent = exponent(sum, value) else { return value }
    return value * power(exponent - 64)
  }

  /// Of the sum; nil where scaling might lose bits: tiny or huge sums keep their tail
  /// as it is.
  @inline(__always)
  private static func exponent(_ sum: Double, _ tail: Double) -> Int? {
    let exponent = Int(sum.bitPattern >> 52 & 0x7ff) - 1023
    guard tail != 0, tail.isFinite, sum != 0, abs(exponent) < 400 else { return nil }
    return exponent
  }

  /// 2^exponent, for exponents of normal doubles.
  @inline(__always)
  private static func power(_ exponent: Int) -> Double {
    Double(bitPattern: UInt64(1023 + exponent) << 52)
  }
}

/// How the columns of a tier's windows lie in the slots of a segment.
///
/// Series stand in blocks of `block`; in a block all of the first column, then
/// all of the second: column c (its place in `columns`) of series s, the i-th of
/// the m series of its block, is slot `(s - i) * columns + c * m + i`. A column of a
/// metric is a group with one entropy table, and all columns of a series share
/// one clock, the ends of its windows. A block's columns fill about a page each,
/// so writing needs the memory of a dozen pages however long the tier is.
///
///     size   field
///     1…10   series a block, varint
///     n      the number of each column (see WindowColumn); those left out are 0
package struct TierLayout: Hashable, Sendable {
  var block: Int
  var columns: [WindowColumn]

  /// `windows`: how many a series has at most. A block's column is a page or less.
  init(windows: Int) {
    block = max(1, Page.maxSamples / max(1, windows))
    columns = WindowColumn.allCases.filter { $0 != .places }
  }

  /// Whether windows are told as `EarlierCoding` says.
  var isEarlier: Bool { columns.contains(.places) }

  /// The slots of column `column` of the block that series `series` is in.
  func slots(_ column: Int, ofBlockWith series: Int, among count: Int) -> Range<Int> {
    let first = series / block * block
    let size = min(block, count - first)
    let slot = first * columns.count + column * size
    return slot..<slot + size
  }

  func append(to out: inout [UInt8]) {
    out.append(varint: block)
    out += columns.map(\.rawValue)
  }

  init(from reader: inout ByteReader) throws(CodecError) {
    block = try reader.count(atMost: Page.maxSamples)
    guard block > 0, reader.remaining <= WindowColumn.allCases.count else {
      throw .malformed("layout of a tier", at: reader.offset)
    }
    columns = []
    while !reader.isAtEnd {
      let number = try reader.uint8()
      guard let column = WindowColumn(rawValue: number), !columns.contains(column) else {
        throw .malformed("column \(number) of a tier", at: reader.offset)
      }
      columns.append(column)
    }
    guard columns.first == .count, columns.map(\.rawValue) == columns.map(\.rawValue).sorted()
    else { throw .malformed("order of a tier's columns", at: 0) }
  }

  /// Whether a tier may be so wide: days are whole numbers of windows.
  package static func isWidth(_ width: Int64) -> Bool {
    width >= 1000 && width <= 86_400_000 && 86_400_000 % width == 0
  }
}
