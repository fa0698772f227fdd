import MxCodec
import MxFiles
import MxModel

/// What is live, found from the segments alone.
extension Store {
  /// The manifest that the segments' footers add up to.
  ///
  /// A segment that a whole segment replaces is dead; a commit of several
  /// segments counts only where all its parts are there or were replaced
  /// together. Damaged segments are reported and left out.
  func rebuiltManifest(_ report: Report) throws(StoreError) -> Manifest {
    var footers: [SegmentFooter] = []
    for name in try segmentNames() {
      do throws(StoreError) {
        let file = FilePath.join(segmentDirectory, name)
        let footer = try SegmentFooter(reading: FileRegion(opening: file, in: files))
        guard footer.info.fileName == name else {
          throw .damaged(Damage(path: file, part: "", reason: "has another segment's name"))
        }
        footers.append(footer)
      } catch .damaged(let damage) {
        report.damaged(damage)
      } catch .foreign(let path) {
        report.damaged(Damage(path: path, part: "", reason: "is no segment"))
      }
    }
    return try Store.manifest(from: footers, generation: newestGeneration())
  }

  /// The highest generation that any manifest's name claims, 0 for none.
  private func newestGeneration() throws(StoreError) -> UInt64 {
    try manifestGenerations().first ?? 0
  }

  /// Pure: what a set of footers adds up to.
  static func manifest(
    from footers: [SegmentFooter], generation: UInt64
  ) throws(StoreError) -> Manifest {
    // A foreign segment that someone dropped here has no say: the commonest id wins.
    let ids = Dictionary(grouping: footers, by: \.storeID).mapValues(\.count)
    let id = ids.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
    var manifest = Manifest(storeID: id ?? ContentHash(high: 0, low: 0))
    manifest.generation = generation
    let own = footers.filter { $0.storeID == id }
    var dead: [UInt64: Int64] = [:]
    for footer in own {
      for id in footer.replaces { dead[id] = max(dead[id] ?? .min, footer.made) }
    }
    for footer in own.sorted(by: { $0.info.lastSequence < $1.info.lastSequence }) {
      manifest.lastSequence = max(manifest.lastSequence, footer.info.lastSequence)
      manifest.lastRun = max(manifest.lastRun, footer.made)
      manifest.conflict = footer.conflict
      if let since = dead[footer.info.id] {
        manifest.retired.append(
          Retired(
            path: "segments/" + footer.info.fileName, segment: footer.info.id,
            bytes: footer.info.bytes, since: since))
      } else if isComplete(footer, among: own) {
        manifest.segments.append(footer.info)
        manifest.tombstones += footer.tombstones
      }
    }
    return manifest
  }

  /// Whether all parts of the commit are there: a crash between two parts must
  /// not leave half a commit. Parts are merged together, so where one was
  /// replaced all were.
  private static func isComplete(_ footer: SegmentFooter, among all: [SegmentFooter]) -> Bool {
    if footer.parts <= 1 { return true }
    let parts = all.filter {
      $0.info.lastSequence == footer.info.lastSequence && $0.parts == footer.parts
        && $0.info.firstSequence == footer.info.firstSequence
    }
    return Set(parts.map(\.part)).count == footer.parts
  }
}
