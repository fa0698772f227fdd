import MxModel

/// A row of what rules write, and when by whom: in this order they are written.
struct RuleRow {
  var time: Int64
  /// The rule's place among those of the run.
  var number: Int
  var ref: UInt32
  /// The time of the sample: less the group's offset.
  var at: Int64
  var value: Double

  static func precedes(_ left: RuleRow, _ right: RuleRow) -> Bool {
    (left.time, left.number) < (right.time, right.number)
  }
}

/// An alert rule that reads nothing which rules write, while none reads what it writes:
/// evaluated over many instants at once, beside others of its kind.
///
/// Used by one thread at a time.
final class LoneRule: @unchecked Sendable {
  private let state: RuleProgress
  private let due: GroupDue
  private var done = 0
  /// Since the last `take`.
  private var output = Output()

  /// What it came to, in the order of time.
  struct Output {
    var evaluations = 0
    var samples: [(time: Int64, sample: AlertSample)] = []
    var failures: [RuleFailure] = []
  }

  init(_ state: RuleProgress, _ due: GroupDue) {
    self.state = state
    self.due = due
  }

  var number: Int { state.number }
  var queryOffset: Int64 { due.group.queryOffset }
  var next: Int64? { done < due.steps.count ? due.steps[done] : nil }
  var interval: Int64 { due.steps.interval }

  /// Its due instants up to `end`.
  func advance(to end: Int64, _ alerts: AlertEvaluator) {
    while let time = next, time <= end {
      done += 1
      let found = alerts.evaluate(state, due, time)
      output.evaluations += found.isEvaluated ? 1 : 0
      for sample in found.samples { output.samples.append((time, sample)) }
      if let failure = found.failure { output.failures.append(failure) }
    }
  }

  func take() -> Output {
    defer { output = Output() }
    return output
  }
}

/// Evaluates alert rules; for different rules on several threads.
struct AlertEvaluator: @unchecked Sendable {
  let source: OverlaySource
  let options: RuleOptions
  let report: Report
  /// Whether `ALERTS` and `ALERTS_FOR_STATE` are of use to anybody.
  let wantsSamples: Bool
  let handler: RuleRun.AlertHandler

  struct Found {
    var isEvaluated = false
    var samples: [AlertSample] = []
    var failure: RuleFailure?
  }

  func evaluate(_ state: RuleProgress, _ due: GroupDue, _ time: Int64) -> Found {
    var found = Found()
    do {
      let vector = try state.vector(due, time, source, report)
      found.isEvaluated = true
      let scope = TemplateScope(
        source: source, options: options, report: report, kit: state.templates,
        evaluatedAt: time - due.group.queryOffset, now: time)
      var elements: [AlertElement] = []
      elements.reserveCapacity(vector.elements.count)
      for element in vector.elements {
        let (labels, number) = state.alert(element, scope)
        elements.append(
          AlertElement(
            labels: labels, sample: element.labels, value: element.value, number: number))
      }
      if Self.hasTwins(elements) {
        throw RuleTrouble(
          "vector contains metrics with the same labelset after applying alert labels")
      }
      let outcome = try handler(
        AlertEvaluation(
          group: due.group, rule: state.rule, time: time, elements: elements,
          ruleNumber: state.number, wantsSamples: wantsSamples, scope: scope,
          asked: state.background, due: due))
      found.samples = outcome.samples
      if let failure = outcome.failure { throw RuleTrouble(failure) }
    } catch {
      found.failure = RuleFailure(state.rule, due.group, time, error)
    }
    return found
  }

  /// Whether two elements are the same alert. Numbers mostly ascend with the rows.
  private static func hasTwins(_ elements: [AlertElement]) -> Bool {
    if zip(elements, elements.dropFirst()).allSatisfy({ $0.number < $1.number }) { return false }
    return Set(elements.map(\.number)).count < elements.count
  }
}
