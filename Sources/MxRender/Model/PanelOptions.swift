/// What the options of the panel types say, side by side: a panel reads its own.
package struct PanelOptions: Sendable {
  package var legend = LegendOptions()
  package var reduce = ReduceOptions()
  package var stat = StatOptions()
  package var text = TextOptions()
  package var table = TableOptions()
  package var alerts = AlertListOptions()
  package var dashboards = DashboardListOptions()
  package var isHorizontal: Bool?
  package var pieIsDonut = false
  /// Of bar charts.
  package var stacking: GraphStyle.Stacking = .none
  /// The column that names a bar chart's groups; empty: the first that has texts.
  package var categoryField = ""
  /// What a pie's legend says of a part besides its name: `value`, `percent`.
  package var pieValues: [String] = []
  /// What stands on a pie's parts: `name`, `value`, `percent`.
  package var pieLabels: [String] = []
  package var heatmap = HeatmapOptions()
  package var bucketCount: Int?
  package var mergesStates = true
  /// Whether a state's text stands in it: always, never, or nil: where there is room.
  package var showsStateTexts: Bool?
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

package struct HeatmapOptions: Sendable {
  /// Buckets come from values rather than from `le` labels.
  package var calculates = false
  /// One of D3's names; nil: shades of one colour.
  package var scheme: String?
  package var isReversed = false
  /// The colour whose shades are wanted, instead of a scheme.
  package var fill: String?
  /// What a count's share of the largest is raised to before it is a shade.
  package var exponent = 0.5
  /// Counts that the faintest and the strongest shade stand for.
  package var low: Double?
  package var high: Double?
  /// Of the ranges' bounds; nil: the field's.
  package var unit: String?
  package var decimals: Int?
  package var hasLowestOnTop = false
  package var cellUnit: String?
  package var cellDecimals: Int?
  package var showsScale = true
}

package struct TableOptions: Sendable {
  /// Which of several tables is shown first.
  package var frameIndex = 0
  package var hasHeader = true
  package var sortBy: String?
  package var sortsDescending = false
  package var footer: Footer?

  /// A last line of what comes out over each column.
  package struct Footer: Sendable {
    package var calculation: Calculation
    /// Of these columns; empty: of all that hold numbers.
    package var fields: Set<String>
    /// The first column says how many rows there are, and nothing else is said.
    package var countsRows: Bool
  }
}

/// One number of many: what legends, stats and tables print.
package enum Calculation: String, Sendable, CaseIterable {
  case last, lastNotNull, first, firstNotNull, min, max, mean, sum, count, range, delta, diff
  case median, variance, stdDev, allIsNull, allIsZero, distinctCount, changeCount, step, diffperc
  case p1, p5, p10, p25, p50, p75, p90, p95, p99

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
    case .allIsZero: "All zero"
    case .diffperc: "Difference%"
    case .p1, .p5, .p10, .p25, .p50, .p75, .p90, .p95, .p99: "P\(rawValue.dropFirst())"
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
    case "uniqueValues": return .distinctCount
    case "stddev": return .stdDev
    default: return nil
    }
  }
}

/// Which alerts a list shows, and in which order.
package struct AlertListOptions: Sendable {
  package enum Order: Sendable { case importance, name, nameDown, oldest, newest }

  package var showsFiring = true
  package var showsPending = true
  package var showsHeld = true
  package var name = ""
  package var filter = LabelFilter()
  package var limit = 100
  package var order = Order.importance
  package var groupBy: [String] = []
  /// One number instead of a list.
  package var isCount = false
}

/// Which of the dashboards beside this one a list shows.
package struct DashboardListOptions: Sendable {
  package var tags: [String] = []
  package var words = ""
  package var limit = 100
  package var keepsTime = false
  package var keepsVariables = false
}
