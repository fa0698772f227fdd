import MxModel
import MxPromQL

/// The running state of all groups at all steps, for aggregations that fold.
///
/// Two columns of numbers and a count say everything:
///
///     operator        first       second
///     sum, avg        sum         what rounding took from it
///     min, max        the value   -
///     stddev, stdvar  mean        sum of squared distances
///     count, group    -           -
///
/// A block of 256 series fills a part of its own, and parts are merged in block
/// order: a group within one block is folded exactly term by term.
final class GroupFold: @unchecked Sendable {
  // `part` reads constants only and may run anywhere; `take` runs on one thread.
  let op: AggregateOperator
  let groups: Groups
  let steps: Int
  private var total: Part

  /// What one block adds: the groups that its series are in, in order.
  final class Part: @unchecked Sendable {
    var groups: [Int32] = []
    var first: [Double] = []
    var second: [Double] = []
    /// A count of zero: no value yet.
    var counts: [Double] = []
    /// Groups with a member that had a value and whose name is to be dropped.
    var isMarked: [Bool] = []
  }

  init(op: AggregateOperator, groups: Groups, steps: Int) {
    self.op = op
    self.groups = groups
    self.steps = steps
    total = Part()
    total.groups = Array(0..<Int32(groups.count))
    total.isMarked = [Bool](repeating: false, count: groups.count)
    grow(total, to: groups.count)
  }

  private var needsFirst: Bool { op != .count && op != .group }
  private var needsSecond: Bool {
    op == .sum || op == .avg || op == .stddev || op == .stdvar
  }

  private func grow(_ part: Part, to count: Int) {
    let missing = count * steps - part.counts.count
    part.counts.append(contentsOf: repeatElement(0, count: missing))
    if needsFirst { part.first.append(contentsOf: repeatElement(0, count: missing)) }
    if needsSecond { part.second.append(contentsOf: repeatElement(0, count: missing)) }
  }

  /// Folds one block of series.
  func part(_ stream: VectorStream, _ block: Range<Int>, _ worker: Int) throws -> Part {
    let part = Part()
    var places: [Int32: Int] = [:]
    var lastGroup: Int32 = -1
    var place = 0
    try stream.rows(block, worker) { series, row in
      let group = groups.ids[series]
      if group != lastGroup {
        lastGroup = group
        if let known = places[group] {
          place = known
        } else {
          place = part.groups.count
          places[group] = place
          part.groups.append(group)
          part.isMarked.append(false)
          grow(part, to: place + 1)
        }
      }
      if stream.marks[series] { part.isMarked[place] = true }
      add(row, to: part, at: place * steps)
    }
    return part
  }

  private func add(_ row: Row, to part: Part, at start: Int) {
    part.counts.withUnsafeMutableBufferPointer { counts in
      part.first.withUnsafeMutableBufferPointer { first in
        part.second.withUnsafeMutableBufferPointer { second in
          switch op {
          case .sum, .avg: addSums(row, first, second, counts, start)
          case .min, .max: addExtrema(row, first, counts, start)
          case .stddev, .stdvar: addSpread(row, first, second, counts, start)
          default:
            for step in row.indices where Absent.isPresent(row[step]) {
              counts[start + step] += 1
            }
          }
        }
      }
    }
  }

  private typealias Column = UnsafeMutableBufferPointer<Double>

  private func addSums(
    _ row: Row, _ first: Column, _ second: Column, _ counts: Column, _ start: Int
  ) {
    for step in row.indices where Absent.isPresent(row[step]) {
      let index = start &+ step
      var sum = CompensatedSum(sum: first[index], tail: second[index])
      sum.add(row[step])
      first[index] = sum.sum
      second[index] = sum.tail
      counts[index] += 1
    }
  }

  private func addExtrema(_ row: Row, _ first: Column, _ counts: Column, _ start: Int) {
    let isMaximum = op == .max
    for step in row.indices where Absent.isPresent(row[step]) {
      let index = start &+ step
      let value = row[step]
      let best = first[index]
      let isBetter = isMaximum ? value > best : value < best
      if counts[index] == 0 || isBetter || best.isNaN { first[index] = value }
      counts[index] += 1
    }
  }

