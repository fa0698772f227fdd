import Glibc
import MxModel

/// Walks the canonical keys of a set in order: what merges and commits read.
///
/// A key is put together from the labels' symbols; where a series shares its
/// first labels with the one before, only the rest is written. Memory: the
/// columns' current blocks, and the tuples and symbols that were met.
/// Belongs to one thread.
package final class KeyCursor {
  private struct Label {
    /// The name and its zero byte.
    var name: UnsafePointer<UInt8>
    var nameCount: Int
    /// The ids of the loaded block, of the axis.
    var ranks: UnsafePointer<UInt32>
    var axis: Int
    /// The id in the key as it stands; `.max` for none.
    var id: UInt32 = .max
    /// Where the label begins in the key, or would if it were there.
    var start = 0
  }

  let set: SeriesSet
  private let ranges: [Range<UInt32>]
  private var nextRange = 0
  private var rest: Range<UInt32> = 0..<0
  private let axes: [AxisReader]
  private let tuples: [TupleReader?]
  private let symbols: [SymbolReader]
  private let names: UnsafeMutablePointer<UInt8>
  private let labels: UnsafeMutablePointer<Label>
  private let labelCount: Int
  /// The labels that some series of the loaded block has.
  private var active: [Int] = []
  private var block = -1
  private var buffer: UnsafeMutableRawBufferPointer = .allocate(byteCount: 1024, alignment: 8)
  private var length = 0

  /// The series whose key it is.
  package private(set) var ref: UInt32 = 0

  /// The key of `ref`, valid until the next step.
  package var key: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: buffer[..<length])
  }

  package convenience init(_ set: SeriesSet) throws(StoreError) {
    try self.init(set, set.allRefs)
  }

  /// A cursor before the first of `refs`.
  package init(_ set: SeriesSet, _ refs: SeriesRefs) throws(StoreError) {
    self.set = set
    ranges = refs.ranges
    let scratch = IdScratch()
    var axes: [AxisReader] = []
    for axis in set.index.axes.indices {
      axes.append(AxisReader(try set.ranks(axis), scratch: scratch))
    }
    var tuples: [TupleReader?] = []
    var symbols: [SymbolReader] = []
    for label in set.index.labels.indices {
      tuples.append(try set.tuples(label).map { TupleReader($0, scratch: scratch) })
      symbols.append(SymbolReader(try set.symbols(label)))
    }
    self.axes = axes
    self.tuples = tuples
    self.symbols = symbols
    labelCount = set.index.labels.count
    labels = .allocate(capacity: max(labelCount, 1))
    names = .allocate(
      capacity: set.index.labels.reduce(1) { $0 + $1.name.count + 1 })
    var next = names
    for (number, label) in set.index.labels.enumerated() {
      for (offset, byte) in label.name.enumerated() { next[offset] = byte }
      next[label.name.count] = 0
      (labels + number).initialize(
        to: Label(
          name: next, nameCount: label.name.count + 1, ranks: axes[label.axis].ids,
          axis: label.axis))
      next += label.name.count + 1
    }
  }

  deinit {
    labels.deallocate()
    names.deallocate()
    buffer.deallocate()
  }

  /// Steps to the next series; false behind the last.
  package func advance() throws(StoreError) -> Bool {
    while rest.isEmpty {
      guard nextRange < ranges.count else { return false }
      rest = ranges[nextRange]
      nextRange += 1
    }
    let ref = rest.lowerBound
    rest = (ref + 1)..<rest.upperBound
    try move(to: ref)
    return true
  }

  /// Puts together the key of any series of the set.
  func move(to ref: UInt32) throws(StoreError) {
    if Int(ref) >> IdColumn.blockShift != block { try load(Int(ref) >> IdColumn.blockShift) }
    let row = Int(ref) & (IdColumn.blockRows - 1)
    var isSame = true
    for number in active {
      let label = labels + number
      let rank = label.pointee.ranks[row]
      let id = try tuples[number]?.symbol(rank) ?? rank
      if isSame {
        if id == label.pointee.id { continue }
        isSame = false
        length = label.pointee.start
      }
      label.pointee.id = id
      label.pointee.start = length
      if id != 0 { append(label, try symbols[number].symbol(id)) }
    }
    self.ref = ref
  }

  private func load(_ block: Int) throws(StoreError) {
    self.block = -1
    for axis in axes { try axis.load(block) }
    active.removeAll(keepingCapacity: true)
    for number in 0..<labelCount {
      labels[number].id = .max
      labels[number].start = 0
      if !axes[labels[number].axis].isAbsent(block) || tuples[number] != nil {
        active.append(number)
      }
    }
    length = 0
    self.block = block
  }

  @inline(__always)
  private func append(_ label: UnsafeMutablePointer<Label>, _ value: UnsafeRawBufferPointer) {
    let needed = length + label.pointee.nameCount + value.count + 1
    if needed > buffer.count { grow(needed) }
    guard let base = buffer.baseAddress, let symbol = value.baseAddress else { return }
    let target = base + length
    memcpy(target, label.pointee.name, label.pointee.nameCount)
    memcpy(target + label.pointee.nameCount, symbol, value.count)
    buffer[needed - 1] = 0
    length = needed
  }

  private func grow(_ needed: Int) {
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(needed, buffer.count * 2), alignment: 8)
    larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<length]))
    buffer.deallocate()
    buffer = larger
  }
}
