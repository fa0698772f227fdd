/// Several tables into one.
enum FrameJoin {
  /// Rows with equal cells in all columns that tables share become one row; the
  /// columns of values stand side by side.
  static func merge(_ frames: [Frame]) -> [Frame] {
    guard frames.count > 1, let first = frames.first else { return frames }
    var names: [(name: String, refID: String)] = []
    for column in frames.flatMap(\.columns) where !names.contains(where: { $0.name == column.name })
    {
      names.append((column.name, column.refID))
    }
    // Keys are what all tables have that have any rows; numbers are values.
    let filled = frames.filter { $0.rowCount > 0 }
    let keys = names.map(\.name).filter { name in
      filled.allSatisfy { frame in
        frame.column(name).map { !frame.columns[$0].isNumber } ?? false
      }
    }
    var rows: [[Frame.Cell]] = []
    var places: [String: [Int]] = [:]
    for frame in frames {
      let at = names.map { frame.column($0.name) }
      for row in 0..<frame.rowCount where rows.count < Transformer.rowLimit {
        let cells = at.map { $0.map { frame.columns[$0].cells[row] } ?? .none }
        let key = keys.map { name in
          frame.column(name).map { frame.columns[$0].cells[row].key } ?? ""
        }.joined(separator: "\u{1F}")
        if let place = places[key]?.first(where: { fits(rows[$0], cells) }) {
          for (index, cell) in cells.enumerated() where rows[place][index] == .none {
            rows[place][index] = cell
          }
        } else {
          places[key, default: []].append(rows.count)
          rows.append(cells)
        }
      }
    }
    let columns = names.enumerated().map { index, name in
      Frame.Column(name: name.name, refID: name.refID, cells: rows.map { $0[index] })
    }
    return [Frame(columns: columns, refID: first.refID)]
  }

  private static func fits(_ one: [Frame.Cell], _ other: [Frame.Cell]) -> Bool {
    zip(one, other).allSatisfy { $0 == .none || $1 == .none || $0 == $1 }
  }

  /// By the cells of one column. Other columns that several tables have get the
  /// table's number: `Time 1`, `Time 2`.
  static func join(_ frames: [Frame], by name: String, isInner: Bool) -> [Frame] {
    let own = frames.filter { $0.column(name) != nil }
    guard own.count > 1 || own.first != nil else { return frames }
    var keys: [Frame.Cell] = []
    var index: [String: Int] = [:]
    var present: [Int] = []
    for frame in own {
      guard let column = frame.column(name) else { continue }
      var seen: Set<Int> = []
      for cell in frame.columns[column].cells where keys.count < Transformer.rowLimit {
        let row = index[cell.key] ?? keys.count
        if row == keys.count {
          index[cell.key] = row
          keys.append(cell)
          present.append(0)
        }
        if seen.insert(row).inserted { present[row] += 1 }
      }
    }
    var columns = [Frame.Column(name: name, refID: own[0].refID, cells: keys)]
    for (number, frame) in own.enumerated() {
      guard let key = frame.column(name) else { continue }
      for (position, column) in frame.columns.enumerated() where position != key {
        var cells = [Frame.Cell](repeating: .none, count: keys.count)
        for row in 0..<frame.rowCount {
          if let target = index[frame.columns[key].cells[row].key] {
            cells[target] = column.cells[row]
          }
        }
        let isShared = own.filter { $0.column(column.name) != nil }.count > 1
        columns.append(
          Frame.Column(
            name: isShared ? "\(column.name) \(number + 1)" : column.name, refID: column.refID,
            labels: column.labels, cells: cells))
      }
    }
    let joined = Frame(columns: columns, refID: own[0].refID)
    let kept = keys.indices.filter { !isInner || present[$0] == own.count }
    let isTime = columns[0].isTime
    return [
      joined.rows(
        isTime ? FrameOrder.sorted(Array(kept), by: keys, descending: false) : Array(kept))
    ]
  }
}

/// Many rows into few.
enum FrameGrouping {
  static func group(_ frame: Frame, _ fields: [TransformOptions.GroupField]) -> Frame {
    let keys = fields.filter(\.isKey).compactMap { frame.column($0.name) }
    guard !keys.isEmpty else { return frame }
    var order: [String] = []
    var groups: [String: [Int]] = [:]
    for row in 0..<frame.rowCount {
      let key = keys.map { frame.columns[$0].cells[row].key }.joined(separator: "\u{1F}")
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(row)
    }
    let rows = order.map { groups[$0] ?? [] }
    var columns = keys.map { key in
      var column = frame.columns[key]
      column.cells = rows.map { $0.first.map { frame.columns[key].cells[$0] } ?? .none }
      return column
    }
    for field in fields where !field.isKey {
      guard let index = frame.column(field.name) else { continue }
      for calculation in field.calculations {
        var column = frame.columns[index]
        column.name = "\(field.name) (\(calculation.rawValue))"
        column.cells = rows.map {
          calculated($0.map { frame.columns[index].cells[$0] }, calculation)
        }
        columns.append(column)
      }
    }
    return Frame(columns: columns, refID: frame.refID)
  }

  /// First and last of texts are texts; everything else is a number.
  static func calculated(_ cells: [Frame.Cell], _ calculation: Calculation) -> Frame.Cell {
    let present = cells.filter { $0 != .none }
    if case .text = present.first ?? .none {
      switch calculation {
      case .first, .firstNotNull: return present.first ?? .none
      case .last, .lastNotNull: return present.last ?? .none
      case .distinctCount: return .number(Double(Set(present.map(\.key)).count))
      default: break
      }
    }
    return Reduction.reduce(cells.map(\.number), calculation).map { .number($0) } ?? .none
  }

  static func refIDs(_ frames: [Frame]) -> [String] {
    var ids: [String] = []
    for frame in frames where !ids.contains(frame.refID) { ids.append(frame.refID) }
    return ids
  }

  /// A row a field with its calculations, or one row for each table.
  static func reduce(_ frames: [Frame], _ calculations: [Calculation], perField: Bool) -> [Frame] {
    let used = calculations.isEmpty ? [.lastNotNull] : calculations
    if perField {
      return frames.map { frame in
        var result = frame
        result.columns = frame.columns.filter(\.isNumber).map { column in
          var one = column
          one.cells = [calculated(column.cells, used[0])]
          return one
        }
        return result
      }
    }
    let fields = frames.flatMap(\.columns).filter(\.isNumber)
    var columns = [
      Frame.Column(name: "Field", refID: "A", cells: fields.map { .text($0.name) })
    ]
    for calculation in used {
      columns.append(
        Frame.Column(
          name: calculation == .lastNotNull ? "Last *" : calculation.title, refID: "A",
          cells: fields.map { calculated($0.cells, calculation) }))
    }
    return [Frame(columns: columns, refID: "A")]
  }
}
