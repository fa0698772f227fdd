package import MxModel

/// Finding series.
///
/// 1. Each matcher becomes a set of symbol ids (`SymbolMatch`).
/// 2. The sets of an axis' labels become a set of its tuples: of a million
///    series with 50,000 pods, that looks at 50,000 tuples.
/// 3. Block by block, the axis that leaves least first: zones tell which
///    blocks can hold any of the tuples, and which hold nothing else.
extension SeriesSet {
  /// The series that all `matchers` accept; all series for none.
  package func match(_ matchers: [Matcher]) throws(StoreError) -> SeriesRefs {
    guard let wanted = try symbolSets(matchers) else { return SeriesRefs() }
    var filters: [AxisFilter] = []
    let scratch = IdScratch()
    var labels = wanted
    while let axis = labels.first.map({ index.labels[$0.label].axis }) {
      let group = labels.filter { index.labels[$0.label].axis == axis }
      labels.removeAll { index.labels[$0.label].axis == axis }
      let accepted = try tupleSet(group, scratch)
      if accepted.isEmpty { return SeriesRefs() }
      filters.append(
        AxisFilter(
          reader: AxisReader(try ranks(axis), scratch: scratch), accepted: accepted))
    }
    filters.sort { $0.fraction < $1.fraction }
    return try scan(filters)
  }

  private struct LabelFilter {
    var label: Int
    var accepted: IdSet
  }

  private struct AxisFilter {
    let reader: AxisReader
    let accepted: IdSet
    /// The share of tuples that pass.
    let fraction: Double

    init(reader: AxisReader, accepted: IdSet) {
      self.reader = reader
      self.accepted = accepted
      fraction = Double(accepted.count) / Double(max(accepted.limit, 1))
    }

    func zone(_ block: Int) -> ClosedRange<UInt32> {
      reader.column.minima[block]...reader.column.maxima[block]
    }
  }

  /// One filter a label; nil where nothing can match.
  private func symbolSets(_ matchers: [Matcher]) throws(StoreError) -> [LabelFilter]? {
    var filters: [LabelFilter] = []
    for matcher in matchers {
      guard let label = label(matcher.name) else {
        if matcher.matchesEmpty { continue }
        return nil
      }
      let accepted = try symbolIds(matcher, label)
      if let known = filters.firstIndex(where: { $0.label == label }) {
        filters[known].accepted.intersect(accepted)
      } else {
        filters.append(LabelFilter(label: label, accepted: accepted))
      }
    }
    return filters.contains { $0.accepted.isEmpty } ? nil : filters
  }

  /// The symbols of a label that a matcher accepts. Panels and chains of `or` ask the
  /// same of many metrics.
  private func symbolIds(_ matcher: Matcher, _ label: Int) throws(StoreError) -> IdSet {
    if let known = accepted(matcher) { return known }
    let match = SymbolMatch(
      table: try symbols(label), hasEscapes: index.labels[label].hasEscapes)
    let ids = try match.ids(matcher)
    keep(ids, for: matcher)
    return ids
  }

  /// The tuples of an axis that all `filters`, of labels of this axis, accept.
  private func tupleSet(
    _ filters: [LabelFilter], _ scratch: IdScratch
  ) throws(StoreError) -> IdSet {
    guard let first = filters.first, let tuples = try tuples(first.label) else {
      // An axis of one label: its tuples are its symbols.
      return filters.first?.accepted ?? IdSet(limit: 0)
    }
    var result = IdSet(limit: tuples.count, full: true)
    for filter in filters {
      guard let column = try self.tuples(filter.label) else { continue }
      let reader = AxisReader(column, scratch: scratch)
      for block in 0..<column.blocks {
        let start = block << IdColumn.blockShift
        let rows = column.rows(inBlock: block)
        let zone = column.minima[block]...column.maxima[block]
        if filter.accepted.contains(zone) { continue }
        guard filter.accepted.intersects(zone) else {
          result.remove(start..<(start + rows))
          continue
        }
        guard result.intersects(UInt32(start)...UInt32(start + rows - 1)) else { continue }
        try reader.load(block)
        let masks = RowMasks(rows)
        filter.accepted.narrow(masks.words, reader.ids, rows: rows, zone: zone)
        masks.forEachGap { result.remove((start + $0.lowerBound)..<(start + $0.upperBound)) }
      }
    }
    return result
  }

  private func scan(_ filters: [AxisFilter]) throws(StoreError) -> SeriesRefs {
    if filters.isEmpty { return allRefs }
    var refs = SeriesRefs()
    for block in 0..<IdColumn.blockCount(count) {
      let start = block << IdColumn.blockShift
      let end = min(count, (block + 1) << IdColumn.blockShift)
      guard filters.allSatisfy({ $0.accepted.intersects($0.zone(block)) }) else { continue }
      let masks = RowMasks(end - start)
      for filter in filters where !filter.accepted.contains(filter.zone(block)) {
        if masks.isEmpty { break }
        try filter.reader.load(block)
        filter.accepted.narrow(
          masks.words, filter.reader.ids, rows: end - start, zone: filter.zone(block))
      }
      masks.forEachStretch {
        refs.append(UInt32(start + $0.lowerBound)..<UInt32(start + $0.upperBound))
      }
    }
    return refs
  }
}

/// Which rows of a block are still wanted, one bit each; all at first.
private final class RowMasks {
  let words: UnsafeMutablePointer<UInt64>
  private let rows: Int
  private var count: Int { (rows + 63) >> 6 }

  init(_ rows: Int) {
    self.rows = rows
    words = .allocate(capacity: IdColumn.blockRows / 64)
    words.initialize(repeating: .max, count: IdColumn.blockRows / 64)
    if rows & 63 != 0 { words[count - 1] = 1 << UInt64(rows & 63) - 1 }
  }

  deinit { words.deallocate() }

  var isEmpty: Bool {
    for index in 0..<count where words[index] != 0 { return false }
    return true
  }

  /// The wanted rows as stretches, ascending.
  func forEachStretch(_ body: (Range<Int>) -> Void) {
    var row = 0
    while let start = next(from: row, wanted: true) {
      let end = next(from: start, wanted: false) ?? rows
      body(start..<end)
      row = end
    }
  }

  /// The other rows.
  func forEachGap(_ body: (Range<Int>) -> Void) {
    var row = 0
    while let start = next(from: row, wanted: false) {
      let end = next(from: start, wanted: true) ?? rows
      body(start..<end)
      row = end
    }
  }

  /// The first row from `row` on whose bit is `wanted`.
  private func next(from row: Int, wanted: Bool) -> Int? {
    if row >= rows { return nil }
    let flip: UInt64 = wanted ? 0 : .max
    var index = row >> 6
    var word = (words[index] ^ flip) & (.max << UInt64(row & 63))
    while word == 0 {
      index += 1
      if index >= count { return nil }
      word = words[index] ^ flip
    }
    let found = index << 6 + word.trailingZeroBitCount
    return found < rows ? found : nil
  }
}
