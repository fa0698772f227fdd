import MxJSON
import MxModel

/// One JSON object that holds samples, taken apart but not yet interpreted:
/// where the values of the members we know lie. Members may come in any order,
/// so what needs others (samples need their labels) waits until all are seen.
struct JSONItem {
  /// The value of `metric`: an object of labels, or a name.
  var metric: Range<Int>?
  var name: Range<Int>?
  /// The name came as `metricName`, which makes the sample an event.
  var isEvent = false
  var labels: Range<Int>?
  var samples: Range<Int>?
  var values: Range<Int>?
  var timestamps: Range<Int>?
  var value: Range<Int>?
  var time: Range<Int>?
  var family: Range<Int>?
  var type: Range<Int>?
  var help: Range<Int>?
  var unit: Range<Int>?
  /// Remote write as JSON: a list of series.
  var timeseries: Range<Int>?
  /// Histogram samples: `buckets`, `sum`, `count`.
  var buckets: Range<Int>?
  var sum: Range<Int>?
  var count: Range<Int>?

  /// Reads the members of the object that `text` is; none of anything else.
  init(_ text: UnsafeRawBufferPointer) throws(LineFault) {
    var tokenizer = JSONTokenizer(text)
    do throws(JSONError) {
      guard try tokenizer.next().kind == .beginObject else { return }
      while true {
        let key = try tokenizer.next()
        if key.kind == .endObject { break }
        let name = tokenizer.string(key)
        let value = try tokenizer.next()
        try tokenizer.skipRest(of: value)
        // A string's token is without its quotes; the ranges are with them.
        let start = value.start - (value.kind == .string ? 1 : 0)
        if value.kind != .null { note(name, start..<tokenizer.offset) }
      }
      _ = try tokenizer.next()
    } catch {
      throw LineFault(error)
    }
  }

  private mutating func note(_ name: String, _ range: Range<Int>) {
    switch name {
    case "metric": metric = range
    case "name", "metric_name": self.name = range
    case "metricName":
      self.name = range
      isEvent = true
    case "labels", "tags": labels = range
    case "samples": samples = range
    case "values": values = range
    case "timestamps": timestamps = range
    case "value": value = range
    case "timestamp", "time": time = range
    case "family": family = range
    case "type": type = range
    case "help": help = range
    case "unit": unit = range
    case "timeseries": timeseries = range
    case "buckets": buckets = range
    case "sum": sum = range
    case "count": count = range
    default: break
    }
  }
}

extension LineFault {
  init(_ error: JSONError) { self.init(error.position.offset, error.message) }
}
