/// The alert list: what fires and what is on its way there, who keeps it quiet, why
/// and until when.
struct AlertListDrawing {
  let planned: PlannedPanel
  let size: Size

  func draw(_ canvas: inout Canvas) {
    guard let all = canvas.beside.alerts else {
      return EmptyPanel.draw(
        &canvas, message: "No alerts are evaluated over this store",
        detail: "mx-alert run --rules FILE… does")
    }
    let options = planned.panel.options.alerts
    let alerts = Self.chosen(all, options, planned.interpolation)
    if options.isCount { return drawCount(alerts.count(where: \.isFiring), &canvas) }
    if alerts.isEmpty {
      return canvas.markup.element("p", "No alert is firing", .class("empty"))
    }
    canvas.markup.open(
      "div", .class("scroll"), .text("tabindex", "0"), .text("role", "region"),
      .text("aria-label", planned.panel.title.isEmpty ? "Alerts" : planned.panel.title))
    for (heading, members) in Self.groups(alerts, options.groupBy) {
      if !heading.isEmpty { canvas.markup.element("h4", heading, .class("group")) }
      canvas.markup.raw("<ul class=\"alerts\">")
      for alert in members { AlertItem.draw(alert, &canvas) }
      canvas.markup.raw("</ul>")
    }
    canvas.markup.raw("</div>")
  }

  static func chosen(
    _ alerts: [SiteAlert], _ options: AlertListOptions, _ interpolation: Interpolation
  ) -> [SiteAlert] {
    let name = interpolation.expand(options.name, format: .text).lowercased()
    let matching = alerts.filter { alert in
      (alert.isFiring ? options.showsFiring : options.showsPending)
        && (alert.hold == nil || options.showsHeld)
        && (name.isEmpty || alert.name.lowercased().contains(name))
        && options.filter.matches(alert.name, alert.labels)
    }
    let sorted = matching.enumerated().sorted { one, other in
      let (a, b) = (one.element, other.element)
      switch options.order {
      case .importance:
        if rank(a) != rank(b) { return rank(a) < rank(b) }
        if a.since != b.since { return a.since > b.since }
      case .name: if a.name != b.name { return a.name < b.name }
      case .nameDown: if a.name != b.name { return a.name > b.name }
      case .oldest: if a.since != b.since { return a.since < b.since }
      case .newest: if a.since != b.since { return a.since > b.since }
      }
      return one.offset < other.offset
    }
    return sorted.prefix(options.limit).map(\.element)
  }

  /// What somebody should look at comes first.
  private static func rank(_ alert: SiteAlert) -> Int {
    alert.isFiring ? alert.hold == nil ? 0 : 2 : 1
  }

  private static func groups(
    _ alerts: [SiteAlert], _ labels: [String]
  ) -> [(heading: String, members: [SiteAlert])] {
    if labels.isEmpty { return [("", alerts)] }
    var groups: [(heading: String, members: [SiteAlert])] = []
    for alert in alerts {
      let heading = labels.map { name in
        let value =
          name == "alertname" ? alert.name : alert.labels.first { $0.name == name }?.value
        return "\(name)=\(value ?? "")"
      }.joined(separator: ", ")
      if let index = groups.firstIndex(where: { $0.heading == heading }) {
        groups[index].members.append(alert)
      } else {
        groups.append((heading, [alert]))
      }
    }
    return groups
  }

  private func drawCount(_ count: Int, _ canvas: inout Canvas) {
    let ink = Ink.named(count == 0 ? "green" : "red")
    canvas.openSVG(size, label: "\(count) alerts firing")
    canvas.markup.element(
      "text", "\(count)", .class("value mid tinted", canvas.use(ink)), .text("x", "50%"),
      .number("y", size.height / 2 + 16), .number("font-size", min(size.height * 0.6, 52)))
    canvas.markup.close("svg")
  }

  /// For pictures, which hold no lists.
  static func words(_ planned: PlannedPanel, _ beside: Surroundings) -> String {
    guard let all = beside.alerts else { return "No alerts are evaluated over this store" }
    let alerts = chosen(all, planned.panel.options.alerts, planned.interpolation)
    if alerts.isEmpty { return "No alert is firing" }
    return alerts.map { alert in
      "\(AlertItem.state(alert)): \(alert.name) {\(alert.labelText)}"
    }.joined(separator: "\n")
  }
}

/// One alert in a list, on panels and on the page over all dashboards.
enum AlertItem {
  static func state(_ alert: SiteAlert) -> String {
    alert.hold?.kind ?? (alert.isFiring ? "firing" : "pending")
  }

  static func draw(_ alert: SiteAlert, _ canvas: inout Canvas) {
    let isHeld = alert.hold != nil
    canvas.markup.open(
      "li", .class(isHeld ? "held" : alert.isFiring ? "firing" : "pending"))
    canvas.markup.element("b", state(alert), .class("state-word"))
    canvas.markup.raw("<div>")
    canvas.markup.element("strong", alert.name)
    if !alert.summary.isEmpty { canvas.markup.element("span", alert.summary) }
    let since = DateText.text(Double(alert.since), .iso, canvas.zone)
    canvas.markup.element(
      "span", "\(alert.isFiring ? "since" : "pending since") \(since)", .class("note"))
    if let hold = alert.hold {
      canvas.markup.element("span", words(hold, canvas), .class("hold"))
    }
    if !alert.labels.isEmpty {
      canvas.markup.element("span", alert.labelText, .class("note labels"))
    }
    canvas.markup.raw("</div></li>")
  }

  /// `silenced by ann until 2026-11-20 10:00:00: new disks`.
  static func words(_ hold: SiteAlert.Hold, _ canvas: Canvas) -> String {
    var text = hold.kind
    if !hold.by.isEmpty { text += " by \(hold.by)" }
    if let until = hold.until {
      text += " until \(DateText.text(Double(until), .iso, canvas.zone))"
    }
    return hold.why.isEmpty ? text : text + ": " + hold.why
  }
}

/// The list of dashboards beside this one.
struct DashboardListDrawing {
  let planned: PlannedPanel

  func draw(_ canvas: inout Canvas) {
    let options = planned.panel.options.dashboards
    let words = planned.interpolation.expand(options.words, format: .text).lowercased()
      .split(separator: " ")
    let entries = canvas.beside.entries.filter { entry in
      Set(options.tags).isSubset(of: entry.tags)
        && words.allSatisfy { entry.title.lowercased().contains($0) }
    }
    if entries.isEmpty || canvas.beside.isAlone {
      return canvas.markup.element("p", "No dashboards of this kind are here", .class("empty"))
    }
    canvas.markup.open(
      "div", .class("scroll"), .text("tabindex", "0"), .text("role", "region"),
      .text("aria-label", planned.panel.title.isEmpty ? "Dashboards" : planned.panel.title))
    canvas.markup.raw("<ul class=\"boards\">")
    for entry in entries.prefix(options.limit) {
      canvas.markup.raw("<li>")
      let link = ResolvedLink(
        title: entry.title.isEmpty ? entry.name : entry.title, tooltip: entry.description,
        target: .page(entry.name, state: ""), keepsTime: options.keepsTime,
        keepsVariables: options.keepsVariables)
      LinkDrawing.draw(link, &canvas)
      for tag in entry.tags.prefix(6) { canvas.markup.element("span", tag, .class("tag")) }
      canvas.markup.raw("</li>")
    }
    canvas.markup.raw("</ul></div>")
  }
}
