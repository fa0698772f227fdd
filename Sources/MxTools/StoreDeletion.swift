import MxCLI
import MxFiles
import MxModel
import MxStore

/// `mx-compact delete` and `undelete`.
enum StoreDeletion {
  static func delete(_ run: Run) throws -> ExitCode {
    let store = StoreAccess.store(run)
    let selectors = try StoreAccess.selectors(run)
    let range = try StoreAccess.range(run)
    let settings = try SettingsReader.load(run)
    let report = Report()
    var isEmpty = true
    for (matchers, text) in zip(selectors, run.arguments.strings("match")) {
      let found = try store.count(matchers, range, report)
      let amount = "\(found.samples) samples of \(found.series) series"
      if found.samples == 0 { continue }
      isEmpty = false
      if run.arguments.has("dry-run") {
        try run.output.write("\(text): \(amount)\n")
        continue
      }
      let deletion = try store.delete(
        matchers, range, now: run.common.now, lockWait: run.common.lock.seconds, report)
      try run.output.write("deletion \(deletion.sequence): \(amount)\n")
      let end = run.common.now + settings.storage.grace
      run.output.summary(
        "'mx-compact undelete \(deletion.sequence)' takes it back until \(TimeText.rfc3339(end))")
      run.report.add("deleted_samples", Double(found.samples), help: "Samples deleted.")
    }
    let code = StoreDamage.tell(report, run)
    guard isEmpty, code == .success else { return code }
    run.output.error(Diagnostic(.no, "nothing to delete: no sample matches in that range"))
    return .no
  }

  static func undelete(_ run: Run) throws -> ExitCode {
    let store = StoreAccess.store(run)
    let text = run.arguments.positionals.first ?? ""
    let report = Report()
    let settings = try SettingsReader.load(run)
    let known = try store.manifest(report).tombstones
    guard let id = UInt64(text), let deletion = known.first(where: { $0.sequence == id }) else {
      let ids = known.map { "\($0.sequence)" }.joined(separator: ", ")
      throw Diagnostic(
        .no, "there is no deletion '\(text)'",
        hint: ids.isEmpty ? "none can be taken back" : "there are: \(ids)")
    }
    let now = run.common.now
    guard !deletion.isFinal(grace: settings.storage.grace, now: now) else {
      throw Diagnostic(
        .no, "deletion \(id) of \(TimeText.rfc3339(deletion.made)) is final",
        hint: "the grace of \(DurationText.format(settings.storage.grace)) is over")
    }
    guard try store.undelete(id, now: now, lockWait: run.common.lock.seconds, report) else {
      throw Diagnostic(.no, "deletion \(id) was taken back meanwhile")
    }
    run.output.summary("deletion \(id) is taken back")
    return StoreDamage.tell(report, run)
  }
}
