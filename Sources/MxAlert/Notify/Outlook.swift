/// What one of an alert's receivers is to expect.
package struct Outlook: Sendable {
  package var receiver: String
  /// Why it hears nothing, or nothing more.
  package var hold: Hold?
  /// When it was last told of the alert's group.
  package var lastNotice: Int64?
  /// When it is told next if nothing changes; nil: never.
  package var nextNotice: Int64?
}

extension NotifyPlanner {
  package func outlook(of alert: NotifyAlert, at time: Int64) -> [Outlook] {
    destinations(of: alert).map { route in
      let labels = route.groupLabels(of: alert.labels)
      let hold =
        holdBack(alert, route, nil, time, time)
        ?? holdBack(alert, route, route.receiver, time, time)
        ?? ack(of: alert, time).map { .acknowledged($0) }
      let key = "\(route.key):\(labels.groupText)"
      let last = state.log.filter { entry in
        entry.key.groupKey == key && entry.key.target.hasPrefix("\(route.receiver)/")
          && entry.value.firing.contains(alert.fingerprint)
      }.map(\.value.at).max()
      var next: Int64?
      if hold == nil, let flush = nextFlush(route, labels) {
        next = nextNotice(route, last: last, flush: flush)
      }
      return Outlook(
        receiver: route.receiver, hold: hold, lastNotice: last, nextNotice: next)
    }
  }

  /// The first flush of a group at which it is time for a repeat, or for the first notice.
  private func nextNotice(_ route: Route, last: Int64?, flush: Int64) -> Int64? {
    guard let last else { return flush == .max ? nil : flush }
    guard let pause = route.repeatInterval, flush < .max, route.groupInterval > 0 else {
      return nil
    }
    // Repeats are due once the interval is over, not at its very end.
    let due = last + pause + 1
    if flush >= due { return flush }
    let steps = (due - flush + route.groupInterval - 1) / route.groupInterval
    return flush + steps * route.groupInterval
  }
}
