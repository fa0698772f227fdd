package import MxCodec
import MxModel
import Synchronization

/// An immutable set of series, shared by all segments that hold some of them.
///
/// Series are numbered 0..<count in label order; a number is a *ref* of this
/// set. The set lies in a file of its own, named by its content hash, or the
/// same bytes lie inside a segment. Opening reads the header and the index,
/// a few KiB whatever the number of series; every question then reads the
/// pages it needs, and nothing is kept but their directories and 2 MiB of pages.
///
/// What lies where: docs/format-sets.md. The parts: `SetPage` (pages and
/// checksums), `SymbolTable` (label values), `IdColumn` (series -> value),
/// `LabelAxis` (labels that go together), `SetMetadata`.
package final class SeriesSet: Sendable {
  /// The content hash: the name of the set.
  package let id: ContentHash
  let region: FileRegion
  let index: SetIndex
  let pages: SetPages
  private let opened = Mutex(Opened())

  /// Directories that were read, by label or axis number.
  private struct Opened {
    var symbols: [Int: SymbolTable] = [:]
    var tuples: [Int: IdColumn] = [:]
    var ranks: [Int: IdColumn] = [:]
    var blockKeys: SymbolTable?
    /// What matchers accepted, of those asked for last.
    var accepted: [(matcher: Matcher, ids: IdSet)] = []
  }

  /// Of a million symbols a set of ids takes 125 KB.
  private static let acceptedKept = 8

  package init(region: FileRegion) throws(StoreError) {
    let header = try SetHeader(region)
    let part = "index"
    guard header.indexCount <= region.count - SetHeader.size else {
      throw region.damaged(part, "reaches over the end of the file")
    }
    let bytes = try region.read(at: SetHeader.size, count: header.indexCount, part: part)
    guard XXH64.hash(bytes) == header.indexChecksum else {
      throw region.damaged(part, "checksum does not match")
    }
    let parsed = try SetIndex.read(
      bytes, region: region, start: SetHeader.size + header.indexCount)
    id = header.id
    index = parsed.index
    pages = parsed.pages
    self.region = region
  }

  /// Where the set lies, to open it again.
  package var wholeRegion: FileRegion { region }

  /// The number of series.
  package var count: Int { index.count }

  /// A hash of all that the set holds, to mix into those of answers.
  package var fingerprint: UInt64 { id.low }

  /// All refs.
  package var allRefs: SeriesRefs { SeriesRefs(0..<UInt32(count)) }

  /// The names of all labels that any series has, sorted.
  package var labelNames: [String] {
    index.labels.map { label in label.name.withUnsafeBytes { LabelKey.text($0) } }
  }

  /// What a set is called in `sets/`.
  package static func fileName(_ id: ContentHash) -> String { "\(id).set" }

  /// The number of the label, nil if no series has it.
  func label(_ name: String) -> Int? {
    let wanted = LabelKey.escaped(Array(name.utf8))
    var low = 0
    var high = index.labels.count
    while low < high {
      let middle = (low + high) / 2
      if index.labels[middle].name.lexicographicallyPrecedes(wanted) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low < index.labels.count && index.labels[low].name == wanted ? low : nil
  }

  func labelPart(_ label: Int) -> String {
    "label '\(index.labels[label].name.withUnsafeBytes { LabelKey.text($0) })'"
  }

  /// The values of a label.
  func symbols(_ label: Int) throws(StoreError) -> SymbolTable {
    if let known = opened.withLock({ $0.symbols[label] }) { return known }
    let table = try symbolTable(
      index.labels[label].symbols, part: "symbols of \(labelPart(label))")
    opened.withLock { $0.symbols[label] = table }
    return table
  }

  func symbolTable(_ place: SetIndex.TablePlace, part: String) throws(StoreError) -> SymbolTable {
    try SymbolTable(
      directory: place.directory, count: place.count, shift: place.shift, pages: pages,
      part: part)
  }

  func accepted(_ matcher: Matcher) -> IdSet? {
    opened.withLock { $0.accepted.first { $0.matcher == matcher }?.ids }
  }

  func keep(_ ids: IdSet, for matcher: Matcher) {
    opened.withLock { opened in
      if opened.accepted.count == SeriesSet.acceptedKept { opened.accepted.removeFirst() }
      opened.accepted.append((matcher, ids))
    }
  }

  /// Series -> tuple of an axis.
  func ranks(_ axis: Int) throws(StoreError) -> IdColumn {
    if let known = opened.withLock({ $0.ranks[axis] }) { return known }
    let place = index.axes[axis]
    let column = try IdColumn(
      directory: place.column, count: count, limit: place.tuples, pages: pages,
      part: "axis \(axis)")
    opened.withLock { $0.ranks[axis] = column }
    return column
  }

  /// Tuple -> symbol of a label; nil where tuples are symbols.
  func tuples(_ label: Int) throws(StoreError) -> IdColumn? {
    guard let place = index.labels[label].column else { return nil }
    if let known = opened.withLock({ $0.tuples[label] }) { return known }
    let column = try IdColumn(
      directory: place, count: index.axes[index.labels[label].axis].tuples,
      limit: index.labels[label].symbols.count + 1, pages: pages,
      part: "tuples of \(labelPart(label))")
    opened.withLock { $0.tuples[label] = column }
    return column
  }

  /// The first keys of all blocks; nil where the set is one block.
  func blockKeys() throws(StoreError) -> SymbolTable? {
    guard let place = index.blockKeys else { return nil }
    if let known = opened.withLock({ $0.blockKeys }) { return known }
    let table = try symbolTable(place, part: "block keys")
    guard table.count == IdColumn.blockCount(count) else {
      throw region.damaged("block keys", "\(table.count) of \(IdColumn.blockCount(count)) blocks")
    }
    opened.withLock { $0.blockKeys = table }
    return table
  }
}
