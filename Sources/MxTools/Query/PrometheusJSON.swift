import MxCLI
import MxEngine
import MxJSON
import MxModel

/// The shape of Prometheus' HTTP API, so that scripts port; what `cgi` sends, too.
///
///     {"status":"success","data":{"resultType":"vector","result":[
///       {"metric":{"__name__":"up"},"value":[1795132860,"1"]}]},"warnings":[…],"infos":[…]}
///
/// Values are strings, times seconds with up to three decimals. A document a line.
enum PrometheusJSON {
  /// Bytes gathered before `sink` gets them.
  private static let piece = 64 << 10

  static func write(_ result: QueryResult, _ sink: ([UInt8]) throws -> Void) throws {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("status")
    writer.string("success")
    writer.name("data")
    writer.beginObject()
    writer.name("resultType")
    writer.string(resultType(result))
    writer.name("result")
    try append(result, &writer, sink)
    writer.endObject()
    append(result.annotations, &writer)
    writer.endObject()
    writer.newline()
    try sink(writer.take())
  }

  private static func resultType(_ result: QueryResult) -> String {
    switch result.value {
    case .string: "string"
    case .samples: "matrix"
    case .scalar: result.step > 0 ? "matrix" : "scalar"
    case .series: result.step > 0 ? "matrix" : "vector"
    }
  }

  private static func append(
    _ result: QueryResult, _ writer: inout JSONWriter, _ sink: ([UInt8]) throws -> Void
  ) throws {
    switch result.value {
    case .string(let text):
      writer.beginArray()
      writer.seconds(milliseconds: result.firstStep)
      writer.string(text)
      writer.endArray()
    case .scalar(let values) where result.step == 0:
      append(result.firstStep, values.first ?? .nan, &writer)
    case .scalar, .series, .samples:
      let isVector = resultType(result) == "vector"
      writer.beginArray()
      try result.forEachSeries { labels, points in
        writer.beginObject()
        writer.name("metric")
        append(labels ?? .empty, &writer)
        writer.name(isVector ? "value" : "values")
        if !isVector { writer.beginArray() }
        for index in 0..<points.count { append(points.times[index], points.values[index], &writer) }
        if !isVector { writer.endArray() }
        writer.endObject()
        if writer.bytes.count >= piece { try sink(writer.take()) }
      }
      writer.endArray()
    }
  }

  static func append(_ labels: LabelSet, _ writer: inout JSONWriter) {
    writer.beginObject()
    for pair in labels.pairs {
      writer.name(pair.name)
      writer.string(pair.value)
    }
    writer.endObject()
  }

  private static func append(_ time: Int64, _ value: Double, _ writer: inout JSONWriter) {
    writer.beginArray()
    writer.seconds(milliseconds: time)
    writer.quotedDouble(value)
    writer.endArray()
  }

  private static func append(_ annotations: Annotations, _ writer: inout JSONWriter) {
    for (name, texts) in [("warnings", annotations.warnings), ("infos", annotations.infos)]
    where !texts.isEmpty {
      writer.name(name)
      writer.beginArray()
      for text in texts { writer.string(text) }
      writer.endArray()
    }
  }
}

extension PrometheusJSON {
  /// `{"up":[{"type":"gauge","help":"…","unit":""}]}`: what the API's `metadata` holds.
  static func append(
    _ names: [String], _ catalogue: any NameSource, _ writer: inout JSONWriter
  ) throws {
    writer.beginObject()
    for name in names {
      guard let known = try catalogue.metadata(of: name) else { continue }
      writer.name(name)
      append(known, &writer)
    }
    writer.endObject()
  }

  static func append(_ known: MetricMetadata, _ writer: inout JSONWriter) {
    writer.beginArray()
    writer.beginObject()
    let fields = [("type", known.type.word), ("help", known.help), ("unit", known.unit)]
    for (key, text) in fields {
      writer.name(key)
      writer.string(text)
    }
    writer.endObject()
    writer.endArray()
  }
}
