package import MxModel

/// Writes series as one of the formats, in pieces, to where `sink` puts them.
///
///     var writer = FormatWriter(.influx) { try file.write($0) }
///     for … { try writer.write(labels, times: times, values: values) }
///     try writer.finish()
///
/// What each format has no word for is left out and counted in `unwritable`:
/// NaN, infinities and control characters in Influx lines, blanks in Graphite's,
/// stale markers in all but remote write (no text says 'this series ended').
package struct FormatWriter {
  package typealias Sink = (UnsafeRawBufferPointer) throws -> Void

  package let format: Format
  /// Samples that the format could not express.
  package private(set) var unwritable = 0
  /// Samples that were written.
  package private(set) var written = 0
  private let sink: Sink
  private let labelNames: [String]
  var out: [UInt8] = []
  private var started = false
  /// JSON says it with the next series.
  private var family: MetricMetadata?
  private var samplesInBody = 0

  /// Bytes collected before the sink gets them.
  private static let pieceSize = 64 << 10
  /// A remote write request of this many samples is a body of its own; servers
  /// refuse large ones.
  private static let samplesPerBody = 10_000

  /// Whether there is a writer for `format`: some are only read.
  package static func canWrite(_ format: Format) -> Bool {
    format != .otlp && format != .prometheusProtobuf
  }

  /// `format` must be one that `canWrite`. CSV is told all label names in advance, because they are its columns. With
  /// remote write every call of `sink` gets one whole request body.
  package init(_ format: Format, labelNames: [String] = [], sink: @escaping Sink) {
    precondition(Self.canWrite(format), "BUG: no writer for \(format)")
    self.format = format
    self.sink = sink
    self.labelNames = labelNames.filter { $0 != LabelName.metric }.sorted()
  }

  /// Writes samples of one series, in time order.
  package mutating func write(
    _ labels: LabelSet, times: UnsafeBufferPointer<Int64>, values: UnsafeBufferPointer<Double>
  ) throws {
    precondition(times.count == values.count, "BUG: \(times.count) times, \(values.count) values")
    if times.isEmpty { return }
    if !started { begin() }
    switch format {
    case .prometheus:
      try writeLines(times, values, prefix: SeriesPrefix.prometheus(labels)) { out, value, time in
        TextValue.append(value, to: &out)
        out.append(Byte.space)
        TextValue.append(time, to: &out)
      }
    case .openmetrics:
      try writeLines(times, values, prefix: SeriesPrefix.prometheus(labels)) { out, value, time in
        TextValue.append(value, to: &out)
        out.append(Byte.space)
        TextValue.appendSeconds(time, to: &out)
      }
    case .graphite:
      try writeLines(times, values, prefix: SeriesPrefix.graphite(labels)) { out, value, time in
        TextValue.append(value, to: &out)
        out.append(Byte.space)
        TextValue.appendSeconds(time, to: &out)
      }
    case .influx: try writeInflux(labels, times, values)
    case .csv:
      let prefix = SeriesPrefix.csv(labels, labelNames)
      try writeLines(times, values, prefix: prefix) { out, value, time in
        TextValue.append(time, to: &out)
        out.append(Byte.comma)
        TextValue.append(value, to: &out)
      }
    case .json, .ndjson: try writeJSON(labels, times, values)
    case .remoteWrite: try writeRemote(labels, times, values)
    case .otlp, .prometheusProtobuf: preconditionFailure("BUG: no writer for \(format)")
    }
  }

  /// Writes the rows of a batch, a series after the other in label order, the
  /// samples of each in the batch's order.
  package mutating func write(_ batch: SampleBatch) throws {
    var starts = [Int](repeating: 0, count: batch.series.count + 1)
    for ref in batch.refs { starts[Int(ref) + 1] += 1 }
    for ref in 0..<batch.series.count { starts[ref + 1] += starts[ref] }
    var next = starts
    var times = [Int64](repeating: 0, count: batch.count)
    var values = [Double](repeating: 0, count: batch.count)
    for row in 0..<batch.count {
      let ref = Int(batch.refs[row])
      times[next[ref]] = batch.times[row]
      values[next[ref]] = batch.values[row]
      next[ref] += 1
    }
    try times.withUnsafeBufferPointer { times in
      try values.withUnsafeBufferPointer { values in
        for ref in batch.series.sortedRefs() {
          let range = starts[Int(ref)]..<starts[Int(ref) + 1]
          try write(
            batch.series.labels(ref), times: UnsafeBufferPointer(rebasing: times[range]),
            values: UnsafeBufferPointer(rebasing: values[range]))
        }
      }
    }
  }

  /// Writes what a whole file needs at its end, and hands over the last piece.
  package mutating func finish() throws {
    if !started { begin() }
    if format == .openmetrics { out += Array("# EOF\n".utf8) }
    try flush()
  }

  private mutating func begin() {
    started = true
    guard format == .csv else { return }
    for name in ["name"] + labelNames + ["timestamp"] {
      TextValue.appendCSV(Array(name.utf8), to: &out)
      out.append(Byte.comma)
    }
    out += Array("value\n".utf8)
  }

  private mutating func flush() throws {
    guard !out.isEmpty else { return }
    if format == .remoteWrite {
      let body = out.withUnsafeBytes { Snappy.compress($0) }
      try body.withUnsafeBytes { try sink($0) }
    } else {
      try out.withUnsafeBytes { try sink($0) }
    }
    out.removeAll(keepingCapacity: true)
    samplesInBody = 0
  }

  private mutating func writeLines(
    _ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>, prefix: [UInt8]?,
    _ append: (inout [UInt8], Double, Int64) -> Void
  ) throws {
    guard let prefix else {
      unwritable += times.count
      return
    }
    for index in 0..<times.count {
      if StaleMarker.isStale(values[index]) {
        unwritable += 1
        continue
      }
      out += prefix
      append(&out, values[index], times[index])
      out.append(Byte.newline)
      written += 1
      if out.count >= Self.pieceSize { try flush() }
    }
  }

  /// `measurement,tags value=1.5 ns`: the name is the measurement, so that it
  /// reads back as it was.
  private mutating func writeInflux(
    _ labels: LabelSet, _ times: UnsafeBufferPointer<Int64>,
    _ values: UnsafeBufferPointer<Double>
  ) throws {
    guard let prefix = SeriesPrefix.influx(labels) else {
      unwritable += times.count
      return
    }
    for index in 0..<times.count {
      let (time, overflow) = times[index].multipliedReportingOverflow(by: 1_000_000)
      guard values[index].isFinite, !overflow else {
        unwritable += 1
        continue
      }
      out += prefix
      TextValue.append(values[index], to: &out)
      out.append(Byte.space)
      TextValue.append(time, to: &out)
      out.append(Byte.newline)
      written += 1
      if out.count >= Self.pieceSize { try flush() }
    }
  }

  /// `{"metric":{…},"values":[…],"timestamps":[…]}`, at most some thousand
  /// samples a line. NaN and infinities are strings.
  private mutating func writeJSON(
    _ labels: LabelSet, _ times: UnsafeBufferPointer<Int64>,
    _ values: UnsafeBufferPointer<Double>
  ) throws {
    let prefix = SeriesPrefix.json(labels, nil)
    var first = family.map { SeriesPrefix.json(labels, $0) }
    family = nil
    var kept = values.indices.filter { !StaleMarker.isStale(values[$0]) }[...]
    unwritable += values.count - kept.count
    while !kept.isEmpty {
      let part = kept.prefix(4096)
      kept = kept.dropFirst(part.count)
      out += first ?? prefix
      first = nil
      for index in part {
        if index != part.first { out.append(Byte.comma) }
        let isNumber = values[index].isFinite
        if !isNumber { out.append(Byte.quote) }
        TextValue.append(values[index], to: &out)
        if !isNumber { out.append(Byte.quote) }
      }
      out += Array("],\"timestamps\":[".utf8)
      for index in part {
        if index != part.first { out.append(Byte.comma) }
        TextValue.append(times[index], to: &out)
      }
      out += Array("]}\n".utf8)
      written += part.count
      if out.count >= Self.pieceSize { try flush() }
    }
  }

  private mutating func writeRemote(
    _ labels: LabelSet, _ times: UnsafeBufferPointer<Int64>,
    _ values: UnsafeBufferPointer<Double>
  ) throws {
    var start = 0
    while start < times.count {
      let end = min(times.count, start + Self.samplesPerBody - samplesInBody)
      var series = RemoteWriteMessage.labels(labels)
      for index in start..<end {
        RemoteWriteMessage.append(time: times[index], value: values[index], to: &series)
      }
      ProtoWriter.append(message: series, 1, to: &out)
      written += end - start
      samplesInBody += end - start
      start = end
      if samplesInBody >= Self.samplesPerBody { try flush() }
    }
  }

  /// Tells the reader about a metric family, before its samples: remote write, JSON and
  /// the two text formats of Prometheus have words for that.
  package mutating func write(_ metadata: MetricMetadata) {
    started = true
    switch format {
    case .remoteWrite:
      ProtoWriter.append(message: RemoteWriteMessage.metadata(metadata), 3, to: &out)
    case .openmetrics, .prometheus:
      FamilyHeader.append(metadata, isOpenMetrics: format == .openmetrics, to: &out)
    case .json, .ndjson: family = metadata
    case .influx, .graphite, .csv, .otlp, .prometheusProtobuf: return
    }
  }

  /// Samples of one series among others of its point.
  package typealias Member = (labels: LabelSet, times: [Int64], values: [Double])

  /// Writes series whose samples belong together, such as the buckets of a histogram:
  /// moment by moment, at each in the order of `members`. For Prometheus' two text formats.
  package mutating func write(together members: [Member]) throws {
    started = true
    let prefixes = members.map { SeriesPrefix.prometheus($0.labels) }
    var next = [Int](repeating: 0, count: members.count)
    while true {
      var time: Int64?
      for (index, member) in members.enumerated() where next[index] < member.times.count {
        time = min(time ?? .max, member.times[next[index]])
      }
      guard let time else { return }
      for (index, member) in members.enumerated()
      where next[index] < member.times.count && member.times[next[index]] == time {
        out += prefixes[index]
        TextValue.append(member.values[next[index]], to: &out)
        out.append(Byte.space)
        if format == .openmetrics {
          TextValue.appendSeconds(time, to: &out)
        } else {
          TextValue.append(time, to: &out)
        }
        out.append(Byte.newline)
        next[index] += 1
        written += 1
      }
      if out.count >= Self.pieceSize { try flush() }
    }
  }

  /// Hands on what another writer of this format has written, `count` samples.
  package mutating func write(ready bytes: [UInt8], samples count: Int) throws {
    started = true
    try flush()
    try bytes.withUnsafeBytes { try sink($0) }
    written += count
  }
}
