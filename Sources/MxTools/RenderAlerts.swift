import MxAlert
import MxCLI
import MxFiles
import MxModel
import MxRender
import MxStore

/// What alerting knows, as pages show it: read once, and only where a page tells of it.
struct RenderAlerts {
  /// Nil where no ledger is: nothing was ever evaluated here.
  private(set) var alerts: [SiteAlert]?
  private(set) var spans: [AlertSpan] = []

  /// Of so many lines of history marks are made, the newest.
  private static let historyLimit = 20_000

  init(_ store: Store, _ run: Run) throws {
    let place = AlertPlace(store)
    guard try DiskFileSystem().status(place.ledger) != nil else { return }
    let ledger = try AlertLedger.read(place.ledger, wait: place.wait(run))
    let view = try AlertView.read(
      ledger, config: try NotifyFiles.load(run).config, now: run.common.now,
      history: TimeRange(from: TimeRange.all.from, to: run.common.now), limit: Self.historyLimit)
    alerts = view.active.map(Self.alert)
    spans = view.spans.map(Self.span)
  }

  /// Equal while nothing changed that a page would show.
  var mark: String {
    ContentMark.of(Array("\(alerts.map { "\($0)" } ?? "none") \(spans)".utf8))
  }

  private static func alert(_ active: AlertView.Active) -> SiteAlert {
    SiteAlert(
      name: active.name, labels: labels(active.labels), summary: summary(active.annotations),
      since: active.since, value: active.value, isFiring: active.state == .firing,
      hold: active.hold.map { hold in
        SiteAlert.Hold(kind: hold.kind.rawValue, by: hold.by, why: hold.why, until: hold.until)
      })
  }

  private static func span(_ span: AlertView.Span) -> AlertSpan {
    func annotation(_ name: String) -> String {
      span.annotations.first { $0.name == name }?.value ?? ""
    }
    return AlertSpan(
      name: span.labels["alertname"] ?? "", labels: labels(span.labels),
      summary: summary(span.annotations), from: span.from, to: span.to,
      dashboard: annotation("__dashboardUid__"), panel: annotation("__panelId__"))
  }

  private static func labels(_ labels: LabelSet) -> [MxRender.QueryResult.Label] {
    labels.pairs.filter { $0.name != "alertname" }.map { .init($0.name, $0.value) }
  }

  private static func summary(_ annotations: [AlertInstance.Annotation]) -> String {
    let names = ["summary", "message", "description"]
    return names.lazy.compactMap { name in annotations.first { $0.name == name }?.value }.first
      ?? ""
  }
}

extension Plan {
  /// Alerts for the panels and marks that tell of them, where there is no page around.
  mutating func tell(_ alerts: RenderAlerts, _ source: RenderSource) {
    beside.alerts = alerts.alerts
    beside.spans = alerts.spans
    beside.isAlone = true
    place(
      Dictionary(
        annotationQueries.map { ($0.target, source.answer($0)) },
        uniquingKeysWith: { one, _ in one }))
  }
}
