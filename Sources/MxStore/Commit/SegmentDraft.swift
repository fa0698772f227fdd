import MxCodec
import MxFiles
import MxModel

/// A segment on its way into the store: its columns are in a file that nothing
/// reads yet. The footer waits for the lock, because it names the commit.
final class SegmentDraft {
  let id: UInt64
  let kind: SegmentKind
  private let store: Store
  private let temporary: String
  private let file: any WritableFile
  let writer: SegmentWriter
  private var sections: [Section] = []
  private var seriesCount = 0
  private(set) var set: ContentHash?
  /// Of windows: their tier, and how its columns lie.
  var tier: (width: Int64, layout: TierLayout)?

  init(
    _ store: Store, id: UInt64, kind: SegmentKind = .samples, effort: Effort
  ) throws(StoreError) {
    self.store = store
    self.id = id
    self.kind = kind
    let path = FilePath.join(store.segmentDirectory, Store.temporaryPrefix + Hex.string(id))
    temporary = path
    let file = try onDisk { () throws(FileError) in try store.files.create(path) }
    self.file = file
    writer = try SegmentWriter(file, id: id, effort: effort)
  }

  /// Below it one sync under the lock takes as long as two: a sync of a few bytes
  /// costs milliseconds, and so much of a disk's time for each target's minute
  /// would be wasted.
  private static let worthASync = 256 << 10

  /// Writes what follows the pages. `inline`: the bytes of a set that is not
  /// worth a file of its own. `early`: sync now, so that little is left to sync
  /// under the lock.
  func finishColumns(
    _ series: SeriesList, set: ContentHash?, inline: [UInt8]?, early: Bool
  ) throws(StoreError) {
    precondition((set == nil) != (inline == nil), "BUG: a segment has one set")
    sections = try writer.finishPages()
    sections.append(try writer.addSection(.seriesList, series.encoded()))
    if let inline { sections.append(try writer.addSection(.inlineSet, inline)) }
    self.set = set
    seriesCount = series.count
    if early, writer.offset >= Self.worthASync {
      try onDisk { () throws(FileError) in try file.sync() }
    }
  }

  /// What the manifest would know of it as commits `sequences`.
  func info(sequences: ClosedRange<UInt64>, level: UInt8) -> SegmentInfo {
    var info = SegmentInfo(
      id: id, kind: kind, firstSequence: sequences.lowerBound,
      lastSequence: sequences.upperBound,
      range: writer.samples > 0 ? writer.range : TimeRange(from: 0, to: 0))
    info.level = level
    info.samples = writer.samples
    info.series = seriesCount
    info.set = set
    info.tier = tier?.width ?? 0
    return info
  }

  /// Writes the footer and gives the file its name. After this and a sync of
  /// the directory the segment is durable, and live once a manifest names it.
  func seal(_ footer: SegmentFooter) throws(StoreError) -> SegmentInfo {
    let info = try finish(footer, sync: true)
    try onDisk { () throws(FileError) in
      try store.files.rename(temporary, to: store.segmentPath(info))
    }
    return info
  }

  /// Ends the file but leaves it nameless: the input of a fold in the same commit.
  func finishTemporary(_ footer: SegmentFooter) throws(StoreError) -> (SegmentInfo, String) {
    (try finish(footer, sync: false), temporary)
  }

  private func finish(_ footer: SegmentFooter, sync: Bool) throws(StoreError) -> SegmentInfo {
    var footer = footer
    footer.sections = sections
    footer.layout = tier?.layout
    footer.info.hasBatches = !footer.batches.isEmpty
    let info = try writer.finish(footer)
    try onDisk { () throws(FileError) in
      if sync { try file.sync() }
      try file.close()
    }
    return info
  }

  /// Gives up: the file goes. What cannot be removed now is swept later.
  func discard() {
    // The run is failing for another reason already, and nothing reads the file:
    // whatever cannot be closed or removed now is not worth another error.
    do throws(FileError) { try file.close() } catch {}
    do throws(FileError) { try store.files.remove(temporary) } catch {}
  }
}
