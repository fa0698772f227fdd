import MxFormats
package import MxModel

/// Cuts the samples of a selection into remote write requests, each with the place
/// it ends at.
package struct ForwardBodies {
  /// One request: its body, and what is sent once it was taken.
  package struct Body {
    package var bytes: [UInt8]
    package var samples: Int
    /// The last series in it, and the time of its last sample.
    package var series: LabelSet
    package var time: Int64
  }

  /// Samples of a request: what Prometheus itself sends is of this size, and
  /// receivers take it.
  package static let mostSamples = 5000

  private var pending: [UInt8] = []
  private var samples = 0
  private var last: (series: LabelSet, time: Int64)?
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
      let count = min(times.endIndex - start, Self.mostSamples - samples)
      pending += RemoteWrite.series(
        labels, times[start..<start + count], values[start..<start + count])
      samples += count
      start += count
      last = (labels, times[start - 1])
      if samples >= Self.mostSamples { try flush() }
    }
  }

  private func tell(_ metadata: ArraySlice<MetricMetadata>) throws {
    let message = RemoteWrite.metadata(metadata)
    try take(
      Body(bytes: RemoteWrite.body(message), samples: 0, series: .empty, time: .min))
  }

  private mutating func flush() throws {
    guard let (series, time) = last, samples > 0 else { return }
    let body = Body(
      bytes: RemoteWrite.body(pending), samples: samples, series: series, time: time)
    pending.removeAll(keepingCapacity: true)
    samples = 0
    try take(body)
  }
}
