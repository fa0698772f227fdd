import MxCodec
import MxFiles
import MxModel

/// What is live, found from the segments alone.
extension Store {
  /// The footers in `segments/`, and what could not be read there.
  struct FoundSegments {
    var footers: [SegmentFooter] = []
    /// Names of files that say nothing of themselves any more.
    var unreadable: [String] = []
  }

  /// The manifest that the segments' footers add up to.
  ///
  /// What a live segment replaces is dead; a commit of several segments counts
  /// only whole (see `Liveness`). Damaged segments are reported and left out.
  func rebuiltManifest(_ report: Report) throws(StoreError) -> Manifest {
    try rebuiltManifest(from: try foundSegments(report))
  }

  func rebuiltManifest(from found: FoundSegments) throws(StoreError) -> Manifest {
    Store.manifest(
      from: found.footers, generation: try newestGeneration(),
      claimed: found.unreadable.compactMap { SegmentName($0).map { $0.first...$0.last } })
  }

  func foundSegments(_ report: Report) throws(StoreError) -> FoundSegments {
    var found = FoundSegments()
    for name in try segmentNames() {
      let file = FilePath.join(segmentDirectory, name)
      do throws(StoreError) {
        let footer = try SegmentFooter(reading: FileRegion(opening: file, in: files))
        guard footer.info.fileName == name else {
          throw .damaged(Damage(path: file, part: "", reason: "has another segment's name"))
        }
        found.footers.append(footer)
      } catch .damaged(let damage) {
        report.damaged(damage)
        found.unreadable.append(name)
      } catch .foreign(let path) {
        report.damaged(Damage(path: path, part: "", reason: "is no segment"))
        found.unreadable.append(name)
      } catch .vanished {
        // Removed since it was listed: its grace was over.
      }
    }
    return found
  }

  /// The highest generation that any manifest's name claims, 0 for none.
  private func newestGeneration() throws(StoreError) -> UInt64 {
    try manifestGenerations().first ?? 0
  }

  /// Pure: what a set of footers adds up to. `claimed`: the commits that files
  /// which cannot be read have in their names.
  static func manifest(
    from footers: [SegmentFooter], generation: UInt64, claimed: [ClosedRange<UInt64>] = []
  ) -> Manifest {
    // A foreign segment that someone dropped here has no say: the commonest id wins.
    let ids = Dictionary(grouping: footers, by: \.storeID).mapValues(\.count)
    let id = ids.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
    var manifest = Manifest(storeID: id ?? ContentHash(high: 0, low: 0))
    manifest.generation = generation
    let own = footers.filter { $0.storeID == id }
      .sorted { ($0.info.lastSequence, $0.info.id) < ($1.info.lastSequence, $1.info.id) }
    let liveness = Liveness(own, claimed: claimed)
    manifest.lastSequence = claimed.map(\.upperBound).max() ?? 0
    for (number, footer) in own.enumerated() {
      manifest.lastSequence = max(manifest.lastSequence, footer.commitSequences.upperBound)
      if let since = liveness.replacedAt(number) {
        manifest.retired.append(
          Retired(
            path: "segments/" + footer.info.fileName, segment: footer.info.id,
            bytes: footer.info.bytes, since: since))
      } else if liveness.isLive(number) {
        manifest.lastRun = max(manifest.lastRun, footer.made)
        manifest.conflict = footer.conflict
        manifest.segments.append(footer.info)
        manifest.tombstones += footer.tombstones
        manifest.expiries += footer.expiries
      }
    }
    return manifest
  }
}
