package import MxModel

/// Decodes a stream of one format, given in pieces of any size.
///
///     var decoder = FormatDecoder(.prometheus, options)
///     while let piece = next() {
///       try decoder.feed(piece, into: &batch, problems: &problems)
///       … hand the rows on, batch.removeRows() …
///     }
///     try decoder.finish(into: &batch, problems: &problems)
///
/// All pieces must go into the same batch (its series table gives the numbers
/// that the decoder remembers), whose rows and metadata may be taken out
/// between them. What a piece leaves unfinished is carried over, at most
/// `FormatOptions.lineLimit` bytes, or `bodyLimit` for formats that can only
/// be read whole.
package struct FormatDecoder {
  package private(set) var format: Format
  private let options: FormatOptions
  private var rest: [UInt8] = []
  /// The next of the batch's series to be looked at for `options.events`.
  private var nextSeries = 0
  private var eventNames: Set<[UInt8]> = []

  // Exactly one of these is there: optionals, so that it is changed in place.
  private var prometheus: PrometheusText?
  private var openMetrics: OpenMetricsText?
  private var influx: InfluxText?
  private var csv: CSVText?
  private var ndjson: NDJSONText?
  private var graphite: GraphiteText?
  private var json: JSONBody?
  private var otlp: OTLPBody?
  private var remoteWrite: RemoteWriteBody?
  private var protobuf: PrometheusProtobuf?

  package init(_ format: Format, _ options: FormatOptions) {
    self.format = format
    self.options = options
    switch format {
    case .openmetrics: openMetrics = OpenMetricsText(options)
    case .influx: influx = InfluxText(options)
    case .csv: csv = CSVText(options)
    case .ndjson: ndjson = NDJSONText(options)
    case .graphite: graphite = GraphiteText(options)
    case .json: json = JSONBody(options)
    case .otlp: otlp = OTLPBody(options)
    case .remoteWrite: remoteWrite = RemoteWriteBody(options)
    case .prometheusProtobuf: protobuf = PrometheusProtobuf(options)
    case .prometheus: prometheus = PrometheusText(options)
    }
  }

  package mutating func feed(
    _ piece: UnsafeRawBufferPointer, into batch: inout SampleBatch, problems: inout Problems
  ) throws(FormatError) {
    try feed(piece, final: false, into: &batch, &problems)
  }

  /// The stream is over: takes what was carried, and checks that it was whole.
  package mutating func finish(
    into batch: inout SampleBatch, problems: inout Problems
  ) throws(FormatError) {
    try feed(UnsafeRawBufferPointer(start: nil, count: 0), final: true, into: &batch, &problems)
  }

  private mutating func feed(
    _ piece: UnsafeRawBufferPointer, final: Bool, into batch: inout SampleBatch,
    _ problems: inout Problems
  ) throws(FormatError) {
    let firstRow = batch.count
    var piece = piece
    if !final, json != nil, rest.isEmpty, Format.detect(piece, isWhole: false) == .ndjson {
      // JSON whose first line is a whole object: by line it need not fit into memory.
      format = .ndjson
      json = nil
      ndjson = NDJSONText(options)
    }
    // Complete what was carried alone, then go on in the caller's memory.
    var atLeast = 0
    while !rest.isEmpty, !piece.isEmpty {
      let end = endOfCarried(piece, atLeast: atLeast)
      rest.append(contentsOf: piece.prefix(end))
      piece = piece.part(end..<piece.count)
      if isByLine { rest.removeFirst(try parse(rest, final: false, into: &batch, &problems)) }
      try bound()
      // Twice as much each time: a long line must not be read once for each of its parts.
      atLeast = rest.count
    }
    if final {
      _ = try parse(rest, final: true, into: &batch, &problems)
      rest = []
    } else if rest.isEmpty {
      let used = isByLine ? try parse(piece, final: false, into: &batch, &problems) : 0
      rest.append(contentsOf: piece[used...])
      try bound()
    }
    batch.pad()
    finishRows(of: &batch, from: firstRow)
  }

  /// How much of `piece` it takes to make the carried bytes whole lines.
  private func endOfCarried(_ piece: UnsafeRawBufferPointer, atLeast: Int) -> Int {
    guard isByLine, atLeast < piece.count else { return piece.count }
    return piece.offset(of: Byte.newline, from: atLeast).map { $0 + 1 } ?? piece.count
  }

  private var isByLine: Bool {
    switch format {
    case .json, .otlp, .remoteWrite, .prometheusProtobuf: false
    default: true
    }
  }

  private func bound() throws(FormatError) {
    let limit = isByLine ? options.lineLimit : options.bodyLimit
    guard rest.count > limit else { return }
    throw isByLine ? .lineTooLong(line: line + 1, limit: limit) : .bodyTooLarge(limit: limit)
  }

  /// How many different series texts the decoder remembers: by it callers size what
  /// they gather. The same for the same bytes, however they came.
  package var textsKnown: Int {
    prometheus?.textsKnown ?? influx?.textsKnown ?? csv?.textsKnown ?? 0
  }

  /// Lines done with so far.
  package var line: Int {
    prometheus?.line ?? openMetrics?.line ?? influx?.line ?? csv?.line ?? ndjson?.line
      ?? graphite?.line ?? 0
  }

  private mutating func parse(
    _ bytes: [UInt8], final: Bool, into batch: inout SampleBatch, _ problems: inout Problems
  ) throws(FormatError) -> Int {
    // Typed errors do not pass through withUnsafeBytes: carry the outcome out.
    let outcome = bytes.withUnsafeBytes { bytes -> Result<Int, FormatError> in
      do throws(FormatError) {
        return .success(try parse(bytes, final: final, into: &batch, &problems))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  private mutating func parse(
    _ bytes: UnsafeRawBufferPointer, final: Bool, into batch: inout SampleBatch,
    _ problems: inout Problems
  ) throws(FormatError) -> Int {
    if prometheus != nil {
      return try prometheus?.feed(bytes, final: final, into: &batch, problems: &problems) ?? 0
    }
    if openMetrics != nil {
      return try openMetrics?.feed(bytes, final: final, into: &batch, problems: &problems) ?? 0
    }
    if csv != nil {
      return try csv?.feed(bytes, final: final, into: &batch, problems: &problems) ?? 0
    }
    if ndjson != nil {
      return try ndjson?.feed(bytes, final: final, into: &batch, problems: &problems) ?? 0
    }
    if graphite != nil {
      return try graphite?.feed(bytes, final: final, into: &batch, problems: &problems) ?? 0
    }
    if influx != nil {
      return try influx?.feed(bytes, final: final, into: &batch, problems: &problems) ?? 0
    }
    try json?.read(bytes, into: &batch, problems: &problems)
    try otlp?.read(bytes, into: &batch, problems: &problems)
    try remoteWrite?.read(bytes, into: &batch, problems: &problems)
    try protobuf?.read(bytes, into: &batch, problems: &problems)
    return bytes.count
  }

  private mutating func finishRows(of batch: inout SampleBatch, from firstRow: Int) {
    if options.scale != 1 {
      for row in firstRow..<batch.count where !StaleMarker.isStale(batch.values[row]) {
        batch.values[row] *= options.scale
      }
    }
    if options.events { declareEvents(&batch) }
  }

  /// Every metric of a new series becomes one of type event.
  private mutating func declareEvents(_ batch: inout SampleBatch) {
    while nextSeries < batch.series.count {
      let name = batch.series.withKey(UInt32(nextSeries)) { key -> [UInt8] in
        var cursor = LabelCursor(key)
        while let pair = cursor.next() {
          if pair.name.equals("__name__") { return LabelKey.unescaped(pair.value) }
        }
        return []
      }
      nextSeries += 1
      guard eventNames.insert(name).inserted else { continue }
      batch.metadata.append(
        MetricMetadata(family: String(decoding: name, as: UTF8.self), type: .event))
    }
  }
}
