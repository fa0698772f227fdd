import MxJSON
import MxModel

/// Turns JSON objects into samples: all shapes of the command's contract.
///
///     {"name":"up","type":"gauge","labels":{"job":"a"},"samples":[{"timestamp":1,"value":1}]}
///     {"name":"t","type":2,"samples":[{"buckets":{"0.1":3},"sum":1,"count":4}]}
///     {"metricName":"deploy","timestamp":"2026-11-20T10:00:00Z","value":1,"tags":{"env":"x"}}
///     {"metric":{"__name__":"up","job":"a"},"values":[1,1],"timestamps":[1000,2000]}
///
/// Any may have `type`, `help` and `unit`, and `family` where they are of a family of another
/// name.
///
/// A histogram becomes the series `_bucket` (a cumulative count for each `le`,
/// with `+Inf` added from the count where it is missing), `_sum` and `_count`.
/// A label's number or boolean is its text. A value of null is no sample.
struct JSONSamples {
  let options: FormatOptions
  private var builder = KeyBuilder()
  private var notes = FamilyNotes()
  /// The series of the last object, if all of its samples were of one.
  private(set) var onlySeries: UInt32?

  init(_ options: FormatOptions) { self.options = options }

  mutating func tell(_ metadata: inout [MetricMetadata]) { notes.tell(&metadata) }

  /// Takes the object that `text` is.
  mutating func take(
    _ text: UnsafeRawBufferPointer, into batch: inout SampleBatch, _ problems: inout Problems
  ) throws(LineFault) {
    onlySeries = nil
    let item = try JSONItem(text)
    if let list = item.timeseries {
      try takeTimeseries(text, list, into: &batch, &problems)
      return
    }
    var series = try Series(item, text)
    if item.isEvent { series.type = .event }
    try declare(series)
    let rows = batch.count
    do throws(LineFault) {
      try takeSamples(item, series, text, into: &batch)
    } catch {
      batch.removeRows(from: rows)
      throw error
    }
    let isPlain = item.samples == nil && item.buckets == nil && item.sum == nil && item.count == nil
    if isPlain, batch.count > rows { onlySeries = batch.refs[rows] }
  }

  /// What all samples of one object share.
  struct Series {
    var name = ""
    var labels: [(name: String, value: String)] = []
    /// What is declared; a histogram's series bear its name with a suffix.
    var family = ""
    var type: MetricType?
    var help = ""
    var unit = ""

    init(_ item: JSONItem, _ text: UnsafeRawBufferPointer) throws(LineFault) {
      if let range = item.metric {
        if text[range.lowerBound] == Byte.openBrace {
          labels = try JSONSamples.labels(text, range)
        } else {
          name = try JSONSamples.text(text, range, "a metric's name")
        }
      }
      if let range = item.name { name = try JSONSamples.text(text, range, "a metric's name") }
      if let range = item.labels { labels += try JSONSamples.labels(text, range) }
      if let named = labels.firstIndex(where: { $0.name == LabelName.metric }) {
        guard name.isEmpty || name == labels[named].value else {
          throw LineFault(0, "two metric names, '\(name)' and '\(labels[named].value)'")
        }
        name = labels[named].value
        labels.remove(at: named)
      }
      guard !name.isEmpty else {
        throw LineFault(0, "an object without a metric's name", expected: "'name' or 'metric'")
      }
      if let range = item.family { family = try JSONSamples.text(text, range, "a family's name") }
      if let range = item.type { type = try JSONSamples.type(text, range) }
      if let range = item.help { help = try JSONSamples.text(text, range, "a help text") }
      if let range = item.unit { unit = try JSONSamples.text(text, range, "a unit") }
    }
  }

