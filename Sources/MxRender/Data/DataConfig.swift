import MxModel

/// Settings that data say: the `configFromData` and `rowsToFields` transformations.
struct DataConfig {
  let frame: Frame
  /// By column.
  private let uses: [TransformOptions.FieldMapping.Use?]
  private let calculations: [Calculation]

  /// A column that nothing is said of is used by its name, where that is a setting's.
  /// With `namesFields` the first texts name fields, the first numbers are their
  /// values, and what else there is becomes labels.
  init(_ frame: Frame, _ mappings: [TransformOptions.FieldMapping], namesFields: Bool) {
    self.frame = frame
    let said = frame.columns.map { column in mappings.first { $0.field == column.name } }
    var uses = zip(frame.columns, said).map { column, mapping in
      mapping?.use ?? TransformOptions.FieldMapping.Use(rawValue: column.name.lowercased())
    }
    if namesFields {
      func choose(_ use: TransformOptions.FieldMapping.Use, _ type: String) {
        guard !uses.contains(use) else { return }
        let free = frame.columns.indices.first {
          uses[$0] == nil && frame.columns[$0].type == type
        }
        if let free { uses[free] = use }
      }
      choose(.name, "string")
      choose(.value, "number")
      uses = uses.map { $0 ?? .label }
    }
    self.uses = uses
    calculations = said.map { $0?.calculation ?? .lastNotNull }
  }

  // MARK: - One table says how others are shown

  static func apply(
    _ frames: [Frame], _ query: String, _ mappings: [TransformOptions.FieldMapping],
    _ target: FieldOverride.Matcher?
  ) -> [Frame] {
    guard let index = frames.firstIndex(where: { $0.refID == query }) else { return frames }
    let config = DataConfig(frames[index], mappings, namesFields: false).reduced()
    let matcher = OverrideMatcher(
      FieldOverride(matcher: target ?? .type("number"), config: config))
    return frames.indices.compactMap { place in
      if place == index && frames.count > 1 { return nil }
      var result = frames[place]
      for column in result.columns.indices
      where matcher.matches(
        name: result.columns[column].name, refID: result.refID,
        type: result.columns[column].type)
      {
        let own = result.columns[column].config ?? FieldConfig()
        result.columns[column].config = own.merging(config)
      }
      return result
    }
  }

  /// Columns to values by their calculations; value mappings take every row.
  private func reduced() -> FieldConfig {
    let values = zip(frame.columns, calculations).map {
      FrameGrouping.calculated($0.cells, $1)
    }
    var config = config(values)
    config.mappings = mappings()
    return config
  }

  private func mappings() -> [ValueMapping]? {
    guard let values = uses.firstIndex(of: .mappedValue) else { return nil }
    func text(_ use: TransformOptions.FieldMapping.Use, _ row: Int) -> String? {
      uses.firstIndex(of: use).map { frame.columns[$0].cells[row].plainText }
    }
    return (0..<min(frame.rowCount, 500)).map { row in
      ValueMapping(
        condition: .equals(frame.columns[values].cells[row].plainText),
        text: text(.mappedText, row), color: text(.mappedColor, row))
    }
  }

  private func config(_ cells: [Frame.Cell]) -> FieldConfig {
    var config = FieldConfig()
    for (cell, use) in zip(cells, uses) where cell != .none {
      let number = cell.number.isFinite ? cell.number : nil
      switch use {
      case .min: config.min = number
      case .max: config.max = number
      case .unit: config.unit = cell.key
      case .decimals: config.decimals = number.map { Int($0.clamped(to: 0...15)) }
      case .color: config.color = .fixed(cell.key)
      case .displayName: config.displayName = cell.plainText
      case .noValue: config.noValue = cell.plainText
      case .threshold:
        var steps = config.thresholds?.steps ?? [Thresholds.Step(from: -.infinity, color: "green")]
        if let number { steps.append(Thresholds.Step(from: number, color: "red")) }
        config.thresholds = Thresholds(steps: steps)
      default: break
      }
    }
    return config
  }

  // MARK: - A row says what a field is

  /// A table of one row: a column a row, named and set by it.
  func fields(_ zone: CellText) -> Frame {
    guard let name = uses.firstIndex(of: .name), let value = uses.firstIndex(of: .value) else {
      return frame
    }
    let rows = 0..<min(frame.rowCount, FrameReshaping.limit)
    let columns = rows.map { row in
      let cells = frame.columns.map { $0.cells[row] }
      let labels = frame.columns.indices.filter { uses[$0] == .label && cells[$0] != .none }
      return Frame.Column(
        name: zone.text(cells[name]), refID: frame.refID,
        labels: labels.map { QueryResult.Label(frame.columns[$0].name, zone.text(cells[$0])) },
        cells: [cells[value]], config: config(cells))
    }
    return Frame(columns: columns, refID: frame.refID, name: frame.name)
  }
}