  private func addSpread(
    _ row: Row, _ first: Column, _ second: Column, _ counts: Column, _ start: Int
  ) {
    for step in row.indices where Absent.isPresent(row[step]) {
      let index = start &+ step
      let value = row[step]
      counts[index] += 1
      if counts[index] == 1 {
        first[index] = value
        second[index] = value.isFinite ? 0 : .nan
        continue
      }
      let delta = value - first[index]
      first[index] += delta / counts[index]
      second[index] += delta * (value - first[index])
    }
  }

  /// Merges the next block's part.
  func take(_ part: Part) {
    for (place, group) in part.groups.enumerated() {
      if part.isMarked[place] { total.isMarked[Int(group)] = true }
      for step in 0..<steps {
        merge(part, place * steps + step, into: Int(group) * steps + step)
      }
    }
  }

  private func merge(_ part: Part, _ from: Int, into index: Int) {
    let count = part.counts[from]
    if count == 0 { return }
    let before = total.counts[index]
    total.counts[index] += count
    if before == 0 {
      if needsFirst { total.first[index] = part.first[from] }
      if needsSecond { total.second[index] = part.second[from] }
      return
    }
    switch op {
    case .sum, .avg:
      var sum = CompensatedSum(sum: total.first[index], tail: total.second[index])
      sum.add(CompensatedSum(sum: part.first[from], tail: part.second[from]))
      total.first[index] = sum.sum
      total.second[index] = sum.tail
    case .min:
      let value = part.first[from]
      if value < total.first[index] || total.first[index].isNaN { total.first[index] = value }
    case .max:
      let value = part.first[from]
      if value > total.first[index] || total.first[index].isNaN { total.first[index] = value }
    case .stddev, .stdvar:
      // Chan's merge of two means and spreads.
      let delta = part.first[from] - total.first[index]
      let all = before + count
      total.first[index] += delta * count / all
      total.second[index] += part.second[from] + delta * delta * before * count / all
    default: break
    }
  }

  /// Whether a sum for `avg` is no number though its terms may have been.
  var isOverflown: Bool { total.first.contains { !$0.isFinite } }

  func marks(_ input: NameMarks) -> NameMarks {
    switch input {
    case .none: .none
    case .all, .some: .some(total.isMarked)
    }
  }

  func table(marks: NameMarks) -> Table {
    let table = Table(roster: groups.roster, marks: marks, steps: steps)
    for group in 0..<groups.count {
      let row = table.row(group)
      for step in 0..<steps {
        let index = group * steps + step
        if total.counts[index] > 0 { row[step] = result(index) }
      }
    }
    return table
  }

  private func result(_ index: Int) -> Double {
    let count = total.counts[index]
    switch op {
    case .sum: return CompensatedSum(sum: total.first[index], tail: total.second[index]).value
    case .avg: return total.first[index] / count + total.second[index] / count
    case .min, .max: return total.first[index]
    case .stdvar: return total.second[index] / count
    case .stddev: return (total.second[index] / count).squareRoot()
    case .group: return 1
    default: return count
    }
  }
}

/// Means that survive sums beyond the largest double; see `RunningMean`.
final class CarefulMeans {
  private var means: [RunningMean?]
  private let groups: Groups
  private let steps: Int

  init(groups: Groups, steps: Int) {
    self.groups = groups
    self.steps = steps
    means = [RunningMean?](repeating: nil, count: groups.count * steps)
  }

  func add(_ series: Int, _ row: Row) {
    let start = Int(groups.ids[series]) * steps
    for step in row.indices where Absent.isPresent(row[step]) {
      if means[start + step] == nil {
        means[start + step] = RunningMean(row[step])
      } else {
        means[start + step]?.add(row[step])
      }
    }
  }

  func table(_ groups: Groups, marks: NameMarks) -> Table {
    let table = Table(roster: groups.roster, marks: marks, steps: steps)
    for group in 0..<groups.count {
      let row = table.row(group)
      for step in 0..<steps {
        if let mean = means[group * steps + step] { row[step] = mean.value }
      }
    }
    return table
  }
}
