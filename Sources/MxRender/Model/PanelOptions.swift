/// What the options of the panel types say, side by side: a panel reads its own.
package struct PanelOptions: Sendable {
  package var legend = LegendOptions()
  package var reduce = ReduceOptions()
  package var stat = StatOptions()
  package var text = TextOptions()
  package var table = TableOptions()
  package var isHorizontal: Bool?
  package var pieIsDonut = false
  /// Bar charts and pies.
  package var stacking: GraphStyle.Stacking = .none
  /// Buckets come from values rather than from `le` labels.
  package var calculatesHeatmap = false
  package var bucketCount: Int?
  package var mergesStates = true
  /// Thresholds of legacy graphs are drawn on the plot.
  package var legacyThresholds: [Thresholds.Step] = []

  package init() {}
}

package struct LegendOptions: Equatable, Sendable {
  package enum Mode: String, Sendable { case list, table, hidden }

  package var mode = Mode.list
  package var isRight = false
  package var calcs: [Calculation] = []
  package var sortBy: String?
  package var sortsDescending = false
}

package struct ReduceOptions: Sendable {
  package var calculation = Calculation.lastNotNull
  /// Every row instead of one value a field.
  package var showsAll = false
  package var limit: Int?
  /// A field's name, a `/regex/`, or empty for all numbers.
  package var fields = ""
}

package struct StatOptions: Sendable {
  package enum ColorMode: String, Sendable {
    case none, value, background
    case backgroundSolid = "background_solid"
  }
  package enum TextMode: String, Sendable {
    case auto, value, name, none
    case valueAndName = "value_and_name"
  }

  package var colorMode = ColorMode.value
  package var hasSparkline = false
  package var textMode = TextMode.auto
  package var prefix = ""
  package var postfix = ""
  package var showsThresholdMarkers = true
}

package struct TextOptions: Sendable {
  package enum Mode: String, Sendable { case markdown, html, code }

  package var mode = Mode.markdown
  package var content = ""
}

package struct TableOptions: Sendable {
  package var hasHeader = true
  package var sortBy: String?
  package var sortsDescending = false
}

/// One number of many: what legends, stats and tables print.
package enum Calculation: String, Sendable, CaseIterable {
  case last, lastNotNull, first, firstNotNull, min, max, mean, sum, count, range, delta, diff
  case median, variance, stdDev, allIsNull, distinctCount, changeCount, step

  /// As a legend's column says it.
  var title: String {
    switch self {
    case .last, .lastNotNull: "Last"
    case .first, .firstNotNull: "First"
    case .min: "Min"
    case .max: "Max"
    case .mean: "Mean"
    case .sum: "Total"
    case .count: "Count"
    case .range: "Range"
    case .delta: "Delta"
    case .diff: "Difference"
    case .median: "Median"
    case .variance: "Variance"
    case .stdDev: "StdDev"
    case .allIsNull: "All null"
    case .distinctCount: "Distinct"
    case .changeCount: "Changes"
    case .step: "Step"
    }
  }

  /// The names older dashboards have.
  static func named(_ name: String) -> Calculation? {
    if let known = Calculation(rawValue: name) { return known }
    switch name {
    case "avg": return .mean
    case "current": return .lastNotNull
    case "total": return .sum
    case "logmin": return .min
    case "stddev": return .stdDev
    default: return nil
    }
  }
}
