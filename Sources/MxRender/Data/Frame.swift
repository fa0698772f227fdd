import MxJSON
import MxModel

/// A table: columns of equal length. What transformations change and tables show.
struct Frame: Sendable {
  enum Cell: Equatable, Sendable {
    case none
    case number(Double)
    case text(String)
    case time(Int64)
    /// A whole series in a cell, for sparklines.
    case series([Int64], [Double])

    /// For calculations: NaN where it is no number.
    var number: Double {
      switch self {
      case .number(let value): value
      case .time(let time): Double(time)
      case .text(let text): Double(text) ?? .nan
      case .none: .nan
      case .series(_, let values): values.last { !$0.isNaN } ?? .nan
      }
    }

    /// As a link takes it.
    var plainText: String {
      switch self {
      case .number(let value): NumberText.template(value)
      case .series: NumberText.template(number)
      default: key
      }
    }

    /// To compare and group by.
    var key: String {
      switch self {
      case .none: ""
      case .number(let value): "\(value)"
      case .text(let text): text
      case .time(let time): String(time)
      case .series: ""
      }
    }
  }

  struct Column: Sendable {
    var name: String
    var refID: String
    var labels: [QueryResult.Label] = []
    var cells: [Cell]
    /// What data said of itself: before the panel's defaults, behind its overrides.
    var config: FieldConfig?

    func label(_ name: String) -> String? { labels.first { $0.name == name }?.value }

    var isTime: Bool {
      cells.contains { if case .time = $0 { true } else { false } }
    }

    var isNumber: Bool {
      cells.contains { if case .number = $0 { true } else { false } }
    }

    var type: String { isTime ? "time" : isNumber ? "number" : "string" }
  }

  var columns: [Column]
  var refID: String
  /// What it is called beside others; empty where a query made one table.
  var name = ""

  var rowCount: Int { columns.first?.cells.count ?? 0 }

  func column(_ name: String) -> Int? { columns.firstIndex { $0.name == name } }

  /// The same rows in another order, or some of them.
  func rows(_ order: [Int]) -> Frame {
    var result = self
    for index in columns.indices {
      result.columns[index].cells = order.map { columns[index].cells[$0] }
    }
    return result
  }
}

/// Answers as tables, the way Grafana's Prometheus source makes them.
enum FrameBuilder {
  /// More rows than this are cut off, and the table says so.
  static let rowLimit = 5000

  static func frames(_ planned: PlannedPanel, _ results: [Int: QueryResult]) -> [Frame] {
    var frames: [Frame] = []
    let tables = planned.queries.filter { planned.panel.targets[$0.target].format == .table }
    for query in planned.queries {
      guard let result = results[query.target] else { continue }
      let target = planned.panel.targets[query.target]
      if target.format == .table {
        let name = tables.count > 1 || planned.queries.count > 1 ? "Value #\(query.refID)" : "Value"
        frames.append(table(result, query, name))
      } else {
        frames += seriesFrames(result, query, target, planned.interpolation)
      }
    }
    return frames
  }

  /// A row a sample: time, labels, value.
  private static func table(
    _ result: QueryResult, _ query: PanelQuery, _ valueName: String
  ) -> Frame {
    var names: [String] = []
    for series in result.series.prefix(rowLimit) {
      for label in series.labels where !names.contains(label.name) && names.count < 200 {
        names.append(label.name)
      }
    }
    names.sort()
    var times: [Frame.Cell] = []
    var values: [Frame.Cell] = []
    var labels = [[Frame.Cell]](repeating: [], count: names.count)
    for series in result.series {
      for (time, value) in zip(series.times, series.values) where times.count < rowLimit {
        times.append(.time(time))
        values.append(.number(value))
        for (index, name) in names.enumerated() {
          labels[index].append(series.label(name).map { .text($0) } ?? .none)
        }
      }
    }
    var columns = [Frame.Column(name: "Time", refID: query.refID, cells: times)]
    for (name, cells) in zip(names, labels) {
      columns.append(Frame.Column(name: name, refID: query.refID, cells: cells))
    }
    columns.append(Frame.Column(name: valueName, refID: query.refID, cells: values))
    return Frame(columns: columns, refID: query.refID)
  }

  private static func seriesFrames(
    _ result: QueryResult, _ query: PanelQuery, _ target: Target, _ interpolation: Interpolation
  ) -> [Frame] {
    let names = SeriesNames(
      target: target, expr: query.expr, series: result.series, interpolation: interpolation)
    return result.series.prefix(FieldBuilder.seriesLimit).enumerated().map { index, series in
      let count = min(series.times.count, rowLimit)
      return Frame(
        columns: [
          Frame.Column(
            name: "Time", refID: query.refID, cells: series.times.prefix(count).map { .time($0) }),
          Frame.Column(
            name: names.name(index), refID: query.refID, labels: series.labels,
            cells: series.values.prefix(count).map { .number($0) }),
        ], refID: query.refID, name: names.name(index))
    }
  }
}
