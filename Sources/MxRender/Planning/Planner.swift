import MxModel
import MxTime

/// Draws out repeats and works out each panel's range, step and queries.
struct Planner {
  let dashboard: Dashboard
  let options: PlanOptions
  let zone: Zone
  let base: Interpolation
  /// How far the range's end lies after the present.
  var lead: Int64 = 0
  private var panels: [PlannedPanel] = []

  /// A dashboard repeated over every host of a cluster stays a page.
  static let panelLimit = 2000

  init(dashboard: Dashboard, options: PlanOptions, zone: Zone, base: Interpolation) {
    self.dashboard = dashboard
    self.options = options
    self.zone = zone
    self.base = base
  }

  mutating func plan() -> Plan {
    var sections: [PlannedSection] = []
    for section in dashboard.sections {
      for interpolation in repeats(section.repeatVariable, base) {
        let start = panels.count
        for panel in laidOut(section.panels, interpolation) where panels.count < Self.panelLimit {
          panels.append(planned(panel.0, panel.1, index: panels.count))
        }
        sections.append(
          PlannedSection(
            title: section.title.map { interpolation.expand($0, format: .text) },
            isCollapsed: section.isCollapsed, panels: start..<panels.count))
      }
    }
    return Plan(
      dashboard: dashboard, title: base.expand(dashboard.title, format: .text), from: base.from,
      to: base.to, zone: zone, now: options.now, fromText: "", toText: "",
      variables: base.variables, options: [:], sections: sections, panels: panels)
  }

  // MARK: - Repeats

  /// The variables once for each value of `name`.
  private func repeats(_ name: String?, _ scope: Interpolation) -> [Interpolation] {
    guard let name, let value = scope.variables[name], !value.values.isEmpty else {
      return [scope]
    }
    return value.values.indices.map { index in
      var one = scope
      let text = value.texts.indices.contains(index) ? value.texts[index] : value.values[index]
      one.variables[name] = VariableValue([value.values[index]], texts: [text])
      return one
    }
  }

  /// The panels of a section; a repeated one takes more lines, and what stood
  /// below moves down.
  private func laidOut(
    _ panels: [Panel], _ scope: Interpolation
  ) -> [(Panel, Interpolation)] {
    var result: [(Panel, Interpolation)] = []
    var moved = 0
    for panel in panels {
      var first = panel
      first.grid.y += moved
      let copies = repeats(panel.repeatVariable, scope)
      if panel.repeatVariable == nil || copies.count == 1 {
        result.append((first, copies[0]))
        continue
      }
      let perLine = panel.repeatsDown ? 1 : max(1, min(panel.maxPerRow, copies.count))
      for (index, copy) in copies.prefix(Self.panelLimit).enumerated() {
        var one = first
        if !panel.repeatsDown {
          one.grid.width = 24 / perLine
          one.grid.x = index % perLine * one.grid.width
        }
        one.grid.y += index / perLine * panel.grid.height
        result.append((one, copy))
      }
      moved += ((copies.count - 1) / perLine) * panel.grid.height
    }
    return result
  }

  // MARK: - Ranges and steps

  private func planned(_ panel: Panel, _ scope: Interpolation, index: Int) -> PlannedPanel {
    var (from, to) = (base.from, base.to)
    var notes: [String] = []
    if let text = panel.timeFrom.map({ scope.expand($0, format: .text) }) {
      let start = text.hasPrefix("now") ? text : "now-" + text
      if let own = RelativeTime.parse(start, now: to, zone: zone, roundsUp: false), own < to {
        from = own
        notes.append("last \(text)")
      }
    }
    if let text = panel.timeShift.map({ scope.expand($0, format: .text) }),
      let shift = DurationText.parse(text), shift < 1 << 45
    {
      from -= shift
      to -= shift
      notes.append("\(text) earlier")
    }
    let step = step(panel, panel.interval, from, to, scope)
    var planned = PlannedPanel(
      panel: panel, interpolation: scope, from: from, to: to, step: step, queries: [],
      rangeNote: notes.isEmpty ? nil : notes.joined(separator: ", "))
    (planned.interpolation.from, planned.interpolation.to) = (from, to)
    for (name, value) in Self.rangeBuiltIns(from, to, dashboard: dashboard) {
      planned.interpolation.builtIns[name] = value
    }
    planned.panel.title = planned.interpolation.expand(panel.title, format: .text)
    for target in panel.targets.indices where isAsked(panel.targets[target], panel) {
      planned.queries.append(query(target, planned, index))
    }
    return planned
  }

