package import MxConfig
package import MxPromQL
package import MxTemplate

/// A rule file as Prometheus knows it.
package struct RuleFile: Sendable {
  package var path: String
  package var groups: [RuleGroup]

  package init(path: String, groups: [RuleGroup]) {
    self.path = path
    self.groups = groups
  }
}

/// Rules that are evaluated together, in order, at the same instants.
package struct RuleGroup: Sendable {
  package var file: String
  package var name: String
  package var place: ConfigPlace
  /// ms.
  package var interval: Int64
  /// More results of one rule than this are an error; 0 is no limit.
  package var limit: Int
  /// How far before the evaluation time queries look, and samples are written; ms.
  package var queryOffset: Int64
  package var rules: [Rule]

  /// What a ledger knows the group by.
  package var key: String { "\(file);\(name)" }
}

/// One rule, checked.
package struct Rule: Sendable {
  package enum Kind: Hashable, Sendable {
    /// The name of the metric that it writes.
    case record(String)
    /// The name of the alert.
    case alert(String)
  }

  package var kind: Kind
  package var expr: Expr
  /// The expression as written.
  package var text: String
  package var place: ConfigPlace
  /// Of the rule and its group, by name; templates for alerts.
  package var labels: [(name: String, template: AlertTemplate)]
  package var annotations: [(name: String, template: AlertTemplate)] = []
  /// How long the expression must hold before the alert fires, ms.
  package var holdFor: Int64 = 0
  /// How long the alert fires on after the expression stopped to hold, ms.
  package var keepFiringFor: Int64 = 0
  package var additions = AlertAdditions()
  /// Of rules of the short form: what PromQL alone does not say.
  package var short: ShortRule?
  /// False where it was switched off: it is not evaluated.
  package var isEnabled = true

  package var name: String {
    switch kind {
    case .record(let name), .alert(let name): name
    }
  }

  /// The expression by which one sees whether a series has data.
  package var dataExpr: Expr? { short == nil ? expr.withoutConditions : short?.data }

  /// Everything that names what may be asked of a source for it.
  var expressions: [Expr] {
    [expr] + [short?.ofEvents?.tree, additions.resolve?.expr].compactMap { $0 }
  }

  package var isAlert: Bool { if case .alert = kind { true } else { false } }
}
