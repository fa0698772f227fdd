import MxModel

/// Transformations that change which rows, columns and tables there are, and no value.
enum FrameReshaping {
  /// More columns or tables than this, made of values, tell a person nothing.
  static let limit = 500

  // MARK: - Rows and columns

  /// Rows become columns. A first column of texts or times names them; the names of
  /// the others become the first column.
  static func transposed(
    _ frame: Frame, _ names: TransformOptions.Transposition, _ zone: CellText
  ) -> Frame {
    guard let head = frame.columns.first else { return frame }
    let hasHead = !head.isNumber
    let body = hasHead ? Array(frame.columns.dropFirst()) : frame.columns
    // Columns of different kinds meet in one: as texts.
    let isUniform = Set(body.map(\.type)).count < 2
    var columns = [
      Frame.Column(name: names.first, refID: frame.refID, cells: body.map { .text($0.name) })
    ]
    for row in 0..<min(frame.rowCount, limit) {
      let cells = body.map { isUniform ? $0.cells[row] : zone.textCell($0.cells[row]) }
      let name = hasHead ? zone.text(head.cells[row]) : names.rest
      columns.append(Frame.Column(name: name, refID: frame.refID, cells: cells))
    }
    return Frame(columns: columns, refID: frame.refID, name: frame.name)
  }

  /// A column for each value of one column, a row for each of another, the values of a
  /// third where they meet. Of several tables none is changed, as in Grafana.
  static func matrix(
    _ frames: [Frame], _ options: TransformOptions.Matrix, _ zone: CellText
  ) -> [Frame] {
    guard frames.count == 1, let column = frames[0].column(options.column),
      let row = frames[0].column(options.row), let value = frames[0].column(options.value)
    else { return frames }
    let frame = frames[0]
    let across = Distinct(frame.columns[column].cells, limit: limit)
    let down = Distinct(frame.columns[row].cells, limit: Transformer.rowLimit)
    let empty = [Frame.Cell](repeating: options.empty, count: down.cells.count)
    var cells = [[Frame.Cell]](repeating: empty, count: across.cells.count)
    for (x, y, cell) in zip3(across.places, down.places, frame.columns[value].cells) {
      guard let x, let y, cell != .none else { continue }
      cells[x][y] = cell
    }
    let first = Frame.Column(
      name: "\(options.row)\\\(options.column)", refID: frame.refID, cells: down.cells)
    let others = zip(across.cells, cells).map { name, cells in
      Frame.Column(
        name: zone.text(name), refID: frame.refID, cells: cells,
        config: frame.columns[value].config)
    }
    return [Frame(columns: [first] + others, refID: frame.refID, name: frame.name)]
  }

  private static func zip3<A, B, C>(_ a: [A], _ b: [B], _ c: [C]) -> [(A, B, C)] {
    zip(zip(a, b), c).map { ($0.0, $0.1, $1) }
  }

  // MARK: - Tables

  /// All columns side by side in one table, as long as the longest.
  static func concatenated(
    _ frames: [Frame], _ naming: TransformOptions.TableNaming
  ) -> [Frame] {
    guard frames.count > 1 else { return frames }
    let count = frames.map(\.rowCount).max() ?? 0
    let columns = frames.flatMap { frame in
      frame.columns.map { column in
        var result = column
        result.cells += [Frame.Cell](repeating: .none, count: count - column.cells.count)
        switch naming {
        case .dropped: break
        case .label(let label):
          if !frame.name.isEmpty { result.labels.append(QueryResult.Label(label, frame.name)) }
        case .field where !frame.name.isEmpty && frame.name != column.name:
          result.name = "\(frame.name) · \(column.name)"
        case .field: break
        }
        return result
      }
    }
    return [Frame(columns: columns, refID: frames[0].refID)]
  }

  /// A table for each combination of values that the named columns have.
  static func partitioned(
    _ frame: Frame, _ options: TransformOptions.Partition, _ zone: CellText
  ) -> [Frame] {
    let keys = options.fields.compactMap(frame.column)
    guard !keys.isEmpty, frame.rowCount > 0 else { return [frame] }
    let marks = (0..<frame.rowCount).map { row in
      Frame.Cell.text(
        keys.map { frame.columns[$0].cells[row].key }.joined(separator: "\u{1F}"))
    }
    let parts = Distinct(marks, limit: limit)
    var rows = [[Int]](repeating: [], count: parts.cells.count)
    for (row, place) in parts.places.enumerated() {
      if let place { rows[place].append(row) }
    }
    return rows.map { rows in
      var part = frame.rows(rows)
      let labels = keys.map {
        QueryResult.Label(frame.columns[$0].name, zone.text(frame.columns[$0].cells[rows[0]]))
      }
      name(&part, labels, options)
      if !options.keepsFields {
        part.columns = part.columns.indices.filter { !keys.contains($0) }.map { part.columns[$0] }
      }
      return part
    }
  }

