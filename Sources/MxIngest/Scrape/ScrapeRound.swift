import MxCodec
package import MxFormats
package import MxModel

/// What came of one target in one round.
package struct TargetResult: Sendable {
  package var isUp = false
  /// What was wrong with the scrape; empty where nothing was.
  package var failure = ""
  /// Samples of the answer, and how many of them were kept.
  package var scraped = 0
  package var kept = 0
  package var added = 0
  package var problems: [Problem] = []
  package var refused = 0
  /// The series of this scrape, for the next one to compare with.
  package var series = SeriesTrace()
}

/// How an answer came.
package struct ScrapeAnswer {
  package var body: [UInt8]
  package var format: Format
  /// When the request was sent, ms since 1970, and how long it took, in seconds.
  package var time: Int64
  package var seconds: Double

  package init(body: [UInt8], format: Format, time: Int64, seconds: Double) {
    self.body = body
    self.format = format
    self.time = time
    self.seconds = seconds
  }
}

/// Turns the answers of a round's targets into one batch.
///
/// Labels are merged, relabelled and limited as Prometheus does it; to each target
/// come `up` and its companions, and stale markers for what it does not expose any
/// more. What a series becomes is remembered for as long as the round lives, so
/// that scraping again and again costs a look-up a series.
package final class ScrapeRound {
  /// What the round came to so far; its rows may be taken out at any time.
  package var batch = SampleBatch()
  private var known: [UInt64: KnownTarget] = [:]
  /// Final ref -> the last scrape it was in, to see duplicates and what vanished.
  private var marks: [UInt32] = []
  private var scrape: UInt32 = 0
  /// Many targets say the same of the same metrics.
  private var described: Set<MetricMetadata> = []

  /// What the series of a target became.
  private struct KnownTarget {
    var raw = SampleBatch()
    /// Ref of `raw` -> ref of the round's batch, `dropped`, or `wrong`.
    var refs: [UInt32] = []
    /// Rows of its last scrape.
    var rows = 0
  }

  private static let dropped = UInt32.max
  private static let wrong = UInt32.max - 1

  package init() {}

  /// Forgets what was handed on.
  package func removeRows() {
    batch.removeRows()
    batch.metadata = []
    described = []
    // Series that come and go must not fill the memory.
    if batch.series.count > 1 << 20 {
      batch = SampleBatch()
      known = [:]
      marks = []
    }
  }

  /// The keys of a scrape's series, for as long as its rows are here.
  package func keys(of trace: SeriesTrace) -> [[UInt8]] {
    trace.refs.map { ref in batch.series.withKey(ref) { Array($0) } }
  }

  // MARK: - A target

  /// `previous` gives the keys of the last scrape's series; it is asked only
  /// where `trace` says that they differ from this one's.
  package func take(
    _ answer: ScrapeAnswer, of target: ScrapeTarget, _ job: ScrapeJob,
    trace: SeriesTrace, previous: () -> [[UInt8]]
  ) -> TargetResult {
    var result = TargetResult()
    let rows = batch.count
    if let failure = decode(answer, target, job, &result) {
      batch.removeLast(batch.count - rows)
      var failed = fail(
        target, job, failure, at: answer.time, seconds: answer.seconds, trace: trace,
        previous: previous)
      failed.scraped = result.scraped
      failed.problems = result.problems
      failed.refused = result.refused
      return failed
    }
    result.isUp = true
    if result.series == trace {
      result.added = 0
    } else {
      result.added = compare(previous(), result.series, at: answer.time)
    }
    addOwn(of: target, job, result, answer)
    return result
  }

  /// A scrape that failed: all that the target had ends here.
  package func fail(
    _ target: ScrapeTarget, _ job: ScrapeJob, _ failure: String, at time: Int64,
    seconds: Double, trace: SeriesTrace, previous: () -> [[UInt8]]
  ) -> TargetResult {
    var result = TargetResult()
    result.failure = failure
    if trace.count > 0 { end(previous(), at: time) }
    addOwn(
      of: target, job, result,
      ScrapeAnswer(body: [], format: .prometheus, time: time, seconds: seconds))
    return result
  }

  /// A target that is no target any more ends with all its series.
  package func end(_ labels: LabelSet, _ previous: [[UInt8]], at time: Int64) {
    end(previous, at: time)
    for name in OwnSeries.allCases {
      batch.append(name.labels(labels), time, StaleMarker.value)
    }
  }

  private func end(_ keys: [[UInt8]], at time: Int64) {
    for key in keys {
      let ref = key.withUnsafeBytes { batch.series.intern($0) }
      batch.append(ref, time, StaleMarker.value)
    }
  }

  /// Ends what is not in this scrape; returns how many series are new.
  private func compare(_ previous: [[UInt8]], _ now: SeriesTrace, at time: Int64) -> Int {
    var stayed = 0
    for key in previous {
      let ref = key.withUnsafeBytes { batch.series.intern($0) }
      if Int(ref) < marks.count, marks[Int(ref)] == scrape {
        stayed += 1
      } else {
        batch.append(ref, time, StaleMarker.value)
      }
    }
    return now.count - stayed
  }

  // MARK: - Rows

  /// Appends the rows of an answer; a sentence where the scrape failed.
  private func decode(
    _ answer: ScrapeAnswer, _ target: ScrapeTarget, _ job: ScrapeJob, _ result: inout TargetResult
  ) -> String? {
    var own = known.removeValue(forKey: target.key) ?? KnownTarget()
    // Series that come and go would fill the memory.
    if own.raw.series.count > 2 * own.rows + 10_000 { own = KnownTarget() }
    own.raw.removeRows()
    own.raw.metadata = []
    var problems = Problems()
    var options = FormatOptions(defaultTime: answer.time)
    options.bodyLimit = max(answer.body.count, 1)
    var decoder = FormatDecoder(answer.format, options)
    do throws(FormatError) {
      try decoder.feed(whole: answer.body, into: &own.raw, problems: &problems)
    } catch {
      return Self.sentence(error)
    }
    result.refused = problems.count
    result.problems = problems.take()
    result.scraped = own.raw.count
    if own.raw.count == 0, let first = result.problems.first {
      return "no line of the answer is a sample; \(first)"
    }
    own.rows = own.raw.count
    for metadata in own.raw.metadata where described.insert(metadata).inserted {
      batch.metadata.append(metadata)
    }
    if let failure = settle(&own, target, job) { return failure }
    scrape += 1
    if scrape == 0 { marks = [] }
    append(own, job, answer.time, &result)
    let limit = Int(job.limits.samples)
    if limit > 0, result.kept > limit {
      return "the answer has \(result.kept) samples, at most \(limit) allowed (sample_limit)"
    }
    known[target.key] = own
    return nil
  }

  private func append(
    _ own: KnownTarget, _ job: ScrapeJob, _ time: Int64, _ result: inout TargetResult
  ) {
    if marks.count < batch.series.count {
      marks += repeatElement(0, count: batch.series.count - marks.count)
    }
    let isHistogram = own.raw.histograms?.isHistogram
    for row in 0..<own.raw.count {
      let ref = own.refs[Int(own.raw.refs[row])]
      if ref >= Self.wrong || isHistogram?[row] ?? false { continue }
      result.kept += 1
      let ownTime = job.honorTimestamps ? own.raw.times[row] : time
      batch.append(ref, ownTime, own.raw.values[row])
      // A series with times of its own ends by itself, as in Prometheus.
      let isTracked = ownTime == time || job.tracksTimestampsStaleness
      if isTracked, marks[Int(ref)] != scrape {
        marks[Int(ref)] = scrape
        batch.series.withKey(ref) { result.series.add($0, ref) }
      }
    }
  }

  /// Decides what new series of a target become.
  private func settle(
    _ own: inout KnownTarget, _ target: ScrapeTarget, _ job: ScrapeJob
  ) -> String? {
    if own.refs.count == own.raw.series.count { return nil }
    let labels = TargetLabels(target.labels, honors: job.honorLabels)
    var key: [UInt8] = []
    var failure: String?
    for raw in own.refs.count..<own.raw.series.count {
      own.raw.series.withKey(UInt32(raw)) { labels.merge($0, into: &key) }
      let (ref, problem) = settle(key, job)
      own.refs.append(ref)
      if failure == nil { failure = problem }
    }
    return failure
  }

  private func settle(_ key: [UInt8], _ job: ScrapeJob) -> (UInt32, String?) {
    var key = key
    if !job.metricRelabel.isEmpty {
      guard let labels = job.metricRelabel.apply(LabelSet(key: key)), !labels.isEmpty else {
        return (Self.dropped, nil)
      }
      key = labels.key
      if labels.metricName == nil {
        return (Self.wrong, "metric_relabel_configs leave a series without a name")
      }
    }
    if let problem = job.limits.problem(key) { return (Self.wrong, problem) }
    return (key.withUnsafeBytes { batch.series.intern($0) }, nil)
  }

  private static func sentence(_ error: FormatError) -> String {
    switch error {
    case .lineTooLong(let line, let limit): "line \(line) is longer than \(limit) bytes"
    case .bodyTooLarge(let limit): "the answer is more than \(limit) bytes"
    case .refused(let problem): "the answer is broken: \(problem)"
    }
  }

  // MARK: - Its own series

  private func addOwn(
    of target: ScrapeTarget, _ job: ScrapeJob, _ result: TargetResult, _ answer: ScrapeAnswer
  ) {
    for name in OwnSeries.allCases {
      let value: Double
      switch name {
      case .up: value = result.isUp ? 1 : 0
      case .duration: value = answer.seconds
      case .scraped: value = Double(result.scraped)
      case .kept: value = Double(result.kept)
      case .added: value = Double(result.added)
      case .timeout: value = Double(target.timeout) / 1000
      case .sampleLimit: value = Double(job.limits.samples)
      case .bodySize: value = Double(answer.body.count)
      }
      if name.isExtra, !job.hasExtraMetrics { continue }
      batch.append(name.labels(target.labels), answer.time, value)
    }
  }
}

