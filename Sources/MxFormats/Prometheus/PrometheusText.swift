package import MxModel

/// The Prometheus text exposition format, 0.0.4, with the quoted names of
/// Prometheus 3.
///
///     # TYPE node_cpu_seconds_total counter
///     node_cpu_seconds_total{cpu="0",mode="idle"} 549639.09 1767225602696
///
/// A line that cannot be taken is a problem, the others get in. The series part
/// of a line is hashed up to its last brace; only a text never seen before is
/// parsed. Repeated metadata is taken where it says the same again, since
/// people concatenate scrapes.
package struct PrometheusText {
  private let options: FormatOptions
  private(set) var line = 0
  private var known = RawTextTable()
  private var series = SeriesText(.text)
  private var notes = FamilyNotes()
  /// Metric names that had samples: a type may not come after them.
  private var sampled = SeriesTable()

  var textsKnown: Int { known.count }

  package init(_ options: FormatOptions) { self.options = options }

  /// Decodes the whole lines of `bytes`; with `final` also what stands behind
  /// the last newline. Returns how many bytes it is done with.
  package mutating func feed(
    _ bytes: UnsafeRawBufferPointer, final: Bool, into batch: inout SampleBatch,
    problems: inout Problems
  ) throws(FormatError) -> Int {
    var start = 0
    defer { notes.tell(&batch.metadata) }
    while let end = bytes.offset(of: Byte.newline, from: start) {
      take(bytes.part(start..<end), into: &batch, &problems)
      start = end &+ 1
    }
    guard final, start < bytes.count else { return start }
    // As Prometheus' own reader has it. Whether an answer or a file was cut short is for
    // those to tell who know its length.
    take(bytes.part(start..<bytes.count), into: &batch, &problems)
    return bytes.count
  }

  @inline(__always)
  private mutating func take(
    _ text: UnsafeRawBufferPointer, into batch: inout SampleBatch, _ problems: inout Problems
  ) {
    line += 1
    batch.lines.mark(line: line, row: batch.count)
    do throws(LineFault) {
      try read(text, into: &batch)
    } catch {
      problems.add(error.problem(line: line, text))
    }
  }

  @inline(__always)
  private mutating func read(
    _ whole: UnsafeRawBufferPointer, into batch: inout SampleBatch
  ) throws(LineFault) {
    var text = whole
    if let last = text.last, last == Byte.carriageReturn {
      text = text.part(0..<text.count - 1)
    }
    let start = text.skipBlanks(0)
    if start == text.count { return }
    if text[start] == Byte.hash {
      try readComment(text.part(start..<text.count), indent: start)
      return
    }
    let textEnd = Self.seriesEnd(text, from: start)
    let hash = known.hash(text.part(start..<textEnd))
    let ref: UInt32
    var at = textEnd
    if let found = known.find(hash) {
      ref = found
    } else {
      (ref, at) = try readSeries(text, from: start, into: &batch)
      known.insert(at == textEnd ? hash : known.hash(text.part(start..<at)), ref)
    }
    let (value, time) = try readNumbers(text, from: at)
    batch.push(ref, time, value)
  }

  /// Where the series of a well-formed line ends: behind its last brace, or
  /// with its first word where it has none.
  @inline(__always)
  private static func seriesEnd(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
    if let brace = text.lastOffset(of: Byte.closeBrace) { return max(brace &+ 1, start) }
    var at = start
    while at < text.count, !Byte.isBlank(text[at]) { at &+= 1 }
    return at
  }

  @inline(never)
  private mutating func readSeries(
    _ text: UnsafeRawBufferPointer, from start: Int, into batch: inout SampleBatch
  ) throws(LineFault) -> (ref: UInt32, end: Int) {
    let end = try series.parse(text, from: start)
    guard text.part(start..<end).isUTF8 else {
      throw LineFault(start, "the series is not UTF-8")
    }
    try checkBound(at: start)
    guard let ref = series.builder.intern(into: &batch.series) else {
      throw LineFault(start, "a label name that stands twice")
    }
    series.withName { _ = sampled.intern($0) }
    return (ref, end)
  }

  /// A quantile and a bucket's bound must be numbers where the type says that
  /// they are ones.
  private func checkBound(at start: Int) throws(LineFault) {
    if notes.isEmpty { return }
    if let text = badBound("quantile", in: .summary) {
      throw LineFault(start, "a quantile that is no number: '\(text)'")
    }
    if let text = badBound("le", in: .histogram) {
      throw LineFault(start, "a bucket bound 'le' that is no number: '\(text)'")
    }
  }

  private func badBound(_ label: StaticString, in type: MetricType) -> String? {
    let bad = series.builder.withValue(of: label) { value -> String? in
      TextNumber.value(value) == nil ? value.shown : nil
    }
    guard let text = bad ?? nil else { return nil }
    let applies = series.withName { name -> Bool in
      if type == .histogram {
        guard name.hasSuffix("_bucket") else { return false }
        return notes.type(of: name.part(0..<name.count - 7)) == type
      }
      return notes.type(of: name) == type
    }
    return applies == true ? text : nil
  }

  /// ` value [timestamp]` to the end of the line.
  @inline(__always)
  private func readNumbers(
    _ text: UnsafeRawBufferPointer, from end: Int
  ) throws(LineFault) -> (Double, Int64) {
    let start = text.skipBlanks(end)
    // Behind a brace the blank may be missing, behind a name it may not.
    guard start > end || (end > 0 && text[end - 1] == Byte.closeBrace) else {
      throw LineFault(end, SeriesText.found(text, end), expected: "a blank and a value")
    }
    var at = start
    while at < text.count, !Byte.isBlank(text[at]) { at &+= 1 }
    guard let value = TextNumber.value(text.part(start..<at)) else {
      throw Self.badValue(text, start..<at)
    }
    let timeStart = text.skipBlanks(at)
    if timeStart == text.count { return (value, options.defaultTime) }
    at = timeStart
    while at < text.count, !Byte.isBlank(text[at]) { at &+= 1 }
    let time = try readTime(text, timeStart..<at)
    let rest = text.skipBlanks(at)
    guard rest == text.count else {
      throw LineFault(rest, SeriesText.found(text, rest), expected: "the end of the line")
    }
    return (value, time)
  }

  @inline(__always)
  private func readTime(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(LineFault) -> Int64 {
    guard let number = MillisecondText.parse(text.part(range)) else {
      throw LineFault(
        range.lowerBound, "a timestamp '\(text.part(range).shown)'",
        expected: "whole milliseconds since 1970")
    }
    guard let time = Instant(number, options.precision ?? .milliseconds) else {
      throw LineFault(range.lowerBound, "a timestamp beyond 2^53 ms from 1970")
    }
    return time.rounded
  }

  private static func badValue(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>
  ) -> LineFault {
    if range.isEmpty { return LineFault(range.lowerBound, "no value", expected: "a number") }
    return LineFault(
      range.lowerBound, "a value '\(text.part(range).shown)'", expected: "a number")
  }

  private mutating func readComment(
    _ text: UnsafeRawBufferPointer, indent: Int
  ) throws(LineFault) {
    do throws(LineFault) {
      if let comment = try CommentText(text: text) { try note(comment) }
    } catch {
      throw LineFault(error.offset + indent, error.what, expected: error.expected)
    }
  }

  private mutating func note(_ comment: CommentText) throws(LineFault) {
    guard comment.name.withUnsafeBytes({ $0.isUTF8 }), comment.rest.isUTF8 else {
      throw LineFault(comment.nameStart, "the comment is not UTF-8")
    }
    guard let number = comment.name.withUnsafeBytes({ notes.number(of: $0) }) else {
      throw LineFault(
        comment.nameStart, "more than \(FamilyNotes.limit) metric families in one stream")
    }
    if comment.keyword == .help {
      try noteHelp(comment.help(quotes: false), number, at: comment.nameStart)
    } else {
      try noteType(comment, number)
    }
  }

  private mutating func noteHelp(_ help: String, _ number: Int, at offset: Int) throws(LineFault) {
    var family = notes[number]
    if family.hasHelp {
      guard family.metadata.help != help else { return }
      throw LineFault(offset, "a second, different HELP of '\(family.metadata.family)'")
    }
    family.hasHelp = true
    family.metadata.help = help
    notes[number] = family
  }

  private mutating func noteType(_ comment: CommentText, _ number: Int) throws(LineFault) {
    var end = comment.rest.count
    while end > 0, Byte.isBlank(comment.rest[end - 1]) { end -= 1 }
    let word = comment.rest.part(0..<end)
    guard let type = MetricType(word: word.text.lowercased()), type != .event else {
      throw LineFault(
        comment.restStart, "an unknown type '\(word.shown)'",
        expected: "counter, gauge, histogram, summary or untyped")
    }
    var family = notes[number]
    if family.hasType {
      guard family.metadata.type != type else { return }
      throw LineFault(
        comment.restStart,
        "a second type '\(type.word)' of '\(family.metadata.family)', first it was "
          + "'\(family.metadata.type.word)'")
    }
    if type != .unknown, comment.name.withUnsafeBytes({ sampled.find($0) }) != nil {
      throw LineFault(
        comment.restStart, "the type of '\(family.metadata.family)' after its samples",
        expected: "the type first")
    }
    family.hasType = true
    family.metadata.type = type
    notes[number] = family
  }
}

extension SampleBatch {
  /// `append`, inlined into this module's loops.
  @inline(__always)
  mutating func push(_ ref: UInt32, _ time: Int64, _ value: Double) {
    refs.append(ref)
    times.append(time)
    values.append(value)
    if startTimes != nil || histograms != nil { pad() }
  }

  /// Brings the optional columns to the rows' number.
  @inline(never)
  mutating func pad() {
    if let short = startTimes.map({ count - $0.count }), short > 0 {
      startTimes?.append(contentsOf: repeatElement(.min, count: short))
    }
    if let short = histograms.map({ count - $0.isHistogram.count }), short > 0 {
      histograms?.isHistogram.append(contentsOf: repeatElement(false, count: short))
    }
  }
}
