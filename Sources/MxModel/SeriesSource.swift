/// What a query wants of one selector: which series, when, and what for.
package struct SelectRequest: Sendable {
  package var matchers: [Matcher]
  /// Every millisecond that the evaluation may look at, lookback included.
  package var range: TimeRange
  package var hints: SelectHints

  package init(_ matchers: [Matcher], range: TimeRange, hints: SelectHints = SelectHints()) {
    self.matchers = matchers
    self.range = range
    self.hints = hints
  }
}

/// What the samples are for. A source may use it to read less; ignoring it is
/// always right.
package struct SelectHints: Hashable, Sendable {
  /// The function over the selector (`rate`, `max_over_time`), "" for an instant selector.
  package var function = ""
  /// The width of the range selector in ms, 0 for an instant selector.
  package var window: Int64 = 0
  /// The evaluation step in ms, 0 for one instant.
  package var step: Int64 = 0
  /// The evaluation times' first and last, before offset and `@` (the range
  /// already has both applied).
  package var firstStep: Int64 = 0
  package var lastStep: Int64 = 0
  /// The labels that survive the aggregation above, nil where all do.
  package var grouping: [String]?
  /// Only labels are wanted (series, label values): no sample will be read.
  package var labelsOnly = false

  package init() {}
}

/// Where series come from: a store, a file, a test's memory, a server.
///
/// One source is one snapshot: whatever is opened from it sees the same data.
package protocol SeriesSource: Sendable {
  /// Finds the series of each request; results stand in the requests' order.
  func open(_ requests: [SelectRequest], report: Report) throws -> [any Selection]

  /// All label names of series that match any of `matchers` (all series where
  /// empty) and have samples in `range`, sorted.
  func labelNames(matching matchers: [[Matcher]], range: TimeRange, report: Report) throws
    -> [String]

  /// The values of one label, likewise, sorted.
  func labelValues(
    _ name: String, matching matchers: [[Matcher]], range: TimeRange, report: Report
  ) throws -> [String]

  /// What is known of a metric: looked up by the sample's name, and by its
  /// family where a suffix such as `_total` or `_bucket` was declared away.
  func metadata(of metric: String) throws -> MetricMetadata?

  /// Everything that is known of any metric, by family name.
  func allMetadata() throws -> [MetricMetadata]

  /// A hash of all that reading these requests would see, made from indexes
  /// alone. Equal prints: equal answers. Different prints say nothing.
  func fingerprint(_ requests: [SelectRequest]) throws -> UInt64
}

/// The series that one selector found: numbered 0..<count in label order.
package protocol Selection: AnyObject, Sendable {
  var count: Int { get }

  /// The names of all labels that any of the series has, sorted.
  var labelNames: [String] { get }

  /// One label of all series, as small numbers: what grouping and matching need.
  func column(_ name: String) throws -> LabelColumn

  /// One series' labels, for the output.
  func labels(_ series: Int) throws -> LabelSet

  /// Calls `body` with the canonical key of each of `series`, best ascending; it is
  /// valid during the call.
  func keys(_ series: [Int32], _ body: (UnsafeRawBufferPointer) throws -> Void) throws

  /// Reads `series` between `range.from` and `range.to` (both included) and calls
  /// `body` once for each series in order that has samples there. The columns are
  /// in time order, duplicates resolved, stale markers still inside, and valid
  /// only during the call. `worker` (0..<threads) picks the scratch memory: two
  /// threads may read at once where they name different workers.
  func read(
    _ series: Range<Int>, _ range: TimeRange, worker: Int,
    _ body: (_ series: Int, _ samples: borrowing SampleColumns) throws -> Void
  ) throws

  /// The newest `limit` samples at or before `time` of one series, in time
  /// order: how far apart they lie tells a cron job's pace. Reads few pages. For samples
  /// that retention took stands what windows know of them: how many there were, the
  /// first, the last, and even distances between.
  func latest(_ series: Int, atOrBefore time: Int64, limit: Int, worker: Int) throws -> [Sample]

  /// At which resolutions these series are there, for who can do with less than samples.
  func resolutions(in range: TimeRange) throws -> Resolutions

  /// Whether a tier stores windows of a series; what it does not store is computed from
  /// samples, as long as there are any.
  func holds(_ series: Int, tier: Int64) throws -> Bool

  /// Whether all samples of `series` in `range` are there, as far as windows know: retention
  /// leaves those that no window speaks for. Reads both, so it is asked only where the
  /// answer would be that samples are gone.
  func isWhole(_ series: Range<Int>, _ range: TimeRange, worker: Int) throws -> Bool

  /// Like `read`, from the windows of a tier whose ends lie in `range`; of columns
  /// that are not among `fields` nothing need be said.
  func readWindows(
    _ series: Range<Int>, tier: Int64, _ range: TimeRange, fields: WindowFields, worker: Int,
    _ body: (_ series: Int, _ windows: borrowing WindowColumns) throws -> Void
  ) throws

  /// What reading `range` would cost, from indexes alone.
  func cost(_ range: TimeRange) throws -> ReadCost

  /// What the series themselves have in `range`. Reads pages that they share with others.
  func size(_ range: TimeRange) throws -> StoredSize
}

