/// Where the bulk of a column's residuals lies.
struct Window {
  /// Residuals in low...high stay; the others are patches.
  var low: Int64
  var high: Int64
  var patches = 0
  var gcd: UInt64 = 1
  /// Estimated bits of the residuals, patches included.
  var cost = 0.0

  /// Bits a residual takes: of (high - low) / gcd.
  var width: Int {
    64 &- (UInt64(bitPattern: high &- low) / gcd).leadingZeroBitCount
  }
}

/// Chooses the window of a column: all of it, or a part that leaves a few
/// outliers to patches, or the one value that is nearly everywhere.
///
/// Candidates come from a sorted sample and are then counted exactly. The
/// cost of a width is its bits, or under entropy coding the entropy of the
/// top eight bits plus the rest.
final class WindowPlanner {
  private let sample = UnsafeMutablePointer<Int64>.allocate(capacity: sampleLimit)
  private var sampleCount = 0
  private let histogram = UnsafeMutablePointer<UInt32>.allocate(capacity: 256)

  static let sampleLimit = 128

  deinit {
    sample.deallocate()
    histogram.deallocate()
  }

  /// The cheapest window found for `values`.
  func plan(
    _ values: UnsafePointer<Int64>, count: Int, effort: Effort, patches: Bool
  ) -> Window {
    guard count > 0 else { return Window(low: 0, high: 0) }
    var low = values[0]
    var high = values[0]
    for i in 1..<max(1, count) {
      let value = values[i]
      low = value < low ? value : low
      high = value > high ? value : high
    }
    let entropy = effort != .fresh && count >= ColumnEncoder.entropyMinimum
    var best = Window(low: low, high: high)
    if low == high { return best }
    measure(&best, values, count, entropy: entropy, fullWidth: 0)
    guard patches, count >= 16 else { return best }
    let fullWidth = 64 &- UInt64(bitPattern: high &- low).leadingZeroBitCount
    takeSample(values, count, limit: Self.sampleLimit)
    /// Whether the candidate is a possible one at all.
    func consider(_ candidate: Window) -> Bool {
      var window = candidate
      measure(&window, values, count, entropy: entropy, fullWidth: fullWidth)
      if window.cost < best.cost { best = window }
      return window.cost.isFinite
    }
    if let value = commonValue() { _ = consider(Window(low: value, high: value)) }
    guard var middle = bulk(fullWidth) else { return best }
    // The sample may show fewer outliers than there are: widen until they are
    // few. Two bits more cost entropy-coded residuals next to nothing.
    let widest = min(middle.width + 3, fullWidth - 1)
    while middle.width <= widest {
      let isPossible = consider(placed(low, high, middle))
      if isPossible && !entropy { break }
      middle.width += isPossible ? 2 : 1
    }
    return best
  }

  /// Roughly the bits a value of `values` costs, by a sample alone.
  func roughBits(_ values: UnsafePointer<Int64>, count: Int) -> Double {
    guard count > 0 else { return 0 }
    takeSample(values, count, limit: Self.sampleLimit / 2)
    return roughBitsOfSample()
  }

  // MARK: Sample

  private func takeSample(_ values: UnsafePointer<Int64>, _ count: Int, limit: Int) {
    sampleCount = 0
    let step = max(1, (count &+ limit &- 1) / limit)
    var index = 0
    while index < count {
      let value = values[index]
      var place = sampleCount
      while place > 0, sample[place &- 1] > value {
        sample[place] = sample[place &- 1]
        place &-= 1
      }
      sample[place] = value
      sampleCount &+= 1
      index &+= step
    }
  }

  /// log2 of the span of the middle 95 %, patching the rest.
  private func roughBitsOfSample() -> Double {
    let cut = sampleCount / 40
    let full = UInt64(bitPattern: sample[sampleCount &- 1] &- sample[0])
    let span = UInt64(bitPattern: sample[sampleCount &- 1 &- cut] &- sample[cut])
    let outliers = 0.05 * roughLog2(Double(full) / (Double(span) + 1) + 1)
    return roughLog2(Double(span) + 1) + outliers
  }

