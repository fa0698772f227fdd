import Glibc
import MxModel

/// Walks the canonical keys of a set in order: what merges and commits read.
///
/// A key is put together from the parts of its tuples (`LabelRun`); where a
/// series shares its first parts with the one before, only the rest is
/// written. Memory: the columns' current blocks, and the tuples and symbols
/// that were met. Belongs to one thread.
package final class KeyCursor {
  private struct Part {
    // The cursor's `runs` keep it alive.
    unowned(unsafe) let run: LabelRun
    /// Tuples of the loaded block.
    let ranks: UnsafePointer<UInt32>
    let axis: Int
    /// The tuple in the key as it stands; `.max` for none.
    var rank: UInt32 = .max
    /// Where the part begins in the key.
    var start = 0
  }

  let set: SeriesSet
  private let ranges: [Range<UInt32>]
  private var nextRange = 0
  private var rest: Range<UInt32> = 0..<0
  private let axes: [AxisReader]
  private let runs: [LabelRun]
  private let parts: UnsafeMutablePointer<Part>
  /// The parts that some series of the loaded block has.
  private let active: UnsafeMutablePointer<Int>
  private var activeCount = 0
  private var block = -1
  private var buffer: UnsafeMutableRawPointer
  private var capacity = 1024
  private var length = 0

  /// The series whose key it is.
  package private(set) var ref: UInt32 = 0

  /// The key of `ref`, valid until the next step.
  package var key: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: buffer, count: length)
  }

  package convenience init(_ set: SeriesSet) throws(StoreError) {
    try self.init(set, set.allRefs)
  }

  /// A cursor before the first of `refs`.
  package init(_ set: SeriesSet, _ refs: SeriesRefs) throws(StoreError) {
    let scratch = IdScratch()
    var axes: [AxisReader] = []
    for axis in set.index.axes.indices {
      axes.append(AxisReader(try set.ranks(axis), scratch: scratch))
    }
    var runs: [LabelRun] = []
    var first = 0
    for label in set.index.labels.indices {
      let next = label + 1
      if next < set.index.labels.count,
        set.index.labels[next].axis == set.index.labels[first].axis
      {
        continue
      }
      runs.append(try LabelRun(set, labels: first..<next, scratch: scratch))
      first = next
    }
    self.set = set
    ranges = refs.ranges
    self.axes = axes
    self.runs = runs
    parts = .allocate(capacity: max(runs.count, 1))
    active = .allocate(capacity: max(runs.count, 1))
    buffer = .allocate(byteCount: capacity, alignment: 16)
    for (number, run) in runs.enumerated() {
      (parts + number).initialize(
        to: Part(
          run: run, ranks: axes[run.axis].ids, axis: run.axis))
    }
  }

  deinit {
    parts.deallocate()
    active.deallocate()
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
    for index in 0..<activeCount {
      let part = parts + active[index]
      let rank = part.pointee.ranks[row]
      if isSame {
        if rank == part.pointee.rank { continue }
        isSame = false
        length = part.pointee.start
      }
      part.pointee.rank = rank
      part.pointee.start = length
      let fragment: LabelRun.Fragment
      do throws(StoreError) {
        fragment = try part.pointee.run.fragment(rank)
      } catch {
        // The key is half made: the next step begins anew.
        block = -1
        throw error
      }
      guard let bytes = fragment.bytes else { continue }
      let needed = length &+ fragment.count
      if needed > capacity { grow(needed) }
      memcpy(buffer + length, bytes, fragment.count)
      length = needed
    }
    self.ref = ref
  }

  private func load(_ block: Int) throws(StoreError) {
    self.block = -1
    for axis in axes { try axis.load(block) }
    activeCount = 0
    for number in runs.indices {
      parts[number].rank = .max
      parts[number].start = 0
      let axis = parts[number].axis
      if set.index.axes[axis].isShared || !axes[axis].isAbsent(block) {
        active[activeCount] = number
        activeCount += 1
      }
    }
    length = 0
    self.block = block
  }

  private func grow(_ needed: Int) {
    capacity = max(needed, capacity * 2)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    larger.copyMemory(from: buffer, byteCount: length)
    buffer.deallocate()
    buffer = larger
  }
}