/// What a selection without an index or tiers has to offer.
extension Selection {
  package func keys(
    _ series: [Int32], _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    for one in series { try labels(Int(one)).key.withUnsafeBytes { try body($0) } }
  }

  package func resolutions(in range: TimeRange) throws -> Resolutions { Resolutions() }

  package func holds(_ series: Int, tier: Int64) throws -> Bool { false }

  package func size(_ range: TimeRange) throws -> StoredSize {
    let cost = try cost(range)
    return StoredSize(samples: cost.samples, bytes: cost.bytes)
  }

  package func isWhole(
    _ series: Range<Int>, _ range: TimeRange, worker: Int
  ) throws -> Bool { true }

  package func readWindows(
    _ series: Range<Int>, tier: Int64, _ range: TimeRange, fields: WindowFields, worker: Int,
    _ body: (_ series: Int, _ windows: borrowing WindowColumns) throws -> Void
  ) throws {
    preconditionFailure("BUG: windows of \(tier) ms asked of a source without tiers")
  }
}

/// One label over all series of a selection.
package struct LabelColumn: Sendable {
  /// Series -> entry of `values`; 0 is the missing label.
  package var ids: [UInt32]
  /// The distinct values; entry 0 is "".
  package var values: [String]

  package init(ids: [UInt32], values: [String]) {
    self.ids = ids
    self.values = values
  }
}

/// The samples of one series in one range; borrowed memory.
package struct SampleColumns {
  package let times: UnsafeBufferPointer<Int64>
  package let values: UnsafeBufferPointer<Double>
  /// When each sample's counter began (ms, `.min` unknown); nil where none is known.
  package let startTimes: UnsafeBufferPointer<Int64>?
  /// Nil where all are floats; else sample -> its histogram, nil inside for a float.
  package let histograms: [NativeHistogram?]?

  package init(
    times: UnsafeBufferPointer<Int64>, values: UnsafeBufferPointer<Double>,
    startTimes: UnsafeBufferPointer<Int64>? = nil, histograms: [NativeHistogram?]? = nil
  ) {
    self.times = times
    self.values = values
    self.startTimes = startTimes
    self.histograms = histograms
  }

  package var count: Int { times.count }
}

/// What a read would touch.
package struct ReadCost: Hashable, Sendable {
  package var segments = 0
  package var pages = 0
  package var series = 0
  package var samples = 0
  package var bytes = 0

  package init() {}
}

/// How much is stored of series in some time.
package struct StoredSize: Hashable, Sendable {
  /// One that several segments hold counts in each.
  package var samples = 0
  /// Of a page that series share each has its samples' part.
  package var bytes = 0

  package init(samples: Int = 0, bytes: Int = 0) {
    (self.samples, self.bytes) = (samples, bytes)
  }
}

/// Where samples go: the store behind the quality gate, a test's memory.
package protocol SampleSink: AnyObject {
  /// Takes a batch; nothing is durable before `commit`.
  func append(_ batch: borrowing SampleBatch) throws

  /// Makes all that was appended durable at once, or throws and keeps nothing.
  func commit() throws
}