  /// The value most of the sample has, if it is at least half of it.
  private func commonValue() -> Int64? {
    // A value that fills half of a sorted list holds its middle.
    let value = sample[sampleCount / 2]
    var same = 0
    for i in 0..<sampleCount where sample[i] == value { same += 1 }
    return same * 2 >= sampleCount ? value : nil
  }

  /// A part of the sorted sample that a window of `width` bits holds.
  private struct Middle {
    var width: Int
    var from: Int
    var count: Int
  }

  /// The width that makes bits and patches cheapest in the sample.
  private func bulk(_ fullWidth: Int) -> Middle? {
    let patchBits = Double(fullWidth + 10)
    var bestCost = Double(fullWidth) * 0.98
    var best: Middle?
    var width = fullWidth - 1
    while width >= 0 {
      let reach: UInt64 = (1 &<< UInt64(width)) &- 1
      var most = 0
      var from = 0
      var mostFrom = 0
      for to in 0..<sampleCount {
        while UInt64(bitPattern: sample[to] &- sample[from]) > reach { from &+= 1 }
        if to &- from &+ 1 > most {
          most = to &- from &+ 1
          mostFrom = from
        }
      }
      let outside = Double(sampleCount - most) / Double(sampleCount)
      if outside > 0.25 { break }
      let cost = Double(width) + outside * patchBits
      if cost < bestCost {
        bestCost = cost
        best = Middle(width: width, from: mostFrom, count: most)
      }
      width -= 1
    }
    return best
  }

  /// The window's free room goes to both sides of the values seen, so that
  /// the ones the sample missed find place.
  private func placed(_ low: Int64, _ high: Int64, _ middle: Middle) -> Window {
    let reach: UInt64 = (1 &<< UInt64(middle.width)) &- 1
    let first = sample[middle.from]
    let used = UInt64(bitPattern: sample[middle.from &+ middle.count &- 1] &- first)
    let room = (reach &- used) / 2
    let below = UInt64(bitPattern: first &- low)
    let start = below <= room ? low : first &- Int64(bitPattern: room)
    let above = UInt64(bitPattern: high &- start)
    let end = above <= reach ? high : start &+ Int64(bitPattern: reach)
    return Window(low: start, high: end)
  }

  // MARK: Exact measure

  /// Counts the patches of `window`, tightens it around what stays, finds
  /// the gcd and estimates the bits.
  private func measure(
    _ window: inout Window, _ values: UnsafePointer<Int64>, _ count: Int, entropy: Bool,
    fullWidth: Int
  ) {
    if fullWidth > 0 { tighten(&window, values, count) }
    if window.high > window.low { findDivisor(&window, values, count) }
    var bits = Double(window.width)
    if entropy, window.width > 0 { bits = min(bits, entropyBits(window, values, count)) }
    window.cost = bits * Double(count &- window.patches) + Double(headerBits(window))
    // Each patch interrupts the decoder's sums: more than one in a hundred
    // costs more time than it saves space. (With nothing else to decode, as
    // many as pay: the sums are the cheapest kind.)
    if window.width > 0, window.patches * 100 > count { window.cost = .infinity }
    if window.patches > 0 {
      let share = Double(window.patches) / Double(count)
      window.cost += Double(window.patches) * (Double(fullWidth) + 2 - roughLog2(share)) + 128
    }
  }

  private func tighten(_ window: inout Window, _ values: UnsafePointer<Int64>, _ count: Int) {
    var low = Int64.max
    var high = Int64.min
    var inside = 0
    for i in 0..<count {
      let value = values[i]
      if value >= window.low, value <= window.high {
        inside &+= 1
        low = value < low ? value : low
        high = value > high ? value : high
      }
    }
    window.patches = count &- inside
    // The window came from the sample, so at least one value is inside.
    window.low = low
    window.high = high
  }

  /// Bits of the header fields the window decides.
  private func headerBits(_ window: Window) -> Int {
    var bytes = Varint.byteCount(Varint.zigzag(window.low))
    if window.gcd > 1 { bytes += Varint.byteCount(window.gcd) }
    if window.width > 0 { bytes += 1 }
    return bytes * 8
  }

