/// One sample of a series that holds floats.
package struct Sample: Hashable, Sendable {
  /// Milliseconds since 1970, UTC.
  package var time: Int64
  package var value: Double

  package init(time: Int64, value: Double) {
    self.time = time
    self.value = value
  }
}

/// The value that says 'this series ends here'.
///
/// One exact bit pattern, a NaN like any other to arithmetic, which can never
/// produce it: only a copy of a marker is a marker.
package enum StaleMarker {
  package static let bits: UInt64 = 0x7ff0_0000_0000_0002
  package static let value = Double(bitPattern: bits)

  @inline(__always)
  package static func isStale(_ value: Double) -> Bool { value.bitPattern == bits }
}

/// The NaN that Prometheus' arithmetic and parsers produce.
package enum OrdinaryNaN {
  package static let value = Double(bitPattern: 0x7ff8_0000_0000_0001)
}

/// Milliseconds from `from` to `to`, both included.
///
/// PromQL's `(T - r, T]` is `TimeRange(from: T - r + 1, to: T)`: with whole
/// milliseconds nothing lies between.
package struct TimeRange: Hashable, Sendable {
  package var from: Int64
  package var to: Int64

  package init(from: Int64, to: Int64) {
    self.from = from
    self.to = to
  }

  package static let all = TimeRange(from: .min, to: .max)

  package var isEmpty: Bool { from > to }

  package func contains(_ time: Int64) -> Bool { from <= time && time <= to }

  package func contains(_ other: TimeRange) -> Bool { from <= other.from && other.to <= to }

  package func overlaps(_ other: TimeRange) -> Bool { from <= other.to && other.from <= to }

  package func intersection(_ other: TimeRange) -> TimeRange {
    TimeRange(from: max(from, other.from), to: min(to, other.to))
  }

  package func union(_ other: TimeRange) -> TimeRange {
    TimeRange(from: min(from, other.from), to: max(to, other.to))
  }
}

/// What a metric is, as exporters declare it.
package enum MetricType: UInt8, CaseIterable, Sendable {
  case unknown = 0
  case counter = 1
  case gauge = 2
  case histogram = 3
  case gaugeHistogram = 4
  case summary = 5
  case info = 6
  case stateset = 7
  /// Several samples of one instant add up and their number is kept (ours).
  case event = 8

  /// The word of `# TYPE` lines.
  package var word: String {
    switch self {
    case .unknown: "unknown"
    case .counter: "counter"
    case .gauge: "gauge"
    case .histogram: "histogram"
    case .gaugeHistogram: "gaugehistogram"
    case .summary: "summary"
    case .info: "info"
    case .stateset: "stateset"
    case .event: "event"
    }
  }

  /// Reads a `# TYPE` word; `untyped` is the older name of unknown.
  package init?(word: String) {
    if word == "untyped" {
      self = .unknown
    } else if let type = MetricType.allCases.first(where: { $0.word == word }) {
      self = type
    } else {
      return nil
    }
  }
}

/// Type, help and unit of one metric family.
package struct MetricMetadata: Hashable, Sendable {
  /// The family's name as declared (a counter's without `_total` in OpenMetrics).
  package var family: String
  package var type: MetricType
  package var help: String
  package var unit: String

  package init(family: String, type: MetricType = .unknown, help: String = "", unit: String = "") {
    self.family = family
    self.type = type
    self.help = help
    self.unit = unit
  }
}

