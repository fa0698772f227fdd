import MxCLI
import MxFiles
import MxFormats
import MxIngest
import MxModel
import MxNet
import MxStore

/// Rounds of scraping over one plan: what is due is fetched, committed at once,
/// and remembered.
final class ScrapeRun {
  private let run: Run
  private let plan: ScrapePlan
  private let memory: ScrapeMemory
  private let writer: BatchWriter
  private let fetch: ScrapeFetch
  private let round = ScrapeRound()
  private(set) var totals = Totals()

  /// What all rounds came to.
  struct Totals {
    var due = 0
    var up = 0
    var failed = 0
    /// Of those that failed, what was asked for by its URL.
    var failedNamed = 0
    var paused = 0
    var added = 0
    var refused = 0
    /// Of the configuration: a secret or a list of targets that is not there.
    var isIncomplete = false
  }

  /// What is to be remembered once the samples are safe.
  private struct Outcome {
    var target: ScrapeTarget
    var memory: TargetMemory
    /// The series of this scrape; nil where they are those of the last one.
    var series: [[UInt8]]?
  }

  /// Rows that are kept before they go on to the gate.
  private static let mostRows = 1 << 20

  init(
    _ plan: ScrapePlan, _ memory: ScrapeMemory, _ writer: BatchWriter, bodyLimit: Int64, _ run: Run
  ) {
    self.plan = plan
    self.memory = memory
    self.writer = writer
    self.run = run
    fetch = ScrapeFetch(plan: plan, bodyLimit: bodyLimit)
  }

  private func figures(
    _ outcomes: [Outcome], _ clock: MonotonicClock, _ now: Int64
  ) -> [(name: String, value: Double, help: String)] {
    let up = outcomes.count { $0.memory.failures == 0 }
    return [
      ("targets", Double(outcomes.count), "Targets that were due."),
      ("targets_up", Double(up), "Targets that answered with metrics."),
      ("duration_seconds", Double(clock.elapsed) / 1000, "How long the last run took."),
      (
        "end_timestamp_seconds", Double(now + clock.elapsed) / 1000, "When the last run ended."
      ),
    ]
  }