  /// Takes the common divisor if it saves more bits than it takes.
  private func findDivisor(_ window: inout Window, _ values: UnsafePointer<Int64>, _ count: Int) {
    let before = window.width
    window.gcd = commonDivisor(window, values, count)
    let saved = (before - window.width) * (count - window.patches)
    if window.gcd > 1, saved <= Varint.byteCount(window.gcd) * 8 { window.gcd = 1 }
  }

  /// The greatest common divisor of all (value - low) inside the window.
  private func commonDivisor(
    _ window: Window, _ values: UnsafePointer<Int64>, _ count: Int
  ) -> UInt64 {
    var divisor: UInt64 = 0
    var exact = ExactDivision(1)
    for i in 0..<count {
      let value = values[i]
      if value < window.low || value > window.high { continue }
      let distance = UInt64(bitPattern: value &- window.low)
      if distance == 0 || (divisor != 0 && exact.divides(distance)) { continue }
      var (a, b) = (distance, divisor)
      while b != 0 { (a, b) = (b, a % b) }
      divisor = a
      if divisor == 1 { return 1 }
      exact = ExactDivision(divisor)
    }
    return max(divisor, 1)
  }

  /// Entropy of the symbols plus the low bits, a residual: of every third or
  /// fifth residual where there are thousands, an odd step so as not to meet
  /// always the same place of a period.
  private func entropyBits(
    _ window: Window, _ values: UnsafePointer<Int64>, _ count: Int
  ) -> Double {
    let shift = UInt64(max(0, window.width &- 8))
    let exact = ExactDivision(window.gcd)
    histogram.update(repeating: 0, count: 256)
    let step = count < 4096 ? 1 : (count < 12_288 ? 3 : 5)
    for i in stride(from: 0, to: count, by: step) {
      let value = values[i]
      // A patch counts as the base.
      let kept = value >= window.low && value <= window.high
      let distance = kept ? UInt64(bitPattern: value &- window.low) : 0
      histogram[Int(truncatingIfNeeded: exact.quotient(distance) &>> shift) & 255] &+= 1
    }
    var bits = 0.0
    let total = Double((count + step - 1) / step)
    var used = 0
    for i in 0..<256 where histogram[i] > 0 {
      let share = Double(histogram[i])
      bits -= share * roughLog2(share / total)
      used += 1
    }
    // Huffman codes whole bits; a symbol byte of several residuals shares one.
    let floor = total / Double(ColumnEncoder.residualsPerSymbol(window.width))
    // The table: about half a byte a symbol, and the frame.
    let table = Double(used) * 4 + 96
    return max(bits, floor) * 1.01 / total + table / Double(count) + Double(shift)
  }
}

/// log2 of a positive number, right to 0.0002, by additions and products
/// alone: libm's own differs in the last bit between processors, and then the
/// bytes might.
func roughLog2(_ x: Double) -> Double {
  let bits = x.bitPattern
  let exponent = Double(Int(bits &>> 52) - 1023)
  let m = Double(bitPattern: bits & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000)
  // A quartic through log2 on 1..<2, exact at both ends.
  let t = m - 1
  let curve = t * (1.438073 + t * (-0.674767 + t * (0.317001 + t * -0.080307)))
  return exponent + curve
}

/// Division of multiples by a known divisor: one multiplication by the
/// inverse modulo 2^64 of its odd part.
struct ExactDivision {
  let divisor: UInt64
  private let shift: UInt64
  private let inverse: UInt64
  private let largest: UInt64

  init(_ divisor: UInt64) {
    precondition(divisor > 0, "BUG: division by zero")
    self.divisor = divisor
    shift = UInt64(divisor.trailingZeroBitCount)
    let odd = divisor &>> shift
    // Newton: each step doubles the right bits, from 3.
    var x = odd
    for _ in 0..<5 { x = x &* (2 &- odd &* x) }
    inverse = x
    largest = UInt64.max / odd
  }

  /// `value / divisor`, where that leaves no remainder.
  @inline(__always)
  func quotient(_ value: UInt64) -> UInt64 { (value &>> shift) &* inverse }

  @inline(__always)
  func divides(_ value: UInt64) -> Bool {
    value & ((1 &<< shift) &- 1) == 0 && (value &>> shift) &* inverse <= largest
  }
}