  /// By its values a part is known: in its own name, or as labels of its columns.
  private static func name(
    _ part: inout Frame, _ labels: [QueryResult.Label], _ options: TransformOptions.Partition
  ) {
    let values = labels.map {
      options.withNames ? $0.name + options.equals + $0.value : $0.value
    }
    let text = values.joined(separator: options.separator)
    let isAppended = options.appends && !part.name.isEmpty
    part.name = isAppended ? part.name + options.separator + text : text
    for index in part.columns.indices where part.columns[index].isNumber {
      let own = part.columns[index].name
      if !text.isEmpty {
        part.columns[index].name = own.hasPrefix("Value") ? text : "\(own) \(text)"
      }
      if options.asLabels { part.columns[index].labels += labels }
    }
  }

  // MARK: - Labels

  /// A table of labels a series: their names, their values.
  static func labelRows(_ frames: [Frame], keep: [String]?) -> [Frame] {
    frames.flatMap { frame in
      frame.columns.filter { !$0.labels.isEmpty }.map { column in
        let labels =
          keep.map { names in
            names.map { name in
              (name, column.labels.first { $0.name == name }?.value ?? "")
            }
          } ?? column.labels.map { ($0.name, $0.value) }
        return Frame(
          columns: [
            Frame.Column(name: "label", refID: frame.refID, cells: labels.map { .text($0.0) }),
            Frame.Column(name: "value", refID: frame.refID, cells: labels.map { .text($0.1) }),
          ], refID: frame.refID, name: column.name)
      }
    }
  }

  /// A column for each value of one label, a row for each combination of the others.
  static func joinedByLabels(_ frames: [Frame], value: String, join: [String]) -> [Frame] {
    let series = frames.flatMap(\.columns).filter { !$0.labels.isEmpty && !$0.isTime }
    let keys = join.isEmpty ? labelNames(series).filter { $0 != value } : join
    guard !keys.isEmpty, series.contains(where: { $0.label(value) != nil }) else { return frames }
    let across = Distinct(series.map { .text($0.label(value) ?? "") }, limit: limit)
    let down = Distinct(
      series.map { one in
        .text(keys.map { one.label($0) ?? "" }.joined(separator: "\u{1F}"))
      }, limit: Transformer.rowLimit)
    var found = [[[Frame.Cell]]](
      repeating: [[Frame.Cell]](repeating: [], count: across.cells.count),
      count: down.cells.count)
    var heads = [[Frame.Cell]](repeating: [], count: down.cells.count)
    for (index, one) in series.enumerated() {
      guard let x = across.places[index], let y = down.places[index] else { continue }
      found[y][x] += one.cells
      heads[y] = keys.map { .text(one.label($0) ?? "") }
    }
    var rows: [[Frame.Cell]] = []
    for (head, values) in zip(heads, found) {
      for row in 0..<(values.map(\.count).max() ?? 0) where rows.count < Transformer.rowLimit {
        rows.append(head + values.map { $0.indices.contains(row) ? $0[row] : .none })
      }
    }
    let names = keys + across.cells.map(\.key)
    let refID = frames.first?.refID ?? ""
    let columns = names.enumerated().map { index, name in
      Frame.Column(name: name, refID: refID, cells: rows.map { $0[index] })
    }
    return [Frame(columns: columns, refID: refID)]
  }

  static func labelNames(_ columns: [Frame.Column]) -> [String] {
    var names: [String] = []
    for label in columns.flatMap(\.labels)
    where label.name != LabelName.metric && !names.contains(label.name) && names.count < limit {
      names.append(label.name)
    }
    return names
  }
}

/// The different cells of a column, in the order they come, and which of them each is.
private struct Distinct {
  private(set) var cells: [Frame.Cell] = []
  /// Nil beyond the limit.
  private(set) var places: [Int?] = []

  init(_ all: [Frame.Cell], limit: Int) {
    var known: [String: Int] = [:]
    for cell in all {
      let key = cell.key
      if known[key] == nil, cells.count < limit {
        known[key] = cells.count
        cells.append(cell)
      }
      places.append(known[key])
    }
  }
}
