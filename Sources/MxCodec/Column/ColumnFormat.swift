/// One column of a page, as bytes.
///
/// A column is up to 65,536 values, divided in *runs*: a run is consecutive
/// samples of one series, and the runs of a page are neighbouring series of
/// one metric. Neither the count nor the run lengths are stored here; the
/// page has them once for all its columns.
///
/// Values go through four steps, each undone in reverse by the decoder:
/// 1. *map* to Int64: an integer stays, a decimal becomes `v · 10^e`, any
///    other double the order-preserving integer of its bits. What does not
///    fit the mapping (NaN, ±Inf, -0.0, an odd value) is an *exception*.
/// 2. *predict*: nothing, or the value before in the same run. The first
///    value of every run then goes to the nested column `firsts`, and the
///    residuals are one fewer a run.
/// 3. *window*: subtract `base`, divide by `gcd`. Residuals outside the
///    window (a counter reset, a gap) are *patches* and count as `base`.
/// 4. *pack*: nothing (all equal), bits, or the top bits as entropy-coded
///    symbols over the low bits packed.
///
///     offset  size  field
///     0       1     kind: bits 0-4 kind (0 integer, 1 decimal, 2 bits;
///                   16…31 are reserved: native histograms, start times),
///                   bit 5 has patches, 6 has exceptions, 7 has a gcd
///     1       1     shape: bits 0-1 residual (0 constant, 1 packed,
///                   2 entropy, 3 matched), bit 2 delta, bits 3-4 log2 of
///                   the residuals a symbol byte holds, bits 5-7 zero
///     …       1     decimal     if kind 1: bits 0-3 exponent 0…10, bits 4-5
///                               method (0 divide, 1 split 30, 2 split 36)
///     …       1     width       unless constant: bits of a residual, 1…64
///     …       v     base        zigzag varint
///     …       v     gcd         if flagged: varint, at least 2
///     …       v     symbols     if entropy or matched: varint, bytes of the
///                               zstd frame below
///     …       …     firsts      if delta: one run: zigzag varint;
///                               otherwise a nested column of one run
///     …       …     patches     if flagged: varint count ≥ 1, nested column
///                               of positions, nested column of residuals
///     …       …     exceptions  if flagged: varint count ≥ 1, nested column
///                               of positions, nested column of bit patterns
///     …       …     frame       the symbols, one zstd frame
///     …       …     low bits    packed planes (see `BitPacking`)
///
/// *Entropy*: the width is cut in symbol (top 8 bits, or all if fewer) and
/// low bits (the rest). Up to 4 bits, a symbol byte holds 2, 4 or 8 residuals
/// in planes: byte j holds residuals j, j+Q, j+2Q … from its low bits up,
/// Q being the number of bytes. *Matched* (index arrays only): the frame
/// holds the residuals as ⌈width/8⌉ bytes each, and there are no low bits.
///
/// A nested column is of kind integer, one run, without patches, exceptions
/// or nested columns of its own: depth is two. An empty column is no bytes.
///
/// Positions of patches count residuals, positions of exceptions values;
/// both ascend. Arithmetic wraps, so any Int64 sequence round-trips. The
/// encoder is a pure function of values, runs and effort.
///
/// Example: timestamps 1000, 1010, 1020, 1030 in one run are
/// `00 04 14 d0 0f`: integer, constant with delta, base 10, first 1000.
///
/// Format: docs/format-columns.md.
enum ColumnFormat {
  /// The most values a column holds.
  static let maxValues = 65_536

  static let patchFlag: UInt8 = 0x20
  static let exceptionFlag: UInt8 = 0x40
  static let gcdFlag: UInt8 = 0x80
  static let kindMask: UInt8 = 0x1f
  static let deltaFlag: UInt8 = 0x04
}

/// How values became integers; the low five bits of a column's first byte.
package enum ColumnKind: UInt8, Sendable {
  case integer = 0
  case decimal = 1
  case bits = 2
}

/// How the residuals are written; the low two bits of the second byte.
package enum ColumnResidual: UInt8, Sendable {
  case constant = 0
  case packed = 1
  case entropy = 2
  case matched = 3
}

