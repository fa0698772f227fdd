package import MxModel

/// OpenMetrics text 1.0, checked as its specification demands.
///
///     # TYPE foo counter
///     # UNIT foo_seconds seconds
///     foo_total{a="b"} 17.0 1520879607.789 # {trace_id="x"} 0.67
///     # EOF
///
/// An exposition is one container: the first thing that is wrong refuses all of
/// it, and without `# EOF` it was cut off. Exemplars are checked and dropped.
/// `_created` samples stay samples, as Prometheus keeps them.
///
/// One rule is loosened: where no line of the input declares any family, lines
/// of different metrics may be mixed. Dumps of whole histories look so.
package struct OpenMetricsText {
  private let options: FormatOptions
  private(set) var line = 0
  private var ended = false
  private var known = RawTextTable()
  /// By the numbers of `known`.
  private var seen: [SeenSeries] = []
  private var series = SeriesText(.openMetrics)
  private var exemplar = SeriesText(.openMetrics)
  private var notes = FamilyNotes()
  private var family = OpenMetricsFamily()

  package init(_ options: FormatOptions) { self.options = options }

  /// Decodes the whole lines of `bytes`; with `final` also what stands behind
  /// the last newline, and the end must have been there. Returns how many bytes
  /// it is done with. After an error the batch holds rows of a refused input.
  package mutating func feed(
    _ bytes: UnsafeRawBufferPointer, final: Bool, into batch: inout SampleBatch,
    problems: inout Problems
  ) throws(FormatError) -> Int {
    var start = 0
    while let end = bytes.offset(of: Byte.newline, from: start) {
      try take(bytes.part(start..<end), into: &batch, problems: &problems)
      start = end &+ 1
    }
    if final {
      if start < bytes.count {
        try take(bytes.part(start..<bytes.count), into: &batch, problems: &problems)
      }
      guard ended else {
        throw .refused(
          Problem(
            line: line, column: 0, what: "no '# EOF' at the end: the exposition was cut off"))
      }
      start = bytes.count
    }
    notes.tell(&batch.metadata)
    return start
  }

  @inline(__always)
  private mutating func take(
    _ text: UnsafeRawBufferPointer, into batch: inout SampleBatch, problems: inout Problems
  ) throws(FormatError) {
    line &+= 1
    batch.lines.mark(line: line, row: batch.count)
    do throws(LineFault) {
      try read(text, into: &batch, problems: &problems)
    } catch {
      throw .refused(error.problem(line: line, text))
    }
  }

  @inline(__always)
  private mutating func read(
    _ text: UnsafeRawBufferPointer, into batch: inout SampleBatch, problems: inout Problems
  ) throws(LineFault) {
    if ended { throw LineFault(0, "text after '# EOF'") }
    guard let first = text.first else { throw LineFault(0, "a blank line") }
    if first == Byte.hash {
      try readComment(text)
      return
    }
    let textEnd = Self.seriesEnd(text)
    let hash = known.hash(text.part(0..<textEnd))
    var at = textEnd
    let number: Int
    if let found = known.find(hash) {
      number = Int(found)
    } else {
      (number, at) = try readSeries(text, into: &batch)
      known.insert(
        at == textEnd ? hash : known.hash(text.part(0..<at)), UInt32(truncatingIfNeeded: number))
    }
    let sample = try readSample(text, from: at, problems: &problems)
    try family.check(&seen[number], sample, batch.series, line: line)
    if let time = sample.time { batch.push(seen[number].ref, time, sample.value) }
  }

  /// Where the series of a line without an exemplar ends.
  @inline(__always)
  private static func seriesEnd(_ text: UnsafeRawBufferPointer) -> Int {
    if let brace = text.lastOffset(of: Byte.closeBrace) { return brace &+ 1 }
    return text.offset(of: Byte.space) ?? text.count
  }

  @inline(never)
  private mutating func readSeries(
    _ text: UnsafeRawBufferPointer, into batch: inout SampleBatch
  ) throws(LineFault) -> (number: Int, end: Int) {
    let end = try series.parse(text, from: 0)
    // A line with an exemplar is known by its series, not by its last brace.
    if let found = known.find(known.hash(text.part(0..<end))) { return (Int(found), end) }
    guard text.part(0..<end).isUTF8 else { throw LineFault(0, "the series is not UTF-8") }
    guard let ref = series.builder.intern(into: &batch.series) else {
      throw LineFault(0, "a label name that stands twice")
    }
    if known.count >= RawTextTable.limit {
      known.removeAll()
      seen.removeAll()
    }
    let name = series.withName { family.nameNumber($0) } ?? 0
    seen.append(SeenSeries(ref: ref, name: name))
    return (seen.count - 1, end)
  }

  /// ` value [ timestamp] [ # {labels} value [timestamp]]`
  @inline(__always)
  private mutating func readSample(
    _ text: UnsafeRawBufferPointer, from end: Int, problems: inout Problems
  ) throws(LineFault) -> OpenMetricsSample {
    var at = end
    let value = try readValue(text, &at)
    var sample = OpenMetricsSample(value: value, time: options.defaultTime)
    if at < text.count, !Self.startsExemplar(text, at) {
      let start = at &+ 1
      guard let instant = try readInstant(text, &at) else {
        // A moment that we cannot hold is no fault of the exposition.
        sample.time = nil
        problems.add(
          LineFault(start, "a timestamp beyond 2^53 ms from 1970").problem(line: line, text))
        return sample
      }
      sample.instant = instant
      sample.time = instant.rounded
    }
    if at < text.count {
      try readExemplar(text, &at)
      sample.hasExemplar = true
    }
    return sample
  }

  @inline(__always)
  private static func startsExemplar(_ text: UnsafeRawBufferPointer, _ at: Int) -> Bool {
    at &+ 1 < text.count && text[at &+ 1] == Byte.hash
  }

  /// One space and the word behind it.
  @inline(__always)
  private static func word(
    _ text: UnsafeRawBufferPointer, _ at: inout Int, _ what: String
  ) throws(LineFault) -> UnsafeRawBufferPointer {
    guard at < text.count, text[at] == Byte.space else {
      throw LineFault(at, SeriesText.found(text, at), expected: "one space and \(what)")
    }
    let start = at &+ 1
    at = start
    while at < text.count, text[at] != Byte.space { at &+= 1 }
    return text.part(start..<at)
  }

  @inline(__always)
  private func readValue(
    _ text: UnsafeRawBufferPointer, _ at: inout Int
  ) throws(LineFault) -> Double {
    let start = at
    let word = try Self.word(text, &at, "a value")
    guard let value = TextNumber.value(word) else {
      throw LineFault(start + 1, "a value '\(word.shown)'", expected: "a number")
    }
    return value
  }

  /// Nil for a moment beyond the limit.
  @inline(__always)
  private func readInstant(
    _ text: UnsafeRawBufferPointer, _ at: inout Int
  ) throws(LineFault) -> Instant? {
    let start = at
    let word = try Self.word(text, &at, "a timestamp")
    if let instant = Instant(word, options.precision ?? .seconds) { return instant }
    guard TextNumber.decimal(word) != nil else {
      throw LineFault(
        start + 1, "a timestamp '\(word.shown)'", expected: "seconds since 1970")
    }
    return nil
  }

  private mutating func readExemplar(
    _ text: UnsafeRawBufferPointer, _ at: inout Int
  ) throws(LineFault) {
    guard text.part(at..<text.count).hasPrefix(" # {") else {
      throw LineFault(at, SeriesText.found(text, at), expected: "' # {' or the end of the line")
    }
    let start = at + 4
    exemplar.removeAll()
    at = try exemplar.parseLabels(text, from: start)
    guard text.part(start..<at).isUTF8 else { throw LineFault(start, "labels that are not UTF-8") }
    guard exemplar.builder.sortAndCountCharacters() <= 128 else {
      throw LineFault(start, "an exemplar with more than 128 characters of labels, or one twice")
    }
    _ = try readValue(text, &at)
    if at < text.count { _ = try readInstant(text, &at) }
    guard at == text.count else {
      throw LineFault(at, SeriesText.found(text, at), expected: "the end of the line")
    }
  }

  private mutating func readComment(_ text: UnsafeRawBufferPointer) throws(LineFault) {
    if text.equals("# EOF") {
      ended = true
      try family.end(line: line)
      return
    }
    let comment = try CommentText(openMetrics: text)
    guard text.isUTF8 else { throw LineFault(0, "the comment is not UTF-8") }
    guard let number = comment.name.withUnsafeBytes({ notes.number(of: $0) }) else {
      throw LineFault(7, "more than \(FamilyNotes.limit) metric families in one stream")
    }
    try family.declare(comment.name, line: line)
    var known = notes[number]
    let twice: Bool
    switch comment.keyword {
    case .help:
      twice = known.hasHelp
      known.hasHelp = true
      known.metadata.help = comment.help(quotes: true)
    case .type:
      twice = known.hasType
      known.hasType = true
      known.metadata.type = try family.setType(comment)
    case .unit:
      twice = known.hasUnit
      known.hasUnit = true
      known.metadata.unit = comment.rest.text
      family.setUnit(Array(comment.rest))
    }
    if twice { throw LineFault(0, "the same metadata of '\(known.metadata.family)' twice") }
    notes[number] = known
  }
}

/// A series of the stream, and what the current family makes of it.
struct SeenSeries {
  var ref: UInt32
  /// The metric's name, by `OpenMetricsFamily.nameNumber`.
  var name: UInt32
  /// The family that the rest was worked out for; -1 for none.
  var family = -1
  var role = SampleRole.other
  /// The metric within its family: the labels without what tells points apart.
  var group: UInt32 = 0
  /// A bucket's `le`.
  var bound = 0.0

  init(ref: UInt32, name: UInt32) {
    self.ref = ref
    self.name = name
  }
}

/// What the name behind the family's says.
enum SampleRole {
  case plain
  case total
  case created
  case bucket
  case count
  case sum
  case gcount
  case gsum
  case other
}

struct OpenMetricsSample {
  var value: Double
  /// Nil where it cannot be held.
  var time: Int64?
  var instant: Instant?
  var hasExemplar = false
}
