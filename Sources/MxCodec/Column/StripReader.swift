import CZstd
import Glibc

/// Up to 256 residuals, and the patches that fall among them.
struct Strip {
  enum Form {
    /// 32 bits each, still to be scaled.
    case narrow
    /// More bits, in two halves, to be joined on the way out: where there is
    /// neither a gcd nor a sum to run.
    case halves
    /// More bits, scaled already.
    case whole
  }

  let form: Form
  let narrow: UnsafeMutablePointer<UInt32>
  let high: UnsafeMutablePointer<UInt32>
  let wide: UnsafeMutablePointer<Int64>
  let base: Int64
  let gcd: Int64
  let patches: IndexedValues
  /// Residual of the column the strip starts with.
  var start = 0
  /// The first patch not passed yet, and the place in this strip it goes to:
  /// beyond the strip if there is none.
  var patch = 0
  var patchPlace = Int.max

  /// Writes residuals `from..<to` as values.
  @inline(__always)
  mutating func copy(_ from: Int, _ to: Int, into out: UnsafeMutablePointer<Int64>) {
    let count = to &- from
    if form == .whole {
      memcpy(out, wide + from, count &* 8)
    } else if form == .halves {
      let (source, above) = (narrow + from, high + from)
      for i in 0..<count { out[i] = base &+ (Int64(source[i]) | (Int64(above[i]) &<< 32)) }
    } else if gcd == 1 {
      let source = narrow + from
      for i in 0..<count { out[i] = base &+ Int64(source[i]) }
    } else {
      let source = narrow + from
      for i in 0..<count { out[i] = base &+ Int64(source[i]) &* gcd }
    }
    while patchPlace < to {
      if patchPlace >= from { out[patchPlace &- from] = patches.values[patch] }
      passPatch()
    }
  }

  /// Adds residuals `from..<to` to `sum` one by one, writing each sum.
  @inline(__always)
  mutating func addUp(
    _ from: Int, _ to: Int, _ sum: inout Int64, into out: UnsafeMutablePointer<Int64>
  ) {
    if patchPlace >= to { return addPlain(from, to, &sum, into: out) }
    var index = from
    while patchPlace < to {
      if patchPlace >= from {
        addPlain(index, patchPlace, &sum, into: out + (index &- from))
        // The residual in the patch's place is `base`: add what is missing.
        sum &+= patches.values[patch] &- base
        index = patchPlace
      }
      passPatch()
    }
    addPlain(index, to, &sum, into: out + (index &- from))
  }

  @inline(__always)
  private func addPlain(
    _ from: Int, _ to: Int, _ sum: inout Int64, into out: UnsafeMutablePointer<Int64>
  ) {
    let count = to &- from
    var total = sum
    if form == .whole {
      let source = wide + from
      for i in 0..<count {
        total &+= source[i]
        out[i] = total
      }
    } else if gcd == 1 {
      let source = narrow + from
      for i in 0..<count {
        total &+= base &+ Int64(source[i])
        out[i] = total
      }
    } else {
      let source = narrow + from
      for i in 0..<count {
        total &+= base &+ Int64(source[i]) &* gcd
        out[i] = total
      }
    }
    sum = total
  }

  @inline(__always)
  mutating func enter(_ start: Int) {
    self.start = start
    findPatch()
  }

  @inline(__always)
  private mutating func passPatch() {
    patch &+= 1
    findPatch()
  }

  @inline(__always)
  private mutating func findPatch() {
    patchPlace = patch < patches.count ? Int(patches.positions[patch]) &- start : Int.max
  }
}

/// Brings the residuals of one column, strip by strip.
final class StripReader {
  private let narrow = UnsafeMutablePointer<UInt32>.allocate(capacity: BitPacking.vector)
  private let high = UnsafeMutablePointer<UInt32>.allocate(capacity: BitPacking.vector)
  private let wide = UnsafeMutablePointer<Int64>.allocate(capacity: BitPacking.vector)
  private let tail = UnsafeMutableRawPointer.allocate(
    byteCount: BitPacking.tailScratch, alignment: 16)
  private let symbols = Scratch<UInt8>(4096)
  private let planes = Scratch<UInt8>(4096)
  /// Made when first needed: most short lists have no symbols.
  private lazy var zstd = ZstdContext()
  private var source: UnsafeMutablePointer<UInt8>
  private var patches: IndexedValues

