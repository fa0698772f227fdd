import MxAlert
import MxCLI
import MxFiles
import MxModel
import MxStore

/// `mx-compact health`: is the store fit to be written and read?
enum StoreHealth {
  private enum Grade: String {
    case ok, degraded, failed
  }

  private struct Line {
    var what: String
    var grade: Grade
    var note: String
  }

  static func run(_ run: Run) throws -> ExitCode {
    let store = Store(path: run.common.store, files: DiskFileSystem())
    var lines: [Line] = []
    let report = Report()
    let manifest = try store.manifest(report)
    lines.append(
      Line(
        what: "catalogue", grade: report.damage.isEmpty ? .ok : .failed,
        note: report.damage.first.map { "\($0)" } ?? "generation \(manifest.generation)"))
    lines.append(unmerged(manifest))
    lines.append(lock(store))
    lines.append(try space(store))
    lines.append(try freshness(store, manifest, now: run.common.now, report))
    lines += tools(manifest, store, run)
    var table = TableWriter([("check", .left), ("state", .left), ("note", .left)])
    for line in lines { table.append([line.what, line.grade.rawValue, line.note]) }
    try table.write(to: run.output)
    return lines.allSatisfy { $0.grade == .ok } ? .success : .no
  }

  private static func unmerged(_ manifest: Manifest) -> Line {
    let fresh = manifest.segments.count { $0.kind == .samples && $0.level < 2 }
    return Line(
      what: "merges", grade: fresh > 500 ? .degraded : .ok,
      note: "\(fresh) unmerged segments" + (fresh > 500 ? ": is mx-compact in cron?" : ""))
  }

  /// Nobody needs the lock of commits for so long: who does hangs, and no sample gets in.
  private static let commitWait = 5.0

  private static func lock(_ store: Store) -> Line {
    do throws(StoreError) {
      try store.lockCommit(wait: commitWait).release()
    } catch .locked(let path) {
      return Line(
        what: "locks", grade: .failed,
        note: "'\(path)' is held for over 5 s: does a writer hang? (lsof or fuser names it)")
    } catch {
      return Line(
        what: "locks", grade: .degraded, note: Explanation.diagnostic(of: error).line)
    }
    do throws(StoreError) {
      try store.lockMaintenance(wait: 0).release()
      return Line(what: "locks", grade: .ok, note: "free")
    } catch .locked {
      return Line(what: "locks", grade: .ok, note: "maintenance is at work")
    } catch {
      return Line(
        what: "locks", grade: .degraded, note: Explanation.diagnostic(of: error).line)
    }
  }

  private static func space(_ store: Store) throws -> Line {
    let space = try store.files.freeSpace(store.path)
    let percent = space.total == 0 ? 0 : space.free * 100 / space.total
    return Line(
      what: "free space", grade: percent < 2 ? .failed : percent < 5 ? .degraded : .ok,
      note: "\(percent) % of the file system")
  }

  private static func freshness(
    _ store: Store, _ manifest: Manifest, now: Int64, _ report: Report
  ) throws -> Line {
    // Not limited to now: a time to come says that a clock is wrong.
    let newest = try StoreAge.newest(Snapshot(store, manifest), now: .max, report)
    guard let newest else {
      return Line(what: "newest sample", grade: .degraded, note: "there is none")
    }
    let (age, overflow) = now.subtractingReportingOverflow(newest)
    let time = TimeText.rfc3339(newest)
    if overflow || age < -600_000 {
      return Line(
        what: "newest sample", grade: .degraded, note: "\(time): is the clock right?")
    }
    return Line(
      what: "newest sample", grade: age > 86_400_000 ? .degraded : .ok,
      note: "\(time), \(DurationText.format(max(0, age))) old")
  }