  /// One round at `now`; with `period` the requests are spread over it.
  func perform(now: Int64, period: Int64?) throws {
    let clock = MonotonicClock()
    let discovery = try ScrapeDiscovery(plan, memory, now: now, run)
    if !discovery.incomplete.isEmpty || plan.clients.contains(where: { $0 == nil }) {
      totals.isIncomplete = true
    }
    var outcomes: [Outcome] = []
    let refusedBefore = totals.refused
    let items = due(discovery.targets, now: now, period: period)
    let open = items.filter { item in
      guard let known = memory.targets[item.target.key],
        ScrapeSchedule.isPaused(known, now: now)
      else { return true }
      totals.paused += 1
      outcomes.append(
        fail(
          item, known.failures, "it is asked less often after \(known.failures) failures", 0, now))
      return false
    }
    var failure: (any Error)?
    try fetch.perform(open) { item, outcome, seconds in
      // What a signal cut short says nothing about the target.
      if Interruption.isAsked, case .failure = outcome { return }
      outcomes.append(take(item, outcome, seconds, now: now))
      if round.batch.count < Self.mostRows { return }
      do { try writer.take(&round.batch, now: now) } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
    let gone = vanished(discovery, now: now)
    let rows = round.batch.count
    try writer.take(&round.batch, now: now)
    if rows > 0 || !outcomes.isEmpty {
      try writer.commit(
        figures(outcomes, clock, now), refused: totals.refused - refusedBefore, now: now)
    }
    round.removeRows()
    try remember(outcomes, gone)
  }

  // MARK: - Whose turn it is

  private func due(
    _ targets: [ScrapeTarget], now: Int64, period: Int64?
  ) -> [ScrapeFetch.Item] {
    targets.compactMap { target in
      let known = memory.targets[target.key]
      guard ScrapeSchedule.isDue(target.interval, last: known?.last ?? 0, now: now) else {
        return nil
      }
      totals.due += 1
      return ScrapeFetch.Item(
        target: target, delay: period.map { ScrapeSchedule.offset(target.key, in: $0) } ?? 0,
        mayRetry: ScrapeSchedule.deservesRetry(known))
    }
  }

  /// Ends the targets that are in the configuration no more.
  private func vanished(_ discovery: ScrapeDiscovery, now: Int64) -> [UInt64] {
    let current = Set(discovery.targets.map(\.key))
    return memory.targets.compactMap { key, target in
      guard !current.contains(key), !discovery.incomplete.contains(target.job),
        target.job != ScrapePlan.namedJob || plan.named.isEmpty
      else { return nil }
      round.end(target.labels, memory.series(of: key), at: now)
      return key
    }
  }

  // MARK: - What came

  private func take(
    _ item: ScrapeFetch.Item, _ outcome: ScrapeFetch.Outcome, _ seconds: Double, now: Int64
  ) -> Outcome {
    let known = memory.targets[item.target.key]?.failures ?? 0
    switch outcome {
    case .failure(let reason): return fail(item, known, reason, seconds, now)
    case .answer(let response):
      let job = plan.jobs[item.target.job]
      let format = response.body.withUnsafeBytes {
        ScrapeFormat.of(
          contentType: response.header("Content-Type") ?? "", fallback: job.fallback, body: $0)
      }
      guard case .format(let format) = format else {
        guard case .unknown(let reason) = format else { preconditionFailure("BUG: two cases") }
        return fail(item, known, reason, seconds, now)
      }
      let answer = ScrapeAnswer(
        body: response.body, format: format, time: now + item.delay, seconds: seconds)
      let result = round.take(
        answer, of: item.target, job, trace: trace(item.target),
        previous: { self.memory.series(of: item.target.key) })
      return conclude(item, result, known, now)
    }
  }

  private func trace(_ target: ScrapeTarget) -> SeriesTrace {
    memory.targets[target.key]?.trace ?? SeriesTrace()
  }

  private func fail(
    _ item: ScrapeFetch.Item, _ failures: Int, _ reason: String, _ seconds: Double, _ now: Int64
  ) -> Outcome {
    let result = round.fail(
      item.target, plan.jobs[item.target.job], reason, at: now + item.delay, seconds: seconds,
      trace: trace(item.target), previous: { self.memory.series(of: item.target.key) })
    return conclude(item, result, failures, now)
  }

  private func conclude(
    _ item: ScrapeFetch.Item, _ result: TargetResult, _ failures: Int, _ now: Int64
  ) -> Outcome {
    let target = item.target
    var known = memory.targets[target.key] ?? TargetMemory()
    let isPaused = !result.isUp && ScrapeSchedule.isPaused(known, now: now)
    known.name = target.name
    known.job = plan.jobs[target.job].name
    known.labels = target.labels
    known.last = now
    let isSame = known.trace == result.series
    known.trace = result.series
    tell(target, result, wasWell: failures == 0)
    if result.isUp {
      ScrapeSchedule.succeeded(&known)
      totals.up += 1
      totals.added += result.added
    } else {
      if !isPaused { ScrapeSchedule.failed(&known, interval: target.interval ?? 60_000, now: now) }
      totals.failed += 1
      if isNamed(target) { totals.failedNamed += 1 }
    }
    totals.refused += result.refused
    return Outcome(
      target: target, memory: known, series: isSame ? nil : round.keys(of: result.series))
  }

  private func isNamed(_ target: ScrapeTarget) -> Bool {
    !plan.named.isEmpty && target.job == plan.jobs.count - 1
  }

  /// A target that goes down is said once; the series `up` says the rest. What
  /// was asked for by its URL is always answered.
  private func tell(_ target: ScrapeTarget, _ result: TargetResult, wasWell: Bool) {
    if !result.failure.isEmpty {
      let diagnostic = Diagnostic(.no, subject: target.name, result.failure)
      if wasWell || isNamed(target) {
        run.output.warn(diagnostic)
      } else {
        run.output.summary(diagnostic.line)
      }
    }
    for problem in result.problems.prefix(3) {
      run.output.warn(Diagnostic(.input, subject: target.name, problem.description))
    }
    if result.refused > 3 {
      run.output.warn(
        Diagnostic(.input, subject: target.name, "\(result.refused - 3) more lines were refused"))
    }
  }

  // MARK: - Afterwards

  private func remember(_ outcomes: [Outcome], _ gone: [UInt64]) throws {
    if outcomes.isEmpty, gone.isEmpty { return }
    for key in gone {
      memory.targets[key] = nil
      if !writer.isDry { try memory.forgetSeries(of: key) }
    }
    for outcome in outcomes {
      memory.targets[outcome.target.key] = outcome.memory
      guard !writer.isDry, let series = outcome.series else { continue }
      if series.isEmpty {
        try memory.forgetSeries(of: outcome.target.key)
      } else {
        try memory.saveSeries(series, of: outcome.target.key)
      }
    }
    if !writer.isDry { try memory.save() }
  }
}
