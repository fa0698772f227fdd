/// A dashboard as its author meant it: what Grafana's many schema versions say,
/// in one shape. Nothing here knows where the data comes from.
package struct Dashboard: Sendable {
  package var uid = ""
  package var title = ""
  package var description = ""
  package var tags: [String] = []
  /// `utc`, `browser`, an IANA name, or empty: the reader's choice.
  package var timezone = ""
  /// `now-6h`, an RFC 3339 time or milliseconds since 1970.
  package var from = "now-6h"
  package var to = "now"
  package var refresh = ""
  package var variables: [Variable] = []
  package var sections: [Section] = []
  package var links: [Link] = []
  package var annotations: [AnnotationQuery] = []
  /// What was wrong or is not drawn, in the order of the text.
  package var problems: [Problem] = []

  package init() {}

  package var panelCount: Int { sections.reduce(0) { $0 + $1.panels.count } }
}

/// A row with its panels; the panels above the first row have no title.
package struct Section: Sendable {
  package var title: String?
  package var isCollapsed = false
  package var repeatVariable: String?
  package var panels: [Panel] = []
}

/// Where a panel stands in the 24 columns; a unit of height is 30 pixels and a gap of 8.
package struct GridPosition: Hashable, Sendable {
  package var x = 0
  package var y = 0
  package var width = 12
  package var height = 8
}

/// The panels that are drawn. Everything else says so in its place.
package enum PanelKind: String, Sendable, CaseIterable {
  case timeSeries = "timeseries"
  case stat
  case gauge
  case barGauge = "bargauge"
  case barChart = "barchart"
  case pie = "piechart"
  case table
  case text
  case heatmap
  case histogram
  case stateTimeline = "state-timeline"
  case statusHistory = "status-history"
  case alertList = "alertlist"
  case dashboardList = "dashlist"

  /// What it shows is asked by queries.
  var hasQueries: Bool { ![.text, .alertList, .dashboardList].contains(self) }
}

package struct Panel: Sendable {
  package var id: Int64 = 0
  package var title = ""
  package var description = ""
  /// As written in the dashboard.
  package var type = ""
  /// Nil: not drawn.
  package var kind: PanelKind?
  package var grid = GridPosition()
  package var targets: [Target] = []
  package var fields = FieldConfig()
  package var overrides: [FieldOverride] = []
  package var options = PanelOptions()
  package var transformations: [Transformation] = []
  /// Transformations that we do not have: what is drawn is not what was meant.
  package var missingTransformations: [String] = []
  /// A range of its own: `2h`, `now/d`.
  package var timeFrom: String?
  package var timeShift: String?
  /// The least step: `1m`, `>=30s`.
  package var interval: String?
  package var maxDataPoints: Int?
  package var repeatVariable: String?
  package var repeatsDown = false
  /// Panels in a line of a horizontal repeat.
  package var maxPerRow = 4
  package var links: [Link] = []
  package var isTransparent = false
  /// Not the name of the source but its kind, where it is known: `prometheus`, `loki`.
  package var sourceKind = ""
  /// Of the panel's text in the dashboard.
  package var line: Int32 = 0
  package var column: Int32 = 0
}

package struct Target: Sendable {
  package enum Format: Sendable { case timeSeries, table, heatmap }

  package var refID = "A"
  package var expr = ""
  package var legend = ""
  package var format = Format.timeSeries
  package var isInstant = false
  package var isHidden = false
  package var interval: String?
  package var intervalFactor = 1
  package var sourceKind = ""
}

package struct Transformation: Sendable {
  package var id = ""
  package var options: TransformOptions = .none
  /// It changes these tables and leaves the others; nil: all.
  package var filter: TransformOptions.TableFilter?
}

/// Something to tell the dashboard's author.
package struct Problem: Equatable, Sendable {
  package enum Severity: Sendable { case error, warning, note }

  package var severity: Severity
  /// `panel 'CPU' (id 4)`; empty for the dashboard itself.
  package var panel: String
  /// The path within the panel: `fieldConfig.defaults.unit`.
  package var field: String
  package var line: Int32
  package var column: Int32
  package var message: String
  package var hint: String?

  package init(
    severity: Severity, panel: String, field: String, line: Int32, column: Int32, message: String,
    hint: String? = nil
  ) {
    self.severity = severity
    self.panel = panel
    self.field = field
    self.line = line
    self.column = column
    self.message = message
    self.hint = hint
  }

  /// Without the place: the command puts `file:line:column:` before it.
  package var text: String {
    let subject = [panel, field].filter { !$0.isEmpty }.joined(separator: ": ")
    return subject.isEmpty ? message : "\(subject): \(message)"
  }
}

/// Why a text is no dashboard at all.
package enum RenderError: Error, Equatable {
  /// Not JSON: line and column, from 1.
  case notJSON(line: Int, column: Int, message: String)
  /// JSON, but nothing that Grafana would call a dashboard.
  case notADashboard(line: Int, column: Int, message: String)
  /// A time that is none, in `field`.
  case badTime(field: String, text: String)
  /// A range that ends before it begins.
  case emptyRange(from: String, to: String)
  /// A zone that is not installed.
  case badZone(String)
}

extension RenderError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notJSON(_, _, let message): "not JSON: \(message)"
    case .notADashboard(_, _, let message): "not a dashboard: \(message)"
    case .badTime(let field, let text): "\(field): '\(text)' is not a time such as now-6h"
    case .emptyRange(let from, let to): "the range from '\(from)' to '\(to)' ends before it begins"
    case .badZone(let message): message
    }
  }
}
