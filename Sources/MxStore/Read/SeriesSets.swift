import MxCodec
package import MxModel

/// The label sets of a snapshot without its samples: what the quality gate
/// counts series by.
extension Snapshot {
  /// How many series there are at most: those of several sets count in each.
  /// Reads the headers of the sets that have files of their own.
  package func seriesBound(_ report: Report) throws(StoreError) -> Int {
    var bound = 0
    var seen: Set<ContentHash> = []
    for info in manifest.segments where info.kind == .samples {
      guard let id = info.set else {
        bound += info.series
        continue
      }
      guard seen.insert(id).inserted else { continue }
      if let set = try readable(id, report) { bound += set.count }
    }
    return bound
  }

  /// Every set that live raw segments refer to, each once, those of the newest
  /// commits first. One that cannot be read is reported and left out.
  package func seriesSets(_ report: Report) throws(StoreError) -> [SeriesSet] {
    var sets: [SeriesSet] = []
    var seen: Set<ContentHash> = []
    let newestFirst = manifest.segments.filter { $0.kind == .samples }
      .sorted { $0.lastSequence > $1.lastSequence }
    for info in newestFirst {
      if let id = info.set {
        guard seen.insert(id).inserted else { continue }
        if let set = try readable(id, report) { sets.append(set) }
        continue
      }
      do throws(StoreError) {
        let set = try segment(info).set
        if seen.insert(set.id).inserted { sets.append(set) }
      } catch .damaged(let damage) {
        report.damaged(damage)
      }
    }
    return sets
  }

  private func readable(_ id: ContentHash, _ report: Report) throws(StoreError) -> SeriesSet? {
    do throws(StoreError) {
      return try namedSet(id)
    } catch .damaged(let damage) {
      report.damaged(damage)
    } catch .foreign(let path) {
      report.damaged(Damage(path: path, part: "", reason: "is no series set"))
    }
    return nil
  }
}
