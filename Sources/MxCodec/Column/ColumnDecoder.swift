import Glibc

/// Decodes columns; keeps its scratch from call to call. One a thread.
///
/// Work goes in strips of 256 residuals that stay in the first-level cache:
/// unpack, join with the symbols, sum up into the output as integers, convert
/// the output in place. Nothing outside the asked runs is unpacked, summed or
/// converted; only the symbols of a page are always decoded whole.
///
/// The bytes may be anything: damage is an error or other numbers, never a
/// trap or a read out of bounds. Whoever stores columns adds a checksum.
package final class ColumnDecoder {
  let strip: StripReader
  private let firsts = Scratch<Int64>(256)
  private let patchPositions = Scratch<Int64>(64)
  private let patchValues = Scratch<Int64>(64)
  private let exceptionPositions = Scratch<Int64>(64)
  private let exceptionBits = Scratch<Int64>(64)

  package init() { strip = StripReader() }

  /// Decodes the whole column. `out` has exactly the runs' total count.
  package func decodeDoubles(
    _ bytes: UnsafeRawBufferPointer, runs: UnsafeBufferPointer<Int32>,
    into out: UnsafeMutableBufferPointer<Double>
  ) throws(CodecError) {
    try decodeDoubles(bytes, runs: runs, range: 0..<runs.count, into: out)
  }

  /// Decodes runs `range` of the column; `out` has exactly their total count.
  package func decodeDoubles(
    _ bytes: UnsafeRawBufferPointer, runs: UnsafeBufferPointer<Int32>, range: Range<Int>,
    into out: UnsafeMutableBufferPointer<Double>
  ) throws(CodecError) {
    let result: Result<Void, CodecError> = out.withMemoryRebound(to: Int64.self) { integers in
      do throws(CodecError) {
        try decode(bytes, runs: runs, range: range, into: integers, asDoubles: true)
        return .success(())
      } catch { return .failure(error) }
    }
    try result.get()
  }

  package func decodeIntegers(
    _ bytes: UnsafeRawBufferPointer, runs: UnsafeBufferPointer<Int32>,
    into out: UnsafeMutableBufferPointer<Int64>
  ) throws(CodecError) {
    try decode(bytes, runs: runs, range: 0..<runs.count, into: out, asDoubles: false)
  }

  package func decodeIntegers(
    _ bytes: UnsafeRawBufferPointer, runs: UnsafeBufferPointer<Int32>, range: Range<Int>,
    into out: UnsafeMutableBufferPointer<Int64>
  ) throws(CodecError) {
    try decode(bytes, runs: runs, range: range, into: out, asDoubles: false)
  }

  /// The fixed fields of a column, for inspection. Decodes nothing.
  package static func header(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> ColumnHeader {
    var reader = ByteReader(bytes)
    return try ColumnHeader(&reader)
  }

  // MARK: Core

  private func decode(
    _ bytes: UnsafeRawBufferPointer, runs: UnsafeBufferPointer<Int32>, range: Range<Int>,
    into out: UnsafeMutableBufferPointer<Int64>, asDoubles: Bool
  ) throws(CodecError) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= runs.count, "BUG: asked for runs beyond the page"
    )
    let span = try RunSpan(runs, asked: range)
    guard out.count == span.valuesInside else { throw .malformed("value count", at: 0) }
    if span.values == 0 {
      guard bytes.isEmpty else { throw .trailingBytes(at: 0) }
      return
    }
    var reader = ByteReader(bytes)
    let header = try ColumnHeader(&reader)
    guard asDoubles || (header.kind == .integer && !header.hasExceptions) else {
      throw .malformed("kind", at: 0)
    }
    var layout = ColumnLayout(header, values: span.values, filledRuns: span.filled)
    if header.isDelta { try readFirsts(&reader, &layout, span) }
    let patches = try readList(
      &reader, present: header.hasPatches, below: layout.residuals, patchPositions, patchValues)
    let exceptions = try readList(
      &reader, present: header.hasExceptions, below: span.values, exceptionPositions,
      exceptionBits)
    try layout.readBody(&reader)
    try reader.finish()
    guard let base = out.baseAddress, span.valuesInside > 0 else { return }

    try strip.open(layout, patches: patches)
    if header.isDelta {
      let asked = UnsafeBufferPointer(rebasing: runs[range])
      decodeDeltas(layout, runs: asked, span, into: base, asDoubles: asDoubles)
    } else {
      decodePlain(layout, span, patches, into: base, asDoubles: asDoubles)
    }
    for index in 0..<exceptions.count {
      let position = Int(exceptions.positions[index]) &- span.valuesBefore
      if position >= 0, position < span.valuesInside { base[position] = exceptions.values[index] }
    }
  }

  private func readFirsts(
    _ reader: inout ByteReader, _ layout: inout ColumnLayout, _ span: RunSpan
  ) throws(CodecError) {
    if span.filled == 1 {
      firsts.reserve(1)[0] = try reader.signedVarint()
    } else {
      try decodeNested(&reader, count: span.filled, into: firsts.reserve(span.filled))
    }
  }

  /// Positions and values of patches or exceptions. Positions ascend below
  /// `limit`, so their count is bounded before anything is reserved.
  private func readList(
    _ reader: inout ByteReader, present: Bool, below limit: Int, _ positions: Scratch<Int64>,
    _ values: Scratch<Int64>
  ) throws(CodecError) -> IndexedValues {
    guard present else { return IndexedValues(positions.base, values.base, count: 0) }
    let start = reader.offset
    let count = try reader.count(atMost: limit)
    guard count > 0 else { throw .malformed("list count", at: start) }
    let places = positions.reserve(count)
    let numbers = values.reserve(count)
    try decodeNested(&reader, count: count, into: places)
    var previous: Int64 = -1
    for index in 0..<count {
      let position = places[index]
      guard position > previous, position < Int64(limit) else {
        throw .malformed("list position", at: start)
      }
      previous = position
    }
    try decodeNested(&reader, count: count, into: numbers)
    return IndexedValues(places, numbers, count: count)
  }

  /// A column inside a column: integers of one run, nothing nested further.
  private func decodeNested(
    _ reader: inout ByteReader, count: Int, into out: UnsafeMutablePointer<Int64>
  ) throws(CodecError) {
    let start = reader.offset
    let header = try ColumnHeader(&reader)
    guard header.kind == .integer, !header.hasPatches, !header.hasExceptions else {
      throw .malformed("nested column", at: start)
    }
    let span = RunSpan(single: count)
    var layout = ColumnLayout(header, values: count, filledRuns: 1)
    var first: Int64 = 0
    if header.isDelta { first = try reader.signedVarint() }
    try layout.readBody(&reader)
    let none = IndexedValues(patchPositions.base, patchValues.base, count: 0)
    try strip.open(layout, patches: none)
    if header.isDelta {
      out[0] = first
      var sum = first
      strip.forEachStrip(layout, 0..<layout.residuals) { residuals, from, to, position in
        residuals.addUp(from, to, &sum, into: out + (position &+ 1))
      }
    } else {
      decodePlain(layout, span, none, into: out, asDoubles: false)
    }
  }

  private func decodePlain(
    _ layout: ColumnLayout, _ span: RunSpan, _ patches: IndexedValues,
    into out: UnsafeMutablePointer<Int64>, asDoubles: Bool
  ) {
    let header = layout.header
    if header.residual == .constant {
      return fill(header, span, patches, into: out, asDoubles: asDoubles)
    }
    let start = span.valuesBefore
    strip.forEachStrip(layout, start..<(start &+ span.valuesInside)) {
      residuals, from, to, position in
      let target = out + (position &- start)
      residuals.copy(from, to, into: target)
      if asDoubles {
        Decimal.convert(
          target, count: to &- from, kind: header.kind, exponent: header.exponent,
          method: header.method)
      }
    }
  }

  /// A column whose values are all alike, but for the patches.
  private func fill(
    _ header: ColumnHeader, _ span: RunSpan, _ patches: IndexedValues,
    into out: UnsafeMutablePointer<Int64>, asDoubles: Bool
  ) {
    func converted(_ value: Int64) -> Int64 {
      var value = value
      if asDoubles {
        Decimal.convert(
          &value, count: 1, kind: header.kind, exponent: header.exponent, method: header.method)
      }
      return value
    }
    out.update(repeating: converted(header.base), count: span.valuesInside)
    for index in 0..<patches.count {
      let position = Int(patches.positions[index]) &- span.valuesBefore
      if position >= 0, position < span.valuesInside {
        out[position] = converted(patches.values[index])
      }
    }
  }

  private func decodeDeltas(
    _ layout: ColumnLayout, runs: UnsafeBufferPointer<Int32>, _ span: RunSpan,
    into out: UnsafeMutablePointer<Int64>, asDoubles: Bool
  ) {
    let header = layout.header
    var walker = RunWalker(runs, firsts: firsts.base + span.filledBefore, out: out)
    walker.enterRun()
    let start = span.valuesBefore &- span.filledBefore
    let count = span.valuesInside &- span.filledInside
    var converted = 0
    strip.forEachStrip(layout, start..<(start &+ count)) { residuals, from, to, _ in
      var index = from
      while index < to {
        let end = min(to, index &+ walker.left)
        residuals.addUp(index, end, &walker.sum, into: out + walker.written)
        walker.advance(end &- index)
        index = end
      }
      if asDoubles {
        // Values already converted are not read again: the sum is kept apart.
        Decimal.convert(
          out + converted, count: walker.written &- converted, kind: header.kind,
          exponent: header.exponent, method: header.method)
        converted = walker.written
      }
    }
    if asDoubles {
      Decimal.convert(
        out + converted, count: walker.written &- converted, kind: header.kind,
        exponent: header.exponent, method: header.method)
    }
  }
}

