import MxCodec
import MxModel

/// What a selection knows without reading samples.
extension StoreSelection {
  func cost(_ range: TimeRange) throws -> ReadCost {
    var cost = ReadCost()
    cost.series = count
    for part in segments where part.segment.reader.info.range.overlaps(range) {
      cost.segments += 1
      for (entry, _) in try entries(part, range) {
        cost.pages += 1
        cost.samples += entry.samples
        cost.bytes += entry.bytes
      }
    }
    return cost
  }

  func size(_ range: TimeRange) throws -> StoredSize {
    var size = StoredSize()
    for part in segments where part.segment.reader.info.range.overlaps(range) {
      let cursor = SegmentCursor(part.segment.reader, decoder: ColumnDecoder())
      for (entry, slots) in try entries(part, range) {
        try tolerant {
          let own = try samples(of: slots, entry, range, cursor)
          size.samples += own
          let share = Double(own) / Double(max(1, entry.samples))
          size.bytes += Int((Double(entry.bytes) * share).rounded())
        }
      }
    }
    return size
  }

  /// How many samples of a page lie in `slots` and `range`: the index knows it of whole
  /// pages, the page of whole series.
  private func samples(
    of slots: [Int], _ entry: PageEntry, _ range: TimeRange, _ cursor: SegmentCursor
  ) throws -> Int {
    let isInside = range.from <= entry.range.from && entry.range.to <= range.to
    if isInside, slots.count == entry.slots { return entry.samples }
    var count = 0
    if isInside {
      let lengths = try cursor.reader.load(entry).lengths
      for slot in slots { count += Int(lengths[slot - entry.firstSlot]) }
      return count
    }
    for slot in slots {
      try cursor.read(
        slot: slot, wanted: .some(slots), range: range.intersection(entry.range)
      ) { times, _ in count += times.count }
    }
    return count
  }

  /// A hash over whose samples reading `range` would bring, and over all pages that
  /// it would touch.
  func fingerprint(_ range: TimeRange, into hash: inout XXH64) throws {
    try fingerprintSeries(into: &hash)
    for part in segments where part.segment.reader.info.range.overlaps(range) {
      var bytes: [UInt8] = []
      for (entry, _) in try entries(part, range) { bytes.append(littleEndian: entry.hash) }
      for deletion in part.hidden {
        bytes.append(littleEndian: deletion.range.from)
        bytes.append(littleEndian: deletion.range.to)
        for refs in deletion.refs.ranges {
          bytes.append(littleEndian: refs.lowerBound)
          bytes.append(littleEndian: refs.upperBound)
        }
      }
      hash.update(bytes)
    }
    // Where samples are gone windows speak; and the pace of a cron job may be told by
    // samples however old, or by the windows of those that are gone.
    let looksBack = request.hints.window == 0
    let rawAfter = try resolutions(in: range).rawAfter
    let isLost = rawAfter >= range.from
    let lost = max(rawAfter, snapshot.manifest.oldestWhole)
    func isCounted(_ info: SegmentInfo) -> Bool {
      switch info.kind {
      case .samples: looksBack && info.range.to < range.from
      case .windows:
        (isLost && info.range.overlaps(range))
          || (looksBack && info.range.to < range.from && info.range.from <= lost)
      case .record: false
      }
    }
    for info in snapshot.manifest.segments where isCounted(info) {
      var bytes: [UInt8] = []
      bytes.append(littleEndian: info.id)
      hash.update(bytes)
    }
  }

  /// Of so many series the labels are hashed; of more the sets that they are in, which
  /// change with any of their other series.
  private static let fewSeries = 10_000

  private func fingerprintSeries(into hash: inout XXH64) throws {
    if count <= StoreSelection.fewSeries {
      var bytes: [UInt8] = []
      try keys((0..<Int32(count)).map { $0 }) { key in
        bytes.append(contentsOf: key)
        bytes.append(0)
      }
      return hash.update(bytes)
    }
    for (set, refs) in zip(sets, refs) {
      var bytes: [UInt8] = []
      bytes.append(littleEndian: set.fingerprint)
      for ref in refs { bytes.append(littleEndian: ref) }
      hash.update(bytes)
    }
  }

  /// The pages of a segment that hold any of the series in `range`, each once, and those
  /// series' slots.
  private func entries(
    _ part: Part, _ range: TimeRange
  ) throws -> [(entry: PageEntry, slots: [Int])] {
    var result: [(entry: PageEntry, slots: [Int])] = []
    let list = part.segment.reader.series
    for ref in refs[part.set] where ref != .max {
      guard let slot = list.slot(of: Int(ref)) else { continue }
      if let last = result.last?.entry, last.slots > 1, last.slotRange.contains(slot) {
        result[result.count - 1].slots.append(slot)
        continue
      }
      for entry in try part.segment.reader.entries(slots: slot..<slot + 1)
      where entry.range.overlaps(range) && entry != result.last?.entry {
        result.append((entry, [slot]))
      }
    }
    return result
  }
}
