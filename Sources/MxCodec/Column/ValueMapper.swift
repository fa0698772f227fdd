/// Finds the integers behind a page's doubles, and what does not fit them.
///
/// Tried in order: the smallest decimal exponent under which all or nearly
/// all values come back bit for bit (exponent 0 is kind integer), then bits.
/// What does not come back is an exception and holds the place of the value
/// before it, so that it costs the residuals nothing.
final class ValueMapper {
  private(set) var kind: ColumnKind = .integer
  private(set) var exponent = 0
  private(set) var method: DecimalMethod = .divide
  private(set) var exceptionCount = 0
  private var isMostlySpecial = false
  let positions = Scratch<Int64>(256)
  let bits = Scratch<Int64>(256)

  /// Odd values (finite, no decimal of this exponent) may be one in 32;
  /// special ones (NaN, ±Inf, -0.0) one in two: they repeat, and compress.
  private static let oddShare = 32
  private static let specialShare = 2

  /// Fills `out` with the mapped integers of `values`.
  func map(
    _ values: UnsafePointer<Double>, runs: UnsafeBufferPointer<Int32>, count: Int,
    into out: UnsafeMutablePointer<Int64>
  ) {
    if mapDecimal(values, count, out) {
      fillExceptions(runs, count, out)
      method =
        exponent == 0 ? .divide : Decimal.fastestMethod(out, count: count, exponent: exponent)
    } else {
      mapBits(values, count, out)
      fillExceptions(runs, count, out)
    }
  }

  // MARK: Decimals

  private func mapDecimal(
    _ values: UnsafePointer<Double>, _ count: Int, _ out: UnsafeMutablePointer<Int64>
  ) -> Bool {
    var candidate = 0
    var accepted = -1
    var acceptedOdd = 0
    while let exponent = probe(values, count, from: candidate) {
      guard let odd = scan(values, count, exponent, out) else {
        // Another exponent makes no number of a NaN.
        if isMostlySpecial { return false }
        candidate = exponent + 1
        continue
      }
      if odd == 0 {
        accept(exponent)
        return true
      }
      accepted = exponent
      acceptedOdd = odd
      break
    }
    guard accepted >= 0 else { return false }
    // A few values are odd. A larger exponent may fit them too: 10 bits a
    // digit and three values, against about 12 bytes an exception.
    if let better = finerExponent(values, count, accepted, odd: acceptedOdd) {
      if scan(values, count, better, out) == 0 {
        accept(better)
        return true
      }
      _ = scan(values, count, accepted, out)
    }
    accept(accepted)
    return true
  }

  private func accept(_ exponent: Int) {
    self.exponent = exponent
    kind = exponent == 0 ? .integer : .decimal
  }

  /// The smallest exponent from `start` on that fits most of 16 values.
  private func probe(_ values: UnsafePointer<Double>, _ count: Int, from start: Int) -> Int? {
    guard start <= Decimal.maxExponent else { return nil }
    let step = max(1, count / 16)
    for exponent in start...Decimal.maxExponent {
      let scale = Decimal.power(exponent)
      var odd = 0
      var seen = 0
      var index = 0
      while index < count, seen < 16 {
        let value = values[index]
        if !Self.fits(value, scale), !Self.isSpecial(value) { odd += 1 }
        seen += 1
        index += step
      }
      if odd * 8 <= seen { return exponent }
    }
    return nil
  }

  @inline(__always)
  private static func fits(_ value: Double, _ scale: Double) -> Bool {
    let x = value * scale + Decimal.magicDouble
    let m = Int64(bitPattern: x.bitPattern) &- Decimal.magicInteger
    let back = (x - Decimal.magicDouble) / scale
    return back.bitPattern == value.bitPattern && m >= -Decimal.limit && m < Decimal.limit
  }

  @inline(__always)
  private static func isSpecial(_ value: Double) -> Bool {
    !value.isFinite || value.bitPattern == 0x8000_0000_0000_0000
  }

