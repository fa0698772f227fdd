package import MxModel

/// From refs to labels and back.
extension SeriesSet {
  /// The labels of one series.
  package func labels(_ ref: UInt32) throws(StoreError) -> LabelSet {
    precondition(Int(ref) < count, "BUG: series \(ref) of \(count)")
    let cursor = try KeyCursor(self, SeriesRefs(ref..<(ref + 1)))
    try cursor.move(to: ref)
    return LabelSet(key: Array(cursor.key))
  }

  /// The labels of several series.
  package func labels(_ refs: SeriesRefs) throws(StoreError) -> [LabelSet] {
    var result: [LabelSet] = []
    result.reserveCapacity(refs.count)
    try keys(refs) { _, key in result.append(LabelSet(key: Array(key))) }
    return result
  }

  /// Calls `body` with each of `refs` and its canonical key, in order. The key
  /// is valid during the call.
  package func keys(
    _ refs: SeriesRefs, _ body: (_ ref: UInt32, _ key: UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) {
    let cursor = try KeyCursor(self, refs)
    while try cursor.advance() { body(cursor.ref, cursor.key) }
  }

  /// What `find` says of a key that the set does not hold.
  package static let unknown = UInt32.max

  /// The refs of the series `order` of `table`, which stand in label order;
  /// `SeriesSet.unknown` for those that the set does not hold.
  ///
  /// Reads only the blocks between whose first keys some key lies, and walks
  /// a block where many of its keys are asked for; few are found by halving.
  package func find(_ order: [UInt32], of table: SeriesTable) throws(StoreError) -> [UInt32] {
    var result = [UInt32](repeating: Self.unknown, count: order.count)
    if count == 0 { return result }
    let edges = try BlockEdges(self)
    let cursor = try KeyCursor(self)
    var next = 0
    var block = 0
    while next < order.count {
      block = try edges.block(of: order[next], table, from: block)
      let end = try edges.end(of: block, order, table, from: next)
      if block >= 0 {
        try find(order[next..<end], table, block: block, cursor, into: &result)
      }
      block = max(block, 0)
      next = end
    }
    return result
  }

  private func find(
    _ wanted: ArraySlice<UInt32>, _ table: SeriesTable, block: Int, _ cursor: KeyCursor,
    into result: inout [UInt32]
  ) throws(StoreError) {
    var row = UInt32(block << IdColumn.blockShift)
    let end = UInt32(min(count, (block + 1) << IdColumn.blockShift))
    // A look-up by halving takes up to 12 steps of a walk.
    let isSparse = wanted.count * 12 < Int(end - row)
    var ahead: UInt8 = 0
    defer { withExtendedLifetime(ahead) {} }
    for index in wanted.indices {
      var order = 1
      if isSparse {
        var high = end
        while row < high {
          let middle = row + (high - row) / 2
          try cursor.move(to: middle)
          order = table.compare(wanted[index], cursor.key)
          if order == 0 { row = middle }
          if order <= 0 { high = middle } else { row = middle + 1 }
        }
        guard row < end else { return }
        try cursor.move(to: row)
        order = table.compare(wanted[index], cursor.key)
      } else {
        // Keys of a batch lie in the order they came in. Sixteen are fetched
        // from memory at a time: their misses overlap, which one by one, between
        // comparisons, they do not (12 to 8 ms for 50,000; mx-bench sets, 2026-11).
        if (index - wanted.startIndex) & 15 == 0 {
          for near in index..<min(index + 16, wanted.endIndex) {
            ahead |= table.touch(wanted[near])
          }
        }
        while row < end {
          try cursor.move(to: row)
          order = table.compare(wanted[index], cursor.key)
          if order <= 0 { break }
          row += 1
        }
        guard row < end else { return }
      }
      if order == 0 {
        result[index] = row
        row += 1
      }
    }
  }
}

extension SeriesTable {
  /// Reads a byte at either end of a key and one between: a key is some lines
  /// of the cache.
  @inline(__always)
  fileprivate func touch(_ ref: UInt32) -> UInt8 {
    withKey(ref) { key in
      key.isEmpty ? 0 : key[0] | key[key.count / 2] | key[key.count - 1]
    }
  }

  /// The order of the key of `ref` against `key`.
  @inline(__always)
  fileprivate func compare(_ ref: UInt32, _ key: UnsafeRawBufferPointer) -> Int {
    withKey(ref) { LabelKey.compare($0, key) }
  }
}

/// The first keys of a set's blocks: which block a key can be in.
private struct BlockEdges {
  private let symbols: SymbolReader?
  private let blocks: Int

  init(_ set: SeriesSet) throws(StoreError) {
    blocks = IdColumn.blockCount(set.count)
    symbols = try set.blockKeys().map { SymbolReader($0) }
    guard blocks <= 1 || symbols != nil else {
      throw set.region.damaged("block keys", "missing")
    }
  }

  /// The block whose keys surround the key of `ref`, not before `from`; -1 if
  /// it sorts before the first key of the set.
  func block(of ref: UInt32, _ table: SeriesTable, from: Int) throws(StoreError) -> Int {
    guard let symbols else { return 0 }
    var low = from
    var high = blocks
    while low < high {
      let middle = (low + high) / 2
      let first = try symbols.symbol(UInt32(middle) + 1)
      if table.compare(ref, first) >= 0 { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  /// How far the keys from `start` on stay before the next block.
  func end(
    of block: Int, _ order: [UInt32], _ table: SeriesTable, from start: Int
  ) throws(StoreError) -> Int {
    guard let symbols, block + 1 < blocks else { return order.count }
    let edge = try symbols.symbol(UInt32(block + 1) + 1)
    var low = start + 1
    var high = order.count
    while low < high {
      let middle = (low + high) / 2
      if table.compare(order[middle], edge) < 0 { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
