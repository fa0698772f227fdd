import MxFormats
import MxJSON
import MxModel

/// Rows of a batch as the gate moves them.
extension SampleBatch {
  /// Appends all rows of `other`, its series renumbered by `map`.
  mutating func append(rows other: borrowing SampleBatch, refs map: [UInt32]) {
    refs.reserveCapacity(max(refs.capacity, count + other.count))
    let known = other.refs
    map.withUnsafeBufferPointer { map in
      for ref in known { refs.append(map[Int(ref)]) }
    }
    times.append(contentsOf: other.times)
    values.append(contentsOf: other.values)
    if let isHistogram = other.histograms?.isHistogram {
      var rows = histograms ?? HistogramRows(isHistogram: [], all: [])
      rows.isHistogram += repeatElement(false, count: count - other.count - rows.isHistogram.count)
      rows.isHistogram += isHistogram
      histograms = rows
    }
  }

  /// Removes the rows of these numbers; the others keep their order.
  mutating func removeRows(at rows: Set<Int>) {
    var end = 0
    for row in 0..<count where !rows.contains(row) {
      // In place: what is read is never behind what is written.
      refs[end] = refs[row]
      times[end] = times[row]
      values[end] = values[row]
      end += 1
    }
    removeLast(count - end)
  }

  mutating func removeRows(_ range: Range<Int>) {
    refs.removeSubrange(range)
    times.removeSubrange(range)
    values.removeSubrange(range)
  }

  mutating func append(_ rows: GateRows) {
    refs += rows.refs
    times += rows.times
    values += rows.values
  }

  mutating func removeLast(_ number: Int) {
    refs.removeLast(number)
    times.removeLast(number)
    values.removeLast(number)
  }
}

/// A row of the gate's batch that a check of whole instants may still refuse.
struct WatchedRow {
  var row: Int
  /// Where it came from.
  var line: Int
  var lane: GateLane
}

/// Rows that were taken out of the gate's batch for a while.
struct GateRows {
  let first: Int
  let refs: [UInt32]
  let times: [Int64]
  let values: [Double]
  let watched: [WatchedRow]

  init(_ batch: borrowing SampleBatch, from first: Int, watched: [WatchedRow]) {
    self.first = first
    refs = Array(batch.refs[first...])
    times = Array(batch.times[first...])
    values = Array(batch.values[first...])
    self.watched = watched
  }
}

/// One sample as a line that can be read again.
enum SampleText {
  static func number(_ value: Double) -> String {
    var text: [UInt8] = []
    NumberText.append(value, .below4(orFrom: 21), to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  static func line(_ labels: LabelSet, _ sample: Sample) -> [UInt8] {
    var text: [UInt8] = []
    withUnsafePointer(to: sample.time) { time in
      withUnsafePointer(to: sample.value) { value in
        var writer = FormatWriter(.prometheus) { text.append(contentsOf: $0) }
        do {
          try writer.write(
            labels, times: UnsafeBufferPointer(start: time, count: 1),
            values: UnsafeBufferPointer(start: value, count: 1))
          try writer.finish()
        } catch {
          preconditionFailure("BUG: writing into memory failed: \(error)")
        }
      }
    }
    if text.last == UInt8(ascii: "\n") { text.removeLast() }
    return text
  }
}

extension LabelSet {
  /// Without names that begin with `__`, but for the metric's: what relabel
  /// rules used for themselves.
  var withoutReserved: LabelSet {
    let reserved = pairs.map(\.name).filter { $0.hasPrefix("__") && $0 != LabelName.metric }
    return reserved.isEmpty ? self : removing(Set(reserved))
  }
}
