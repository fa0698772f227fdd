package import MxModel

/// Prometheus' delimited protobuf exposition: `MetricFamily` messages, each
/// behind its length as a varint. Classic types only; exemplars are dropped.
///
///     MetricFamily  1 name  2 help  3 type  4 Metric…  5 unit
///     Metric        1 LabelPair…  2 Gauge  3 Counter  4 Summary  5 Untyped
///                   6 timestamp (ms)  7 Histogram
///
/// A container: what cannot be decoded refuses all of it.
package struct PrometheusProtobuf {
  private let options: FormatOptions
  private var builder = KeyBuilder()

  package init(_ options: FormatOptions) { self.options = options }

  private struct Metric {
    var family: String
    var labels: [(name: String, value: String)] = []
    var time: Int64
  }

  package mutating func read(
    _ body: UnsafeRawBufferPointer, into batch: inout SampleBatch, problems: inout Problems
  ) throws(FormatError) {
    var reader = ProtoReader(body)
    do throws(ProtoReader.Fault) {
      while let family = try reader.delimited() {
        try readFamily(family, into: &batch, &problems)
      }
    } catch {
      throw .refused(
        Problem(line: 0, column: 0, what: "not delimited metric families: \(error.what)"))
    }
  }

  private mutating func readFamily(
    _ message: ProtoReader, into batch: inout SampleBatch, _ problems: inout Problems
  ) throws(ProtoReader.Fault) {
    var fields = message
    // The type's default is 0, a counter, and then it is often not written.
    var metadata = MetricMetadata(family: "", type: .counter)
    while let field = try fields.next() {
      switch field.number {
      case 1: metadata.family = field.text
      case 2: metadata.help = field.text
      case 3:
        let types: [MetricType] = [
          .counter, .gauge, .summary, .unknown, .histogram, .gaugeHistogram,
        ]
        metadata.type = field.bits < 6 ? types[Int(field.bits)] : .unknown
      case 5: metadata.unit = field.text
      default: break
      }
    }
    guard !metadata.family.isEmpty else {
      problems.add(Problem(line: 0, column: 0, what: "a metric family without a name"))
      return
    }
    batch.metadata.append(metadata)
    fields = message
    while let field = try fields.next() {
      if field.number == 4 {
        try readMetric(field.message, metadata.family, into: &batch, &problems)
      }
    }
  }

  private mutating func readMetric(
    _ message: ProtoReader, _ family: String, into batch: inout SampleBatch,
    _ problems: inout Problems
  ) throws(ProtoReader.Fault) {
    var metric = Metric(family: family, time: options.defaultTime)
    var fields = message
    while let field = try fields.next() {
      if field.number == 1 {
        let label = try RemoteWriteBody.label(field.message)
        metric.labels.append((label.name.text, label.value.text))
      }
      if field.number == 6, let instant = Instant(field.int64, .milliseconds) {
        metric.time = instant.rounded
      }
    }
    fields = message
    while let field = try fields.next() {
      switch field.number {
      // Gauge, counter and untyped: the value is field 1 of each.
      case 2, 3, 5:
        var value = field.message
        var number = 0.0
        while let part = try value.next() {
          if part.number == 1 { number = part.double }
        }
        add(metric, "", nil, number, into: &batch, &problems)
      case 4: try readSummary(field.message, metric, into: &batch, &problems)
      case 7: try readHistogram(field.message, metric, into: &batch, &problems)
      default: break
      }
    }
  }

  private mutating func readSummary(
    _ message: ProtoReader, _ metric: Metric, into batch: inout SampleBatch,
    _ problems: inout Problems
  ) throws(ProtoReader.Fault) {
    var fields = message
    var count = 0.0
    var sum = 0.0
    while let field = try fields.next() {
      switch field.number {
      case 1: count = Double(field.bits)
      case 2: sum = field.double
      case 3:
        let (quantile, value) = try Self.pair(field.message)
        let label = ("quantile", ClassicBuckets.text(quantile))
        add(metric, "", label, value, into: &batch, &problems)
      default: break
      }
    }
    add(metric, "_sum", nil, sum, into: &batch, &problems)
    add(metric, "_count", nil, count, into: &batch, &problems)
  }

  private mutating func readHistogram(
    _ message: ProtoReader, _ metric: Metric, into batch: inout SampleBatch,
    _ problems: inout Problems
  ) throws(ProtoReader.Fault) {
    var fields = message
    var count = 0.0
    var sum = 0.0
    var hasInfinity = false
    while let field = try fields.next() {
      switch field.number {
      case 1: count = Double(field.bits)
      case 2: sum = field.double
      case 4: count = field.double
      case 3:
        var bucket = field.message
        var bound = 0.0
        var cumulative = 0.0
        while let part = try bucket.next() {
          if part.number == 1 { cumulative = Double(part.bits) }
          if part.number == 4 { cumulative = part.double }
          if part.number == 2 { bound = part.double }
        }
        if bound == .infinity { hasInfinity = true }
        let label = (LabelName.bucketBound, ClassicBuckets.text(bound))
        add(metric, "_bucket", label, cumulative, into: &batch, &problems)
      default: break
      }
    }
    if !hasInfinity {
      add(metric, "_bucket", (LabelName.bucketBound, "+Inf"), count, into: &batch, &problems)
    }
    add(metric, "_sum", nil, sum, into: &batch, &problems)
    add(metric, "_count", nil, count, into: &batch, &problems)
  }

  private static func pair(
    _ message: ProtoReader
  ) throws(ProtoReader.Fault) -> (Double, Double) {
    var message = message
    var first = 0.0
    var second = 0.0
    while let field = try message.next() {
      if field.number == 1 { first = field.double }
      if field.number == 2 { second = field.double }
    }
    return (first, second)
  }

  private mutating func add(
    _ metric: Metric, _ suffix: String, _ label: (String, String)?, _ value: Double,
    into batch: inout SampleBatch, _ problems: inout Problems
  ) {
    builder.removeAll()
    builder.add(name: LabelName.metric, value: metric.family + suffix)
    for label in metric.labels { builder.add(name: label.name, value: label.value) }
    if let label { builder.add(name: label.0, value: label.1) }
    guard let ref = builder.intern(into: &batch.series) else {
      problems.add(
        Problem(
          line: 0, column: 0, what: "a label name of '\(metric.family)' that stands twice"))
      return
    }
    batch.push(ref, metric.time, value)
  }
}
