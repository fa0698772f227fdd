package import MxTime

/// What a command line says over a dashboard.
package struct PlanOptions: Sendable {
  /// Milliseconds since 1970; nothing here reads a clock.
  package var now: Int64
  /// `now-6h`, RFC 3339…; nil: the dashboard's.
  package var from: String?
  package var to: String?
  /// Nil: the dashboard's, UTC where that says `browser`.
  package var zone: Zone?
  package var variables: [String: [String]] = [:]
  /// How far samples are apart: `$__rate_interval` is at least four of these.
  package var scrapeInterval: Int64 = 60_000
  /// Ranges that end at the present end at a round one: a page made a little
  /// later asks the same, and where nothing is new nothing is made again.
  package var snaps = false

  package init(now: Int64) { self.now = now }
}

/// One expression to evaluate.
package struct PanelQuery: Equatable, Sendable {
  /// Where the answer belongs: an index into `Plan.panels` and of its targets.
  package var panel: Int
  package var target: Int
  package var refID: String
  package var expr: String
  /// Milliseconds; for an instant query both are the present, or the end of the range.
  package var from: Int64
  package var to: Int64
  /// What an instant query stands for until it is asked again: the end of the range.
  package var until: Int64
  package var step: Int64
  package var isInstant: Bool
}

/// A panel with its variables filled in, ready to be drawn.
package struct PlannedPanel: Sendable {
  package var panel: Panel
  package var interpolation: Interpolation
  package var from: Int64
  package var to: Int64
  package var step: Int64
  /// Names a query by `target`; a target without an entry is not asked.
  package var queries: [PanelQuery]
  /// Of a range of its own: `last 2h`.
  package var rangeNote: String?
  /// What happened meanwhile; see `Plan.place`.
  package var marks: [AnnotationMark] = []
}

package struct PlannedSection: Sendable {
  package var title: String?
  package var isCollapsed: Bool
  /// Into `Plan.panels`.
  package var panels: Range<Int>
}

/// A dashboard with every variable chosen and every repeat drawn out.
package struct Plan: Sendable {
  package var dashboard: Dashboard
  package var title: String
  package var from: Int64
  package var to: Int64
  package var zone: Zone
  package var now: Int64
  /// As the range was asked for.
  package var fromText: String
  package var toText: String
  package var variables: [String: VariableValue]
  /// What a variable may be, by name.
  package var options: [String: [Variable.Option]]
  package var sections: [PlannedSection]
  package var panels: [PlannedPanel]
  package var annotations: [PlannedAnnotation] = []
  package var beside = Surroundings()
  /// The variables and ranges of texts that belong to no panel.
  var base = Interpolation()

  /// All there is to evaluate, in the order of the page.
  package var queries: [PanelQuery] { panels.flatMap(\.queries) }
}

extension Dashboard {
  /// Decides what to evaluate. Pure, but for `ask`, which answers what query
  /// variables want to know of the store.
  package func plan(
    _ options: PlanOptions, ask: @escaping (VariableQuery) -> [String]?
  ) throws(RenderError) -> Plan {
    let zone: Zone
    if let chosen = options.zone { zone = chosen } else { zone = try Self.zone(timezone) }
    let fromText = options.from ?? from
    let toText = options.to ?? to
    guard
      let start = RelativeTime.parse(fromText, now: options.now, zone: zone, roundsUp: false)
    else { throw .badTime(field: options.from == nil ? "time.from" : "--from", text: fromText) }
    guard let end = RelativeTime.parse(toText, now: options.now, zone: zone, roundsUp: true)
    else { throw .badTime(field: options.to == nil ? "time.to" : "--to", text: toText) }
    if end < start { throw .emptyRange(from: fromText, to: toText) }
    var base = Interpolation()
    let lead = options.snaps && toText == "now" ? Self.lead(start, end) : 0
    let moved = fromText.hasPrefix("now-") && !fromText.contains("/") ? lead : 0
    (base.from, base.to) = (start + moved, max(end, start + 1) + lead)
    base.builtIns = Planner.rangeBuiltIns(base.from, base.to, dashboard: self)
    // Chained queries may look at a range too.
    for (name, value) in Planner.intervalBuiltIns(step: 60_000, options.scrapeInterval) {
      base.builtIns[name] = value
    }
    let resolved = VariableResolver(
      dashboard: self, chosen: options.variables, interpolation: base, ask: ask
    ).resolve()
    base.variables = resolved.values
    var planner = Planner(dashboard: self, options: options, zone: zone, base: base)
    planner.lead = lead
    var plan = planner.plan()
    (plan.fromText, plan.toText, plan.options) = (fromText, toText, resolved.options)
    plan.annotations = planned(base, plan, lead: lead)
    plan.base = base
    return plan
  }

  /// How far the next round moment lies ahead: about a thousandth of the range, which
  /// is less than a pixel.
  private static func lead(_ start: Int64, _ end: Int64) -> Int64 {
    let step = Planner.roundStep((end - start) / 1000)
    return (TimeScale.floorDivide(end - 1, step) + 1) * step - end
  }

  private static func zone(_ name: String) throws(RenderError) -> Zone {
    // The reader's own zone is not known here, nor what an organisation has set.
    if ["", "browser", "default", "utc", "UTC"].contains(name) { return .utc }
    do {
      return try Zone.named(name)
    } catch {
      throw .badZone("\(error)")
    }
  }
}
