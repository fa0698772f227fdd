import MxCLI
import MxFiles
import MxModel
import MxStore

/// `mx-compact verify`, `repair`, `upgrade`.
enum StoreChecks {
  static func verify(_ run: Run) throws -> ExitCode {
    let report = Report()
    let store = Store(path: run.common.store, files: DiskFileSystem())
    let result = try store.verify(deep: run.arguments.has("deep"), report)
    run.report.set("verified_bytes", Double(result.bytes), help: "Bytes read and checked.")
    run.output.summary(
      "\(result.files) files, \(result.pages) pages, \(result.samples) samples are as written")
    return StoreDamage.tell(report, run)
  }

  static func repair(_ run: Run) throws -> ExitCode {
    let store = Store(path: run.common.store, files: DiskFileSystem())
    let report = Report()
    // It makes what is missing, but no store where none was.
    guard try store.files.status(store.path) != nil else {
      throw StoreError.missing(path: store.path)
    }
    let result = try store.repair(now: run.common.now, lockWait: run.common.lock.seconds, report)
    for file in result.quarantined {
      run.output.warn(Diagnostic(.damage, subject: file, "damaged, moved here"))
    }
    if result.lostSamples > 0 {
      run.output.warn(Diagnostic(.damage, "\(result.lostSamples) samples were in damaged pages"))
    }
    run.report.set("quarantined", Double(result.quarantined.count), help: "Files moved aside.")
    run.output.summary(
      CountText.format(result.quarantined.count, "file") + " quarantined, "
        + CountText.format(result.salvaged, "segment") + " written anew")
    return result.quarantined.isEmpty ? .success : .damage
  }

  /// There is one format version so far: every store is of the newest.
  static func upgrade(_ run: Run) throws -> ExitCode {
    let store = Store(path: run.common.store, files: DiskFileSystem())
    let report = Report()
    _ = try store.manifest(report)
    run.output.summary("the store is of format version \(Manifest.version), the newest")
    return StoreDamage.tell(report, run)
  }
}
