package import MxConfig
package import MxEngine
package import MxModel
import MxPromQL
import MxTemplate

/// What evaluations have in common.
package struct RuleOptions: Sendable {
  package var engine = EngineOptions()
  package var externalLabels: [(name: String, value: String)] = []
  /// Where links in notices lead; "" for none.
  package var externalURL = ""
  /// Makes what `EngineOptions.hasExpired` is to be for a rule with a `timeout` of so
  /// many ms: the clock is the caller's.
  package var expiry: (@Sendable (_ timeout: Int64) -> @Sendable () -> Bool)?

  package init() {}

  func engine(for rule: Rule) -> Engine {
    var options = engine
    if let timeout = rule.additions.timeout, let expiry { options.hasExpired = expiry(timeout) }
    return Engine(options)
  }
}

/// A group and the instants at which it is to be evaluated.
package struct GroupDue: Sendable {
  package var group: RuleGroup
  package var steps: DueSteps
  /// The evaluation before these: what its records had then and have no more gets
  /// stale markers. Nil where there was none.
  package var previous: Int64?

  package init(_ group: RuleGroup, _ steps: DueSteps, previous: Int64?) {
    self.group = group
    self.steps = steps
    self.previous = previous
  }
}

/// One element of an alert's expression at one instant.
package struct AlertElement: Sendable {
  /// What the alert is known by: the sample's labels without the metric's name, the
  /// rule's labels expanded, `alertname`.
  package var labels: LabelSet
  /// As the expression gave it.
  package var sample: LabelSet
  package var value: Double
  /// The same for the same alert of the rule throughout a run.
  package var number: Int
}

/// What an alert's expression gave at one instant.
package struct AlertEvaluation {
  package var group: RuleGroup
  package var rule: Rule
  package var time: Int64
  package var elements: [AlertElement]
  /// The rule's place among those of the run.
  package var ruleNumber: Int
  let scope: TemplateScope
  let asked: RuleBackground
  let due: GroupDue

  /// The annotations of one of the elements, expanded.
  package func annotations(_ element: AlertElement) -> [(name: String, value: String)] {
    annotations(element.sample, element.value)
  }

  package func annotations(
    _ labels: LabelSet, _ value: Double
  ) -> [(name: String, value: String)] {
    rule.annotations.map { ($0.name, scope.expand($0.template, labels, value)) }
  }

  /// What else is known at this instant. Costs queries of their own.
  package func background(_ needs: AlertNeeds) throws -> AlertBackground {
    try asked.answer(needs, due, scope)
  }
}

/// A series that the keeper of alerts writes: `ALERTS` and its like. Looked up once.
package final class AlertSeriesName {
  package let labels: LabelSet
  fileprivate var ref: UInt32?

  package init(_ labels: LabelSet) { self.labels = labels }
}

/// A sample that the keeper of alerts wants written.
package struct AlertSample {
  package var name: AlertSeriesName
  package var value: Double

  package init(_ name: AlertSeriesName, _ value: Double) {
    self.name = name
    self.value = value
  }
}

/// What the keeper of alerts made of an evaluation.
package struct AlertOutcome {
  package var samples: [AlertSample]
  /// Why the rule counts as failed all the same; samples are written nevertheless.
  package var failure: String?

  package init(_ samples: [AlertSample], failure: String? = nil) {
    self.samples = samples
    self.failure = failure
  }
}

/// A rule that could not be evaluated at an instant.
package struct RuleFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package var place: ConfigPlace
  package var group: String
  package var rule: String
  package var time: Int64
  package var message: String

  package var description: String { "\(place): rule '\(rule)': \(message)" }
}

/// What a run of rules came to.
package struct RuleRunResult: Sendable {
  /// Rules evaluated, times instants.
  package var evaluations = 0
  package var samples = 0
  /// The first failures; `failureCount` counts all.
  package var failures: [RuleFailure] = []
  package var failureCount = 0

  package init() {}

  static let keptFailures = 1000

  mutating func add(_ failure: RuleFailure) {
    failureCount += 1
    if failures.count < Self.keptFailures { failures.append(failure) }
  }
}