  /// Maps all values and lists the exceptions. Returns the number of odd
  /// ones, or nil when there are too many of either sort.
  private func scan(
    _ values: UnsafePointer<Double>, _ count: Int, _ exponent: Int,
    _ out: UnsafeMutablePointer<Int64>
  ) -> Int? {
    let scale = Decimal.power(exponent)
    exceptionCount = 0
    var odd = 0
    var index = 0
    while index < count {
      let end = min(index + 256, count)
      var wrong: Int64 = 0
      for i in index..<end {
        let x = values[i] * scale + Decimal.magicDouble
        let m = Int64(bitPattern: x.bitPattern) &- Decimal.magicInteger
        let back = (x - Decimal.magicDouble) / scale
        wrong |= Int64(bitPattern: back.bitPattern ^ values[i].bitPattern)
        // Outside ±2^51 the bits above 52 of the sum differ from zero.
        wrong |= (m &+ Decimal.limit) & ~((1 &<< 52) &- 1)
        out[i] = m
      }
      if wrong != 0 {
        for i in index..<end where !Self.fits(values[i], scale) {
          if !Self.isSpecial(values[i]) { odd += 1 }
          addException(i, values[i], count)
        }
        isMostlySpecial = exceptionCount - odd > count / Self.specialShare
        if odd > count / Self.oddShare || isMostlySpecial { return nil }
      }
      index = end
    }
    return odd
  }

  private func finerExponent(
    _ values: UnsafePointer<Double>, _ count: Int, _ exponent: Int, odd: Int
  ) -> Int? {
    guard exponent < Decimal.maxExponent else { return nil }
    let list = positions.base
    var finer = exponent + 1
    for entry in 0..<exceptionCount {
      let value = values[Int(list[entry])]
      if Self.isSpecial(value) { continue }
      while !Self.fits(value, Decimal.power(finer)) {
        finer += 1
        if finer > Decimal.maxExponent { return nil }
      }
    }
    return (finer - exponent) * 10 * count / 3 < odd * 96 ? finer : nil
  }

  // MARK: Bits

  private func mapBits(
    _ values: UnsafePointer<Double>, _ count: Int, _ out: UnsafeMutablePointer<Int64>
  ) {
    kind = .bits
    exponent = 0
    method = .divide
    exceptionCount = 0
    var unbounded = 0
    for i in 0..<count {
      out[i] = Decimal.flip(Int64(bitPattern: values[i].bitPattern))
      unbounded += values[i].isFinite ? 0 : 1
    }
    // NaN and ±Inf lie far from all numbers; a few become exceptions.
    guard unbounded > 0, unbounded <= count / Self.specialShare else { return }
    for i in 0..<count where !values[i].isFinite { addException(i, values[i], count) }
  }

  // MARK: Exceptions

  private func addException(_ index: Int, _ value: Double, _ count: Int) {
    // Room for all of the page at once: growing would lose what is there.
    positions.reserve(count)[exceptionCount] = Int64(index)
    bits.reserve(count)[exceptionCount] = Int64(bitPattern: value.bitPattern)
    exceptionCount += 1
  }

  /// Gives each exception the mapped value before it in its run, or for the
  /// first values of a run the one after, so that no residual stands out.
  private func fillExceptions(
    _ runs: UnsafeBufferPointer<Int32>, _ count: Int, _ out: UnsafeMutablePointer<Int64>
  ) {
    guard exceptionCount > 0 else { return }
    let list = positions.base
    var run = 0
    var start = 0
    var end = 0
    var entry = 0
    while entry < exceptionCount {
      let index = Int(list[entry])
      while index >= end {
        start = end
        end += Int(runs[run])
        run += 1
      }
      if index > start {
        out[index] = out[index - 1]
        entry += 1
        continue
      }
      // The run begins with exceptions: find the first value that is none.
      var next = index
      var last = entry
      while last < exceptionCount, list[last] == Int64(next), next < end {
        next += 1
        last += 1
      }
      let filler = next < end ? out[next] : (start > 0 ? out[start - 1] : firstRegular(count, out))
      while entry < last {
        out[Int(list[entry])] = filler
        entry += 1
      }
    }
  }

  /// The first value of the page that is no exception; 0 if there is none.
  private func firstRegular(_ count: Int, _ out: UnsafeMutablePointer<Int64>) -> Int64 {
    let list = positions.base
    var index = 0
    while index < exceptionCount, list[index] == Int64(index) { index += 1 }
    return index < count ? out[index] : 0
  }
}