  private func isAsked(_ target: Target, _ panel: Panel) -> Bool {
    panel.kind != nil && !target.isHidden && !TextTools.trim(target.expr).isEmpty
      && PanelReader.answersPromQL(target.sourceKind)
  }

  private func query(_ index: Int, _ planned: PlannedPanel, _ panel: Int) -> PanelQuery {
    let target = planned.panel.targets[index]
    var scope = planned.interpolation
    let least = target.interval ?? planned.panel.interval
    let step = min(
      self.step(planned.panel, least, planned.from, planned.to, scope)
        * Int64(target.intervalFactor),
      Int64(1) << 45)
    for (name, value) in Self.intervalBuiltIns(step: step, options.scrapeInterval) {
      scope.builtIns[name] = value
    }
    // A range of whole steps: the same question a minute later is mostly the same.
    let to = TimeScale.floorDivide(planned.to - lead, step) * step
    let from = TimeScale.floorDivide(planned.from, step) * step
    return PanelQuery(
      panel: panel, target: index, refID: target.refID,
      expr: scope.expand(target.expr, format: .promQL),
      from: target.isInstant ? planned.to - lead : from,
      to: target.isInstant ? planned.to - lead : to, until: planned.to, step: step,
      isInstant: target.isInstant)
  }

  /// As many points as the panel has room for, in a round distance, and none
  /// shorter than `least`.
  private func step(
    _ panel: Panel, _ least: String?, _ from: Int64, _ to: Int64, _ scope: Interpolation
  ) -> Int64 {
    let room = panel.grid.width * 56 / 2
    let points = Int64(min(max(panel.maxDataPoints ?? max(room, 120), 10), 11_000))
    let round = Self.roundStep((to - from) / points)
    guard var text = least.map({ scope.expand($0, format: .text) }) else { return round }
    if text.hasPrefix(">") { text = String(text.drop { $0 == ">" || $0 == "=" }) }
    guard let bound = DurationText.parse(TextTools.trim(text)), bound > 0 else { return round }
    return max(round, min(bound, Int64(1) << 45))
  }

  private static let roundSteps: [Int64] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 20_000, 30_000,
    60_000, 120_000, 300_000, 600_000, 900_000, 1_200_000, 1_800_000, 3_600_000, 7_200_000,
    10_800_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 604_800_000, 2_592_000_000,
    31_536_000_000,
  ]

  /// The round distance next to `step`; not below a second, rates need one.
  static func roundStep(_ step: Int64) -> Int64 {
    let bounded = max(step, 1000)
    var best = roundSteps[0]
    for candidate in roundSteps where abs(candidate - bounded) < abs(best - bounded) {
      best = candidate
    }
    return best
  }

  static func intervalBuiltIns(step: Int64, _ scrape: Int64) -> [String: String] {
    let rate = max(step + scrape, 4 * scrape)
    return [
      "__interval": DurationText.print(step), "__interval_ms": String(step),
      "__rate_interval": DurationText.print(rate), "__rate_interval_ms": String(rate),
      "interval_ms": String(step), "__auto": DurationText.print(step),
    ]
  }

  static func rangeBuiltIns(
    _ from: Int64, _ to: Int64, dashboard: Dashboard
  ) -> [String: String] {
    let range = max(1, to - from)
    let seconds = max(1, (range + 500) / 1000)
    return [
      "__range": "\(seconds)s", "__range_s": String(seconds), "__range_ms": String(range),
      "__dashboard": dashboard.title, "__org": "1",
    ]
  }
}
