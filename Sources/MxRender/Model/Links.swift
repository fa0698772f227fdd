import MxModel

/// Where a dashboard, a panel or a value of it leads, as its author wrote it.
package struct Link: Equatable, Sendable {
  package enum Target: Equatable, Sendable {
    /// An address with variables in it.
    case address(String)
    /// Another dashboard, by its title or slug.
    case dashboard(String)
    /// All dashboards that have all of these tags.
    case tagged([String], isMenu: Bool)
  }

  package var title = ""
  package var tooltip = ""
  package var target = Target.address("")
  /// Added behind the address: `kind=memory`.
  package var parameters = ""
  package var opensNew = false
  /// The reader's range, and the values he chose, go along.
  package var keepsTime = false
  package var keepsVariables = false
}

/// What a page shows besides the answers to its queries: the dashboards beside it
/// and the alerts. Set by whoever has a site and a ledger.
package struct Surroundings: Sendable {
  /// Nil: nothing evaluates alerts here.
  package var alerts: [SiteAlert]?
  /// When alerts fired, for marks on graphs.
  package var spans: [AlertSpan] = []
  package var entries: [SiteEntry] = []
  /// `SiteEntry.mark(of:)` of them: panels that lead there are made of it.
  package var entriesMark = ""
  /// From a page to where the dashboards' pages are: empty, or `../`.
  package var root = ""
  /// There are no pages beside this one.
  package var isAlone = false

  package init() {}
}

/// An alert that is not at rest.
package struct SiteAlert: Equatable, Sendable {
  /// Why nobody is told of it.
  package struct Hold: Equatable, Sendable {
    /// `silenced`, `inhibited`, `acknowledged`, `muted`.
    package var kind: String
    package var by: String
    package var why: String
    /// Milliseconds; nil: until something else ends it.
    package var until: Int64?

    package init(kind: String, by: String, why: String, until: Int64?) {
      self.kind = kind
      self.by = by
      self.why = why
      self.until = until
    }
  }

  package var name: String
  /// Without the name.
  package var labels: [QueryResult.Label]
  package var summary: String
  package var since: Int64
  package var value: Double
  package var isFiring: Bool
  package var hold: Hold?

  package init(
    name: String, labels: [QueryResult.Label], summary: String, since: Int64, value: Double,
    isFiring: Bool, hold: Hold?
  ) {
    self.name = name
    self.labels = labels
    self.summary = summary
    self.since = since
    self.value = value
    self.isFiring = isFiring
    self.hold = hold
  }

  var labelText: String {
    labels.map { "\($0.name)=\(LabelKey.quoted($0.value))" }.joined(separator: ", ")
  }

  /// A watchdog fires for as long as all is well: that is no news to people.
  var isForPeople: Bool { !labels.contains { $0.name == "severity" && $0.value == "none" } }
}

/// A stretch of time in which an alert fired.
package struct AlertSpan: Equatable, Sendable {
  package var name: String
  package var labels: [QueryResult.Label]
  package var summary: String
  package var from: Int64
  /// Nil: it still fires.
  package var to: Int64?
  /// The dashboard and the panel that the rule names: `__dashboardUid__`, `__panelId__`.
  package var dashboard: String
  package var panel: String

  package init(
    name: String, labels: [QueryResult.Label], summary: String, from: Int64, to: Int64?,
    dashboard: String = "", panel: String = ""
  ) {
    self.name = name
    self.labels = labels
    self.summary = summary
    self.from = from
    self.to = to
    self.dashboard = dashboard
    self.panel = panel
  }
}
