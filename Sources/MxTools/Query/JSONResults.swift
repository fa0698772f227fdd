import MxCLI
import MxEngine
import MxJSON
import MxModel

/// Answers as JSON for programs: `json` is one document an expression, `ndjson` a line a
/// sample. Numbers are numbers; `"NaN"`, `"+Inf"` and `"-Inf"` are strings, as in all
/// JSON that mx-ingest takes: what is under `series`, and every line of ndjson whose
/// series has a name, can go back into a store.
struct JSONResults {
  let times: TimePrinter

  /// Bytes gathered before the output gets them.
  private static let piece = 64 << 10

  // MARK: json

  func writeDocument(_ answer: QueryAnswer, to output: Output) throws {
    let result = answer.result
    var writer = JSONWriter(nonFinite: .string)
    writer.beginObject()
    writer.name("expr")
    writer.string(answer.expression)
    writer.name("type")
    writer.string(JSONResults.type(result))
    appendWindow(result, &writer)
    writer.name("resolution")
    writer.string(Resolution.text(result))
    if case .string(let text) = result.value {
      writer.name("value")
      writer.string(text)
    } else {
      writer.name("series")
      try appendSeries(result, &writer, output)
    }
    JSONResults.append("warnings", result.annotations.warnings, &writer)
    JSONResults.append("infos", result.annotations.infos, &writer)
    writer.endObject()
    writer.newline()
    try output.write(writer.take())
  }

  private static func type(_ result: QueryResult) -> String {
    switch result.value {
    case .string: "string"
    case .scalar: "scalar"
    case .series: "vector"
    case .samples: "samples"
    }
  }

  private func appendWindow(_ result: QueryResult, _ writer: inout JSONWriter) {
    if result.step == 0 {
      writer.name("at")
      append(result.firstStep, &writer)
      return
    }
    writer.name("from")
    append(result.firstStep, &writer)
    writer.name("to")
    append(result.time(max(0, result.stepCount - 1)), &writer)
    writer.name("step")
    writer.string(MxCLI.DurationText.format(result.step))
  }

  private func appendSeries(
    _ result: QueryResult, _ writer: inout JSONWriter, _ output: Output
  ) throws {
    writer.beginArray()
    try result.forEachSeries { labels, points in
      writer.beginObject()
      JSONResults.appendName(labels, &writer)
      writer.name("samples")
      writer.beginArray()
      for index in 0..<points.count {
        writer.beginObject()
        writer.name("timestamp")
        append(points.times[index], &writer)
        writer.name("value")
        writer.double(points.values[index])
        writer.endObject()
        if writer.bytes.count >= JSONResults.piece { try output.write(writer.take()) }
      }
      writer.endArray()
      writer.endObject()
    }
    writer.endArray()
  }

  // MARK: ndjson

  func writeLines(_ answer: QueryAnswer, namesExpression: Bool, to output: Output) throws {
    let result = answer.result
    var writer = JSONWriter(nonFinite: .string)
    func begin() {
      writer.beginObject()
      guard namesExpression else { return }
      writer.name("expr")
      writer.string(answer.expression)
    }
    if case .string(let text) = result.value {
      begin()
      writer.name("time")
      append(result.firstStep, &writer)
      writer.name("value")
      writer.string(text)
      writer.endObject()
      writer.newline()
    }
    try result.forEachSeries { labels, points in
      for index in 0..<points.count {
        begin()
        JSONResults.appendName(labels, &writer)
        writer.name("time")
        append(points.times[index], &writer)
        writer.name("value")
        writer.double(points.values[index])
        writer.endObject()
        writer.newline()
        if writer.bytes.count >= JSONResults.piece { try output.write(writer.take()) }
      }
    }
    try output.write(writer.take())
  }

  // MARK: parts

  /// `"name":"up","labels":{"job":"node"}`; what has no name has no `name`.
  static func appendName(_ labels: LabelSet?, _ writer: inout JSONWriter) {
    guard let labels else { return }
    let pairs = labels.pairs
    if let name = pairs.first(where: { $0.name == LabelName.metric })?.value {
      writer.name("name")
      writer.string(name)
    }
    writer.name("labels")
    writer.beginObject()
    for pair in pairs where pair.name != LabelName.metric {
      writer.name(pair.name)
      writer.string(pair.value)
    }
    writer.endObject()
  }

  static func append(_ name: String, _ texts: [String], _ writer: inout JSONWriter) {
    if texts.isEmpty { return }
    writer.name(name)
    writer.beginArray()
    for text in texts { writer.string(text) }
    writer.endArray()
  }

  private func append(_ time: Int64, _ writer: inout JSONWriter) {
    switch times.style {
    case .rfc3339: writer.string(times.text(time))
    case .unix: writer.seconds(milliseconds: time)
    case .unixMilliseconds: writer.int(time)
    }
  }
}

/// What an answer was computed from.
enum Resolution {
  /// `raw`, or the width of the rollup windows: `5m`.
  static func text(_ result: QueryResult) -> String {
    result.resolution == 0 ? "raw" : MxCLI.DurationText.format(result.resolution)
  }
}