/// What Prometheus writes about each scrape.
enum OwnSeries: String, CaseIterable {
  case up
  case duration = "scrape_duration_seconds"
  case scraped = "scrape_samples_scraped"
  case kept = "scrape_samples_post_metric_relabeling"
  case added = "scrape_series_added"
  case timeout = "scrape_timeout_seconds"
  case sampleLimit = "scrape_sample_limit"
  case bodySize = "scrape_body_size_bytes"

  var isExtra: Bool {
    switch self {
    case .timeout, .sampleLimit, .bodySize: true
    default: false
    }
  }

  func labels(_ target: LabelSet) -> LabelSet { target.setting(LabelName.metric, to: rawValue) }
}

/// The series of one scrape, in as many bytes as say whether the next one has
/// the same: their number and the sum of their hashes.
package struct SeriesTrace: Equatable, Sendable {
  package var count = 0
  package var hash: UInt64 = 0
  /// Refs of the round's batch; not compared, gone with the run.
  package private(set) var refs: [UInt32] = []

  package init() {}

  package init(count: Int, hash: UInt64) {
    self.count = count
    self.hash = hash
  }

  mutating func add(_ key: UnsafeRawBufferPointer, _ ref: UInt32) {
    count += 1
    hash &+= XXH64.hash(key)
    refs.append(ref)
  }

  package static func == (left: SeriesTrace, right: SeriesTrace) -> Bool {
    left.count == right.count && left.hash == right.hash
  }
}

