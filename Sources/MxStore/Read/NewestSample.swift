import MxCodec
package import MxModel

extension Snapshot {
  /// The newest timestamp of any live sample, but not of series that one of `others`
  /// accepts: what is computed from samples goes on when nothing comes in any more.
  ///
  /// Asks the indexes of the segments that end last. Only where a page holds series of
  /// both sorts are its times decoded.
  package func newestSample(besides others: [[Matcher]], _ report: Report) throws -> Int64? {
    var newest: Int64?
    let segments = manifest.segments.filter { $0.kind == .samples && $0.samples > 0 }
    for info in segments.sorted(by: { $0.range.to > $1.range.to }) {
      if let newest, info.range.to <= newest { break }
      do {
        let found = try self.newest(in: try segment(info), besides: others, after: newest)
        newest = found ?? newest
      } catch StoreError.damaged(let damage) {
        report.damaged(damage)
      }
    }
    return newest
  }

  /// The newest timestamp of one segment, nil where it is not after `known`.
  private func newest(
    in segment: OpenSegment, besides others: [[Matcher]], after known: Int64?
  ) throws -> Int64? {
    let reader = segment.reader
    var left = try others.map { try segment.set.match($0) }
    let present = reader.series.refs
    left.removeAll { refs in !refs.ranges.contains { present.overlaps($0) } }
    if left.isEmpty { return reader.info.range.to }
    func isLeftOut(_ slot: Int) -> Bool {
      let ref = UInt32(reader.series.ref(slot))
      return left.contains { $0.contains(ref) }
    }
    var newest = known ?? .min
    let cursor = SegmentCursor(reader, decoder: ColumnDecoder())
    for block in 0..<reader.pageBlockCount {
      for page in try reader.entries(block: block) where page.range.to > newest {
        let slots = page.slotRange.filter { !isLeftOut($0) }
        if slots.count == page.slots {
          newest = page.range.to
          continue
        }
        for slot in slots {
          let range = TimeRange(from: newest + 1, to: .max)
          try cursor.read(slot: slot, wanted: .some(slots), range: range) { times, _ in
            newest = max(newest, times[times.count - 1])
          }
        }
      }
    }
    return newest == (known ?? .min) ? nil : newest
  }
}
