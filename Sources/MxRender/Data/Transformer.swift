import MxModel

/// Applies a panel's transformations to its tables, one after the other.
struct Transformer {
  let transformations: [Transformation]
  let zone: CellText

  /// A join never makes more rows than this.
  static let rowLimit = 20_000

  func apply(_ frames: [Frame]) -> [Frame] {
    transformations.reduce(frames) { frames, transformation in
      guard let filter = transformation.filter else {
        return apply(transformation.options, frames)
      }
      // What is not meant keeps its place among what comes out.
      var result = apply(transformation.options, frames.filter(filter.matches))
      let others = frames.indices.filter { !filter.matches(frames[$0]) }
      let place = min(others.first ?? 0, result.count)
      result.insert(contentsOf: others.map { frames[$0] }, at: place)
      return result
    }
  }

  private func apply(_ options: TransformOptions, _ frames: [Frame]) -> [Frame] {
    switch options {
    case .transpose(let names):
      return frames.map { FrameReshaping.transposed($0, names, zone) }
    case .matrix(let options): return FrameReshaping.matrix(frames, options, zone)
    case .concatenate(let naming): return FrameReshaping.concatenated(frames, naming)
    case .partition(let options):
      return frames.flatMap { FrameReshaping.partitioned($0, options, zone) }
    case .labelsToRows(let keep): return FrameReshaping.labelRows(frames, keep: keep)
    case .joinByLabels(let value, let join):
      return FrameReshaping.joinedByLabels(frames, value: value, join: join)
    case .convert(let conversions):
      return frames.map { FieldConversion.converted($0, conversions, zone) }
    case .bins(let options): return FrameBins(options: options).apply(frames)
    case .rowsToFields(let mappings):
      return frames.map { DataConfig($0, mappings, namesFields: true).fields(zone) }
    case .configFromData(let query, let mappings, let target):
      return DataConfig.apply(frames, query, mappings, target)
    case .filterQueries(let filter): return frames.filter(filter.matches)
    default: return Self.apply(options, frames)
    }
  }

  private static func apply(_ options: TransformOptions, _ frames: [Frame]) -> [Frame] {
    switch options {
    case .merge: return FrameJoin.merge(frames)
    case .join(let name, let isInner): return FrameJoin.join(frames, by: name, isInner: isInner)
    case .organize(let exclude, let include, let index, let rename):
      return frames.map { organize($0, exclude, include, index, rename) }
    case .renameByRegex(let pattern, let replacement):
      return renamed(frames) { Patterns.replace($0, pattern, with: replacement) }
    case .groupBy(let fields): return frames.map { FrameGrouping.group($0, fields) }
    case .filterFields(let names, let pattern, let excludes, let excludePattern):
      return filterFields(frames, names, pattern, excludes, excludePattern)
    case .filterByValue(let filter): return frames.map { filterRows($0, filter) }
    case .calculate(let field):
      // Series are calculated with each other, which wants them side by side.
      let isSeries = frames.count > 1 && frames.allSatisfy { $0.column("Time") != nil }
      let joined = isSeries ? FrameJoin.join(frames, by: "Time", isInner: false) : frames
      return joined.map { CalculatedColumn.add(field, to: $0) }
    case .reduce(let calculations, let perField):
      return FrameGrouping.reduce(frames, calculations, perField: perField)
    case .sortBy(let field, let descending):
      return frames.map { frame in
        guard let column = frame.column(field) else { return frame }
        let rows = Array(0..<frame.rowCount)
        return frame.rows(
          FrameOrder.sorted(rows, by: frame.columns[column].cells, descending: descending))
      }
    case .labelsToFields(let valueLabel, let keep):
      return FrameJoin.merge(frames.map { labelsToFields($0, valueLabel, keep) })
    case .limit(let count):
      return frames.map { $0.rows(Array(0..<min(count, $0.rowCount))) }
    case .timeSeriesTable: return timeSeriesTable(frames)
    case .seriesToRows: return seriesToRows(frames)
    case .extractFields(let options):
      return frames.map { FieldExtraction(options: options).apply($0) }
    default: return frames
    }
  }

  private static func organize(
    _ frame: Frame, _ exclude: Set<String>, _ include: Set<String>, _ index: [String: Int],
    _ rename: [String: String]
  ) -> Frame {
    var result = frame
    result.columns.removeAll { column in
      exclude.contains(column.name) || (!include.isEmpty && !include.contains(column.name))
    }
    let order = result.columns.indices.sorted { one, other in
      let left = index[result.columns[one].name] ?? Int.max
      let right = index[result.columns[other].name] ?? Int.max
      return left == right ? one < other : left < right
    }
    result.columns = order.map { result.columns[$0] }
    for column in result.columns.indices {
      if let name = rename[result.columns[column].name] { result.columns[column].name = name }
    }
    return result
  }

  private static func renamed(_ frames: [Frame], _ newName: (String) -> String) -> [Frame] {
    frames.map { frame in
      var result = frame
      for index in result.columns.indices where !result.columns[index].isTime {
        result.columns[index].name = newName(result.columns[index].name)
      }
      return result
    }
  }

