package import MxFormats
import MxJSON

/// What was said beside an input on the command line: with it what was refused is tried
/// again as it was meant. Settings of mx.yml are not kept: those of then may be why.
package struct RefusalContext: Hashable, Sendable {
  package struct Label: Hashable, Sendable {
    package var name: String
    package var value: String
  }

  package var labels: [Label] = []
  package var events = false
  /// Of lines that a parser refused; a sample that the gate refused is read already.
  package var precision: TimePrecision?
  package var scale = 1.0
  package var csv: [String: [String]] = [:]
  /// The time of samples that carry none, ms; nil: that of the run.
  package var time: Int64?

  package init() {}

  init(_ options: IntakeOptions) {
    labels = options.labels.map { Label(name: $0.name, value: $0.value) }
    let decoding = options.decoding
    events = decoding.events
    precision = decoding.precision
    scale = decoding.scale
    let csv = decoding.csv
    for (name, columns) in [
      ("time", [csv.time]), ("name", [csv.name]), ("values", csv.values), ("labels", csv.labels),
    ] where !columns.joined().isEmpty {
      self.csv[name] = columns
    }
  }

  /// What counts for a sample that was read.
  var ofSample: RefusalContext {
    var result = RefusalContext()
    result.labels = labels
    result.events = events
    return result
  }

  /// The options of the run that tries it again.
  package func options(now: Int64) -> IntakeOptions {
    var options = IntakeOptions(now: now)
    options.labels = labels.map { ($0.name, $0.value) }
    options.decoding.events = events
    options.decoding.precision = precision
    options.decoding.scale = scale
    options.decoding.csv.time = csv["time"]?.first ?? ""
    options.decoding.csv.name = csv["name"]?.first ?? ""
    options.decoding.csv.values = csv["values"] ?? []
    options.decoding.csv.labels = csv["labels"] ?? []
    return options
  }
}

// MARK: - As members of a refusal's line

extension RefusalContext {
  func write(to writer: inout JSONWriter) {
    if !labels.isEmpty {
      writer.name("labels")
      writer.beginObject()
      for label in labels {
        writer.name(label.name)
        writer.string(label.value)
      }
      writer.endObject()
    }
    if events {
      writer.name("events")
      writer.bool(true)
    }
    if let precision {
      writer.name("precision")
      writer.string(precision.rawValue)
    }
    if scale != 1 {
      writer.name("scale")
      writer.double(scale)
    }
    if let time {
      writer.name("time")
      writer.int(time)
    }
    if csv.isEmpty { return }
    writer.name("csv")
    writer.beginObject()
    for (name, columns) in csv.sorted(by: { $0.key < $1.key }) {
      writer.name(name)
      writer.beginArray()
      for column in columns { writer.string(column) }
      writer.endArray()
    }
    writer.endObject()
  }

  init(_ json: JSONValue) {
    for label in json["labels"]?.members ?? [] {
      labels.append(Label(name: label.name, value: label.value.string ?? ""))
    }
    events = json["events"]?.bool ?? false
    precision = json["precision"]?.string.flatMap { TimePrecision(rawValue: $0) }
    scale = json["scale"]?.double ?? 1
    time = json["time"]?.int
    for member in json["csv"]?.members ?? [] {
      csv[member.name] = (member.value.array ?? []).compactMap(\.string)
    }
  }
}
