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
    lines.append(freshness(manifest, now: run.common.now))
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

  private static func lock(_ store: Store) -> Line {
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

  private static func freshness(_ manifest: Manifest, now: Int64) -> Line {
    guard let newest = manifest.newestSample else {
      return Line(what: "newest sample", grade: .degraded, note: "there is none")
    }
    return Line(
      what: "newest sample", grade: .ok,
      note: "\(TimeText.rfc3339(newest)), \(DurationText.format(max(0, now - newest))) old")
  }
}
