import MxModel
import MxRules

/// What becomes of alerts without data.
///
/// A hole is not good news. Within the grace an alert stays what it is; then
///
///     keep   it stays so until there is data
///     alert  it fires, and so does every series that once had data
///     ok     it ends
///
/// A pending alert does not come closer to firing in a hole: the time in it does not
/// count, but for `alert`, where the hole itself is the condition.
extension AlertMachine {
  static let noData = "no data"

  static func goWithoutData(_ instance: inout AlertInstance, _ step: inout Step) {
    let since = instance.noDataSince ?? step.time
    instance.noDataSince = since
    if step.time - since >= step.policy.grace {
      switch step.policy.noData {
      case .ok: end(&instance, Self.noData, &step)
      case .alert where instance.state == .pending:
        instance.state = .firing
        instance.firedAt = step.time
        change(&instance, from: .pending, Self.noData, &step)
      default: break
      }
    }
  }

  /// Series that had data and have none are alerts; those that are gone for good are
  /// forgotten.
  mutating func watch(_ step: inout Step) {
    guard let series = step.surroundings.series else { return }
    for (base, alert) in series
    where known[base]?.alert != alert || known[base]?.missingSince != nil {
      known[base] = KnownSeries(alert: alert)
    }
    for base in known.keys.sorted() where series[base] == nil {
      guard var one = known[base] else { continue }
      let since = one.missingSince ?? step.time
      one.missingSince = since
      known[base] = one
      if step.time - since >= step.policy.forget {
        known[base] = nil
        if var instance = instance(one.alert), instance.isActive {
          Self.end(&instance, "\(Self.noData) for \(DurationText.print(step.policy.forget))", &step)
          put(instance)
        }
      } else if step.time - since >= step.policy.grace {
        fire(one.alert, base, since, &step)
      }
    }
  }

  private mutating func fire(
    _ alert: LabelSet, _ base: LabelSet, _ since: Int64, _ step: inout Step
  ) {
    let old = instance(alert)
    if old?.isActive ?? false { return }
    var instance = AlertInstance(labels: alert, state: .firing, activeAt: since, value: .nan)
    instance.firedAt = step.time
    instance.noDataSince = since
    instance.annotations = step.surroundings.annotations(base)
    if let old { instance.flap = old.flap }
    Self.change(&instance, from: .inactive, Self.noData, &step)
    put(instance)
  }
}

extension AlertInstance {
  /// It fires for want of data, not because its condition held.
  package var isOfNoData: Bool {
    guard state == .firing, let noDataSince, let firedAt else { return false }
    return firedAt >= noDataSince
  }
}
