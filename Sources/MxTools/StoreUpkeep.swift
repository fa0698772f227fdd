import MxCLI
import MxCodec
import MxFiles
import MxModel
import MxStore

/// `mx-compact`: everything that is due. Space first: a merge that fails must not keep
/// the disk full.
enum StoreUpkeep {
  static func run(_ run: Run) throws -> ExitCode {
    let settings = try SettingsReader.load(run)
    let store = StoreAccess.store(run)
    if run.common.checksOnly { return try StoreRetention.check(store, settings, run) }
    return try StoreAccess.maintaining(store, run) { try work(store, settings, run) }
  }

  private static func work(
    _ store: Store, _ settings: Settings, _ run: Run
  ) throws -> ExitCode {
    let report = Report()
    let oversight = Interruption.oversight(run)
    let wait = run.common.lock.seconds
    let (now, grace) = (run.common.now, settings.storage.grace)
    var told: [String] = []
    let removed = try store.removeRetired(now: now, grace: grace, lockWait: wait, report)
    let retention = try StoreRetention.work(
      store, settings, StoreRetention.Present(run), report, oversight, run)
    told += retention.told
    do {
      let deletions = try store.finishDeletions(
        now: now, grace: grace, effort: .merged, lockWait: wait, report, oversight)
      if deletions.finished > 0 {
        told.append(CountText.format(deletions.finished, "deletion") + " made final")
      }
      let merged = try merge(store, now: now, grace: grace, report, oversight, run)
      told.insert(CountText.format(merged, "merge"), at: 0)
    } catch StoreError.file(.full(let path)) {
      // What was merged before stays; the next run has the room that the grace gives back.
      run.output.error(Explanation.diagnostic(of: FileError.full(path: path)))
      _ = StoreDamage.tell(report, run)
      return .system
    }
    told.insert("\(CountText.format(removed.files, "file")) removed", at: min(1, told.count))
    run.report.set("removed_bytes", Double(removed.bytes), help: "Bytes of files removed.")
    try tellFigures(store, removed.files + retention.told.count, report, run)
    run.output.summary(told.joined(separator: ", "))
    let damage = StoreDamage.tell(report, run)
    return damage == .success ? retention.code : damage
  }

  /// The store as it is now; in the store too, where the run changed something.
  private static func tellFigures(
    _ store: Store, _ changes: Int, _ report: Report, _ run: Run
  ) throws {
    // The table of contents tells all three: nothing else is read for them.
    let segments = try store.manifest(report).segments
    let samples = segments.filter { $0.kind == .samples }
    run.report.set(
      "live_bytes", Double(segments.reduce(0) { $0 + $1.bytes }), help: "Bytes of live segments.")
    run.report.set(
      "unmerged_segments", Double(samples.count { $0.level < 2 }),
      help: "Segments that are not merged into hours yet.")
    run.report.set(
      "stored_samples", Double(samples.reduce(0) { $0 + $1.samples }),
      help: "Samples in the store.")
    if changes > 0 || run.report.figure("merges") ?? 0 > 0 {
      try SelfSamples.commit(to: store, run)
    }
  }

  /// Merges until nothing is due; each is a commit of its own.
  private static func merge(
    _ store: Store, now: Int64, grace: Int64, _ report: Report, _ oversight: Oversight, _ run: Run
  ) throws -> Int {
    var merged = 0
    let jobs = MergePlan.jobs(try store.manifest(report), now: now, grace: grace)
    for (number, job) in jobs.enumerated() {
      oversight.progress("merging", number, jobs.count)
      do {
        let output = try store.execute(
          job, now: now, grace: grace, effort: .merged, lockWait: run.common.lock.seconds, report,
          oversight)
        if output != nil { merged += 1 }
      } catch StoreError.damaged(let damage) {
        report.damaged(damage)
      }
    }
    run.report.set("merges", Double(merged), help: "Merges carried out.")
    return merged
  }
}

/// Damage that a run met: a line each, and the exit code.
enum StoreDamage {
  static func tell(_ report: Report, _ run: Run) -> ExitCode {
    for warning in report.warnings { run.output.warn(Diagnostic(.no, warning)) }
    for damage in report.damage { run.output.error(Explanation.damage(damage)) }
    return report.damage.isEmpty ? .success : .damage
  }
}
