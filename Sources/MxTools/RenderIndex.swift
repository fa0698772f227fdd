import MxCLI
import MxJSON
import MxRender

/// The page over all dashboards of a site, and its badges.
struct RenderIndex {
  private let site: RenderSite
  private let run: Run

  init(_ site: RenderSite, _ run: Run) {
    self.site = site
    self.run = run
  }

  /// What is being made and what earlier runs made, by title.
  func entries(_ made: [SiteEntry]) throws -> [SiteEntry] {
    var entries = made
    let names = Set(made.map(\.name))
    for known in try earlier() where !names.contains(known.name) {
      if try site.exists("\(known.name).html") { entries.append(known) }
    }
    return entries.sorted {
      ($0.title.lowercased(), $0.name) < ($1.title.lowercased(), $1.name)
    }
  }

  /// `mark`: of the entries. Where no alert is active, now and when the last run made it,
  /// and the dashboards are the same, nothing is made again.
  func write(
    _ entries: [SiteEntry], _ mark: String, _ alerts: [SiteAlert]?, _ memory: RenderMemory?
  ) throws {
    let theme = run.arguments.string("theme") ?? "auto"
    let isQuiet = alerts?.isEmpty ?? true
    let made = isQuiet ? "\(mark) \(alerts == nil ? "no alerting" : "calm") \(theme)" : ""
    let names = ["index.html", "dashboards.json"] + (alerts == nil ? [] : ["alerts.svg"])
    if isQuiet, memory?.indexMark == made, try names.allSatisfy(site.exists) { return }
    try write(entries, alerts, theme)
    memory?.indexMark = made
  }

  private func write(_ entries: [SiteEntry], _ alerts: [SiteAlert]?, _ theme: String) throws {
    var writer = JSONWriter(indent: 2)
    writer.beginArray()
    for entry in entries { entry.write(&writer) }
    writer.endArray()
    try site.write("dashboards.json", writer.bytes)
    var options = RenderOptions()
    options.theme = Theme(rawValue: theme) ?? .auto
    options.footer = "mx-render \(Version.text)"
    try site.write(
      "index.html", SitePage(entries: entries, alerts: alerts, options: options).page())
    if let alerts { try site.write("alerts.svg", Badge.alerts(alerts)) }
  }

  private func earlier() throws -> [SiteEntry] {
    try site.json("dashboards.json")?.array?.compactMap(SiteEntry.init) ?? []
  }
}

/// Pictures of a dashboard's panels, under addresses that stay: `host/4.svg`.
struct RenderPictures {
  private let site: RenderSite
  private let job: RenderJob

  init(_ site: RenderSite, _ job: RenderJob) {
    self.site = site
    self.job = job
  }

  /// Those whose results are at hand: the others' pictures are as they were.
  func write(_ plan: Plan, results: [Int: [Int: QueryResult]]) throws {
    let name = plan.dashboard.fileName
    for (position, id) in plan.panelIDs.enumerated() {
      guard let own = results[position], plan.panels[position].panel.kind != .text else { continue }
      if let badge = plan.badge(position, own) {
        try site.write("\(name)/\(id.dropFirst())-badge.svg", badge)
      }
      let picture = Picture(plan: plan, position: position, theme: job.options.theme)
      try site.write("\(name)/\(id.dropFirst()).svg", picture.svg(own))
    }
  }

  /// Those of a panel that is no more.
  func remove(_ id: String, of name: String) throws {
    for ending in [".svg", "-badge.svg"] { try site.remove("\(name)/\(id.dropFirst())\(ending)") }
  }
}
