package import MxCodec
package import MxModel

/// The inputs that a store holds, as of one moment.
///
/// Inputs carry ids (a hash of their bytes, a name from whoever sent them), so
/// that one that is sent twice is taken once, as long as fewer than
/// `SegmentFooter.batchesKept` inputs came between.
package struct HeldBatches: Sendable {
  package var ids: Set<ContentHash> = []
  /// The last commit that was looked at.
  package var sequence: UInt64 = 0

  package init() {}
}

extension Store {
  /// The ids of the youngest inputs in the store, `SegmentFooter.batchesKept` at least
  /// where there are so many: in the footers of live segments, wherever merges carried
  /// them. Only segments that have ids at all are opened; one that cannot be read is reported.
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
