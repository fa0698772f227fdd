package import MxCodec
package import MxModel

/// Inputs carry ids (a hash of their bytes, a name from whoever sent them), so
/// that one that is sent twice is taken once.
extension Store {
  /// Whether the input of that id is in the store already: in the footer of a
  /// live segment, wherever merges carried it. Only segments that have ids at all
  /// are opened, the newest first. One that cannot be read is reported, and may
  /// have held it.
  package func holds(batch: ContentHash, _ report: Report) throws(StoreError) -> Bool {
    let manifest: Manifest
    do throws(StoreError) {
      manifest = try self.manifest(report)
    } catch .missing {
      return false
    }
    let holders = manifest.segments.filter(\.hasBatches)
    for info in holders.sorted(by: { $0.lastSequence > $1.lastSequence }) {
      do throws(StoreError) {
        let footer = try SegmentFooter(reading: FileRegion(opening: segmentPath(info), in: files))
        if footer.batches.contains(batch) { return true }
      } catch .damaged(let damage) {
        report.damaged(damage)
      } catch .foreign(let path) {
        report.damaged(Damage(path: path, part: "", reason: "is no segment"))
      }
    }
    return false
  }
}
