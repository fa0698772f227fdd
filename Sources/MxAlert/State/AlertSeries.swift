import MxModel
package import MxRules

/// The series `ALERTS` and `ALERTS_FOR_STATE`, as Prometheus writes them.
package enum AlertSeries {
  /// The samples for the alerts that are active `now`, and stale markers for what was
  /// written of those active `before` and is not any more.
  package static func samples(
    before: [AlertInstance], now: [AlertInstance]
  ) -> [AlertSample] {
    var samples: [AlertSample] = []
    samples.reserveCapacity(now.count * 2)
    var states: [LabelSet: AlertState] = [:]
    for instance in now {
      states[instance.labels] = instance.state
      samples.append(AlertSample(state(instance), 1))
      samples.append(AlertSample(forState(instance), Double(instance.activeAt / 1000)))
    }
    for instance in before {
      let state = states[instance.labels]
      if state != instance.state {
        samples.append(AlertSample(self.state(instance), StaleMarker.value))
      }
      if state == nil { samples.append(AlertSample(forState(instance), StaleMarker.value)) }
    }
    return samples
  }

  private static func state(_ instance: AlertInstance) -> LabelSet {
    instance.labels.setting(LabelName.metric, to: "ALERTS")
      .setting("alertstate", to: instance.state.rawValue)
  }

  private static func forState(_ instance: AlertInstance) -> LabelSet {
    instance.labels.setting(LabelName.metric, to: "ALERTS_FOR_STATE")
  }
}