/// Evaluates groups at their due instants.
///
/// All groups advance together in time, in the order of their files, so that a
/// rule sees at each instant exactly what it would have seen had every instant
/// been evaluated when it came. Rules that read nothing which rules write are
/// evaluated in blocks of instants, the others one by one over an overlay of
/// what was written before.
package struct RuleRun {
  private let source: OverlaySource
  private let memory: RuleMemory
  private let order: RuleOrder
  private let options: RuleOptions
  private let report: Report
  private var batch = SampleBatch()
  private var result = RuleRunResult()

  /// Rows gathered before they go to the sink.
  private static let flushRows = 1 << 16

  package typealias AlertHandler = (AlertEvaluation) throws -> AlertOutcome

  /// Samples are appended to `sink`; to commit is the caller's. Without `alerts`
  /// only records are evaluated.
  package static func execute(
    _ due: [GroupDue], source: any SeriesSource, sink: any SampleSink, options: RuleOptions,
    report: Report, alerts: AlertHandler?
  ) throws -> RuleRunResult {
    var run = RuleRun(due, source, options, report)
    try run.execute(due, sink, alerts)
    return run.result
  }

  private init(
    _ due: [GroupDue], _ source: any SeriesSource, _ options: RuleOptions, _ report: Report
  ) {
    memory = RuleMemory(wanted: RuleReads(due.map(\.group)))
    order = RuleOrder(due)
    self.source = OverlaySource(source, memory, RuleFuture(order))
    self.options = options
    self.report = report
  }

  private mutating func execute(
    _ due: [GroupDue], _ sink: any SampleSink, _ alerts: AlertHandler?
  ) throws {
    let written = RuleWrites(due.map(\.group))
    var progress: [GroupProgress] = []
    var rules = 0
    for due in due {
      if due.steps.count > 0 {
        progress.append(GroupProgress(due, first: rules, written, options))
      }
      rules += due.group.rules.count
    }
    while let time = progress.compactMap(\.next).min() {
      for index in progress.indices where progress[index].next == time {
        try evaluate(&progress[index], time, alerts)
        progress[index].done += 1
        if batch.count >= Self.flushRows { try flush(sink) }
      }
    }
    try flush(sink)
  }

  private mutating func flush(_ sink: any SampleSink) throws {
    if batch.count == 0 { return }
    result.samples += batch.count
    try sink.append(batch)
    batch.removeRows()
  }

  // MARK: - One group at one instant

  private mutating func evaluate(
    _ progress: inout GroupProgress, _ time: Int64, _ alerts: AlertHandler?
  ) throws {
    for index in progress.rules.indices {
      switch progress.rules[index].rule.kind {
      case .record: record(&progress.rules[index], progress.due, time)
      case .alert:
        guard let alerts else { continue }
        alert(&progress.rules[index], progress.due, time, alerts)
      }
    }
  }

  private mutating func fail(
    _ rule: Rule, _ group: RuleGroup, _ time: Int64, _ error: any Error
  ) {
    result.add(
      RuleFailure(
        place: rule.place, group: group.name, rule: rule.name, time: time, message: "\(error)"))
  }

  private mutating func record(_ state: inout RuleProgress, _ due: GroupDue, _ time: Int64) {
    do {
      if let previous = due.previous, time == due.steps.first {
        // Later rules wrote theirs of that instant since: not to be seen again.
        let view = RuleFuture(order, at: previous, of: state.number)
        state.previous = try rows(&state, due, previous, source.seen(as: view)).map(\.ref)
      }
      let found = try rows(&state, due, time, source)
      result.evaluations += 1
      let at = time - due.group.queryOffset
      for row in found { write(row.ref, at, row.value) }
      let refs = found.map(\.ref)
      RuleProgress.missing(state.previous, now: refs) { write($0, at, StaleMarker.value) }
      state.previous = refs
    } catch {
      fail(state.rule, due.group, time, error)
    }
  }

  private mutating func write(_ ref: UInt32, _ time: Int64, _ value: Double) {
    batch.append(ref, time, value)
    memory.append(ref, of: batch.series, time, value)
  }

  /// What a record gives at `time`, in the order of its series' numbers.
  private mutating func rows(
    _ state: inout RuleProgress, _ due: GroupDue, _ time: Int64, _ source: OverlaySource
  ) throws -> [(ref: UInt32, value: Double)] {
    let vector = try state.vector(due, time, source, report)
    let count = vector.elements.count
    if due.group.limit > 0, count > due.group.limit {
      throw RuleTrouble("exceeded limit of \(due.group.limit) with \(count) series")
    }
    var rows: [(ref: UInt32, value: Double)] = []
    rows.reserveCapacity(count)
    for element in vector.elements {
      rows.append((state.series(element, in: &batch.series), element.value))
    }
    rows.sort { $0.ref < $1.ref }
    for index in rows.indices.dropFirst() where rows[index].ref == rows[index - 1].ref {
      throw RuleTrouble(
        "vector contains metrics with the same labelset after applying rule labels")
    }
    return rows
  }

  private mutating func alert(
    _ state: inout RuleProgress, _ due: GroupDue, _ time: Int64, _ alerts: AlertHandler
  ) {
    do {
      let vector = try state.vector(due, time, source, report)
      result.evaluations += 1
      let at = time - due.group.queryOffset
      let scope = TemplateScope(
        source: source, options: options, report: report, evaluatedAt: at, now: time)
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
      let evaluation = AlertEvaluation(
        group: due.group, rule: state.rule, time: time, elements: elements,
        ruleNumber: state.number, scope: scope, asked: state.background, due: due)
      let outcome = try alerts(evaluation)
      for sample in outcome.samples {
        let ref = sample.name.ref ?? batch.series.intern(sample.name.labels)
        sample.name.ref = ref
        write(ref, at, sample.value)
      }
      if let failure = outcome.failure { throw RuleTrouble(failure) }
    } catch {
      fail(state.rule, due.group, time, error)
    }
  }

  /// Whether two elements are the same alert. Numbers mostly ascend with the rows.
  private static func hasTwins(_ elements: [AlertElement]) -> Bool {
    if zip(elements, elements.dropFirst()).allSatisfy({ $0.number < $1.number }) { return false }
    return Set(elements.map(\.number)).count < elements.count
  }
}