  /// When each tool last got something done, as far as the store tells: none writes a
  /// word where there was nothing to do.
  private static func tools(_ manifest: Manifest, _ store: Store, _ run: Run) -> [Line] {
    let now = run.common.now
    var lines: [Line] = []
    func add(_ tool: String, _ time: Int64?, late: Int64, _ hint: String) {
      guard let time, time != .min else {
        lines.append(Line(what: tool, grade: .ok, note: "nothing done yet"))
        return
      }
      let (age, overflow) = now.subtractingReportingOverflow(time)
      let isLate = overflow || age > late
      lines.append(
        Line(
          what: tool, grade: isLate ? .degraded : .ok,
          note: "last did something at \(TimeText.rfc3339(time))" + (isLate ? ": \(hint)" : "")))
    }
    let samples = manifest.segments.filter { $0.kind == .samples }
    let ingested = samples.map(\.lastSequence).max() == nil ? nil : manifest.lastRun
    add("mx-ingest", ingested, late: 86_400_000, "is it in cron?")
    // Segments that only say how far a tier is may be merged at any time.
    var data = manifest
    data.segments.removeAll { $0.kind == .windows && $0.samples == 0 }
    let due = isOverdue(MergePlan.jobs(data, now: now - 6 * 3_600_000), store, now: now)
    lines.append(
      Line(
        what: "mx-compact", grade: due ? .degraded : .ok,
        note: due ? "merges are due for six hours: is it in cron?" : "nothing is overdue"))
    let horizon = manifest.segments.filter { $0.kind == .windows }.map(\.horizon).max()
    let newest = manifest.newestSample ?? .min
    let isBehind = horizon.map { $0 < newest && newest - $0 > 2 * 3_600_000 } ?? false
    lines.append(
      Line(
        what: "mx-rollup", grade: isBehind ? .degraded : .ok,
        note: horizon.map { "windows computed up to \(TimeText.rfc3339($0))" }
          ?? "nothing done yet"))
    lines.append(alerts(store, now: now))
    lines += figures(store, now: now)
    return lines
  }

  /// Whether any of these merges could have been made six hours ago: old data that came
  /// just now are not late.
  private static func isOverdue(_ jobs: [MergeJob], _ store: Store, now: Int64) -> Bool {
    jobs.contains { job in
      // Damage is told by what reads the data.
      let made = store.newestMade(of: job.inputs, Report())
      return made.map { now - min(now, $0) > 6 * 3_600_000 } ?? false
    }
  }

  /// What runs have told of themselves, where they were asked to.
  private static func figures(_ store: Store, now: Int64) -> [Line] {
    do {
      return try RunFigures.entries(store).map { entry in
        let name = entry.verb.isEmpty ? entry.tool : "\(entry.tool) \(entry.verb)"
        let isLate = now > entry.end && now - entry.end > 86_400_000
        return Line(
          what: name, grade: entry.exit <= 1 && !isLate ? .ok : .degraded,
          note: "last run ended with \(entry.exit) at \(TimeText.rfc3339(entry.end))"
            + (isLate ? ": is it in cron?" : ""))
      }
    } catch {
      return [
        Line(what: "runs", grade: .degraded, note: Explanation.diagnostic(of: error).line)
      ]
    }
  }

  private static func alerts(_ store: Store, now: Int64) -> Line {
    let place = FilePath.join(store.stateDirectory, "alerts.db")
    do {
      guard try store.files.status(place) != nil else {
        return Line(what: "mx-alert", grade: .ok, note: "nothing done yet")
      }
      let last = try AlertLedger.read(place, wait: 1000).lastRuns().values.max()
      guard let last else { return Line(what: "mx-alert", grade: .ok, note: "nothing done yet") }
      let isLate = now > last && now - last > 3_600_000
      return Line(
        what: "mx-alert", grade: isLate ? .degraded : .ok,
        note: "rules evaluated up to \(TimeText.rfc3339(last))")
    } catch {
      return Line(what: "mx-alert", grade: .failed, note: Explanation.diagnostic(of: error).line)
    }
  }
}
