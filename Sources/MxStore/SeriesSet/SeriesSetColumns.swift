package import MxModel

/// Labels as columns, and the metrics of a set.
extension SeriesSet {
  /// One label of `refs`, in their order. Values are sorted; those that no
  /// series of `refs` has are not among them.
  package func column(_ name: String, _ refs: SeriesRefs) throws(StoreError) -> LabelColumn {
    guard let label = label(name) else {
      return LabelColumn(ids: [UInt32](repeating: 0, count: refs.count), values: [""])
    }
    var ids = try symbolIds(label, refs)
    let limit = index.labels[label].symbols.count + 1
    let used = distinct(ids, limit: limit)
    if ids.count * 16 < limit {
      for place in ids.indices { ids[place] = Self.place(of: ids[place], in: used) }
    } else {
      var numbers = [UInt32](repeating: 0, count: limit)
      for (number, id) in used.enumerated() { numbers[Int(id)] = UInt32(number) }
      numbers.withUnsafeBufferPointer { numbers in
        ids.withUnsafeMutableBufferPointer { ids in
          for place in ids.indices { ids[place] = numbers[Int(ids[place])] }
        }
      }
    }
    return LabelColumn(ids: ids, values: [""] + (try texts(label, used.dropFirst())))
  }

  /// The values that a label has in `refs`, sorted; in all series if nil.
  package func values(
    of name: String, _ refs: SeriesRefs? = nil
  ) throws(StoreError) -> [String] {
    guard let label = label(name) else { return [] }
    let limit = UInt32(index.labels[label].symbols.count + 1)
    guard let refs else { return try texts(label, ArraySlice(1..<limit)) }
    let used = distinct(try symbolIds(label, refs), limit: Int(limit))
    return try texts(label, used.dropFirst())
  }

  /// The symbol id of each of `refs`.
  private func symbolIds(_ label: Int, _ refs: SeriesRefs) throws(StoreError) -> [UInt32] {
    let scratch = IdScratch()
    let axis = AxisReader(try ranks(index.labels[label].axis), scratch: scratch)
    let tuples = try tuples(label).map { TupleReader($0, scratch: scratch) }
    // Where more series than tuples are asked for, all tuples at once: then
    // the loop below looks nothing up but the number.
    if refs.count > index.axes[index.labels[label].axis].tuples { try tuples?.loadAll() }
    var failure: StoreError?
    let result = [UInt32](unsafeUninitializedCapacity: refs.count) { out, filled in
      do throws(StoreError) {
        for range in refs.ranges {
          var ref = Int(range.lowerBound)
          while ref < Int(range.upperBound) {
            let block = ref >> IdColumn.blockShift
            let end = min(Int(range.upperBound), (block + 1) << IdColumn.blockShift)
            try axis.load(block)
            let ranks = axis.ids + (ref & (IdColumn.blockRows - 1))
            let count = end - ref
            if let tuples {
              for row in 0..<count { out[filled &+ row] = try tuples.symbol(ranks[row]) }
            } else {
              for row in 0..<count { out[filled &+ row] = ranks[row] }
            }
            filled += count
            ref = end
          }
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return result
  }

  /// The distinct ids in order, and 0 in any case.
  private func distinct(_ ids: [UInt32], limit: Int) -> [UInt32] {
    if ids.count * 16 < limit {
      var result: [UInt32] = [0]
      for id in ids.sorted() where result.last != id { result.append(id) }
      return result
    }
    var isUsed = [Bool](repeating: false, count: limit)
    isUsed[0] = true
    isUsed.withUnsafeMutableBufferPointer { isUsed in
      for id in ids { isUsed[Int(id)] = true }
    }
    return isUsed.indices.filter { isUsed[$0] }.map { UInt32($0) }
  }

  private static func place(of id: UInt32, in sorted: [UInt32]) -> UInt32 {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < id { low = middle + 1 } else { high = middle }
    }
    return UInt32(low)
  }

  private func texts(_ label: Int, _ ids: ArraySlice<UInt32>) throws(StoreError) -> [String] {
    let reader = SymbolReader(try symbols(label))
    var result: [String] = []
    result.reserveCapacity(ids.count)
    for id in ids { result.append(LabelKey.text(try reader.symbol(id))) }
    return result
  }

  /// The metrics of the set in series order: each a stretch of series.
  ///
  /// Series without a name are stretches named "", up to two of them: label
  /// names sort before or after `__name__`.
  package func metrics() throws(StoreError) -> [MetricStretch] {
    guard let label = label(LabelName.metric) else {
      return count == 0 ? [] : [MetricStretch(name: "", series: 0..<UInt32(count))]
    }
    let scratch = IdScratch()
    let axis = AxisReader(try ranks(index.labels[label].axis), scratch: scratch)
    let tuples = try tuples(label).map { TupleReader($0, scratch: scratch) }
    let names = SymbolReader(try symbols(label))
    var result: [MetricStretch] = []
    var open: (id: UInt32, start: Int)?
    func close(_ end: Int) throws(StoreError) {
      guard let open else { return }
      let name = open.id == 0 ? "" : LabelKey.text(try names.symbol(open.id))
      result.append(
        MetricStretch(name: name, series: UInt32(open.start)..<UInt32(end)))
    }
    for block in 0..<IdColumn.blockCount(count) {
      let start = block << IdColumn.blockShift
      let isConstant = axis.column.minima[block] == axis.column.maxima[block]
      if !isConstant { try axis.load(block) }
      var last: (rank: UInt32, id: UInt32)?
      for row in 0..<(isConstant ? 1 : axis.column.rows(inBlock: block)) {
        let rank = isConstant ? axis.column.minima[block] : axis.ids[row]
        if let last, last.rank == rank { continue }
        let id = try tuples?.symbol(rank) ?? rank
        last = (rank, id)
        if let open, open.id == id { continue }
        try close(start + row)
        open = (id, start + row)
      }
    }
    try close(count)
    return result
  }

  /// The refs at which a metric begins, and the count at the end.
  package func metricBoundaries() throws(StoreError) -> [UInt32] {
    try metrics().map { $0.series.lowerBound } + [UInt32(count)]
  }
}

/// The series of one metric: neighbours in label order.
package struct MetricStretch: Hashable, Sendable {
  package var name: String
  package var series: Range<UInt32>

  package init(name: String, series: Range<UInt32>) {
    self.name = name
    self.series = series
  }
}