  private mutating func declare(_ series: Series) throws(LineFault) {
    guard series.type != nil || !series.help.isEmpty || !series.unit.isEmpty else { return }
    var name = series.family.isEmpty ? series.name : series.family
    guard let number = name.withUTF8({ notes.number(of: UnsafeRawBufferPointer($0)) }) else {
      throw LineFault(0, "more than \(FamilyNotes.limit) metric families in one stream")
    }
    var family = notes[number]
    if let type = series.type {
      family.hasType = true
      family.metadata.type = type
    }
    if !series.help.isEmpty { family.metadata.help = series.help }
    if !series.unit.isEmpty { family.metadata.unit = series.unit }
    if family.metadata != notes[number].metadata { notes[number] = family }
  }

  private mutating func takeSamples(
    _ item: JSONItem, _ series: Series, _ text: UnsafeRawBufferPointer,
    into batch: inout SampleBatch
  ) throws(LineFault) {
    var any = false
    if let range = item.samples {
      any = true
      try takeSampleObjects(text, range, series, into: &batch)
    }
    if let range = item.values {
      any = true
      try takeColumns(text, range, item.timestamps, series, into: &batch)
    }
    if item.value != nil || item.buckets != nil || item.sum != nil || item.count != nil {
      any = true
      try takeOne(item, text, series, into: &batch)
    }
    guard any else {
      throw LineFault(0, "an object without samples", expected: "'value', 'values' or 'samples'")
    }
  }

  /// `[{"timestamp":…,"value":…},…]`, or with histogram members.
  private mutating func takeSampleObjects(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>, _ series: Series,
    into batch: inout SampleBatch
  ) throws(LineFault) {
    try Self.eachElement(text, range, "samples") { (range) throws(LineFault) in
      do throws(LineFault) {
        let item = try JSONItem(text.part(range))
        try takeOne(item, text.part(range), series, into: &batch)
      } catch {
        throw LineFault(error.offset + range.lowerBound, error.what, expected: error.expected)
      }
    }
  }

  private mutating func takeOne(
    _ item: JSONItem, _ text: UnsafeRawBufferPointer, _ series: Series,
    into batch: inout SampleBatch
  ) throws(LineFault) {
    let time = try item.time.map { (range) throws(LineFault) in try self.time(text, range) }
    let when = time ?? options.defaultTime
    if let range = item.value {
      let ref = try intern(series, "", &batch.series)
      if let value = try Self.value(text, range) { batch.push(ref, when, value) }
      return
    }
    guard item.buckets != nil || item.sum != nil || item.count != nil else { return }
    try takeHistogram(item, text, series, when, into: &batch)
  }

  private mutating func takeHistogram(
    _ item: JSONItem, _ text: UnsafeRawBufferPointer, _ series: Series, _ time: Int64,
    into batch: inout SampleBatch
  ) throws(LineFault) {
    var hasInfinity = false
    if let range = item.buckets {
      for (bound, value) in try Self.members(text, range, "buckets") {
        guard let count = try Self.value(text, value) else { continue }
        guard let number = Self.number(bound) else {
          throw LineFault(value.lowerBound, "a bucket's bound '\(bound)'", expected: "a number")
        }
        if number == .infinity { hasInfinity = true }
        let le = number == .infinity ? "+Inf" : bound
        batch.push(try intern(series, "_bucket", le: le, &batch.series), time, count)
      }
    }
    if let range = item.count, let count = try Self.value(text, range) {
      if item.buckets != nil, !hasInfinity {
        batch.push(try intern(series, "_bucket", le: "+Inf", &batch.series), time, count)
      }
      batch.push(try intern(series, "_count", &batch.series), time, count)
    }
    if let range = item.sum, let sum = try Self.value(text, range) {
      batch.push(try intern(series, "_sum", &batch.series), time, sum)
    }
  }

