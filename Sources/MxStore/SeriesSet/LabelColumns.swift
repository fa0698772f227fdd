import Glibc
import MxModel

/// The labels of a growing set, each a sparse column: what the writer gathers
/// while keys come in, before any symbol has its final number.
struct LabelColumns {
  /// One label name.
  struct Column {
    let name: [UInt8]
    /// The distinct values, numbered as they came.
    var values = SeriesTable()
    /// The values of the rows that have the label.
    var ids: [UInt32] = []
    /// The rows that have it, as stretches: series of a metric are neighbours
    /// and share their label names, so these are few.
    var stretches: [Range<UInt32>] = []

    mutating func append(_ id: UInt32, row: UInt32) {
      ids.append(id)
      if let last = stretches.last, last.upperBound == row {
        stretches[stretches.count - 1] = last.lowerBound..<(row + 1)
      } else {
        stretches.append(row..<(row + 1))
      }
    }
  }

  private struct Pair {
    var column: Int
    var id: UInt32
    var name: Range<Int>
    var end: Int
  }

  private(set) var columns: [Column] = []
  private(set) var rows: UInt32 = 0
  private var names = SeriesTable()
  private var previous: [UInt8] = []
  private var previousPairs: [Pair] = []
  private var pairs: [Pair] = []

  /// Adds the labels of the next series. Pairs that the series before had in
  /// the same place are not looked up again.
  mutating func append(_ key: UnsafeRawBufferPointer) {
    let order = previous.withUnsafeBytes { LabelKey.compare($0, key) }
    precondition(rows == 0 || order < 0, "BUG: series out of order")
    precondition(rows < UInt32.max - 1, "BUG: more series than a set can number")
    let shared = sharedWithPrevious(key)
    pairs.removeAll(keepingCapacity: true)
    var cursor = LabelCursor(key)
    var offset = 0
    while let pair = cursor.next() {
      let index = pairs.count
      let name = offset..<(offset + pair.name.count)
      let end = name.upperBound + pair.value.count + 2
      if end <= shared, index < previousPairs.count {
        let known = previousPairs[index]
        columns[known.column].append(known.id, row: rows)
        pairs.append(known)
      } else {
        let column = column(pair.name, index)
        let id = columns[column].values.intern(pair.value)
        columns[column].append(id, row: rows)
        pairs.append(Pair(column: column, id: id, name: name, end: end))
      }
      offset = end
    }
    precondition(offset == key.count, "BUG: a label key that is not canonical")
    previous.removeAll(keepingCapacity: true)
    previous.append(contentsOf: key)
    swap(&pairs, &previousPairs)
    rows += 1
  }

  /// Whether a key is canonical and sorts after all before it.
  func takes(_ key: UnsafeRawBufferPointer) -> Bool {
    let order = previous.withUnsafeBytes { LabelKey.compare($0, key) }
    guard rows == 0 || order < 0 else { return false }
    var cursor = LabelCursor(key)
    var length = 0
    while let pair = cursor.next() { length += pair.name.count + pair.value.count + 2 }
    return length == key.count
  }

  private func sharedWithPrevious(_ key: UnsafeRawBufferPointer) -> Int {
    previous.withUnsafeBytes { previous in
      let limit = min(previous.count, key.count)
      var count = 0
      while count + 8 <= limit,
        previous.loadUnaligned(fromByteOffset: count, as: UInt64.self)
          == key.loadUnaligned(fromByteOffset: count, as: UInt64.self)
      {
        count += 8
      }
      while count < limit, previous[count] == key[count] { count += 1 }
      return count
    }
  }

  private mutating func column(_ name: UnsafeRawBufferPointer, _ index: Int) -> Int {
    if index < previousPairs.count {
      let known = previousPairs[index]
      let isSame = previous.withUnsafeBytes { previous in
        LabelKey.compare(UnsafeRawBufferPointer(rebasing: previous[known.name]), name) == 0
      }
      if isSame { return known.column }
    }
    let number = Int(names.intern(name))
    if number == columns.count { columns.append(Column(name: Array(name))) }
    return number
  }
}

/// A label with its final numbers: symbols in order from 1 on, 0 for absent.
struct NumberedLabel {
  let name: [UInt8]
  let symbols: SymbolList
  /// Number as it came -> final id.
  private let ranks: [UInt32]
  private let ids: [UInt32]
  private let stretches: [Range<UInt32>]

  init(_ column: LabelColumns.Column) {
    name = column.name
    let order = column.values.sortedRefs()
    symbols = SymbolList(sorted: column.values, order: order)
    var ranks = [UInt32](repeating: 0, count: order.count)
    for (place, ref) in order.enumerated() { ranks[Int(ref)] = UInt32(place) + 1 }
    self.ranks = ranks
    ids = column.ids
    stretches = column.stretches
  }

  /// The number of rows that have the label.
  var presence: Int { ids.count }

  /// Symbol ids of all rows.
  func dense(rows: Int) -> [UInt32] {
    var result = [UInt32](repeating: 0, count: rows)
    var next = 0
    for stretch in stretches {
      for row in stretch {
        result[Int(row)] = ranks[Int(ids[next])]
        next += 1
      }
    }
    return result
  }
}
