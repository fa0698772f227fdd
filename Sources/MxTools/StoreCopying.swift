import MxCLI
import MxFiles
import MxModel
import MxStore

/// `mx-compact snapshot` and `merge`: a store to another place, another store to
/// this place.
enum StoreCopying {
  static func snapshot(_ run: Run) throws -> ExitCode {
    let store = StoreAccess.store(run)
    let target = Store(path: run.arguments.positionals.first ?? "", files: store.files)
    if try StoreAccess.lies(target.path, inside: store) {
      throw Diagnostic(
        .usage, subject: target.path, "lies inside the store '\(store.path)'",
        hint: "name a directory beside it")
    }
    let report = Report()
    let result = try store.snapshot(to: target, report)
    run.report.set("files", Double(result.files), help: "Files of the snapshot.")
    run.report.set("bytes", Double(result.bytes), help: "Bytes of the snapshot.")
    let way = result.copied > 0 ? "copied: it lies on another file system" : "linked"
    run.output.summary("\(result.files) files, \(ByteSize.format(Int64(result.bytes))), \(way)")
    return StoreDamage.tell(report, run)
  }

  static func merge(_ run: Run) throws -> ExitCode {
    let store = StoreAccess.store(run)
    let other = Store(path: run.arguments.positionals.first ?? "", files: store.files)
    if let place = try store.files.status(store.path)?.identity,
      try store.files.status(other.path)?.identity == place
    {
      throw Diagnostic(
        .usage, subject: other.path, "is the store itself",
        hint: "merge takes another store's data into this one")
    }
    let settings = try SettingsReader.load(run)
    let report = Report()
    var options = CommitOptions(now: run.common.now)
    options.lockWait = run.common.lock.seconds
    options.grace = settings.storage.grace
    options.conflict = settings.conflict
    // Its removal must not take files away while they are read.
    _ = try other.manifest(report)
    let readers = try other.lockReaders()
    defer { readers.release() }
    let result: ImportResult
    do {
      result = try store.takeOver(other, options, report, Interruption.oversight(run))
    } catch is WorkStopped {
      run.output.summary("stopped; run it again to take over the rest")
      return Interruption.exitCode
    }
    if result.isKnown {
      run.output.summary("all that \(other.path) holds is here: nothing done")
    } else {
      run.output.summary(
        "\(result.samples) samples of \(result.series) series from \(other.path)")
    }
    run.report.set("samples", Double(result.samples), help: "Samples committed.")
    return StoreDamage.tell(report, run)
  }
}