  /// `"values":[…],"timestamps":[…]`, as many of the one as of the other.
  private mutating func takeColumns(
    _ text: UnsafeRawBufferPointer, _ values: Range<Int>, _ timestamps: Range<Int>?,
    _ series: Series, into batch: inout SampleBatch
  ) throws(LineFault) {
    let ref = try intern(series, "", &batch.series)
    var times: [Int64] = []
    if let timestamps {
      try Self.eachElement(text, timestamps, "timestamps") { (range) throws(LineFault) in
        times.append(try time(text, range))
      }
    }
    var index = 0
    try Self.eachElement(text, values, "values") { (range) throws(LineFault) in
      guard timestamps == nil || index < times.count else {
        throw LineFault(range.lowerBound, "more values than timestamps (\(times.count))")
      }
      if let value = try Self.value(text, range) {
        batch.push(ref, timestamps == nil ? options.defaultTime : times[index], value)
      }
      index += 1
    }
    guard timestamps == nil || index == times.count else {
      throw LineFault(values.lowerBound, "\(index) values for \(times.count) timestamps")
    }
  }

  /// `[{"labels":[{"name":…,"value":…}],"samples":[{"value":…,"timestamp":ms}]}]`
  private mutating func takeTimeseries(
    _ text: UnsafeRawBufferPointer, _ list: Range<Int>, into batch: inout SampleBatch,
    _ problems: inout Problems
  ) throws(LineFault) {
    let unit = options.precision ?? .milliseconds
    try Self.eachElement(text, list, "timeseries") { (range) throws(LineFault) in
      let part = text.part(range)
      let item = try JSONItem(part)
      let series = try Series(item, part)
      let ref = try intern(series, "", &batch.series)
      guard let samples = item.samples else {
        problems.skip("a native histogram has no place in JSON")
        return
      }
      try Self.eachElement(part, samples, "samples") { (range) throws(LineFault) in
        let sample = part.part(range)
        let item = try JSONItem(sample)
        guard
          let value = try item.value.map({ (range) throws(LineFault) in
            try Self.value(sample, range)
          }) ?? nil
        else { return }
        let time = try item.time.map { (range) throws(LineFault) in
          try Self.time(sample, range, unit)
        }
        batch.push(ref, time ?? options.defaultTime, value)
      }
    }
  }

  // MARK: Pieces

  mutating func intern(
    _ series: Series, _ suffix: String, le: String? = nil, _ table: inout SeriesTable
  ) throws(LineFault) -> UInt32 {
    builder.removeAll()
    builder.add(name: LabelName.metric, value: series.name + suffix)
    for label in series.labels { builder.add(name: label.name, value: label.value) }
    if let le { builder.add(name: LabelName.bucketBound, value: le) }
    guard let ref = builder.intern(into: &table) else {
      throw LineFault(0, "a label name of '\(series.name)' that stands twice")
    }
    return ref
  }

