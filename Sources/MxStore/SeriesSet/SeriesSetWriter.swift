package import MxCodec
package import MxModel

/// Makes a series set: keys in label order, then metadata, then `finish`.
///
/// The same keys and the same metadata give the same bytes, whatever they came
/// from, so that a scrape of known targets finds its set already there.
///
/// Memory: 4 bytes a label and series, the distinct values, and while
/// finishing about 24 bytes a series more.
package struct SeriesSetWriter {
  private var labels = LabelColumns()
  private var metadata: [MetricMetadata] = []
  private var blockKeys = SymbolList()

  package init() {}

  /// The number of series so far.
  package var count: Int { Int(labels.rows) }

  /// Adds a canonical key that sorts after all before it. Its length is the
  /// ingest gate's to limit: at most 32 MiB here.
  package mutating func add(_ key: UnsafeRawBufferPointer) {
    precondition(key.count <= SetPage.maxRawBytes / 2, "BUG: a label key of \(key.count) bytes")
    if count & (IdColumn.blockRows - 1) == 0 { blockKeys.append(key) }
    labels.append(key)
  }

  /// Adds a key that was read from a set. Damage that lies between its pages may have made
  /// one that is none.
  mutating func add(
    _ key: UnsafeRawBufferPointer, readFrom set: SeriesSet
  ) throws(StoreError) {
    guard key.count <= SetPage.maxRawBytes / 2, labels.takes(key) else {
      throw set.region.damaged("series keys", "not in label order")
    }
    add(key)
  }

  package mutating func add(_ labels: LabelSet) {
    labels.key.withUnsafeBytes { add($0) }
  }

  /// Adds what is known of a family; a later entry replaces an earlier one.
  package mutating func add(_ entry: MetricMetadata) { metadata.append(entry) }

  package consuming func finish() -> SeriesSetBytes {
    let rows = count
    let numbered = labels.columns
      .sorted { $0.name.lexicographicallyPrecedes($1.name) }
      .map { NumberedLabel($0) }
    labels = LabelColumns()
    var pages = PageWriter()
    var index = SetIndex()
    index.count = rows
    // Symbols first, then columns: text and numbers compress better apart.
    for label in numbered {
      index.labels.append(
        SetIndex.Label(
          name: label.name, axis: 0,
          symbols: SetIndex.TablePlace(
            count: label.symbols.count, shift: label.symbols.shift,
            directory: label.symbols.write(into: &pages)),
          hasEscapes: label.symbols.bytes.contains(1), column: nil))
    }
    if rows > IdColumn.blockRows {
      index.blockKeys = SetIndex.TablePlace(
        count: blockKeys.count, shift: blockKeys.shift, directory: blockKeys.write(into: &pages))
    }
    index.metadata = SetMetadata.write(metadata, into: &pages)
    pages.separate()
    let encoder = ColumnEncoder()
    for axis in AxisPlanner(labels: numbered, rows: rows).plan() {
      for (label, column) in zip(axis.labels, axis.columns) {
        index.labels[label].column = IdColumn.write(column, with: encoder, into: &pages)
      }
      for label in axis.labels { index.labels[label].axis = index.axes.count }
      index.axes.append(
        SetIndex.Axis(
          tuples: axis.tuples, isShared: axis.labels.count > 1,
          column: IdColumn.write(axis.ranks, with: encoder, into: &pages)))
    }
    let (table, body) = pages.finish()
    return SeriesSetBytes(count: rows, index: index.encode(pages: table), body: body)
  }
}

/// A finished set: its bytes and its name.
package struct SeriesSetBytes: Sendable {
  package let bytes: [UInt8]
  package let id: ContentHash
  package let count: Int

  init(count: Int, index: [UInt8], body: [UInt8]) {
    let content = index + body
    id = ContentHash.of(content)
    let header = SetHeader(
      indexCount: index.count, id: id, indexChecksum: XXH64.hash(index))
    bytes = header.encode() + content
    self.count = count
  }

  /// The file name of the set in `sets/`.
  package var fileName: String { SeriesSet.fileName(id) }
}
