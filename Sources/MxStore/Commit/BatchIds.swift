package import MxCodec
package import MxModel

/// Inputs carry ids (a hash of their bytes, a name from whoever sent them), so
/// that one that is sent twice is taken once, as long as fewer than
/// `SegmentFooter.batchesKept` inputs came between.
extension Store {
  /// Whether the input of that id is in the store already: in the footer of a
  /// live segment, wherever merges carried it. Only segments that have ids at all
  /// are opened. One that cannot be read is reported, and may have held it.
  package func holds(batch: ContentHash, _ report: Report) throws(StoreError) -> Bool {
    try heldBatches(report).ids.contains(batch)
  }
}

/// The inputs that a store holds, as of one moment.
package struct HeldBatches: Sendable {
  package var ids: Set<ContentHash> = []
  /// The last commit that was looked at.
  package var sequence: UInt64 = 0

  package init() {}
}

extension Store {
  /// The ids of the youngest inputs in the store, `SegmentFooter.batchesKept` at least
  /// where there are so many. A segment that cannot be read is reported.
  package func heldBatches(_ report: Report) throws(StoreError) -> HeldBatches {
    var held = HeldBatches()
    do throws(StoreError) {
      let manifest = try self.manifest(report)
      held.sequence = manifest.lastSequence
      held.ids = try batches(of: manifest, after: 0, report)
    } catch .missing {}
    return held
  }

  /// The ids in segments that hold commits after `sequence`, youngest segments first
  /// and no more than are known for sure.
  func batches(
    of manifest: Manifest, after sequence: UInt64, _ report: Report
  ) throws(StoreError) -> Set<ContentHash> {
    var ids: Set<ContentHash> = []
    let wanted = manifest.segments.filter { $0.hasBatches && $0.lastSequence > sequence }
    for info in wanted.sorted(by: { $0.lastSequence > $1.lastSequence })
    where ids.count < SegmentFooter.batchesKept {
      do throws(StoreError) {
        let footer = try SegmentFooter(reading: FileRegion(opening: segmentPath(info), in: files))
        ids.formUnion(footer.batches)
      } catch .damaged(let damage) {
        report.damaged(damage)
      } catch .foreign(let path) {
        report.damaged(Damage(path: path, part: "", reason: "is no segment"))
      }
    }
    return ids
  }
}
