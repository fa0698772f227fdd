import MxCodec
import MxFiles
package import MxModel

/// Deleting samples, and taking it back.
extension Store {
  /// Hides all samples of `matchers` in `range` that are committed by now.
  /// Returns the tombstone; its sequence is the name for `undelete`.
  package func delete(
    _ matchers: [Matcher], _ range: TimeRange, now: Int64, lockWait: Double = 60,
    _ report: Report, random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) throws -> Tombstone {
    var random = random
    let lock = try lockCommit(wait: lockWait)
    defer { lock.release() }
    var manifest = try manifestForWriting(report, random: &random)
    let sequence = try nextSequence(manifest)
    let id = random.next()
    let tombstone = Tombstone(
      sequence: sequence, record: id, matchers: matchers, range: range, made: now)
    manifest.tombstones.append(tombstone)
    try commitRecord(id, &manifest, range: range, tombstones: [tombstone], now: now)
    return tombstone
  }

  /// Takes a deletion back; false where there is none of that name.
  package func undelete(
    _ sequence: UInt64, now: Int64, lockWait: Double = 60, _ report: Report,
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) throws -> Bool {
    var random = random
    let lock = try lockCommit(wait: lockWait)
    defer { lock.release() }
    var manifest = try manifestForWriting(report, random: &random)
    guard let tombstone = manifest.tombstones.first(where: { $0.sequence == sequence }) else {
      return false
    }
    manifest.tombstones.removeAll { $0.sequence == sequence }
    let record = manifest.segments.filter { $0.id == tombstone.record }
    manifest.retire(record, now: now)
    try commitRecord(
      random.next(), &manifest, range: tombstone.range, replaces: [tombstone.record], now: now)
    return true
  }

  /// Takes segments out for good (retention), with a record that keeps a
  /// rebuild from bringing them back while their files wait.
  package func drop(
    _ ids: Set<UInt64>, now: Int64, lockWait: Double = 60, _ report: Report,
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) throws -> [SegmentInfo] {
    var random = random
    let lock = try lockCommit(wait: lockWait)
    defer { lock.release() }
    var manifest = try manifestForWriting(report, random: &random)
    let dropped = manifest.segments.filter { ids.contains($0.id) }
    if dropped.isEmpty { return [] }
    manifest.retire(dropped, now: now)
    try commitRecord(random.next(), &manifest, replaces: dropped.map(\.id), now: now)
    return dropped
  }

  func nextSequence(_ manifest: Manifest) throws(StoreError) -> UInt64 {
    max(manifest.lastSequence, try orphans(beyond: manifest).lastSequence) + 1
  }

  /// Writes a segment without columns and the manifest that has it. `range`: where
  /// the windows of tiers are to be computed again. `replaces`: what goes with it, retired
  /// already; `dead`: what else is to stay dead.
  func commitRecord(
    _ id: UInt64, _ manifest: inout Manifest, range: TimeRange = TimeRange(from: 0, to: 0),
    tombstones: [Tombstone] = [], expiries: [Expiry] = [], replaces: [UInt64] = [],
    dead: [UInt64] = [], batches: [ContentHash] = [], now: Int64
  ) throws(StoreError) {
    try makeDirectories()
    let orphans = try orphans(beyond: manifest)
    let sequence = max(manifest.lastSequence, orphans.lastSequence) + 1
    let draft = try SegmentDraft(self, id: id, kind: .record, effort: .fresh)
    var footer = SegmentFooter(
      info: draft.info(sequences: sequence...sequence, level: 0), storeID: manifest.storeID)
    footer.info.range = range
    footer.tombstones = tombstones
    footer.expiries = expiries
    let said = try stillDead(saidBy: Set(replaces), manifest)
    footer.replaces = Set(replaces + orphans.ids + said + dead).sorted()
    footer.batches = batches
    footer.made = now
    footer.conflict = manifest.conflict
    let info: SegmentInfo
    do throws(StoreError) {
      info = try draft.seal(footer)
    } catch {
      draft.discard()
      throw error
    }
    try onDisk { () throws(FileError) in try files.syncDirectory(segmentDirectory) }
    manifest.lastSequence = sequence
    manifest.add([info], now: now)
    try write(manifest)
  }

  /// What those that go have said of others: a dead one has no say, so who takes its place
  /// says it again, of files that wait for their removal. One that cannot be read may have
  /// named any of them.
  private func stillDead(
    saidBy gone: Set<UInt64>, _ manifest: Manifest
  ) throws(StoreError) -> [UInt64] {
    if gone.isEmpty { return [] }
    let waiting = manifest.retired.segmentIDs
    var dead: Set<UInt64> = []
    for file in manifest.retired where gone.contains(file.segment) {
      do throws(StoreError) {
        let region = try FileRegion(opening: FilePath.join(path, file.path), in: files)
        dead.formUnion(try SegmentFooter(reading: region).replaces)
      } catch .damaged, .foreign, .newer, .vanished {
        return waiting
      }
    }
    return waiting.filter { dead.contains($0) }
  }
}