extension ScrapeLimits {
  /// What is over a limit in a series' labels.
  func problem(_ key: [UInt8]) -> String? {
    if labels == 0, labelNameBytes == 0, labelValueBytes == 0 { return nil }
    return key.withUnsafeBytes { bytes in
      var count: Int64 = 0
      var cursor = LabelCursor(bytes)
      while let pair = cursor.next() {
        count += 1
        let name = LabelKey.text(pair.name)
        if labelNameBytes > 0, pair.name.count > labelNameBytes {
          return "the label '\(name)' has \(pair.name.count) bytes, at most \(labelNameBytes) "
            + "allowed (label_name_length_limit)"
        }
        if labelValueBytes > 0, pair.value.count > labelValueBytes {
          return "the value of '\(name)' has \(pair.value.count) bytes, at most "
            + "\(labelValueBytes) allowed (label_value_length_limit)"
        }
      }
      guard labels > 0, count > labels else { return nil }
      return "a series has \(count) labels, at most \(labels) allowed (label_limit)"
    }
  }
}

extension FormatDecoder {
  /// A body that is all there.
  mutating func feed(
    whole body: [UInt8], into batch: inout SampleBatch, problems: inout Problems
  ) throws(FormatError) {
    let outcome = body.withUnsafeBytes { bytes -> FormatError? in
      do throws(FormatError) {
        try feed(bytes, into: &batch, problems: &problems)
        try finish(into: &batch, problems: &problems)
        return nil
      } catch {
        return error
      }
    }
    if let outcome { throw outcome }
  }
}