/// What the encoder may spend.
package enum Effort: Sendable {
  /// Bit packing only: for segments that live minutes.
  case fresh
  /// Entropy coding where it saves more than 2 %: for merged segments.
  case merged
  /// Also looks for repeated sequences, as in symbol ids: for index arrays.
  case index
}

/// The fixed fields of a column's header.
package struct ColumnHeader: Equatable, Sendable {
  package var kind: ColumnKind = .integer
  package var residual: ColumnResidual = .constant
  package var isDelta = false
  package var hasPatches = false
  package var hasExceptions = false
  /// Residuals a symbol byte holds: 1, 2, 4 or 8.
  package var perSymbol = 1
  package var exponent = 0
  package var method: DecimalMethod = .divide
  /// Bits of a residual, 0…64; 0 if constant.
  package var width = 0
  package var base: Int64 = 0
  package var gcd: UInt64 = 1
  /// Bytes of the zstd frame; 0 without one.
  package var symbolBytes = 0

  package init() {}

  /// Bits of a residual that are packed rather than entropy-coded.
  var lowBits: Int {
    switch residual {
    case .constant, .matched: 0
    case .packed: width
    case .entropy: max(0, width &- 8)
    }
  }

  /// Uncompressed bytes of the symbols of `count` residuals.
  func symbolCount(_ count: Int) -> Int {
    switch residual {
    case .constant, .packed: 0
    case .entropy: (count &+ perSymbol &- 1) / perSymbol
    case .matched: count &* ((width &+ 7) / 8)
    }
  }

  func append(to out: inout [UInt8]) {
    var first = kind.rawValue
    if hasPatches { first |= ColumnFormat.patchFlag }
    if hasExceptions { first |= ColumnFormat.exceptionFlag }
    if gcd > 1 { first |= ColumnFormat.gcdFlag }
    out.append(first)
    let log = UInt8(truncatingIfNeeded: perSymbol.trailingZeroBitCount)
    out.append(residual.rawValue | (isDelta ? ColumnFormat.deltaFlag : 0) | log &<< 3)
    if kind == .decimal {
      out.append(UInt8(truncatingIfNeeded: exponent) | method.rawValue &<< 4)
    }
    if residual != .constant { out.append(UInt8(truncatingIfNeeded: width)) }
    out.append(signedVarint: base)
    if gcd > 1 { out.append(varint: gcd) }
    if residual == .entropy || residual == .matched { out.append(varint: symbolBytes) }
  }

  /// Reads the fields up to `symbols` and checks each by itself.
  init(_ reader: inout ByteReader) throws(CodecError) {
    let start = reader.offset
    let first = try reader.uint8()
    guard let kind = ColumnKind(rawValue: first & ColumnFormat.kindMask) else {
      throw .unknownKind(first & ColumnFormat.kindMask)
    }
    self.kind = kind
    hasPatches = first & ColumnFormat.patchFlag != 0
    hasExceptions = first & ColumnFormat.exceptionFlag != 0
    let shape = try reader.uint8()
    guard shape & 0xe0 == 0, let residual = ColumnResidual(rawValue: shape & 3) else {
      throw .malformed("shape", at: start &+ 1)
    }
    self.residual = residual
    isDelta = shape & ColumnFormat.deltaFlag != 0
    perSymbol = 1 &<< Int(shape &>> 3 & 3)
    if kind == .decimal {
      let decimal = try reader.uint8()
      exponent = Int(decimal & 15)
      guard exponent <= Decimal.maxExponent, let method = DecimalMethod(rawValue: decimal &>> 4)
      else { throw .malformed("decimal", at: reader.offset &- 1) }
      self.method = method
    }
    if residual != .constant {
      width = Int(try reader.uint8())
      guard width >= 1, width <= 64 else { throw .malformed("width", at: reader.offset &- 1) }
    }
    guard perSymbol == 1 || (residual == .entropy && width &* perSymbol <= 8) else {
      throw .malformed("shape", at: start &+ 1)
    }
    base = try reader.signedVarint()
    if first & ColumnFormat.gcdFlag != 0 {
      gcd = try reader.varint()
      guard gcd >= 2 else { throw .malformed("gcd", at: reader.offset &- 1) }
    }
    if residual == .entropy || residual == .matched {
      symbolBytes = try reader.count(atMost: reader.bytes.count)
    }
  }
}
