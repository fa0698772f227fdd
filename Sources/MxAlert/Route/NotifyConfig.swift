package import MxConfig
package import MxModel
package import MxTime

/// Who is told of which alerts, how and when: Alertmanager's configuration, and what
/// stands under `x-mx:` in it. Durations are ms.
package struct NotifyConfig: Sendable {
  package var global = GlobalNotifySettings()
  /// Patterns of template files, as written.
  package var templates: [String] = []
  package var root: Route
  package var receivers: [Receiver]
  package var inhibitRules: [InhibitRule] = []
  /// `time_intervals` and `mute_time_intervals`, by name.
  package var intervals: [String: [PlacedInterval]] = [:]
  package var options = NotifyOptions()

  package func receiver(_ name: String) -> Receiver? { receivers.first { $0.name == name } }

  /// The receivers that some route, fallback or escalation leads to.
  package var reachableReceivers: [Receiver] {
    var names: [String] = []
    func reach(_ name: String?) {
      guard let name, !names.contains(name) else { return }
      names.append(name)
      if let receiver = receiver(name) {
        reach(receiver.policy.fallback)
        reach(receiver.policy.escalateTo)
      }
    }
    for route in root.all { reach(route.receiver) }
    reach(options.metaReceiver)
    return names.compactMap(receiver)
  }

  /// What stands for a configuration where none is given: every change of every
  /// alert is news by itself, told at once to stdout and not again.
  package static let standard: NotifyConfig = {
    var root = Route(receiver: "stdout", place: ConfigPlace(file: "", line: 0, column: 0))
    root.groupsByAll = true
    root.groupWait = 0
    root.groupInterval = 0
    root.repeatInterval = nil
    let stdout = Integration(
      receiver: "stdout", kind: "stdout", index: 0, sendResolved: true, place: root.place,
      channel: .stdout(TextFormat.plain))
    return NotifyConfig(
      root: root, receivers: [Receiver(name: "stdout", place: root.place, integrations: [stdout])])
  }()
}

/// One time interval with its zone.
package struct PlacedInterval: Sendable {
  package var spec: TimeIntervalSpec
  package var zone: Zone
}

/// `x-mx:` at the top of the file.
package struct NotifyOptions: Sendable {
  /// Who hears of trouble with mx itself; nil: whoever the routes say.
  package var metaReceiver: String?
  /// More notices than this for one channel in one run become one digest.
  package var maxPerRun = 20
  /// Notices older than this are given up, ms.
  package var giveUpAfter: Int64 = 3 * 86_400_000

  package init() {}
}

/// A rule that keeps notices of some alerts back while others fire.
package struct InhibitRule: Sendable {
  package var sources: [Matcher]
  package var targets: [Matcher]
  package var equal: [String]
  package var place: ConfigPlace
}

/// A node of the routing tree, with what it inherits filled in.
package struct Route: Sendable {
  package var receiver: String
  package var matchers: [Matcher] = []
  package var groupBy: [String] = []
  /// `group_by: ['...']`: every label.
  package var groupsByAll = false
  package var groupWait: Int64 = 30_000
  /// 0 only without a configuration: every change is told at once.
  package var groupInterval: Int64 = 300_000
  /// Nil: never again.
  package var repeatInterval: Int64? = 4 * 3_600_000
  package var continues = false
  package var muteIntervals: [String] = []
  package var activeIntervals: [String] = []
  /// Templates of `labels:`, for notices.
  package var labels: [(name: String, value: String)] = []
  package var routes: [Route] = []
  package var place: ConfigPlace
  /// `{}/{severity="page"}`: what Alertmanager knows the node by.
  package var key = "{}"
  /// The key with the node's place among its siblings: no two nodes have the same.
  package var id = "{}"

  package init(receiver: String, place: ConfigPlace) {
    self.receiver = receiver
    self.place = place
  }

  /// This node and all below.
  package var all: [Route] { [self] + routes.flatMap(\.all) }

  package func matches(_ labels: LabelSet) -> Bool { matchers.allMatch(labels) }

  /// The nodes an alert comes to: depth first, the first that matches ends it unless
  /// it says `continue`; the node itself where none below matches.
  package func destinations(of labels: LabelSet) -> [Route] {
    guard matches(labels) else { return [] }
    var found: [Route] = []
    for route in routes {
      let below = route.destinations(of: labels)
      found += below
      if !below.isEmpty, !route.continues { break }
    }
    return found.isEmpty ? [self] : found
  }

  /// The labels that an alert's group is known by.
  package func groupLabels(of labels: LabelSet) -> LabelSet {
    groupsByAll ? labels : labels.keeping(Set(groupBy))
  }
}

extension [Matcher] {
  /// `{severity="page", team="db"}` without the blanks, as route keys have it.
  package var routeKey: String {
    let sorted = sorted {
      ($0.name, $0.value, $0.op.order) < ($1.name, $1.value, $1.op.order)
    }
    return "{" + sorted.map(\.description).joined(separator: ",") + "}"
  }
}

extension MatchOperator {
  fileprivate var order: Int {
    switch self {
    case .equal: 0
    case .notEqual: 1
    case .regex: 2
    case .notRegex: 3
    }
  }
}
