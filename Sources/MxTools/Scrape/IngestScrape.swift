import MxCLI
import MxFiles
import MxIngest
import MxStore

/// `mx-ingest scrape`: metrics from exporters into the store, a round or many.
enum IngestScrape {
  static func run(_ run: Run) throws -> ExitCode {
    let settings = try SettingsReader.load(run)
    let every = try run.arguments.duration("every")
    let length = try run.arguments.duration("for")
    if let every, every < 100 {
      throw Diagnostic(.usage, subject: "--every", "is less than 100ms")
    }
    if every == nil, length != nil {
      throw Diagnostic(.usage, subject: "--for", "means nothing without --every")
    }
    let plan = try ScrapePlan(run)
    if run.common.checksOnly {
      let areWrong = try ScrapeDiscovery.check(plan, run)
      return areWrong || plan.clients.contains { $0 == nil } ? .input : .success
    }
    let writer = BatchWriter("scrape", run)
    let store = Store(path: run.common.store, files: DiskFileSystem())
    let memory = ScrapeMemory(
      FilePath.join(store.stateDirectory, "scrape"), configuration: plan.configuration,
      files: store.files)
    if !writer.isDry { try memory.prepare() }
    guard let lock = try lock(memory, store, writer, run) else { return .success }
    defer { lock.release() }
    try memory.load()
    if memory.wasBroken { run.output.summary("what the last run remembered cannot be read") }
    let scrape = ScrapeRun(
      plan, memory, writer, bodyLimit: settings.limits.bodyBytes ?? 1 << 30, run)
    if let every {
      try repeatedly(scrape, every: every, for: length, run)
    } else {
      try scrape.perform(now: run.common.now, period: nil)
    }
    return tell(scrape.totals, writer, run)
  }

  /// Held for the run: two of the same configuration would ask everybody twice.
  /// Nil where the other run is to do the work.
  private static func lock(
    _ memory: ScrapeMemory, _ store: Store, _ writer: BatchWriter, _ run: Run
  ) throws -> (any FileLock)? {
    if writer.isDry { return NoLock() }
    let path = memory.lockPath
    if let lock = try store.files.lock(path, .exclusive, wait: run.common.lock.seconds) {
      return lock
    }
    if run.common.lock == .skip {
      run.output.summary("another run scrapes these targets: skipped")
      return nil
    }
    throw StoreError.locked(path: path)
  }

  private final class NoLock: FileLock {
    func release() {}
  }

  /// A round every `every`, none after `length`; each target at its place within
  /// a round.
  private static func repeatedly(
    _ scrape: ScrapeRun, every: Int64, for length: Int64?, _ run: Run
  ) throws {
    Interruption.expect()
    let ticks = MonotonicClock()
    // With a fixed present the rounds go on from there.
    let begin = run.common.now
    var next: Int64 = 0
    while !Interruption.isAsked {
      try scrape.perform(now: begin + ticks.elapsed, period: every)
      // A round that took too long costs the rounds it took, not the rhythm.
      next = max(next + every, ticks.elapsed / every * every)
      if let length, next >= length { return }
      while ticks.elapsed < next, !Interruption.isAsked {
        Clock.sleep(milliseconds: next - ticks.elapsed)
      }
    }
  }

  private static func tell(
    _ totals: ScrapeRun.Totals, _ writer: BatchWriter, _ run: Run
  ) -> ExitCode {
    let figures: [(String, Int, String)] = [
      ("targets", totals.due, "Targets that were due."),
      ("targets_up", totals.up, "Targets that answered with metrics."),
      ("targets_failed", totals.failed, "Targets that did not."),
      ("targets_paused", totals.paused, "Targets that were not asked after many failures."),
      ("series_added", totals.added, "Series that the scrape before did not have."),
      ("samples", writer.samples, "Samples committed."),
      ("refused", totals.refused, "Lines refused."),
    ]
    for (name, value, help) in figures { run.report.set(name, Double(value), help: help) }
    run.output.summary(
      "\(writer.samples) samples from \(totals.up) of \(totals.due) targets, "
        + "\(totals.failed) failed, \(totals.refused) lines refused")
    if Interruption.isAsked { return Interruption.exitCode }
    if totals.isIncomplete { return .input }
    // A target of the configuration that is down is a fact among the data (`up` is 0);
    // one that was asked for by its URL is the answer no.
    return totals.failedNamed + totals.refused > 0 || writer.hasRefused ? .no : .success
  }
}
