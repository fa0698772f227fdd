package import MxPromQL

/// What becomes of an alert whose series has no data any more.
package enum NoDataPolicy: String, CaseIterable, Sendable {
  /// As in Prometheus: nothing there is nothing wrong.
  case prometheus
  /// The alert stays what it is until data says otherwise.
  case keep
  /// A series that had data and has none is an alert itself.
  case alert
  /// No data means all is well.
  case ok
}

/// What a rule says under `x-mx:`, beyond Prometheus' own fields.
package struct AlertAdditions: Sendable {
  /// Hysteresis: when a firing alert ends.
  package enum Resolve: Sendable {
    /// It goes on while this holds: the rule's expression with another threshold.
    case unless(Expr, text: String)
    /// It ends when this holds.
    case when(Expr, text: String)

    package var expr: Expr {
      switch self {
      case .unless(let expr, _), .when(let expr, _): expr
      }
    }

    package var text: String {
      switch self {
      case .unless(_, let text), .when(_, let text): text
      }
    }
  }

  /// How often an alert may change before it counts as flapping.
  package enum Flap: Hashable, Sendable {
    case off
    case at(changes: Int, window: Int64)

    package static let standard = Flap.at(changes: 5, window: 600_000)
  }

  package var resolve: Resolve?
  /// Nil: the store's default.
  package var noData: NoDataPolicy?
  /// How long data may be missing before the policy counts, ms; nil: the rule's `for`.
  package var grace: Int64?
  /// With policy `alert`: how long a series may be without data before it counts as gone
  /// for good, ms; nil: a week.
  package var forget: Int64?
  package var flap = Flap.standard
  /// So many notices of one alert, at most; nil: as many as the routes say.
  package var maxNotifications: Int?
  /// Who is told, past the routes; empty: whom the routes say.
  package var receivers: [String] = []
  /// How long one evaluation may take, ms.
  package var timeout: Int64?

  package init() {}
}
