import MxCodec
import MxModel

/// Writes the windows of one tier into a segment, series by series.
///
/// Holds the windows of one block of series (about 12 pages); see `TierLayout`.
final class TierWriter {
  let draft: SegmentDraft
  private let width: Int64
  private let layout: TierLayout
  /// Which series were added, by the caller's numbers.
  private(set) var series: [UInt32] = []

  // The block being filled.
  private var ends: [Int64] = []
  private var columns: [[Double]]
  private var counts: [Int] = []
  private var startsMetric: [Bool] = []
  private var written = 0
  private var coder = WindowCoder()

  /// `windows`: how many a series has at most.
  init(
    _ store: Store, id: UInt64, tier width: Int64, windows: Int, effort: Effort
  ) throws(StoreError) {
    self.width = width
    layout = TierLayout(windows: windows)
    columns = [[Double]](repeating: [], count: layout.columns.count)
    draft = try SegmentDraft(store, id: id, kind: .windows, effort: effort)
    draft.tier = (width, layout)
  }

  /// Adds all windows of a series, in time order, at least one.
  func add(_ number: UInt32, startsMetric: Bool, _ windows: [Window]) throws(StoreError) {
    series.append(number)
    counts.append(windows.count)
    self.startsMetric.append(startsMetric)
    for window in windows { ends.append(window.end) }
    let coded = windows.map { coder.coded($0) }
    for (index, column) in layout.columns.enumerated() {
      for window in coded { columns[index].append(column.value(of: window, width: width)) }
    }
    if counts.count == layout.block { try flush() }
  }

  private func flush() throws(StoreError) {
    for (index, column) in layout.columns.enumerated() {
      let slots = written * layout.columns.count + index * counts.count
      try writeColumn(column, columns[index], slot: slots)
      columns[index].removeAll(keepingCapacity: true)
    }
    written += counts.count
    ends.removeAll(keepingCapacity: true)
    counts.removeAll(keepingCapacity: true)
    startsMetric.removeAll(keepingCapacity: true)
  }

  private func writeColumn(
    _ column: WindowColumn, _ values: [Double], slot: Int
  ) throws(StoreError) {
    let result: Result<Void, StoreError> = ends.withUnsafeBufferPointer { ends in
      values.withUnsafeBufferPointer { values in
        do throws(StoreError) {
          var start = 0
          for (index, count) in counts.enumerated() {
            let stretch = start..<start + count
            try draft.writer.add(
              slot: slot + index,
              startsMetric: index == 0 || (column.isOfMetric && startsMetric[index]),
              times: UnsafeBufferPointer(rebasing: ends[stretch]),
              values: UnsafeBufferPointer(rebasing: values[stretch]))
            start = stretch.upperBound
          }
          return .success(())
        } catch {
          return .failure(error)
        }
      }
    }
    try result.get()
  }

  /// Writes what is left of the windows. The series list and the footer follow.
  func finishWindows() throws(StoreError) {
    if !counts.isEmpty { try flush() }
  }
}