  init() {
    source = symbols.base
    patches = IndexedValues(wide, wide, count: 0)
    narrow.initialize(repeating: 0, count: BitPacking.vector)
    high.initialize(repeating: 0, count: BitPacking.vector)
    wide.initialize(repeating: 0, count: BitPacking.vector)
  }

  deinit {
    narrow.deallocate()
    high.deallocate()
    wide.deallocate()
    tail.deallocate()
  }

  /// Prepares for the strips of `layout`: decodes its symbols.
  func open(_ layout: ColumnLayout, patches: IndexedValues) throws(CodecError) {
    self.patches = patches
    let header = layout.header
    let count = header.symbolCount(layout.residuals)
    guard count > 0 else { return }
    // Behind the symbols 256 of anything: a strip may read past the last one.
    let out = symbols.reserve(count &+ BitPacking.vector)
    let size = ZSTD_decompressDCtx(
      zstd.pointer, out, count, layout.frame.baseAddress, layout.frame.count)
    guard ZSTD_isError(size) == 0, size == count else { throw .malformed("symbols", at: 0) }
    memset(out + count, 0, BitPacking.vector)
    source = out
    if header.residual == .entropy, header.perSymbol > 1 {
      source = spread(out, count, per: header.perSymbol)
    }
  }

  /// Undoes the planar packing of several residuals a byte.
  private func spread(
    _ packed: UnsafeMutablePointer<UInt8>, _ count: Int, per: Int
  ) -> UnsafeMutablePointer<UInt8> {
    let out = planes.reserve(count &* per &+ BitPacking.vector)
    let bits = UInt8(truncatingIfNeeded: 8 / per)
    let mask: UInt8 = (1 &<< bits) &- 1
    for plane in 0..<per {
      let target = out + plane &* count
      let shift = UInt8(truncatingIfNeeded: plane) &* bits
      for j in 0..<count { target[j] = (packed[j] &>> shift) & mask }
    }
    memset(out + count &* per, 0, BitPacking.vector)
    return out
  }

  /// Calls `body(strip, from, to, position)` for every strip that touches
  /// residuals `asked`: entries from..<to of the strip are asked for, and the
  /// first of them is residual `position` of the column.
  @inline(__always)
  func forEachStrip(
    _ layout: ColumnLayout, _ asked: Range<Int>, _ body: (inout Strip, Int, Int, Int) -> Void
  ) {
    guard !asked.isEmpty else { return }
    let header = layout.header
    let staysHalves = header.residual != .matched && header.gcd == 1 && !header.isDelta
    let form: Strip.Form = header.width <= 32 ? .narrow : (staysHalves ? .halves : .whole)
    var strip = Strip(
      form: form, narrow: narrow, high: high, wide: wide, base: header.base,
      gcd: Int64(bitPattern: header.gcd), patches: patches)
    if header.residual == .constant {
      narrow.update(repeating: 0, count: BitPacking.vector)
    }
    strip.patch = firstPatch(atOrAfter: asked.lowerBound & ~255)
    var index = asked.lowerBound &>> 8
    let last = (asked.upperBound &- 1) &>> 8
    while index <= last {
      let start = index &<< 8
      switch form {
      case .narrow: loadNarrow(layout, index)
      case .halves: loadHalves(layout, index)
      case .whole: loadWhole(layout, index)
      }
      strip.enter(start)
      let from = max(asked.lowerBound, start)
      let to = min(asked.upperBound, start &+ BitPacking.vector)
      body(&strip, from &- start, to &- start, from)
      index &+= 1
    }
  }

