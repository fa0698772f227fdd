import MxJSON
package import MxModel

/// An OTLP metrics export request in its JSON encoding.
///
///     resourceMetrics[] ─ resource.attributes
///       scopeMetrics[]  ─ scope.name, scope.version
///         metrics[]     ─ name, unit, description, one of
///           gauge | sum | histogram | exponentialHistogram | summary ─ dataPoints[]
///
/// Names stay as they are. `service.name` (behind `service.namespace` and a
/// slash, where there is one) is the label `job`, `service.instance.id` is
/// `instance`; other attributes of the resource are labels of a `target_info`
/// with these two, so that none is lost and none multiplies the series. A scope
/// is `otel_scope_name` and `otel_scope_version`.
///
/// Cumulative monotonic sums are counters, other cumulative ones gauges. Deltas
/// are events: they add up. Exponential histograms become classic series. Start
/// times are kept. A point without a recorded value is a stale marker.
///
/// A container: where it is no JSON none of it is used.
package struct OTLPBody {
  private let options: FormatOptions
  private var builder = KeyBuilder()

  package init(_ options: FormatOptions) { self.options = options }

  typealias Labels = [(name: String, value: String)]

  package mutating func read(
    _ bytes: UnsafeRawBufferPointer, into batch: inout SampleBatch, problems: inout Problems
  ) throws(FormatError) {
    do throws(LineFault) {
      try JSONSamples.validate(bytes)
      let start = bytes.firstIndex { !Byte.isBlank($0) && $0 != 0x0A && $0 != 0x0D } ?? bytes.count
      let members = try JSONSamples.members(bytes, start..<bytes.count, "request")
      guard let list = members.first(where: { $0.0 == "resourceMetrics" })?.1 else {
        throw LineFault(start, "an object without 'resourceMetrics'")
      }
      try JSONSamples.eachElement(bytes, list, "resourceMetrics") { (range) throws(LineFault) in
        try readResource(bytes, range, into: &batch, &problems)
      }
    } catch {
      throw .refused(JSONBody.problem(error, bytes, line: 1, column: 1))
    }
  }

  private mutating func readResource(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>, into batch: inout SampleBatch,
    _ problems: inout Problems
  ) throws(LineFault) {
    let members = try JSONSamples.members(text, range, "resource metrics")
    var target: Labels = []
    var others: Labels = []
    if let resource = members.first(where: { $0.0 == "resource" })?.1 {
      (target, others) = Self.target(try Self.attributes(try Self.value(text, resource)))
    }
    let isTarget = !others.isEmpty && !target.isEmpty
    if !isTarget { target += others }
    let first = batch.count
    for scopes in members where scopes.0 == "scopeMetrics" {
      try JSONSamples.eachElement(text, scopes.1, "scopeMetrics") { (range) throws(LineFault) in
        try readScope(text, range, target, into: &batch, &problems)
      }
    }
    // Of the time of what it describes: a history sent today describes that of then.
    guard isTarget, let newest = batch.times[first...].max() else { return }
    batch.push(try intern("target_info", target + others, &batch.series), newest, 1)
  }

  /// The labels that say which target it is, and all others.
  private static func target(_ attributes: Labels) -> (Labels, Labels) {
    var target: Labels = []
    var others: Labels = []
    let namespace = attributes.first { $0.name == "service.namespace" }?.value
    for attribute in attributes {
      switch attribute.name {
      case "service.name":
        let job = namespace.map { "\($0)/\(attribute.value)" } ?? attribute.value
        target.append(("job", job))
      case "service.instance.id": target.append(("instance", attribute.value))
      case "service.namespace": break
      default: others.append(attribute)
      }
    }
    return (target, others)
  }

  private mutating func readScope(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>, _ target: Labels,
    into batch: inout SampleBatch, _ problems: inout Problems
  ) throws(LineFault) {
    let members = try JSONSamples.members(text, range, "scope metrics")
    var labels = target
    if let range = members.first(where: { $0.0 == "scope" })?.1 {
      let scope = try Self.value(text, range)
      if let name = scope["name"]?.string { labels.append(("otel_scope_name", name)) }
      if let version = scope["version"]?.string { labels.append(("otel_scope_version", version)) }
    }
    for metrics in members where metrics.0 == "metrics" {
      try JSONSamples.eachElement(text, metrics.1, "metrics") { (range) throws(LineFault) in
        let rows = batch.count
        do throws(LineFault) {
          try readMetric(text, range, labels, into: &batch, &problems)
        } catch {
          // The JSON is whole: this metric alone is not as it should be.
          batch.removeRows(from: rows)
          problems.add(JSONBody.problem(error, text, line: 1, column: 1))
        }
      }
    }
  }

  private struct Metric {
    var name = ""
    var labels: Labels
    var kind = ""
    var isDelta = false
    var isMonotonic = false
  }

  private mutating func readMetric(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>, _ labels: Labels,
    into batch: inout SampleBatch, _ problems: inout Problems
  ) throws(LineFault) {
    var metric = Metric(labels: labels)
    var metadata = MetricMetadata(family: "")
    var data: Range<Int>?
    for (name, value) in try JSONSamples.members(text, range, "a metric") {
      switch name {
      case "name": metric.name = try JSONSamples.text(text, value, "a metric's name")
      case "unit": metadata.unit = try JSONSamples.text(text, value, "a unit")
      case "description": metadata.help = try JSONSamples.text(text, value, "a description")
      case "gauge", "sum", "histogram", "exponentialHistogram", "summary":
        metric.kind = name
        data = value
      default: break
      }
    }
    guard !metric.name.isEmpty else { throw LineFault(range.lowerBound, "a metric without a name") }
    guard let data else { throw LineFault(range.lowerBound, "a metric without data") }
    var points: Range<Int>?
    for (name, value) in try JSONSamples.members(text, data, metric.kind) {
      switch name {
      case "dataPoints": points = value
      case "isMonotonic": metric.isMonotonic = text.part(value).equals("true")
      case "aggregationTemporality":
        let word = text.part(value)
        metric.isDelta = word.equals("1") || word.equals("\"AGGREGATION_TEMPORALITY_DELTA\"")
      default: break
      }
    }
    metadata.family = metric.name
    metadata.type = Self.type(metric)
    batch.metadata.append(metadata)
    guard let points else { return }
    try JSONSamples.eachElement(text, points, "dataPoints") { (range) throws(LineFault) in
      do throws(LineFault) {
        try readPoint(try Self.value(text, range), metric, into: &batch)
      } catch {
        throw LineFault(range.lowerBound, error.what, expected: error.expected)
      }
    }
  }

  private static func type(_ metric: Metric) -> MetricType {
    if metric.isDelta { return .event }
    switch metric.kind {
    case "gauge": return .gauge
    case "sum": return metric.isMonotonic ? .counter : .gauge
    case "summary": return .summary
    default: return .histogram
    }
  }

  // MARK: Points

  private struct Point {
    var labels: Labels
    var time: Int64
    var start: Int64?
    var hasNoValue: Bool
  }

  private mutating func readPoint(
    _ json: JSONValue, _ metric: Metric, into batch: inout SampleBatch
  ) throws(LineFault) {
    var point = Point(
      labels: metric.labels + (try Self.attributes(json)), time: options.defaultTime, start: nil,
      hasNoValue: (json["flags"]?.int ?? 0) & 1 == 1)
    if let time = try Self.nanoseconds(json["timeUnixNano"]) { point.time = time }
    point.start = try Self.nanoseconds(json["startTimeUnixNano"])
    switch metric.kind {
    case "histogram": try readHistogram(json, metric, point, into: &batch)
    case "exponentialHistogram": try readExponential(json, metric, point, into: &batch)
    case "summary": try readSummary(json, metric, point, into: &batch)
    default:
      guard let value = try Self.number(json["asDouble"] ?? json["asInt"]) else {
        if point.hasNoValue { try add(metric, "", nil, point, 0, into: &batch) }
        return
      }
      try add(metric, "", nil, point, value, into: &batch)
    }
  }

  private mutating func readHistogram(
    _ json: JSONValue, _ metric: Metric, _ point: Point, into batch: inout SampleBatch
  ) throws(LineFault) {
    let counts = json["bucketCounts"]?.array ?? []
    let bounds = json["explicitBounds"]?.array ?? []
    guard counts.isEmpty || counts.count == bounds.count + 1 else {
      throw LineFault(0, "\(counts.count) bucket counts", expected: "\(bounds.count + 1)")
    }
    var total = 0.0
    for (index, count) in counts.enumerated() {
      total += try Self.number(count) ?? 0
      let bound = index < bounds.count ? try Self.number(bounds[index]) ?? 0 : .infinity
      try add(metric, "_bucket", bound, point, total, into: &batch)
    }
    let count = try Self.number(json["count"]) ?? total
    if counts.isEmpty { try add(metric, "_bucket", .infinity, point, count, into: &batch) }
    try addSumAndCount(json, count, metric, point, into: &batch)
  }

  private mutating func addSumAndCount(
    _ json: JSONValue, _ count: Double, _ metric: Metric, _ point: Point,
    into batch: inout SampleBatch
  ) throws(LineFault) {
    if let sum = try Self.number(json["sum"]) {
      try add(metric, "_sum", nil, point, sum, into: &batch)
    }
    try add(metric, "_count", nil, point, count, into: &batch)
  }

  private mutating func readExponential(
    _ json: JSONValue, _ metric: Metric, _ point: Point, into batch: inout SampleBatch
  ) throws(LineFault) {
    var histogram = NativeHistogram()
    histogram.schema = Int32(truncatingIfNeeded: json["scale"]?.int ?? 0)
    histogram.count = try Self.number(json["count"]) ?? 0
    histogram.zeroCount = try Self.number(json["zeroCount"]) ?? 0
    histogram.zeroThreshold = try Self.number(json["zeroThreshold"]) ?? 0
    (histogram.positiveSpans, histogram.positiveCounts) = try Self.buckets(json["positive"])
    (histogram.negativeSpans, histogram.negativeCounts) = try Self.buckets(json["negative"])
    for bucket in ClassicBuckets.cumulative(histogram) {
      try add(metric, "_bucket", bucket.bound, point, bucket.count, into: &batch)
    }
    try addSumAndCount(json, histogram.count, metric, point, into: &batch)
  }

  /// OTLP's bucket i ends where Prometheus' bucket i + 1 does.
  private static func buckets(
    _ json: JSONValue?
  ) throws(LineFault) -> ([NativeHistogram.Span], [Double]) {
    let list = json?["bucketCounts"]?.array ?? []
    let offset = Int32(truncatingIfNeeded: json?["offset"]?.int ?? 0)
    var counts: [Double] = []
    counts.reserveCapacity(list.count)
    for count in list { counts.append(try number(count) ?? 0) }
    let span = NativeHistogram.Span(
      offset: offset &+ 1, length: UInt32(truncatingIfNeeded: counts.count))
    return ([span], counts)
  }

  private mutating func readSummary(
    _ json: JSONValue, _ metric: Metric, _ point: Point, into batch: inout SampleBatch
  ) throws(LineFault) {
    for quantile in json["quantileValues"]?.array ?? [] {
      var labelled = point
      let text = ClassicBuckets.text(try Self.number(quantile["quantile"]) ?? 0)
      labelled.labels.append(("quantile", text))
      let value = try Self.number(quantile["value"]) ?? 0
      try add(metric, "", nil, labelled, value, into: &batch)
    }
    try addSumAndCount(json, try Self.number(json["count"]) ?? 0, metric, point, into: &batch)
  }

  private mutating func add(
    _ metric: Metric, _ suffix: String, _ bound: Double?, _ point: Point, _ value: Double,
    into batch: inout SampleBatch
  ) throws(LineFault) {
    var labels = point.labels
    if let bound { labels.append((LabelName.bucketBound, ClassicBuckets.text(bound))) }
    let ref = try intern(metric.name + suffix, labels, &batch.series)
    batch.push(ref, point.time, point.hasNoValue ? StaleMarker.value : value)
    guard let start = point.start, start > 0, metric.kind != "gauge" else { return }
    if batch.startTimes == nil {
      batch.startTimes = [Int64](repeating: .min, count: batch.count)
    }
    let row = batch.count - 1
    batch.startTimes?[row] = start
  }

  private mutating func intern(
    _ name: String, _ labels: Labels, _ table: inout SeriesTable
  ) throws(LineFault) -> UInt32 {
    builder.removeAll()
    builder.add(name: LabelName.metric, value: name)
    // A point's attribute goes before the resource's of the same name.
    for (index, label) in labels.enumerated()
    where !labels[(index + 1)...].contains(where: { $0.name == label.name }) {
      builder.add(name: label.name, value: label.value)
    }
    guard let ref = builder.intern(into: &table) else {
      throw LineFault(0, "an attribute called '\(LabelName.metric)'")
    }
    return ref
  }

  // MARK: Pieces

  private static func value(
    _ text: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(LineFault) -> JSONValue {
    do throws(JSONError) {
      return try JSONValue.parse(text.part(range))
    } catch {
      throw LineFault(range.lowerBound + error.position.offset, error.message)
    }
  }

  /// `"attributes":[{"key":…,"value":{"stringValue":…}}]`; what has no value is no label.
  private static func attributes(_ json: JSONValue) throws(LineFault) -> Labels {
    var labels: Labels = []
    for attribute in json["attributes"]?.array ?? [] {
      guard let key = attribute["key"]?.string, !key.isEmpty else {
        throw LineFault(0, "an attribute without a key")
      }
      if let value = attribute["value"] { labels.append((key, text(plain(value)))) }
    }
    return labels
  }

  /// The value inside OTLP's wrapping of its kind: `{"intValue":"5"}` is 5. Lists and maps
  /// are JSON, as the collector writes them: `["a",5]`.
  private static func plain(_ wrapped: JSONValue) -> JSONValue {
    guard let member = wrapped.members?.first else { return JSONValue(.string("")) }
    let values = member.value["values"]?.array ?? []
    switch member.name {
    case "arrayValue": return JSONValue(.array(values.map { plain($0) }))
    case "kvlistValue":
      let members = values.map { pair in
        JSONMember(pair["key"]?.string ?? "", plain(pair["value"] ?? JSONValue(.null)))
      }
      return JSONValue(.object(members.sorted { $0.name < $1.name }))
    case "intValue":
      // A string, as 64-bit integers are in protobuf's JSON.
      guard let number = member.value.string.flatMap({ Int64($0) }) else { return member.value }
      return JSONValue(.integer(number))
    default: return member.value
    }
  }

  private static func text(_ value: JSONValue) -> String {
    if let string = value.string { return string }
    if let bool = value.bool { return bool ? "true" : "false" }
    if let int = value.int { return "\(int)" }
    if let double = value.double { return NumberText.general(double) }
    var writer = JSONWriter()
    writer.value(value)
    return writer.text
  }

  /// A number, or its text: 64-bit integers are strings in protobuf's JSON.
  private static func number(_ json: JSONValue?) throws(LineFault) -> Double? {
    guard let json, !json.isNull else { return nil }
    if let double = json.double { return double }
    guard let text = json.string, let value = JSONSamples.number(text) else {
      throw LineFault(0, "a value that is no number")
    }
    return value
  }

  private static func nanoseconds(_ json: JSONValue?) throws(LineFault) -> Int64? {
    guard let json, !json.isNull else { return nil }
    var text = json.string ?? json.int.map { "\($0)" } ?? ""
    guard let instant = text.withUTF8({ Instant(UnsafeRawBufferPointer($0), .nanoseconds) }) else {
      throw LineFault(0, "a time that is no number of nanoseconds")
    }
    return instant.milliseconds == 0 ? nil : instant.rounded
  }
}

extension JSONSamples {
  /// Throws where `text` is not one JSON value.
  static func validate(_ text: UnsafeRawBufferPointer) throws(LineFault) {
    var tokenizer = JSONTokenizer(text)
    do throws(JSONError) {
      try tokenizer.skipValue()
      _ = try tokenizer.next()
    } catch {
      throw LineFault(error)
    }
  }
}
