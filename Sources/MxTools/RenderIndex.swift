import MxAlert
import MxCLI
import MxFiles
import MxJSON
import MxModel
import MxRender
import MxStore

/// The page over all dashboards of a site, and its badges.
struct RenderIndex {
  private let site: RenderSite
  private let source: RenderSource
  private let run: Run

  init(_ site: RenderSite, _ source: RenderSource, _ run: Run) {
    self.site = site
    self.source = source
    self.run = run
  }

  /// Lists what this run made and what earlier ones did.
  func write(_ made: [SiteEntry]) throws {
    var entries = made
    let names = Set(made.map(\.name))
    for known in try earlier() where !names.contains(known.name) {
      if try site.exists("\(known.name).html") { entries.append(known) }
    }
    entries.sort { ($0.title.lowercased(), $0.name) < ($1.title.lowercased(), $1.name) }
    var writer = JSONWriter(indent: 2)
    writer.beginArray()
    for entry in entries { entry.write(&writer) }
    writer.endArray()
    try site.write("dashboards.json", writer.bytes)
    let alerts = try alerts()
    var options = RenderOptions()
    options.theme = Theme(rawValue: run.arguments.string("theme") ?? "auto") ?? .auto
    options.footer = "mx-render \(Version.text)"
    try site.write(
      "index.html", SitePage(entries: entries, alerts: alerts, options: options).page())
    if let alerts { try writeBadge(alerts.count(where: \.isFiring)) }
  }

  private func earlier() throws -> [SiteEntry] {
    try site.json("dashboards.json")?.array?.compactMap(SiteEntry.init) ?? []
  }

  private func writeBadge(_ firing: Int) throws {
    let text = firing == 0 ? "none" : "\(firing) firing"
    try site.write("alerts.svg", Badge.svg("alerts", text, firing == 0 ? .good : .bad))
  }

  /// Nil where no ledger is: nothing was ever evaluated here.
  private func alerts() throws -> [SiteAlert]? {
    let place = AlertPlace(source.snapshot.store)
    guard try DiskFileSystem().status(place.ledger) != nil else { return nil }
    let ledger = try AlertLedger.read(place.ledger, wait: place.wait(run))
    return try ledger.instances().values.joined().filter(\.isActive)
      .sorted { ($0.activeAt, $0.labels) < ($1.activeAt, $1.labels) }
      .map { instance in
        SiteAlert(
          name: instance.labels["alertname"] ?? "",
          labels: instance.labels.removing(["alertname"]).description,
          summary: instance.annotations.first { $0.name == "summary" }?.value ?? "",
          since: TimeText.rfc3339(instance.firedAt ?? instance.activeAt),
          isFiring: instance.state == .firing)
      }
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
      let picture = Picture(plan: plan, position: position, theme: job.options.theme)
      try site.write("\(name)/\(id.dropFirst()).svg", picture.svg(own))
    }
  }
}
