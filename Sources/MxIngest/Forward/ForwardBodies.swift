import MxFormats
package import MxModel

/// Cuts the samples of a selection into remote write requests, each with the place
/// it ends at.
package struct ForwardBodies {
  /// Samples of one series that go together.
  struct Run {
    var series: LabelSet
    var times: ArraySlice<Int64>
    var values: ArraySlice<Double>
  }

  /// One request: its samples, or metrics' types and helps.
  package struct Body {
    var runs: [Run] = []
    var metadata: ArraySlice<MetricMetadata> = []
    package private(set) var samples = 0
    /// The last series in it, and the time of its last sample.
    package var series: LabelSet { runs.last?.series ?? .empty }
    package var time: Int64 { runs.last?.times.last ?? .min }
    /// The first, for who tells of it.
    package var first: (series: LabelSet, time: Int64)? {
      runs.first.map { ($0.series, $0.times.first ?? 0) }
    }

    /// What goes out.
    package func bytes() -> [UInt8] {
      var message = RemoteWrite.metadata(metadata)
      for run in runs { message += RemoteWrite.series(run.series, run.times, run.values) }
      return RemoteWrite.body(message)
    }

    mutating func append(_ run: Run) {
      samples += run.times.count
      runs.append(run)
    }

    /// The same samples in two requests, each series' in their order; nil: it is one.
    func halves() -> (Body, Body)? {
      if samples < 2 { return nil }
      var halves = (Body(), Body())
      for run in runs {
        let count = min(max(0, samples / 2 - halves.0.samples), run.times.count)
        let (head, tail) = (run.times.prefix(count), run.times.dropFirst(count))
        if !head.isEmpty {
          halves.0.append(
            Run(series: run.series, times: head, values: run.values.prefix(count)))
        }
        if !tail.isEmpty {
          halves.1.append(
            Run(series: run.series, times: tail, values: run.values.dropFirst(count)))
        }
      }
      return halves
    }
  }

  /// Samples of a request: what Prometheus itself sends is of this size, and
  /// receivers take it.
  package static let mostSamples = 5000

  private var pending = Body()
  private let take: (Body) throws -> Void

  package init(_ take: @escaping (Body) throws -> Void) { self.take = take }

  /// Receivers that keep time in order (Prometheus) take nothing that is an hour behind
  /// what they have: samples go in slices of time, each with all its series.
  package static let slice: Int64 = 1_800_000

  /// Samples that are read at once, about.
  private static let readSamples = 1 << 20

  /// Sends all of `selection` behind `place` (nil: from the start): slice by slice, in a
  /// slice by label order. `range` is where its samples lie, `count` about how many.
  package mutating func send(
    _ selection: any Selection, in range: TimeRange, count: Int,
    behind place: (series: LabelSet, time: Int64)?, metadata: [MetricMetadata]
  ) throws {
    for part in stride(from: 0, to: metadata.count, by: Self.mostMetadata) {
      try tell(metadata[part..<min(part + Self.mostMetadata, metadata.count)])
    }
    var start = Self.start(of: place?.time ?? range.from)
    let span = Double(range.to) - Double(start)
    let slices = span / Double(Self.slice) * Double(Self.readSamples) / Double(max(1, count))
    let width = Int64(min(max(1, slices), 1e9)) * Self.slice
    while start <= range.to {
      let (next, isLast) = start.addingReportingOverflow(width)
      try send(
        Window(selection, TimeRange(from: start, to: isLast ? .max : next - 1)), behind: place)
      if isLast { break }
      start = next
    }
    try flush()
  }

  /// Where the slice of `time` starts.
  private static func start(of time: Int64) -> Int64 {
    let behind = (time % slice + slice) % slice
    let (start, isFirst) = time.subtractingReportingOverflow(behind)
    return isFirst ? .min : start
  }

  /// What of a selection lies in a stretch of time, read at once.
  private struct Window {
    struct Series {
      var number: Int
      var times: [Int64]
      var values: [Double]
      /// The first that was not sent yet.
      var next = 0
    }

    let selection: any Selection
    var series: [Series] = []

    init(_ selection: any Selection, _ range: TimeRange) throws {
      self.selection = selection
      var found: [Series] = []
      try selection.read(0..<selection.count, range, worker: 0) { number, columns in
        found.append(
          Series(number: number, times: Array(columns.times), values: Array(columns.values)))
      }
      series = found
    }

    /// When the oldest sample is that was not sent yet.
    var oldest: Int64? {
      series.compactMap { $0.next < $0.times.count ? $0.times[$0.next] : nil }.min()
    }
  }

  private mutating func send(
    _ window: Window, behind place: (series: LabelSet, time: Int64)?
  ) throws {
    var window = window
    while let oldest = window.oldest {
      let start = Self.start(of: oldest)
      let isCut = place.map { Self.start(of: $0.time) == start } ?? false
      for index in window.series.indices {
        let series = window.series[index]
        var end = series.next
        while end < series.times.count, Self.start(of: series.times[end]) == start { end += 1 }
        window.series[index].next = end
        if end == series.next { continue }
        let labels = try window.selection.labels(series.number)
        var first = series.next
        if isCut, let place {
          if labels < place.series { continue }
          if labels == place.series {
            while first < end, series.times[first] <= place.time { first += 1 }
          }
        }
        try add(labels, series.times[first..<end], series.values[first..<end])
      }
    }
  }

  private static let mostMetadata = 1000

  private mutating func add(
    _ labels: LabelSet, _ times: ArraySlice<Int64>, _ values: ArraySlice<Double>
  ) throws {
    var start = times.startIndex
    while start < times.endIndex {
      let end = start + min(times.endIndex - start, Self.mostSamples - pending.samples)
      pending.append(Run(series: labels, times: times[start..<end], values: values[start..<end]))
      start = end
      if pending.samples >= Self.mostSamples { try flush() }
    }
  }

  private func tell(_ metadata: ArraySlice<MetricMetadata>) throws {
    var body = Body()
    body.metadata = metadata
    try take(body)
  }

  private mutating func flush() throws {
    if pending.samples == 0 { return }
    let body = pending
    pending = Body()
    try take(body)
  }
}