/// Samples on their way in: three parallel columns over a table of series.
///
/// All parsers, the scraper and the rules produce this and every sink takes it.
/// Order is arrival order; where one series has one instant twice, the later
/// row is the later sample.
package struct SampleBatch: Sendable {
  package var series = SeriesTable()
  /// Row -> number in `series`.
  package var refs: [UInt32] = []
  /// Row -> milliseconds since 1970.
  package var times: [Int64] = []
  /// Row -> value; for a histogram row, its number in `histograms` as a bit pattern.
  package var values: [Double] = []
  /// Which rows hold histograms; nil while all are floats.
  package var histograms: HistogramRows?
  /// Row -> when its counter began (ms), `.min` where unknown; nil while none is known.
  package var startTimes: [Int64]?
  package var metadata: [MetricMetadata] = []
  /// Row -> line of the input, for messages.
  package var lines = LineMarks()

  package init() {}

  package var count: Int { refs.count }

  package var content: BatchContent {
    guard let histograms, !histograms.all.isEmpty else { return .floats }
    return histograms.all.count == count ? .histograms : .mixed
  }

  @inline(__always)
  package mutating func append(_ ref: UInt32, _ time: Int64, _ value: Double) {
    refs.append(ref)
    times.append(time)
    values.append(value)
    if histograms != nil { histograms?.isHistogram.append(false) }
    if startTimes != nil { startTimes?.append(.min) }
  }

  package mutating func append(_ labels: LabelSet, _ time: Int64, _ value: Double) {
    append(series.intern(labels), time, value)
  }

  package mutating func append(_ ref: UInt32, _ time: Int64, _ histogram: NativeHistogram) {
    if histograms == nil {
      histograms = HistogramRows(isHistogram: [Bool](repeating: false, count: count), all: [])
    }
    values.append(Double(bitPattern: UInt64(histograms?.all.count ?? 0)))
    refs.append(ref)
    times.append(time)
    // In place: a copy of the rows for each append would be quadratic.
    histograms?.isHistogram.append(true)
    histograms?.all.append(histogram)
    if startTimes != nil { startTimes?.append(.min) }
  }

  /// Forgets the rows, keeps the series: the next block of the same stream.
  package mutating func removeRows() {
    refs.removeAll(keepingCapacity: true)
    times.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    lines.removeAll()
    histograms = nil
    startTimes = nil
  }
}

/// What the rows of a batch or the samples of a read are.
package enum BatchContent: Sendable {
  case floats
  case histograms
  case mixed
}

/// The side table of a batch that holds native histograms.
package struct HistogramRows: Sendable {
  package var isHistogram: [Bool]
  package var all: [NativeHistogram]

  package init(isHistogram: [Bool], all: [NativeHistogram]) {
    self.isHistogram = isHistogram
    self.all = all
  }
}

/// One native histogram sample: exponential buckets of `schema`, or custom
/// bounds (schema -53). Counts are absolute, spans say where buckets lie.
package struct NativeHistogram: Hashable, Sendable {
  package struct Span: Hashable, Sendable {
    package var offset: Int32
    package var length: UInt32

    package init(offset: Int32, length: UInt32) {
      self.offset = offset
      self.length = length
    }
  }

  package enum ResetHint: UInt8, Sendable {
    case unknown, reset, notReset, gauge
  }

  package var schema: Int32 = 0
  package var count = 0.0
  package var sum = 0.0
  package var zeroThreshold = 0.0
  package var zeroCount = 0.0
  package var positiveSpans: [Span] = []
  package var positiveCounts: [Double] = []
  package var negativeSpans: [Span] = []
  package var negativeCounts: [Double] = []
  package var customBounds: [Double] = []
  package var resetHint = ResetHint.unknown

  package init() {}
}

extension NativeHistogram {
  /// Bucket -> count; buckets that hold nothing are left out.
  package var positiveBuckets: [Int32: Double] { Self.buckets(positiveSpans, positiveCounts) }
  package var negativeBuckets: [Int32: Double] { Self.buckets(negativeSpans, negativeCounts) }

  private static func buckets(_ spans: [Span], _ counts: [Double]) -> [Int32: Double] {
    var buckets: [Int32: Double] = [:]
    var (index, next): (Int32, Int) = (0, 0)
    for span in spans {
      index &+= span.offset
      for _ in 0..<span.length where next < counts.count {
        if counts[next] != 0 { buckets[index] = counts[next] }
        (index, next) = (index &+ 1, next + 1)
      }
    }
    return buckets
  }
}
