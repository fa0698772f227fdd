package import MxModel

/// A Prometheus remote write 1.0 request: a snappy block of one `WriteRequest`.
///
///     WriteRequest   1 TimeSeries…   3 MetricMetadata…
///     TimeSeries     1 Label…        2 Sample…          4 Histogram…
///     Label          1 name          2 value
///     Sample         1 value         2 timestamp (ms)
///
/// A container: what cannot be decoded refuses all of it. The bytes of a
/// series' labels are hashed as they stand. Exemplars are dropped, native
/// histograms become classic series (`ClassicBuckets`), stale markers stay.
package struct RemoteWriteBody {
  private let options: FormatOptions
  private var known = RawTextTable()
  private var builder = KeyBuilder()

  package init(_ options: FormatOptions) { self.options = options }

  /// Decodes a whole body.
  package mutating func read(
    _ body: UnsafeRawBufferPointer, into batch: inout SampleBatch, problems: inout Problems
  ) throws(FormatError) {
    let message: [UInt8]
    do throws(Snappy.Fault) {
      message = try Snappy.decompress(body, limit: options.bodyLimit)
    } catch {
      if error == .tooLarge { throw .bodyTooLarge(limit: options.bodyLimit) }
      throw .refused(Problem(line: 0, column: 0, what: "not a snappy block: \(error)"))
    }
    let outcome = message.withUnsafeBytes { message -> Result<Void, ProtoReader.Fault> in
      do throws(ProtoReader.Fault) {
        try readRequest(ProtoReader(message), into: &batch, &problems)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    if case .failure(let fault) = outcome {
      throw .refused(Problem(line: 0, column: 0, what: "not a write request: \(fault.what)"))
    }
  }

  private mutating func readRequest(
    _ request: ProtoReader, into batch: inout SampleBatch, _ problems: inout Problems
  ) throws(ProtoReader.Fault) {
    var request = request
    while let field = try request.next() {
      switch field.number {
      case 1: try readSeries(field.message, into: &batch, &problems)
      case 3: try readMetadata(field.message, into: &batch)
      default: break
      }
    }
  }

  private mutating func readSeries(
    _ series: ProtoReader, into batch: inout SampleBatch, _ problems: inout Problems
  ) throws(ProtoReader.Fault) {
    // Labels first, wherever they stand; in practice they are one run in front.
    var labels = series
    var start = -1
    var end = 0
    while let field = try labels.next() {
      guard field.number == 1 else { if start >= 0 { break } else { continue } }
      if start < 0 { start = field.start }
      end = field.end
    }
    guard start >= 0 else {
      problems.add(Problem(line: 0, column: 0, what: "a series without labels"))
      return
    }
    let text = series.bytes.part(start..<end)
    let hash = known.hash(text)
    var found = known.find(hash)
    if found == nil {
      found = try parseLabels(text, &batch.series, &problems)
      if let found { known.insert(hash, found) }
    }
    guard let ref = found else { return }
    try readSamples(series, ref, into: &batch, &problems)
  }

  private mutating func parseLabels(
    _ text: UnsafeRawBufferPointer, _ table: inout SeriesTable, _ problems: inout Problems
  ) throws(ProtoReader.Fault) -> UInt32? {
    var reader = ProtoReader(text)
    builder.removeAll()
    var fault: String?
    while let field = try reader.next() {
      let label = try Self.label(field.message)
      if label.name.isEmpty { fault = "a label without a name" }
      if !label.name.isUTF8 || !label.value.isUTF8 { fault = "a label that is not UTF-8" }
      builder.add(name: label.name, value: label.value)
    }
    if !builder.has(name: StaticString("__name__").bytes) {
      fault = "a series without a metric name"
    }
    let ref = builder.intern(into: &table)
    if ref == nil { fault = "a label name that stands twice" }
    guard let fault else { return ref }
    problems.add(Problem(line: 0, column: 0, what: fault))
    return nil
  }

  static func label(
    _ message: ProtoReader
  ) throws(ProtoReader.Fault) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    var message = message
    var name = UnsafeRawBufferPointer(start: nil, count: 0)
    var value = name
    while let field = try message.next() {
      if field.number == 1, let bytes = field.bytes { name = bytes }
      if field.number == 2, let bytes = field.bytes { value = bytes }
    }
    return (name, value)
  }

  private mutating func readSamples(
    _ series: ProtoReader, _ ref: UInt32, into batch: inout SampleBatch,
    _ problems: inout Problems
  ) throws(ProtoReader.Fault) {
    var series = series
    while let field = try series.next() {
      switch field.number {
      case 2:
        var sample = field.message
        var value = 0.0
        var time: Int64 = 0
        while let part = try sample.next() {
          if part.number == 1 { value = part.double }
          if part.number == 2 { time = part.int64 }
        }
        guard let instant = Instant(time, .milliseconds) else {
          problems.add(
            Problem(line: 0, column: 0, what: "a timestamp beyond 2^53 ms from 1970"))
          continue
        }
        batch.push(ref, instant.rounded, value)
      case 4: try readHistogram(field.message, ref, into: &batch, &problems)
      default: break
      }
    }
  }

  private mutating func readHistogram(
    _ message: ProtoReader, _ ref: UInt32, into batch: inout SampleBatch,
    _ problems: inout Problems
  ) throws(ProtoReader.Fault) {
    let (histogram, milliseconds) = try NativeHistogramMessage.read(message)
    guard let time = Instant(milliseconds, .milliseconds)?.rounded else {
      problems.add(Problem(line: 0, column: 0, what: "a timestamp beyond 2^53 ms from 1970"))
      return
    }
    var labels = batch.series.labels(ref).pairs
    let name = labels.first { $0.name == LabelName.metric }?.value ?? ""
    labels.removeAll { $0.name == LabelName.metric || $0.name == LabelName.bucketBound }
    let base = labels.map { ($0.name, $0.value) }
    let isStale = StaleMarker.isStale(histogram.sum)
    for bucket in ClassicBuckets.cumulative(histogram) where !isStale {
      let bound = (LabelName.bucketBound, ClassicBuckets.text(bucket.bound))
      batch.append(LabelSet(name: name + "_bucket", base + [bound]), time, bucket.count)
    }
    let count = isStale ? StaleMarker.value : histogram.count
    batch.append(LabelSet(name: name + "_sum", base), time, histogram.sum)
    batch.append(LabelSet(name: name + "_count", base), time, count)
  }

  private func readMetadata(
    _ message: ProtoReader, into batch: inout SampleBatch
  ) throws(ProtoReader.Fault) {
    var message = message
    var metadata = MetricMetadata(family: "")
    while let field = try message.next() {
      switch field.number {
      // The numbers of the types are the model's own up to stateset.
      case 1 where field.bits <= 7:
        metadata.type = MetricType(rawValue: UInt8(field.bits)) ?? .unknown
      case 2: metadata.family = field.text
      case 4: metadata.help = field.text
      case 5: metadata.unit = field.text
      default: break
      }
    }
    if !metadata.family.isEmpty { batch.metadata.append(metadata) }
  }
}

/// `Histogram` of remote write.
enum NativeHistogramMessage {
  static func read(
    _ message: ProtoReader
  ) throws(ProtoReader.Fault) -> (NativeHistogram, time: Int64) {
    var message = message
    var histogram = NativeHistogram()
    var time: Int64 = 0
    var negativeDeltas: [UInt64] = []
    var positiveDeltas: [UInt64] = []
    var negativeCounts: [UInt64] = []
    var positiveCounts: [UInt64] = []
    var bounds: [UInt64] = []
    while let field = try message.next() {
      switch field.number {
      case 1: histogram.count = Double(field.bits)
      case 2: histogram.count = field.double
      case 3: histogram.sum = field.double
      case 4: histogram.schema = Int32(truncatingIfNeeded: field.signed)
      case 5: histogram.zeroThreshold = field.double
      case 6: histogram.zeroCount = Double(field.bits)
      case 7: histogram.zeroCount = field.double
      case 8: histogram.negativeSpans.append(try span(field.message))
      case 9: try ProtoReader.append(field, fixed: false, to: &negativeDeltas)
      case 10: try ProtoReader.append(field, fixed: true, to: &negativeCounts)
      case 11: histogram.positiveSpans.append(try span(field.message))
      case 12: try ProtoReader.append(field, fixed: false, to: &positiveDeltas)
      case 13: try ProtoReader.append(field, fixed: true, to: &positiveCounts)
      case 15: time = field.int64
      case 16: try ProtoReader.append(field, fixed: true, to: &bounds)
      default: break
      }
    }
    histogram.negativeCounts = counts(negativeCounts, negativeDeltas)
    histogram.positiveCounts = counts(positiveCounts, positiveDeltas)
    histogram.customBounds = bounds.map { Double(bitPattern: $0) }
    return (histogram, time)
  }

  private static func span(_ message: ProtoReader) throws(ProtoReader.Fault) -> NativeHistogram.Span
  {
    var message = message
    var span = NativeHistogram.Span(offset: 0, length: 0)
    while let field = try message.next() {
      if field.number == 1 { span.offset = Int32(truncatingIfNeeded: field.signed) }
      if field.number == 2 { span.length = UInt32(truncatingIfNeeded: field.bits) }
    }
    return span
  }

  /// Absolute counts, or the running sum of zigzag differences.
  private static func counts(_ absolute: [UInt64], _ deltas: [UInt64]) -> [Double] {
    if !absolute.isEmpty { return absolute.map { Double(bitPattern: $0) } }
    var sum: Int64 = 0
    return deltas.map { delta in
      sum &+= Int64(bitPattern: delta >> 1) ^ -Int64(bitPattern: delta & 1)
      return Double(sum)
    }
  }
}
