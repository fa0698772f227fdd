import MxCodec
import MxFiles
package import MxModel

/// What `verify` looked at.
package struct VerifyResult: Hashable, Sendable {
  package var files = 0
  package var pages = 0
  package var samples = 0
  package var bytes = 0

  package init() {}
}

extension Store {
  /// Reads everything that is live and reports what is not as it was written.
  /// `deep`: also decodes every value and checks what indexes promise.
  package func verify(deep: Bool, _ report: Report) throws(StoreError) -> VerifyResult {
    var result = VerifyResult()
    for generation in try manifestGenerations() {
      do throws(StoreError) {
        _ = try readManifest(generation)
        result.files += 1
      } catch .damaged(let damage) {
        report.damaged(damage)
      } catch .foreign(let path) {
        report.damaged(Damage(path: path, part: "", reason: "is no manifest"))
      } catch .vanished {
        // A commit went by: this one was the oldest.
      }
    }
    let manifest = try self.manifest(report)
    for set in manifest.sets.sorted() { try verify(set, &result, report) }
    let snapshot = Snapshot(self, manifest)
    for info in manifest.segments {
      do throws(StoreError) {
        if info.kind == .record {
          let footer = try SegmentFooter(
            reading: FileRegion(opening: segmentPath(info), in: files))
          guard footer.info == info else { throw differs(info) }
        } else {
          try verify(snapshot.segment(info), info, deep: deep, &result, report)
        }
        result.files += 1
        result.bytes += info.bytes
      } catch .damaged(let damage) {
        report.damaged(damage)
      } catch .vanished(let path) {
        report.damaged(Damage(path: path, part: "", reason: "is missing"))
      }
    }
    return result
  }

  private func differs(_ info: SegmentInfo) -> StoreError {
    .damaged(
      Damage(path: segmentPath(info), part: "footer", reason: "is not what the manifest says"))
  }

  private func verify(
    _ id: ContentHash, _ result: inout VerifyResult, _ report: Report
  ) throws(StoreError) {
    do throws(StoreError) {
      let set = try SeriesSet(region: FileRegion(opening: setPath(id), in: files))
      guard set.id == id else {
        throw .damaged(Damage(path: setPath(id), part: "", reason: "has another set's name"))
      }
      try set.verify()
      result.files += 1
      result.bytes += try onDisk { () throws(FileError) in
        try files.status(setPath(id))?.size ?? 0
      }
    } catch .damaged(let damage) {
      report.damaged(damage)
    } catch .vanished(let path) {
      report.damaged(Damage(path: path, part: "", reason: "is missing"))
    }
  }

  private func verify(
    _ segment: Snapshot.OpenSegment, _ info: SegmentInfo, deep: Bool,
    _ result: inout VerifyResult, _ report: Report
  ) throws(StoreError) {
    guard segment.reader.info == info else { throw differs(info) }
    if let own = try segment.reader.inlineSet { try SeriesSet(region: own).verify() }
    let cursor = SegmentCursor(segment.reader, decoder: ColumnDecoder())
    var samples = 0
    for block in 0..<segment.reader.pageBlockCount {
      for entry in try segment.reader.entries(block: block) {
        do throws(StoreError) {
          let page = try segment.reader.load(entry)
          if deep { try cursor.check(page) }
          samples += entry.samples
          result.pages += 1
        } catch .damaged(let damage) {
          report.damaged(damage)
        }
      }
    }
    try segment.reader.checkClocks()
    result.samples += samples
    guard samples == info.samples || !report.damage.isEmpty else {
      throw segment.reader.region.damaged(
        "page index", "holds \(samples) samples, the footer says \(info.samples)")
    }
  }
}
