/// What would have been told of changes by nobody who remembers anything from before: the
/// planner of live runs, as if one came at each instant that anything is due at.
package struct NotifyReplay {
  private var planner: NotifyPlanner
  private let delay: Int64
  /// What did not arrive yet, in the order of arrival.
  private var arrivals: [NotifyAlert] = []

  package init(_ settings: NotifyRun.Settings, silences: [Silence], from start: Int64) {
    var holds = Holds()
    holds.silences = silences
    planner = NotifyPlanner(
      settings.config, NotifyState(), holds, rules: settings.rules, present: start)
    delay = settings.delay
  }

  /// The next change, in the order in which they happened.
  package mutating func take(_ rule: String, _ transition: AlertTransition) {
    if let alert = NotifyAlert(transition, rule: rule, delay: delay) { arrivals.append(alert) }
  }

  /// Lives on until everything that was evaluated up to `time` is told.
  package mutating func advance(
    upTo time: Int64, _ tell: (GroupNotice) throws -> Void
  ) rethrows {
    let end = time + delay
    var next = 0
    while true {
      let arrival = next < arrivals.count ? arrivals[next].arrivedAt : .max
      let now = min(planner.nextDue ?? .max, arrival)
      if now > end || now == .max { break }
      let first = next
      while next < arrivals.count, arrivals[next].arrivedAt <= now { next += 1 }
      let plan = planner.advance(Array(arrivals[first..<next]), to: now)
      for notice in plan.notices { try tell(notice) }
    }
    arrivals.removeFirst(next)
    planner.prune(at: end)
  }
}
