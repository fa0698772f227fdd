import Glibc

/// Values of equal width, packed without gaps.
///
/// A *plane* holds `count` values of `width` ≤ 32 bits:
///
///     offset            size               field
///     0                 32·w a vector      whole vectors of 256 values
///     (count/256)·32·w  ⌈(count%256)·w/8⌉  the tail: a plain bit string
///
/// A vector is vertical: 8 lanes by 32 rows, value i in lane i%8 of row i/8.
/// Row j of a lane starts at bit j·w of that lane's own string of w 32-bit
/// words; word k of all eight lanes lies together, at byte 32·k. So one
/// shift serves eight values, and plain SIMD code runs at 8 G values/s for
/// every width, without a routine per width.
///
/// The tail is horizontal: value i at bit i·w, lowest bit first, padded with
/// zeros to a byte. It wastes at most 7 bits, where a padded vector would
/// waste up to 255 values, and costs 1 ns a value, for under 256 of them.
///
/// Wider values take two planes, the low 32 bits of all and then the rest.
///
/// Example: 1, 2, 3 at width 4 is `21 03`.
enum BitPacking {
  static let vector = 256
  typealias Lanes = SIMD8<UInt32>

  /// Bytes of `count` values at `width` 0…64. `count` ≤ 65,536.
  static func byteCount(_ count: Int, width: Int) -> Int {
    if width > 32 { return planeBytes(count, 32) &+ planeBytes(count, width &- 32) }
    return planeBytes(count, width)
  }

  @inline(__always)
  static func planeBytes(_ count: Int, _ width: Int) -> Int {
    (count &>> 8) &* (width &* 32) &+ ((count & 255) &* width &+ 7) &>> 3
  }

  // MARK: Packing

  /// Appends the plane of `count` values, each below 2^width.
  ///
  /// `values` has room for whole vectors; what is behind `count` is ignored.
  static func appendPlane(
    _ values: UnsafeMutablePointer<UInt32>, count: Int, width: Int, to out: inout [UInt8]
  ) {
    guard width > 0, count > 0 else { return }
    let start = out.count
    let size = planeBytes(count, width)
    out.append(contentsOf: repeatElement(0, count: size))
    out.withUnsafeMutableBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      var target = base + start
      var index = 0
      while index &+ vector <= count {
        pack256(values + index, target, width)
        target += width &* 32
        index &+= vector
      }
      packTail(values + index, count: count &- index, target, width)
    }
  }

  @inline(__always)
  static func pack256(_ values: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, _ width: Int) {
    let bits = UInt32(truncatingIfNeeded: width)
    var word = Lanes.zero
    var fill: UInt32 = 0
    var target = out
    var row = 0
    while row < 32 {
      let x = values.loadUnaligned(fromByteOffset: row &* 32, as: Lanes.self)
      word |= x &<< Lanes(repeating: fill)
      fill &+= bits
      if fill >= 32 {
        target.storeBytes(of: word, as: Lanes.self)
        target += 32
        fill &-= 32
        word = fill == 0 ? .zero : x &>> Lanes(repeating: bits &- fill)
      }
      row &+= 1
    }
  }

  private static func packTail(
    _ values: UnsafeMutablePointer<UInt32>, count: Int, _ out: UnsafeMutableRawPointer, _ width: Int
  ) {
    let bits = UInt64(truncatingIfNeeded: width)
    var word: UInt64 = 0
    var fill: UInt64 = 0
    var target = out
    for index in 0..<count {
      word |= UInt64(values[index]) &<< fill
      fill &+= bits
      while fill >= 8 {
        target.storeBytes(of: UInt8(truncatingIfNeeded: word), as: UInt8.self)
        target += 1
        word &>>= 8
        fill &-= 8
      }
    }
    if fill > 0 { target.storeBytes(of: UInt8(truncatingIfNeeded: word), as: UInt8.self) }
  }

  // MARK: Unpacking

  /// Unpacks values 256·strip … of a plane into `out`, 256 of them, or what
  /// the tail holds and then anything. The plane's bytes were checked to be
  /// all there; `tail` is 1,040 bytes of scratch.
  @inline(__always)
  static func unpackStrip(
    _ plane: UnsafeRawPointer, count: Int, width: Int, strip: Int,
    tail: UnsafeMutableRawPointer, into out: UnsafeMutablePointer<UInt32>
  ) {
    let source = plane + strip &* (width &* 32)
    if strip < count &>> 8 {
      unpack256(source, out, width)
    } else {
      unpackTail(source, count: count & 255, width, tail: tail, into: out)
    }
  }

  @inline(__always)
  static func unpack256(
    _ input: UnsafeRawPointer, _ out: UnsafeMutablePointer<UInt32>, _ width: Int
  ) {
    let target = UnsafeMutableRawPointer(out)
    if width == 0 || width == 32 {
      if width == 0 { memset(target, 0, 1024) } else { memcpy(target, input, 1024) }
      return
    }
    let mask = Lanes(repeating: UInt32.max &>> UInt32(truncatingIfNeeded: 32 &- width))
    var bit = 0
    var row = 0
    while row < 32 {
      let shift = UInt32(truncatingIfNeeded: bit & 31)
      let word = input + (bit &>> 5) &* 32
      var x = word.loadUnaligned(as: Lanes.self) &>> Lanes(repeating: shift)
      if Int(shift) &+ width > 32 {
        x |=
          word.loadUnaligned(fromByteOffset: 32, as: Lanes.self)
          &<< Lanes(repeating: 32 &- shift)
      }
      (target + row &* 32).storeBytes(of: x & mask, as: Lanes.self)
      bit &+= width
      row &+= 1
    }
  }

  /// Copies the tail first: reading eight bytes at a time from the column
  /// itself would pass its end.
  private static func unpackTail(
    _ input: UnsafeRawPointer, count: Int, _ width: Int, tail: UnsafeMutableRawPointer,
    into out: UnsafeMutablePointer<UInt32>
  ) {
    let size = (count &* width &+ 7) &>> 3
    memcpy(tail, input, size)
    memset(tail + size, 0, 8)
    let mask: UInt64 = (1 &<< UInt64(truncatingIfNeeded: width)) &- 1
    var bit = 0
    for index in 0..<count {
      let word = tail.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self)
      out[index] = UInt32(truncatingIfNeeded: (word &>> UInt64(bit & 7)) & mask)
      bit &+= width
    }
  }

  /// Bytes of scratch `unpackStrip` needs: 255 values of 32 bits, and eight
  /// to read past.
  static let tailScratch = 1040
}