/// Positions with a value each, borrowed from a decoder's scratch.
struct IndexedValues {
  let positions: UnsafeMutablePointer<Int64>
  let values: UnsafeMutablePointer<Int64>
  let count: Int

  init(
    _ positions: UnsafeMutablePointer<Int64>, _ values: UnsafeMutablePointer<Int64>, count: Int
  ) {
    self.positions = positions
    self.values = values
    self.count = count
  }
}

/// Walks the runs of a delta column, putting each run's first value in place.
private struct RunWalker {
  let runs: UnsafeBufferPointer<Int32>
  let firsts: UnsafeMutablePointer<Int64>
  let out: UnsafeMutablePointer<Int64>
  var run = 0
  var filled = 0
  /// Values of the current run still to come.
  var left = 0
  var written = 0
  var sum: Int64 = 0

  init(
    _ runs: UnsafeBufferPointer<Int32>, firsts: UnsafeMutablePointer<Int64>,
    out: UnsafeMutablePointer<Int64>
  ) {
    self.runs = runs
    self.firsts = firsts
    self.out = out
  }

  /// Enters runs until one has values left, or none remains.
  @inline(__always)
  mutating func enterRun() {
    while left == 0, run < runs.count {
      let length = Int(runs[run])
      run &+= 1
      if length == 0 { continue }
      sum = firsts[filled]
      filled &+= 1
      out[written] = sum
      written &+= 1
      left = length &- 1
    }
  }

  @inline(__always)
  mutating func advance(_ count: Int) {
    written &+= count
    left &-= count
    if left == 0 { enterRun() }
  }
}
