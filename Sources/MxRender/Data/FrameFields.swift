import MxModel

/// Tables as fields: what panels other than tables draw once transformations were at
/// work, or where a query was asked for as a table.
extension FieldBuilder {
  /// Renaming series needs no tables.
  var needsFrames: Bool {
    let isChanged = planned.panel.transformations.contains {
      if case .renameByRegex = $0.options { false } else { true }
    }
    let isTable = planned.queries.contains { planned.panel.targets[$0.target].format == .table }
    return isChanged || (isTable && planned.panel.options.reduce.showsAll)
  }

  func frames() -> [Frame] {
    // A histogram counts for itself; of counts it would count once more.
    let transformations = planned.panel.transformations.filter {
      if case .bins = $0.options { planned.panel.kind != .histogram } else { true }
    }
    return Transformer(transformations: transformations, zone: CellText(zone: canvas.zone))
      .apply(FrameBuilder.frames(planned, results))
  }

  func fieldsOfFrames() -> [DisplayField] {
    let matchers = planned.panel.overrides.map(OverrideMatcher.init)
    var fields: [DisplayField] = []
    for frame in frames() {
      let series =
        planned.panel.options.reduce.showsAll ? rows(of: frame) : columns(of: frame)
      for one in series where fields.count < Self.seriesLimit {
        fields.append(
          field(
            one.name, one.refID, one.series, one.step, fields.count, matchers,
            said: one.config))
      }
    }
    return fields
  }

  private struct Named {
    var name: String
    var refID: String
    var series: QueryResult.Series
    var step: Int64
    var config: FieldConfig?
  }

  /// A field a column of numbers; the time is that of the row, or of the panel's end.
  private func columns(of frame: Frame) -> [Named] {
    let times = times(of: frame)
    return frame.columns.filter(\.isNumber).map { column in
      var kept = times.indices.filter { times[$0] != nil }
      // Graphs go from left to right; elsewhere the order of rows says what is last.
      if planned.panel.kind == .timeSeries {
        kept.sort { (times[$0] ?? 0, $0) < (times[$1] ?? 0, $1) }
      }
      let values = kept.map { column.cells[$0].number }
      let present = kept.compactMap { times[$0] }
      return Named(
        name: column.name, refID: column.refID,
        series: QueryResult.Series(labels: column.labels, times: present, values: values),
        step: step(of: present), config: column.config)
    }
  }

  /// A field a row, called by its texts.
  private func rows(of frame: Frame) -> [Named] {
    let texts = frame.columns.filter { !$0.isNumber && !$0.isTime }
    let numbers = frame.columns.filter(\.isNumber)
    let times = times(of: frame)
    let limit = planned.panel.options.reduce.limit ?? 500
    return (0..<min(frame.rowCount, limit)).flatMap { row in
      numbers.map { column in
        let words = texts.map { $0.cells[row].key }.filter { !$0.isEmpty }
        let own = words.joined(separator: " ")
        let name = own.isEmpty ? column.name : numbers.count > 1 ? "\(own) \(column.name)" : own
        let labels = texts.map { QueryResult.Label($0.name, $0.cells[row].key) }
        return Named(
          name: name, refID: column.refID,
          series: QueryResult.Series(
            labels: labels, times: [times[row] ?? planned.to], values: [column.cells[row].number]),
          step: planned.step, config: column.config)
      }
    }
  }

  private func times(of frame: Frame) -> [Int64?] {
    guard let column = frame.columns.first(where: \.isTime) else {
      return [Int64?](repeating: planned.to, count: frame.rowCount)
    }
    return column.cells.map { if case .time(let time) = $0 { time } else { nil } }
  }

  private func step(of times: [Int64]) -> Int64 {
    let least = zip(times, times.dropFirst()).map { $1 - $0 }.filter { $0 > 0 }.min()
    return least ?? planned.queries.map(\.step).max() ?? planned.step
  }
}
