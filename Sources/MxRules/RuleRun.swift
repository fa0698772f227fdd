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
  /// Whether the samples of its outcome are of use to anybody.
  package var wantsSamples: Bool
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

  init(_ rule: Rule, _ group: RuleGroup, _ time: Int64, _ error: any Error) {
    place = rule.place
    self.group = group.name
    self.rule = rule.name
    self.time = time
    message = "\(error)"
  }
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
/// what was written before. Alert rules that have to do with no other go through
/// a stretch of time each for itself; what comes of it is put in order after it.
package struct RuleRun {
  private let source: OverlaySource
  private let memory: RuleMemory
  private let order: RuleOrder
  private let options: RuleOptions
  private let report: Report
  private var alerts: AlertEvaluator?
  private var lone: [LoneRule] = []
  private var batch = SampleBatch()
  /// Of the current stretch, with what the lone rules wrote at its end.
  private var rows: [RuleRow] = []
  private var failures: [(number: Int, failure: RuleFailure)] = []
  private var result = RuleRunResult()

  /// Rows gathered before they go to the sink.
  private static let flushRows = 1 << 16
  /// Instants of a stretch: the first, and at most.
  private static let firstStretch: Int64 = 16
  private static let longestStretch: Int64 = 1024

  /// Called for one instant after another of each rule; where there are threads, for
  /// different rules at once.
  package typealias AlertHandler = (AlertEvaluation) throws -> AlertOutcome

  /// Samples are appended to `sink`; to commit is the caller's. Without `alerts`
  /// only records are evaluated; without `sink` nothing is kept. `reached` is called
  /// now and then, when everything up to an instant is behind.
  package static func execute(
    _ due: [GroupDue], source: any SeriesSource, sink: (any SampleSink)?, options: RuleOptions,
    report: Report, alerts: AlertHandler?, reached: (Int64) throws -> Void = { _ in }
  ) throws -> RuleRunResult {
    var run = RuleRun(due, source, options, report)
    try run.execute(due, sink, alerts, reached)
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
    _ due: [GroupDue], _ sink: (any SampleSink)?, _ handler: AlertHandler?,
    _ reached: (Int64) throws -> Void
  ) throws {
    let written = RuleWrites(due.map(\.group))
    let readsAlerts = RuleOrder.alertMetrics.contains { memory.wanted.mayRead($0) }
    if let handler {
      alerts = AlertEvaluator(
        source: source, options: options, report: report,
        wantsSamples: sink != nil || readsAlerts, handler: handler)
    }
    var groups: [GroupProgress] = []
    let gate = RuleGate()
    var rules = 0
    for due in due {
      if due.steps.count > 0 {
        var group = GroupProgress(due, first: rules, written, options, gate)
        if handler != nil, !readsAlerts { lone += group.removeLone(written) }
        groups.append(group)
      }
      rules += due.group.rules.count
    }
    groups.removeAll { $0.rules.isEmpty }
    var width = Self.firstStretch
    while let start = next(groups) {
      var end = start
      if let interval = lone.map(\.interval).min() { end = start + (width - 1) * interval }
      try advance(&groups, to: end, sink)
      try advanceLone(to: end, sink)
      let count = rows.count
      try settle(sink)
      if count < Self.flushRows / 4 { width = min(width * 2, Self.longestStretch) }
      if count > Self.flushRows { width = max(1, width / 2) }
      try reached(end)
    }
    try flush(sink)
  }

  private func next(_ groups: [GroupProgress]) -> Int64? {
    let first = groups.lazy.compactMap(\.next).min()
    guard let other = lone.lazy.compactMap(\.next).min() else { return first }
    return min(first ?? .max, other)
  }

  // MARK: - A stretch of time

  private mutating func advance(
    _ groups: inout [GroupProgress], to end: Int64, _ sink: (any SampleSink)?
  ) throws {
    while let time = groups.lazy.compactMap(\.next).min(), time <= end {
      for index in groups.indices where groups[index].next == time {
        for state in groups[index].rules { evaluate(state, groups[index].due, time) }
        groups[index].done += 1
      }
      if lone.isEmpty { try settle(sink) }
    }
  }

  private mutating func advanceLone(to end: Int64, _ sink: (any SampleSink)?) throws {
    guard let alerts, !lone.isEmpty else { return }
    let rules = lone
    let isLong = (rules.lazy.compactMap(\.next).min() ?? .max) < end
    try parallelFor(count: rules.count, workers: isLong ? options.engine.threads : 1) { place, _ in
      rules[place].advance(to: end, alerts)
    }
    for rule in rules {
      let output = rule.take()
      result.evaluations += output.evaluations
      for (time, sample) in output.samples {
        rows.append(row(sample, rule.number, time, rule.queryOffset))
      }
      for failure in output.failures { failures.append((rule.number, failure)) }
    }
  }

  private mutating func row(
    _ sample: AlertSample, _ number: Int, _ time: Int64, _ offset: Int64
  ) -> RuleRow {
    let ref = sample.name.ref ?? batch.series.intern(sample.name.labels)
    sample.name.ref = ref
    return RuleRow(time: time, number: number, ref: ref, at: time - offset, value: sample.value)
  }

  /// Hands on what a stretch came to, in the order of time and rules.
  private mutating func settle(_ sink: (any SampleSink)?) throws {
    if !lone.isEmpty {
      // Rows of one rule at one instant keep their order: there are none of one series.
      rows.sort(by: RuleRow.precedes)
      failures.sort { ($0.failure.time, $0.number) < ($1.failure.time, $1.number) }
    }
    for (_, failure) in failures { result.add(failure) }
    failures.removeAll()
    for row in rows { batch.append(row.ref, row.at, row.value) }
    rows.removeAll(keepingCapacity: true)
    if batch.count >= Self.flushRows { try flush(sink) }
  }

  private mutating func flush(_ sink: (any SampleSink)?) throws {
    if batch.count == 0 { return }
    result.samples += batch.count
    try sink?.append(batch)
    batch.removeRows()
  }

  // MARK: - One rule at one instant

  private mutating func evaluate(_ state: RuleProgress, _ due: GroupDue, _ time: Int64) {
    switch state.rule.kind {
    case .record: record(state, due, time)
    case .alert:
      guard let alerts else { return }
      let found = alerts.evaluate(state, due, time)
      result.evaluations += found.isEvaluated ? 1 : 0
      for sample in found.samples {
        write(row(sample, state.number, time, due.group.queryOffset))
      }
      if let failure = found.failure { failures.append((state.number, failure)) }
    }
  }

  private mutating func record(_ state: RuleProgress, _ due: GroupDue, _ time: Int64) {
    do {
      if let previous = due.previous, time == due.steps.first {
        // Later rules wrote theirs of that instant since: not to be seen again.
        let view = RuleFuture(order, at: previous, of: state.number)
        state.previous = try found(state, due, previous, source.seen(as: view)).map(\.ref)
      }
      let found = try found(state, due, time, source)
      result.evaluations += 1
      let at = time - due.group.queryOffset
      func write(_ ref: UInt32, _ value: Double) {
        self.write(
          RuleRow(time: time, number: state.number, ref: ref, at: at, value: value))
      }
      for row in found { write(row.ref, row.value) }
      let refs = found.map(\.ref)
      RuleProgress.missing(state.previous, now: refs) { write($0, StaleMarker.value) }
      state.previous = refs
    } catch {
      failures.append((state.number, RuleFailure(state.rule, due.group, time, error)))
    }
  }

  private mutating func write(_ row: RuleRow) {
    rows.append(row)
    memory.append(row.ref, of: batch.series, row.at, row.value)
  }

  /// What a record gives at `time`, in the order of its series' numbers.
  private mutating func found(
    _ state: RuleProgress, _ due: GroupDue, _ time: Int64, _ source: OverlaySource
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
}
