import MxCLI
import MxCodec
import MxFiles
import MxModel
import MxStore

/// `mx-compact`: everything that is due.
enum StoreUpkeep {
  static func run(_ run: Run) throws -> ExitCode {
    let store = Store(path: run.common.store, files: DiskFileSystem())
    let report = Report()
    let wait = run.common.lock.seconds
    let now = run.common.now
    let lock = try store.lockMaintenance(wait: wait)
    defer { lock.release() }
    // Space first: a merge that fails must not keep the disk full.
    let removed = try store.removeRetired(now: now, lockWait: wait, report)
    var merged = 0
    for job in MergePlan.jobs(try store.manifest(report), now: now) {
      do {
        if try store.execute(job, now: now, effort: .merged, lockWait: wait, report) != nil {
          merged += 1
        }
      } catch StoreError.damaged(let damage) {
        report.damaged(damage)
      }
    }
    run.report.set("merges", Double(merged), help: "Merges carried out.")
    run.report.set("removed_bytes", Double(removed.bytes), help: "Bytes of files removed.")
    run.output.summary("\(merged) merges, \(removed.files) files removed")
    return StoreDamage.tell(report, run)
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
