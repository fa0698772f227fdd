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
      let match = SymbolMatch(
        table: try symbols(label), hasEscapes: index.labels[label].hasEscapes)
      let accepted = try match.ids(matcher)
      if let known = filters.firstIndex(where: { $0.label == label }) {
        filters[known].accepted.intersect(accepted)
      } else {
        filters.append(LabelFilter(label: label, accepted: accepted))
      }
    }
    return filters.contains { $0.accepted.isEmpty } ? nil : filters
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
        for row in 0..<rows where !filter.accepted.contains(reader.ids[row]) {
          result.remove(start + row)
        }
      }
    }
    return result
  }

  private func scan(_ filters: [AxisFilter]) throws(StoreError) -> SeriesRefs {
    if filters.isEmpty { return allRefs }
    var refs = SeriesRefs()
    var rows: [UInt32] = []
    for block in 0..<IdColumn.blockCount(count) {
      let start = UInt32(block << IdColumn.blockShift)
      let end = UInt32(min(count, (block + 1) << IdColumn.blockShift))
      guard filters.allSatisfy({ $0.accepted.intersects($0.zone(block)) }) else { continue }
      let asked = filters.filter { !$0.accepted.contains($0.zone(block)) }
      guard let first = asked.first else {
        refs.append(start..<end)
        continue
      }
      try first.reader.load(block)
      if asked.count == 1 {
        Self.append(first, start..<end, to: &refs)
        continue
      }
      rows.removeAll(keepingCapacity: true)
      for row in 0..<(end - start) where first.accepted.contains(first.reader.ids[Int(row)]) {
        rows.append(row)
      }
      for filter in asked.dropFirst() where !rows.isEmpty {
        try filter.reader.load(block)
        rows.removeAll { !filter.accepted.contains(filter.reader.ids[Int($0)]) }
      }
      for row in rows { refs.append((start + row)..<(start + row + 1)) }
    }
    return refs
  }

  /// The rows of a loaded block that one filter accepts, as stretches.
  private static func append(
    _ filter: AxisFilter, _ range: Range<UInt32>, to refs: inout SeriesRefs
  ) {
    let ids = filter.reader.ids
    let rows = range.count
    var row = 0
    while row < rows {
      while row < rows, !filter.accepted.contains(ids[row]) { row += 1 }
      let begin = row
      while row < rows, filter.accepted.contains(ids[row]) { row += 1 }
      refs.append((range.lowerBound + UInt32(begin))..<(range.lowerBound + UInt32(row)))
    }
  }
}