  private func firstPatch(atOrAfter position: Int) -> Int {
    var low = 0
    var high = patches.count
    while low < high {
      let middle = (low &+ high) / 2
      if patches.positions[middle] < Int64(position) { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  @inline(__always)
  private func loadNarrow(_ layout: ColumnLayout, _ index: Int) {
    let header = layout.header
    switch header.residual {
    case .constant: break
    case .packed:
      unpack(layout, offset: 0, width: header.width, index, narrow)
    case .entropy:
      let low = header.lowBits
      let bytes = source + (index &<< 8)
      if low == 0 {
        for i in 0..<BitPacking.vector { narrow[i] = UInt32(bytes[i]) }
        return
      }
      unpack(layout, offset: 0, width: low, index, narrow)
      let shift = UInt32(truncatingIfNeeded: low)
      for i in 0..<BitPacking.vector { narrow[i] |= (UInt32(bytes[i]) &<< shift) }
    case .matched:
      loadMatched(header, layout.residuals, index)
      for i in 0..<BitPacking.vector { narrow[i] = UInt32(truncatingIfNeeded: wide[i]) }
    }
  }

  private func loadHalves(_ layout: ColumnLayout, _ index: Int) {
    let low = layout.header.lowBits
    unpack(layout, offset: 0, width: min(low, 32), index, narrow)
    if low > 32 {
      let offset = BitPacking.planeBytes(layout.residuals, 32)
      unpack(layout, offset: offset, width: low &- 32, index, high)
    } else {
      memset(high, 0, BitPacking.vector &* 4)
    }
    if layout.header.residual == .entropy { joinSymbols(source + (index &<< 8), low) }
  }

  private func loadWhole(_ layout: ColumnLayout, _ index: Int) {
    let header = layout.header
    let base = header.base
    if header.residual == .matched {
      loadMatched(header, layout.residuals, index)
      for i in 0..<BitPacking.vector { wide[i] &+= base }
    } else {
      loadHalves(layout, index)
      for i in 0..<BitPacking.vector {
        wide[i] = base &+ (Int64(narrow[i]) | (Int64(high[i]) &<< 32))
      }
    }
    if header.gcd > 1 {
      let gcd = Int64(bitPattern: header.gcd)
      for i in 0..<BitPacking.vector { wide[i] = base &+ (wide[i] &- base) &* gcd }
    }
  }

  /// Puts the symbols above the `low` bits of a wide residual, 25…56, so
  /// that only the lowest of them may reach into the narrow half.
  @inline(__always)
  private func joinSymbols(_ bytes: UnsafePointer<UInt8>, _ low: Int) {
    if low >= 32 {
      let shift = UInt32(truncatingIfNeeded: low &- 32)
      for i in 0..<BitPacking.vector { high[i] |= UInt32(bytes[i]) &<< shift }
      return
    }
    let shift = UInt32(truncatingIfNeeded: low)
    for i in 0..<BitPacking.vector {
      narrow[i] |= UInt32(bytes[i]) &<< shift
      high[i] = UInt32(bytes[i]) &>> (32 &- shift)
    }
  }

  @inline(__always)
  private func unpack(
    _ layout: ColumnLayout, offset: Int, width: Int, _ index: Int,
    _ out: UnsafeMutablePointer<UInt32>
  ) {
    guard let low = layout.low.baseAddress else { return }
    BitPacking.unpackStrip(
      low + offset, count: layout.residuals, width: width, strip: index, tail: tail, into: out)
  }

  /// Whole-byte residuals of a matched column, zero-extended.
  private func loadMatched(_ header: ColumnHeader, _ residuals: Int, _ index: Int) {
    let size = (header.width &+ 7) / 8
    let start = index &<< 8
    let mask = UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- 8 &* size)
    let bytes = UnsafeRawPointer(source) + start &* size
    // 256 zeros lie behind the symbols: an eight-byte load stays inside.
    for i in 0..<min(BitPacking.vector, residuals &- start) {
      let word = bytes.loadUnaligned(fromByteOffset: i &* size, as: UInt64.self)
      wide[i] = Int64(bitPattern: word & mask)
    }
  }
}
