import MxCodec
import MxModel
import Synchronization

/// What a selection knows without reading samples, and the few that tell a pace.
extension StoreSelection {
  func cost(_ range: TimeRange) throws -> ReadCost {
    var cost = ReadCost()
    cost.series = count
    for part in segments where part.segment.reader.info.range.overlaps(range) {
      cost.segments += 1
      for (entry, own) in try entries(part, range) {
        cost.pages += 1
        cost.samples += entry.samples
        cost.bytes += entry.bytes
        let share = Double(own) / Double(max(1, entry.slots))
        cost.ownSamples += Int((Double(entry.samples) * share).rounded())
        cost.ownBytes += Int((Double(entry.bytes) * share).rounded())
      }
    }
    return cost
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
    // samples however old.
    let isCounted: (SegmentInfo) -> Bool =
      try resolutions(in: range).rawAfter >= range.from
      ? { $0.range.overlaps(range) && $0.kind == .windows } : { _ in false }
    let looksBack = request.hints.window == 0
    for info in snapshot.manifest.segments
    where isCounted(info) || (looksBack && info.kind == .samples && info.range.to < range.from) {
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

  /// The pages of a segment that hold any of the series in `range`, each once, and of
  /// how many of the series.
  private func entries(
    _ part: Part, _ range: TimeRange
  ) throws -> [(entry: PageEntry, own: Int)] {
    var result: [(entry: PageEntry, own: Int)] = []
    let list = part.segment.reader.series
    for ref in refs[part.set] where ref != .max {
      guard let slot = list.slot(of: Int(ref)) else { continue }
      if let last = result.last?.entry, last.slots > 1, last.slotRange.contains(slot) {
        result[result.count - 1].own += 1
        continue
      }
      for entry in try part.segment.reader.entries(slots: slot..<slot + 1)
      where entry.range.overlaps(range) && entry != result.last?.entry {
        result.append((entry, 1))
      }
    }
    return result
  }

  // MARK: The newest samples

  func latest(
    _ series: Int, atOrBefore time: Int64, limit: Int, worker: Int
  ) throws -> [Sample] {
    var found: [Sample] = []
    // Wider and wider: most series have what is asked for within the hour.
    for reach: Int64 in [3_600_000, 86_400_000, .max] {
      let from = time.subtractingReportingOverflow(reach)
      found = []
      try read(
        series..<series + 1,
        TimeRange(from: from.overflow ? .min : from.partialValue, to: time), worker: worker
      ) { _, samples in
        for index in max(0, samples.count - limit)..<samples.count {
          found.append(Sample(time: samples.times[index], value: samples.values[index]))
        }
      }
      if found.count >= limit { return found }
    }
    // What is newest is known; of what was before that, older segments may have more.
    guard !found.isEmpty, let whole = try wholeSelection() else { return found }
    guard let number = try whole.number(of: labels(series)) else { return found }
    return try whole.latest(number, atOrBefore: time, limit: limit, worker: worker)
  }

  /// Nil where this one has all segments.
  private func wholeSelection() throws -> StoreSelection? {
    let all = snapshot.manifest.segments.count { $0.kind == .samples }
    if segments.count == all || request.range == .all { return nil }
    if let known = whole.withLock({ $0 }) { return known }
    var request = request
    request.range = .all
    let selection = try StoreSelection(snapshot, request, report)
    whole.withLock { $0 = selection }
    return selection
  }

  /// The number of the series with these labels.
  private func number(of labels: LabelSet) throws -> Int? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if try self.labels(middle) < labels { low = middle + 1 } else { high = middle }
    }
    return try low < count && self.labels(low) == labels ? low : nil
  }
}
