/// How the values of a field are shown. Every member is optional, so that the
/// defaults of a panel and an override are the same type and merge.
package struct FieldConfig: Sendable {
  package var unit: String?
  package var decimals: Int?
  package var min: Double?
  package var max: Double?
  package var displayName: String?
  package var noValue: String?
  package var color: ColorChoice?
  package var thresholds: Thresholds?
  package var mappings: [ValueMapping]?
  package var style = GraphStyle()
  package var cell: CellStyle?
  package var align: String?
  package var columnWidth: Double?
  package var isHidden: Bool?
  package var links: [Link]?

  package init() {}

  /// What `other` says goes before.
  func merging(_ other: FieldConfig) -> FieldConfig {
    var merged = self
    merged.unit = other.unit ?? unit
    merged.decimals = other.decimals ?? decimals
    merged.min = other.min ?? min
    merged.max = other.max ?? max
    merged.displayName = other.displayName ?? displayName
    merged.noValue = other.noValue ?? noValue
    merged.color = other.color ?? color
    merged.thresholds = other.thresholds ?? thresholds
    merged.mappings = other.mappings ?? mappings
    merged.style = style.merging(other.style)
    merged.cell = other.cell ?? cell
    merged.align = other.align ?? align
    merged.columnWidth = other.columnWidth ?? columnWidth
    merged.isHidden = other.isHidden ?? isHidden
    merged.links = other.links ?? links
    return merged
  }
}

package struct FieldOverride: Sendable {
  package enum Matcher: Sendable {
    case name(String)
    /// The compiled form is made where it is used: once a panel.
    case regex(String)
    case query(String)
    case type(String)
    case names([String])
    /// What the values come to, a comparison, and a number.
    case value(Calculation, String, Double)
    /// A matcher we do not have; it matches nothing, and was reported.
    case other
  }

  package var matcher: Matcher
  package var config: FieldConfig
}

package enum ColorChoice: Equatable, Sendable {
  case palette
  case thresholds
  /// A name of Grafana's (`red`, `semi-dark-blue`) or `#rrggbb`.
  case fixed(String)
  /// By the value, from the first of these hues to the last.
  case scheme([String])
}

package struct Thresholds: Equatable, Sendable {
  package struct Step: Equatable, Sendable {
    /// The first step holds from minus infinity.
    package var from: Double
    package var color: String
  }

  package var isPercentage = false
  /// Ascending.
  package var steps: [Step] = []

  /// The step a value is in; percentages are of the range from `min` to `max`.
  func step(of value: Double, min: Double, max: Double) -> Step? {
    let compared = isPercentage && max > min ? (value - min) / (max - min) * 100 : value
    return steps.last { compared >= $0.from } ?? (compared.isNaN ? nil : steps.first)
  }
}

/// Text and colour in place of a value.
package struct ValueMapping: Sendable {
  package enum Condition: Sendable {
    case equals(String)
    case range(from: Double, to: Double)
    case regex(String)
    case null
    case notANumber
    case nullOrNaN
    case `true`
    case `false`
    case empty
  }

  package var condition: Condition
  package var text: String?
  package var color: String?
}

/// How a field is drawn in a time series panel.
package struct GraphStyle: Sendable {
  package enum Draw: String, Sendable, CaseIterable { case line, bars, points }
  package enum Interpolation: String, Sendable, CaseIterable {
    case linear, smooth, stepBefore, stepAfter
  }
  package enum Stacking: String, Sendable, CaseIterable { case none, normal, percent }
  package enum ShowPoints: String, Sendable, CaseIterable { case auto, always, never }
  package enum Axis: String, Sendable, CaseIterable { case auto, left, right, hidden }
  package enum Gaps: Equatable, Sendable {
    case keep
    case bridge
    /// Bridged when shorter, in milliseconds.
    case bridgeUnder(Double)
  }
  package enum ThresholdDisplay: String, Sendable, CaseIterable {
    case off, line, dashed, area
    case lineAndArea = "line+area"
    case dashedAndArea = "dashed+area"
    case series

    var hasLine: Bool { self != .off && self != .area && self != .series }
    var hasArea: Bool { self == .area || self == .lineAndArea || self == .dashedAndArea }
    var isDashed: Bool { self == .dashed || self == .dashedAndArea }
  }

  package var draw: Draw?
  package var lineWidth: Double?
  /// Percent.
  package var fillOpacity: Double?
  package var hasGradient: Bool?
  package var interpolation: Interpolation?
  package var showPoints: ShowPoints?
  package var pointSize: Double?
  package var stacking: Stacking?
  package var stackGroup: String?
  package var gaps: Gaps?
  package var axis: Axis?
  package var axisLabel: String?
  package var softMin: Double?
  package var softMax: Double?
  package var logBase: Double?
  package var thresholds: ThresholdDisplay?
  package var isNegated: Bool?
  package var isDashed: Bool?
  package var hidesFromGraph: Bool?
  package var hidesFromLegend: Bool?
  package var isCenteredOnZero: Bool?
  package var fillBelowTo: String?

  func merging(_ other: GraphStyle) -> GraphStyle {
    var merged = self
    merged.draw = other.draw ?? draw
    merged.lineWidth = other.lineWidth ?? lineWidth
    merged.fillOpacity = other.fillOpacity ?? fillOpacity
    merged.hasGradient = other.hasGradient ?? hasGradient
    merged.interpolation = other.interpolation ?? interpolation
    merged.showPoints = other.showPoints ?? showPoints
    merged.pointSize = other.pointSize ?? pointSize
    merged.stacking = other.stacking ?? stacking
    merged.stackGroup = other.stackGroup ?? stackGroup
    merged.gaps = other.gaps ?? gaps
    merged.axis = other.axis ?? axis
    merged.axisLabel = other.axisLabel ?? axisLabel
    merged.softMin = other.softMin ?? softMin
    merged.softMax = other.softMax ?? softMax
    merged.logBase = other.logBase ?? logBase
    merged.thresholds = other.thresholds ?? thresholds
    merged.isNegated = other.isNegated ?? isNegated
    merged.isDashed = other.isDashed ?? isDashed
    merged.hidesFromGraph = other.hidesFromGraph ?? hidesFromGraph
    merged.hidesFromLegend = other.hidesFromLegend ?? hidesFromLegend
    merged.isCenteredOnZero = other.isCenteredOnZero ?? isCenteredOnZero
    merged.fillBelowTo = other.fillBelowTo ?? fillBelowTo
    return merged
  }
}

/// How a table shows a cell.
package enum CellStyle: String, Sendable {
  case auto
  case colorText = "color-text"
  case colorBackground = "color-background"
  case gauge
  case sparkline
}