  private static func filterFields(
    _ frames: [Frame], _ names: Set<String>?, _ pattern: String?, _ excludes: Set<String>?,
    _ excludePattern: String?
  ) -> [Frame] {
    let include = pattern.flatMap { Patterns.compile(Patterns.body($0)) }
    let exclude = excludePattern.flatMap { Patterns.compile(Patterns.body($0)) }
    let isFree = names == nil && pattern == nil
    return frames.compactMap { frame in
      var result = frame
      result.columns.removeAll { column in
        let isIncluded =
          isFree || names?.contains(column.name) == true || include?.search(column.name) == true
        let isExcluded =
          excludes?.contains(column.name) == true || exclude?.search(column.name) == true
        return !isIncluded || isExcluded
      }
      return result.columns.isEmpty ? nil : result
    }
  }

  private static func filterRows(_ frame: Frame, _ filter: TransformOptions.ValueFilter) -> Frame {
    let rows = (0..<frame.rowCount).filter { row in
      let answers = filter.conditions.map { condition -> Bool in
        guard let column = frame.column(condition.field) else { return false }
        return holds(condition, frame.columns[column].cells[row])
      }
      let isMatch =
        filter.matchesAll ? answers.allSatisfy { $0 } : answers.contains(true)
      return isMatch != filter.excludes
    }
    return frame.rows(Array(rows))
  }

  private static func holds(
    _ condition: TransformOptions.ValueFilter.Condition, _ cell: Frame.Cell
  ) -> Bool {
    let number = cell.number
    switch condition.id {
    case "isNull": return cell == .none || number.isNaN && cell.key.isEmpty
    case "isNotNull": return !(cell == .none || number.isNaN && cell.key.isEmpty)
    case "equal": return condition.value.map { $0 == number } ?? (cell.key == condition.text)
    case "notEqual": return condition.value.map { $0 != number } ?? (cell.key != condition.text)
    case "greater": return condition.value.map { number > $0 } ?? false
    case "greaterOrEqual": return condition.value.map { number >= $0 } ?? false
    case "lower": return condition.value.map { number < $0 } ?? false
    case "lowerOrEqual": return condition.value.map { number <= $0 } ?? false
    case "regex": return Patterns.contains(cell.key, condition.text)
    default: return true
    }
  }

  /// Without its labels a series is called as its field, so that those of one kind meet
  /// in one column.
  private static func labelsToFields(
    _ frame: Frame, _ valueLabel: String?, _ keep: Set<String>?
  ) -> Frame {
    var result = frame
    var added: [Frame.Column] = []
    let isSeries = frame.columns.count == 2 && frame.columns[0].isTime
    if isSeries { result.columns[1].name = "Value" }
    for index in frame.columns.indices where !frame.columns[index].labels.isEmpty {
      let column = frame.columns[index]
      if let valueLabel, let name = column.labels.first(where: { $0.name == valueLabel })?.value {
        result.columns[index].name = name
      }
      for label in column.labels
      where label.name != valueLabel && keep?.contains(label.name) != false
        && !added.contains(where: { $0.name == label.name })
      {
        let cells = [Frame.Cell](repeating: .text(label.value), count: frame.rowCount)
        added.append(Frame.Column(name: label.name, refID: column.refID, cells: cells))
      }
      result.columns[index].labels = []
    }
    let at = result.columns.first?.isTime == true ? 1 : 0
    result.columns.insert(contentsOf: added, at: min(at, result.columns.count))
    return result
  }

  /// A row a series, its samples in one cell.
  private static func timeSeriesTable(_ frames: [Frame]) -> [Frame] {
    var tables: [Frame] = []
    for refID in FrameGrouping.refIDs(frames) {
      let own = frames.filter { $0.refID == refID && $0.columns.count == 2 }
      let names = FrameReshaping.labelNames(own.map { $0.columns[1] })
      var columns = names.map { name in
        Frame.Column(
          name: name, refID: refID,
          cells: own.map { frame in
            frame.columns[1].labels.first { $0.name == name }.map { .text($0.value) } ?? .none
          })
      }
      let trend = own.map { frame in
        Frame.Cell.series(
          frame.columns[0].cells.map { Int64(clamping: Int($0.number)) },
          frame.columns[1].cells.map(\.number))
      }
      columns.append(Frame.Column(name: "Trend #\(refID)", refID: refID, cells: trend))
      tables.append(Frame(columns: columns, refID: refID))
    }
    return tables
  }

  private static func seriesToRows(_ frames: [Frame]) -> [Frame] {
    var time: [Frame.Cell] = []
    var metric: [Frame.Cell] = []
    var value: [Frame.Cell] = []
    for frame in frames where frame.columns.count == 2 && frame.columns[0].isTime {
      for row in 0..<frame.rowCount where time.count < rowLimit {
        time.append(frame.columns[0].cells[row])
        metric.append(.text(frame.columns[1].name))
        value.append(frame.columns[1].cells[row])
      }
    }
    return [
      Frame(
        columns: [
          Frame.Column(name: "Time", refID: "A", cells: time),
          Frame.Column(name: "Metric", refID: "A", cells: metric),
          Frame.Column(name: "Value", refID: "A", cells: value),
        ], refID: "A")
    ]
  }
}
