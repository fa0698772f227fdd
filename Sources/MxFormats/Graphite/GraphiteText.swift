package import MxModel

/// Graphite's plaintext protocol, with tags.
///
///     servers.web1.load;env=prod;rack=2 0.75 1767225600
///
/// The path is the metric's name as it stands, tags are labels. The timestamp is
/// in seconds, fractions allowed; where it is -1 or missing the sample has the
/// default time.
package struct GraphiteText {
  private let options: FormatOptions
  private(set) var line = 0
  private var known = RawTextTable()
  private var builder = KeyBuilder()

  package init(_ options: FormatOptions) { self.options = options }

  package mutating func feed(
    _ bytes: UnsafeRawBufferPointer, final: Bool, into batch: inout SampleBatch,
    problems: inout Problems
  ) throws(FormatError) -> Int {
    var start = 0
    while start < bytes.count {
      guard let end = bytes.offset(of: Byte.newline, from: start) ?? (final ? bytes.count : nil)
      else { return start }
      line += 1
      batch.lines.mark(line: line, row: batch.count)
      let text = bytes.part(start..<end)
      do throws(LineFault) {
        try read(text, into: &batch)
      } catch {
        problems.add(error.problem(line: line, text))
      }
      start = end &+ 1
    }
    return min(start, bytes.count)
  }

  @inline(__always)
  private mutating func read(
    _ whole: UnsafeRawBufferPointer, into batch: inout SampleBatch
  ) throws(LineFault) {
    var text = whole
    if let last = text.last, last == Byte.carriageReturn { text = text.part(0..<text.count - 1) }
    let start = text.skipBlanks(0)
    if start == text.count || text[start] == Byte.hash { return }
    let pathEnd = Self.wordEnd(text, start)
    let valueStart = text.skipBlanks(pathEnd)
    let valueEnd = Self.wordEnd(text, valueStart)
    guard let value = TextNumber.value(text.part(valueStart..<valueEnd)) else {
      throw LineFault(
        valueStart, "a value '\(text.part(valueStart..<valueEnd).shown)'", expected: "a number")
    }
    let timeStart = text.skipBlanks(valueEnd)
    let timeEnd = Self.wordEnd(text, timeStart)
    let time = try self.time(text, timeStart..<timeEnd)
    guard text.skipBlanks(timeEnd) == text.count else {
      throw LineFault(
        text.skipBlanks(timeEnd), "more than path, value and timestamp",
        expected: "the end of the line")
    }
    batch.push(try series(text, start..<pathEnd, &batch.series), time, value)
  }

  @inline(__always)
  private static func wordEnd(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int {
    var at = start
    while at < text.count, !Byte.isBlank(text[at]) { at &+= 1 }
    return at
  }

  @inline(__always)
  private func time(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(LineFault) -> Int64 {
    let word = text.part(range)
    if word.isEmpty || word.equals("-1") || word.equals("N") { return options.defaultTime }
    guard let instant = Instant(word, options.precision ?? .seconds) else {
      throw LineFault(
        range.lowerBound, "a timestamp '\(word.shown)'", expected: "seconds since 1970")
    }
    return instant.rounded
  }

  @inline(__always)
  private mutating func series(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>, _ table: inout SeriesTable
  ) throws(LineFault) -> UInt32 {
    let hash = known.hash(text.part(range))
    if let ref = known.find(hash) { return ref }
    let ref = try parse(text.part(range), at: range.lowerBound, &table)
    known.insert(hash, ref)
    return ref
  }

  @inline(never)
  private mutating func parse(
    _ path: UnsafeRawBufferPointer, at offset: Int, _ table: inout SeriesTable
  ) throws(LineFault) -> UInt32 {
    guard path.isUTF8 else { throw LineFault(offset, "a path that is not UTF-8") }
    builder.removeAll()
    let nameEnd = path.offset(of: Byte.semicolon) ?? path.count
    guard nameEnd > 0 else { throw LineFault(offset, "an empty path") }
    builder.add(name: "__name__", value: path.part(0..<nameEnd))
    var at = nameEnd
    while at < path.count {
      let end = path.offset(of: Byte.semicolon, from: at + 1) ?? path.count
      let tag = path.part(at + 1..<end)
      guard let equals = tag.offset(of: Byte.equals), equals > 0 else {
        throw LineFault(offset + at + 1, "a tag '\(tag.shown)'", expected: "name=value")
      }
      builder.add(name: tag.part(0..<equals), value: tag.part(equals + 1..<tag.count))
      at = end
    }
    guard let ref = builder.intern(into: &table) else {
      throw LineFault(offset, "a tag that stands twice")
    }
    return ref
  }
}
