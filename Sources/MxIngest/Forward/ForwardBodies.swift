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

  /// Sends all of `selection` behind `place` (nil: from the start), in label order.
  package mutating func send(
    _ selection: any Selection, behind place: (series: LabelSet, time: Int64)?,
    metadata: [MetricMetadata]
  ) throws {
    for part in stride(from: 0, to: metadata.count, by: Self.mostMetadata) {
      try tell(metadata[part..<min(part + Self.mostMetadata, metadata.count)])
    }
    for number in 0..<selection.count {
      let labels = try selection.labels(number)
      if let place, labels < place.series { continue }
      let isCut = place.map { $0.series == labels } ?? false
      let after = isCut ? place?.time ?? .min : Int64.min
      if after == .max { continue }
      var times: [Int64] = []
      var values: [Double] = []
      let range = TimeRange(from: isCut ? after + 1 : .min, to: .max)
      try selection.read(number..<number + 1, range, worker: 0) { _, columns in
        times += columns.times
        values += columns.values
      }
      try add(labels, times, values)
    }
    try flush()
  }

  private static let mostMetadata = 1000

  private mutating func add(_ labels: LabelSet, _ times: [Int64], _ values: [Double]) throws {
    var start = 0
    while start < times.count {
      let count = min(times.count - start, Self.mostSamples - samples)
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