  private func time(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(LineFault) -> Int64 { try Self.time(text, range, options.precision) }

  static func time(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>, _ unit: TimePrecision?
  ) throws(LineFault) -> Int64 {
    let inner =
      text[range.lowerBound] == Byte.quote
      ? range.lowerBound + 1..<range.upperBound - 1 : range
    guard let instant = Instant(anyText: text.part(inner), unit) else {
      throw LineFault(
        range.lowerBound, "a timestamp \(text.part(range).shown)", expected: "a number or RFC 3339")
    }
    return instant.rounded
  }

  /// A number, also in quotes, or a boolean; nil for null.
  static func value(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(LineFault) -> Double? {
    let raw = text.part(range)
    if let value = TextNumber.decimal(raw) { return value }
    if raw.equals("null") { return nil }
    if raw.equals("true") { return 1 }
    if raw.equals("false") { return 0 }
    if raw.count > 2, raw[0] == Byte.quote,
      let value = TextNumber.value(raw.part(1..<raw.count - 1))
    {
      return value
    }
    throw LineFault(range.lowerBound, "a value \(raw.shown)", expected: "a number")
  }

  static func number(_ text: String) -> Double? {
    var text = text
    return text.withUTF8 { TextNumber.value(UnsafeRawBufferPointer($0)) }
  }

  static func text(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>, _ what: String
  ) throws(LineFault) -> String {
    let raw = text.part(range)
    if raw[0] == Byte.quote {
      var tokenizer = JSONTokenizer(raw)
      do throws(JSONError) {
        let token = try tokenizer.next()
        return tokenizer.string(token)
      } catch {
        throw LineFault(range.lowerBound, error.message)
      }
    }
    guard raw[0] != Byte.openBrace, raw[0] != Byte.openBracket else {
      throw LineFault(range.lowerBound, "\(what) that is no text")
    }
    return raw.text
  }

  private static func type(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(LineFault) -> MetricType {
    let word = try self.text(text, range, "a type")
    switch word {
    case "0": return .counter
    case "1": return .gauge
    case "2": return .histogram
    default: break
    }
    guard let type = MetricType(word: word.lowercased()) else {
      throw LineFault(
        range.lowerBound, "an unknown type '\(word)'", expected: "counter, gauge or histogram")
    }
    return type
  }

  /// An object of labels, or remote write's list of `name` and `value`.
  private static func labels(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(LineFault) -> [(name: String, value: String)] {
    var labels: [(name: String, value: String)] = []
    if text[range.lowerBound] == Byte.openBracket {
      try eachElement(text, range, "labels") { (range) throws(LineFault) in
        let part = text.part(range)
        let item = try JSONItem(part)
        guard let name = item.name, let value = item.value else {
          throw LineFault(range.lowerBound, "a label without name or value")
        }
        labels.append((try self.text(part, name, "a name"), try self.text(part, value, "a value")))
      }
      return labels
    }
    for (name, value) in try members(text, range, "labels") {
      guard !name.isEmpty else { throw LineFault(value.lowerBound, "an empty label name") }
      if text.part(value).equals("null") { continue }
      labels.append((name, try self.text(text, value, "a label's value")))
    }
    return labels
  }

  /// The members of the object at `range`, with where their values lie in `text`.
  static func members(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>, _ what: String
  ) throws(LineFault) -> [(String, Range<Int>)] {
    guard text[range.lowerBound] == Byte.openBrace else {
      throw LineFault(range.lowerBound, "'\(what)' that is no object")
    }
    var members: [(String, Range<Int>)] = []
    var tokenizer = JSONTokenizer(text.part(range))
    do throws(JSONError) {
      _ = try tokenizer.next()
      while true {
        let key = try tokenizer.next()
        if key.kind == .endObject { return members }
        let name = tokenizer.string(key)
        let value = try tokenizer.next()
        try tokenizer.skipRest(of: value)
        let start = value.start - (value.kind == .string ? 1 : 0)
        members.append(
          (name, range.lowerBound + start..<range.lowerBound + tokenizer.offset))
      }
    } catch {
      throw LineFault(range.lowerBound + error.position.offset, error.message)
    }
  }

  /// Calls `body` with where each element of the array at `range` lies in `text`.
  static func eachElement(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>, _ what: String,
    _ body: (Range<Int>) throws(LineFault) -> Void
  ) throws(LineFault) {
    guard text[range.lowerBound] == Byte.openBracket else {
      throw LineFault(range.lowerBound, "'\(what)' that is no array")
    }
    var tokenizer = JSONTokenizer(text.part(range))
    var next: Range<Int>? = nil
    repeat {
      do throws(JSONError) {
        if tokenizer.depth == 0 { _ = try tokenizer.next() }
        let value = try tokenizer.next()
        if value.kind == .endArray { return }
        try tokenizer.skipRest(of: value)
        let start = value.start - (value.kind == .string ? 1 : 0)
        next = range.lowerBound + start..<range.lowerBound + tokenizer.offset
      } catch {
        throw LineFault(range.lowerBound + error.position.offset, error.message)
      }
      if let next { try body(next) }
    } while true
  }
}
