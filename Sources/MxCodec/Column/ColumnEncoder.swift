import CZstd
import Glibc

/// Encodes columns; keeps its scratch from call to call. One a thread.
///
/// Deterministic: the same values, runs and effort give the same bytes (under
/// one version of libzstd).
package final class ColumnEncoder {
  /// Below this many residuals a Huffman table costs more than it saves.
  static let entropyMinimum = 256

  let mapper = ValueMapper()
  let planner = WindowPlanner()
  let symbols = SymbolCoder()
  let mapped = Scratch<Int64>(1024)
  let residuals = Scratch<Int64>(1024)
  let alternative = Scratch<Int64>(1024)
  let firsts = Scratch<Int64>(256)
  let narrow = Scratch<UInt32>(1024)
  let patchPositions = Scratch<Int64>(64)
  let patchValues = Scratch<Int64>(64)
  /// For columns inside the column, which come while this one's scratch is
  /// in use. A nested encoder never needs its own.
  private lazy var inner = ColumnEncoder()

  package init() {}

  /// Appends the column of `values`, divided in `runs` (whose lengths add up
  /// to the count, 65,536 at most).
  package func encode(
    doubles values: UnsafeBufferPointer<Double>, runs: UnsafeBufferPointer<Int32>,
    effort: Effort, into out: inout [UInt8]
  ) {
    let filled = check(runs, values.count)
    guard let base = values.baseAddress, values.count > 0 else { return }
    let integers = mapped.reserve(values.count)
    mapper.map(base, runs: runs, count: values.count, into: integers)
    var header = ColumnHeader()
    header.kind = mapper.kind
    header.exponent = mapper.exponent
    header.method = mapper.method
    header.hasExceptions = mapper.exceptionCount > 0
    encode(integers, values.count, runs, filled, header, effort, isNested: false, into: &out)
  }

  package func encode(
    integers values: UnsafeBufferPointer<Int64>, runs: UnsafeBufferPointer<Int32>,
    effort: Effort, into out: inout [UInt8]
  ) {
    let filled = check(runs, values.count)
    guard let base = values.baseAddress, values.count > 0 else { return }
    encode(
      base, values.count, runs, filled, ColumnHeader(), effort, isNested: false, into: &out)
  }

  /// Returns the number of runs that hold values.
  private func check(_ runs: UnsafeBufferPointer<Int32>, _ count: Int) -> Int {
    precondition(count <= ColumnFormat.maxValues, "BUG: \(count) values in a column")
    precondition(runs.count <= ColumnFormat.maxValues, "BUG: \(runs.count) runs in a column")
    var total = 0
    var filled = 0
    for length in runs {
      precondition(length >= 0, "BUG: negative run length")
      total += Int(length)
      filled += length > 0 ? 1 : 0
    }
    precondition(total == count, "BUG: runs of \(total) values for a column of \(count)")
    return filled
  }

  // MARK: Core

  private func encode(
    _ values: UnsafePointer<Int64>, _ count: Int, _ runs: UnsafeBufferPointer<Int32>,
    _ filled: Int, _ start: ColumnHeader, _ effort: Effort, isNested: Bool,
    into out: inout [UInt8]
  ) {
    var header = start
    let deltas = residuals.reserve(count)
    let heads = firsts.reserve(filled)
    subtract(values, runs, count, into: deltas, heads: heads)
    let deltaCount = count &- filled
    let choice = choose(
      values, count, deltas, deltaCount, heads: heads, filled, effort, isNested: isNested)
    header.isDelta = choice.isDelta
    let residualCount = choice.isDelta ? deltaCount : count
    if !choice.isDelta { deltas.update(from: values, count: count) }
    let window = choice.window
    takePatches(window, deltas, residualCount)
    header.hasPatches = window.patches > 0
    header.base = window.low
    header.gcd = window.gcd
    header.width = window.width

    let exact = ExactDivision(window.gcd)
    for i in 0..<residualCount {
      let distance = UInt64(bitPattern: deltas[i] &- window.low)
      deltas[i] = Int64(bitPattern: exact.quotient(distance))
    }
    let frame = symbols.code(deltas, residualCount, &header, effort)
    header.append(to: &out)
    if header.isDelta {
      if filled == 1 {
        out.append(signedVarint: heads[0])
      } else {
        inner.encodeNested(heads, filled, effort, into: &out)
      }
    }
    if header.hasPatches {
      appendList(patchPositions.base, patchValues.base, window.patches, effort, &out)
    }
    if header.hasExceptions {
      appendList(
        mapper.positions.base, mapper.bits.base, mapper.exceptionCount, effort, &out)
    }
    out.append(contentsOf: frame)
    appendLowBits(deltas, residualCount, header, into: &out)
  }

  private func encodeNested(
    _ values: UnsafePointer<Int64>, _ count: Int, _ effort: Effort, into out: inout [UInt8]
  ) {
    var run = Int32(truncatingIfNeeded: count)
    withUnsafePointer(to: &run) { pointer in
      let runs = UnsafeBufferPointer(start: pointer, count: 1)
      encode(values, count, runs, 1, ColumnHeader(), effort, isNested: true, into: &out)
    }
  }

  private func appendList(
    _ positions: UnsafePointer<Int64>, _ values: UnsafePointer<Int64>, _ count: Int,
    _ effort: Effort, _ out: inout [UInt8]
  ) {
    out.append(varint: count)
    inner.encodeNested(positions, count, effort, into: &out)
    inner.encodeNested(values, count, effort, into: &out)
  }

  // MARK: Prediction

  /// Differences within each run, and the first value of each.
  private func subtract(
    _ values: UnsafePointer<Int64>, _ runs: UnsafeBufferPointer<Int32>, _ count: Int,
    into deltas: UnsafeMutablePointer<Int64>, heads: UnsafeMutablePointer<Int64>
  ) {
    var position = 0
    var written = 0
    var filled = 0
    for run in runs where run > 0 {
      heads[filled] = values[position]
      filled &+= 1
      let from = values + position
      let to = deltas + written
      let steps = Int(run) &- 1
      for i in 0..<steps { to[i] = from[i &+ 1] &- from[i] }
      written &+= steps
      position &+= Int(run)
    }
  }

  private struct Choice {
    var isDelta: Bool
    var window: Window
  }

  /// Delta or none: by a sample where that is clear, by both plans where not.
  private func choose(
    _ values: UnsafePointer<Int64>, _ count: Int, _ deltas: UnsafePointer<Int64>,
    _ deltaCount: Int, heads: UnsafePointer<Int64>, _ filled: Int, _ effort: Effort,
    isNested: Bool
  ) -> Choice {
    func plan(_ isDelta: Bool) -> Choice {
      let window = planner.plan(
        isDelta ? deltas : values, count: isDelta ? deltaCount : count, effort: effort,
        patches: !isNested)
      return Choice(isDelta: isDelta, window: window)
    }
    if deltaCount == 0 { return plan(false) }
    let plainBits = planner.roughBits(values, count: count) * Double(count)
    // A single first is a varint; many are a nested column.
    let headBits =
      filled == 1
      ? Double(Varint.byteCount(Varint.zigzag(heads[0])) * 8)
      : planner.roughBits(heads, count: filled) * Double(filled) + 48
    let deltaBits = planner.roughBits(deltas, count: deltaCount) * Double(deltaCount) + headBits
    if plainBits < deltaBits * 0.7 { return plan(false) }
    if deltaBits < plainBits * 0.7 { return plan(true) }
    let plain = plan(false)
    var delta = plan(true)
    delta.window.cost += headBits
    return delta.window.cost < plain.window.cost ? delta : plain
  }

  // MARK: Writing

  /// Moves what lies outside the window to the patch lists.
  private func takePatches(
    _ window: Window, _ values: UnsafeMutablePointer<Int64>, _ count: Int
  ) {
    guard window.patches > 0 else { return }
    let positions = patchPositions.reserve(window.patches)
    let numbers = patchValues.reserve(window.patches)
    var patches = 0
    for i in 0..<count where values[i] < window.low || values[i] > window.high {
      positions[patches] = Int64(i)
      numbers[patches] = values[i]
      patches &+= 1
      values[i] = window.low
    }
  }

  private func appendLowBits(
    _ values: UnsafePointer<Int64>, _ count: Int, _ header: ColumnHeader,
    into out: inout [UInt8]
  ) {
    let width = header.lowBits
    guard width > 0 else { return }
    let plane = narrow.reserve(count &+ BitPacking.vector)
    let mask = UInt32.max &>> UInt32(max(0, 32 &- width))
    for i in 0..<count { plane[i] = UInt32(truncatingIfNeeded: values[i]) & mask }
    BitPacking.appendPlane(plane, count: count, width: min(width, 32), to: &out)
    guard width > 32 else { return }
    let highMask = UInt32.max &>> UInt32(64 &- width)
    for i in 0..<count { plane[i] = UInt32(truncatingIfNeeded: values[i] &>> 32) & highMask }
    BitPacking.appendPlane(plane, count: count, width: width &- 32, to: &out)
  }

  /// How many residuals of `width` bits share a symbol byte.
  static func residualsPerSymbol(_ width: Int) -> Int {
    width <= 1 ? 8 : (width <= 2 ? 4 : (width <= 4 ? 2 : 1))
  }
}
