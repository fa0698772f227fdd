import MxCodec
package import MxModel

/// What a set is made of, for people: `mx-compact inspect`.
package struct SeriesSetInspection: Sendable {
  package struct Part: Sendable {
    /// `label 'pod': symbols`, `axis 1: namespace, pod, uid`.
    package var name: String
    /// Symbols of a table, rows of a column, pages.
    package var count: Int
    /// Bytes before the pages' compression; in the file for pages and index.
    package var bytes: Int
    package var note: String
  }

  package var id: String
  package var series: Int
  package var fileBytes: Int
  package var parts: [Part]
}

extension SeriesSet {
  /// Lists all parts; reads directories, no data.
  package func inspect() throws(StoreError) -> SeriesSetInspection {
    typealias Part = SeriesSetInspection.Part
    let stored = (0..<pages.count).reduce(0) { $0 + pages.storedCount($1) }
    let raw = (0..<pages.count).reduce(0) { $0 + pages.rawCount($1) }
    let indexBytes = region.count - stored - SetHeader.size
    var parts = [
      Part(name: "header", count: 1, bytes: SetHeader.size, note: "format version 1"),
      Part(name: "index", count: index.labels.count, bytes: indexBytes, note: "labels"),
      Part(name: "pages", count: pages.count, bytes: stored, note: "\(raw) bytes unpacked"),
    ]
    for label in index.labels.indices {
      let table = try symbols(label)
      parts.append(
        Part(
          name: "\(labelPart(label)): symbols", count: table.count,
          bytes: table.sequence.bytes + index.labels[label].symbols.directory.count,
          note: "\(1 << table.shift) an item"))
      if let column = try tuples(label), let place = index.labels[label].column {
        parts.append(
          Part(
            name: "\(labelPart(label)): tuples", count: column.count,
            bytes: column.bytes + place.count, note: "of axis \(index.labels[label].axis)"))
      }
    }
    for axis in index.axes.indices {
      let column = try ranks(axis)
      let names = index.labels.filter { $0.axis == axis }
        .map { $0.name.withUnsafeBytes { LabelKey.text($0) } }
      parts.append(
        Part(
          name: "axis \(axis): \(names.joined(separator: ", "))", count: column.count,
          bytes: column.bytes + index.axes[axis].column.count,
          note: "\(index.axes[axis].tuples) tuples"))
    }
    if let keys = try blockKeys(), let place = index.blockKeys {
      parts.append(
        Part(
          name: "block keys", count: keys.count,
          bytes: keys.sequence.bytes + place.directory.count, note: ""))
    }
    if let place = index.metadata {
      let table = try symbolTable(place.families, part: "families")
      parts.append(
        Part(
          name: "metadata: families", count: table.count,
          bytes: table.sequence.bytes + place.families.directory.count, note: ""))
    }
    return SeriesSetInspection(
      id: "\(id)", series: count, fileBytes: region.count, parts: parts)
  }

  /// Calls `body` with every series, as `inspect --dump` prints them.
  package func dump(_ body: (UInt32, LabelSet) -> Void) throws(StoreError) {
    try keys(allRefs) { ref, key in body(ref, LabelSet(key: Array(key))) }
  }

  /// Reads everything: all checksums, the content hash, every symbol, row and
  /// key, and that keys ascend, which all look-ups rest on.
  package func verify() throws(StoreError) {
    var hasher = ContentHasher()
    for start in stride(from: SetHeader.size, to: region.count, by: 1 << 20) {
      hasher.update(
        try region.read(at: start, count: min(1 << 20, region.count - start), part: "content"))
    }
    guard hasher.value == id else { throw region.damaged("content", "hash is not the set's name") }
    for page in 0..<pages.count { _ = try pages.page(page, keep: false) }
    for label in index.labels.indices { try verifyOrder(try symbols(label)) }
    if let keys = try blockKeys() { try verifyOrder(keys) }
    _ = try allMetadata()
    var previous: [UInt8] = []
    let cursor = try KeyCursor(self)
    while try cursor.advance() {
      let order = previous.withUnsafeBytes { LabelKey.compare($0, cursor.key) }
      guard cursor.ref == 0 || order < 0 else {
        throw region.damaged("series \(cursor.ref)", "not in label order")
      }
      previous.removeAll(keepingCapacity: true)
      previous.append(contentsOf: cursor.key)
    }
  }

  private func verifyOrder(_ table: SymbolTable) throws(StoreError) {
    var previous: [UInt8]?
    for index in 0..<table.itemCount {
      let item = try table.unpack(index, keep: false)
      for place in 0..<item.count {
        if let previous,
          previous.withUnsafeBytes({ LabelKey.compare($0, item[place]) }) >= 0
        {
          throw region.damaged(table.part, "symbols out of order")
        }
        previous = Array(item[place])
      }
    }
  }
}
