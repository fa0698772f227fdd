import MxCLI
import MxFiles
import MxIngest

/// `mx-ingest spool DIR`: what jobs have dropped into a folder.
enum IngestSpool {
  static func run(_ run: Run) throws -> ExitCode {
    let directory = run.arguments.positionals.first ?? "."
    let disk = DiskFileSystem()
    let session = try IngestSession(run, options: IngestFiles.options(run))
    if run.common.checksOnly { return .success }
    let found = try Spool(
      directory, disk, lockWait: run.common.lock.seconds,
      isOpen: { try disk.isOpenForWriting($0, now: run.common.now) })
    guard var spool = found else {
      if run.common.lock == .skip {
        run.output.summary("another run is taking '\(directory)'")
        return .success
      }
      throw Diagnostic(.locked, subject: directory, "is being taken by another run")
    }
    defer { spool.release() }
    // Before anything is claimed: what cannot be stored stays where it is.
    try session.intake.checkSpace()
    return try take(&spool, session, run)
  }

  private static func take(
    _ spool: inout Spool, _ session: IngestSession, _ run: Run
  ) throws -> ExitCode {
    var taken: [Spool.Claimed] = []
    do {
      for file in try spool.claimed() {
        taken.append(file)
        do {
          try session.take(
            path: file.path, name: file.name, file.delivery, modified: file.modified)
        } catch let error as Diagnostic where error.kind == .input {
          taken.removeLast()
          let kept = try spool.reject(file)
          session.refuse(
            Diagnostic(.input, subject: kept, error.message, hint: error.hint))
        }
      }
      if taken.isEmpty { return session.refusalCode ?? .success }
      let code = try session.finish()
      for file in taken { try spool.done(file) }
      return code
    } catch {
      // Nothing of these is on disk; where a commit was tried they stay claimed, and what
      // of them is there will be known by the claim.
      if session.intake.result.commits == 0 {
        for file in taken { try spool.giveBack(file) }
      }
      throw error
    }
  }
}
