import MxModel
import MxRules

/// The series `ALERTS` and `ALERTS_FOR_STATE` of one alert, as Prometheus writes them.
struct AlertSeries {
  /// The state whose series has a sample and no end yet.
  var written = AlertState.inactive
  /// Made when first needed; by state, then the one of all states.
  private var names: [AlertSeriesName?] = [nil, nil, nil]

  /// The samples of this instant: 1 while active, stale markers for what was written
  /// before and does not hold any more.
  mutating func write(_ instance: AlertInstance, _ samples: inout [AlertSample]) {
    guard instance.isActive else { return end(instance, &samples) }
    samples.append(AlertSample(state(instance.state, instance), 1))
    samples.append(AlertSample(forState(instance), Double(instance.activeAt / 1000)))
    if written != .inactive, written != instance.state {
      samples.append(AlertSample(state(written, instance), StaleMarker.value))
    }
    written = instance.state
  }

  /// Ends whatever is written.
  mutating func end(_ instance: AlertInstance, _ samples: inout [AlertSample]) {
    if written == .inactive { return }
    samples.append(AlertSample(state(written, instance), StaleMarker.value))
    samples.append(AlertSample(forState(instance), StaleMarker.value))
    written = .inactive
  }

  private mutating func state(_ state: AlertState, _ instance: AlertInstance) -> AlertSeriesName {
    name(state == .firing ? 1 : 0) {
      instance.labels.setting(LabelName.metric, to: "ALERTS")
        .setting("alertstate", to: state.rawValue)
    }
  }

  private mutating func forState(_ instance: AlertInstance) -> AlertSeriesName {
    name(2) { instance.labels.setting(LabelName.metric, to: "ALERTS_FOR_STATE") }
  }

  private mutating func name(_ place: Int, _ make: () -> LabelSet) -> AlertSeriesName {
    if let known = names[place] { return known }
    let name = AlertSeriesName(make())
    names[place] = name
    return name
  }
}
