package import MxFormats
package import MxModel

/// The quality gate: everything that goes into a store passes here, wherever
/// it comes from.
///
///     let gate = Gate(settings, Catalogue(store, report), report)
///     let lane = gate.lane(source: "shop.prom")
///     while … { try gate.pass(&batch, lane) }     // any number of inputs
///     gate.settle()
///     … gate.batch goes to the store …
///     gate.removeRows()
///
/// A series is judged once: its labels are checked, completed and relabelled,
/// and it is counted against the limits. After that a row costs two look-ups by
/// number, and a series of another input with the same labels costs a hash.
package final class Gate {
  package let settings: GateSettings
  /// What passed and is not committed yet; its series stay for the run.
  package private(set) var batch = SampleBatch()
  package private(set) var log = RefusalLog()
  private let report: Report
  private let rules: SeriesRules
  private let times: TimeRange
  private var kinds: MetricKinds
  private var cardinality: Cardinality
  private var histograms: HistogramCheck
  /// Series of `batch` -> what to watch.
  private var marks: [SeriesMarks] = []
  private var breaches: [UInt32: Cardinality.Breach] = [:]
  /// The last sample of counters, by series; empty while there is none.
  private var counters: [Sample] = []
  private var hasHistograms = false
  /// Rows of `batch` that belong to histograms, ascending.
  private var watched: [WatchedRow] = []

  package init(_ settings: GateSettings, _ catalogue: Catalogue, _ report: Report) {
    self.settings = settings
    self.report = report
    rules = SeriesRules(settings.limits)
    times = settings.times
    kinds = MetricKinds(catalogue)
    cardinality = Cardinality(settings.limits, catalogue)
    histograms = HistogramCheck(catalogue)
  }

  /// A new input, whose batches share one table of series.
  package func lane(source: String) -> GateLane { GateLane(source: source) }

  /// Takes the rows and the metadata out of `input`; its series stay.
  package func pass(_ input: inout SampleBatch, _ lane: GateLane) throws {
    for entry in input.metadata { try declare(entry, lane) }
    input.metadata = []
    for ref in lane.map.count..<max(lane.map.count, input.series.count) {
      try judge(UInt32(ref), of: input.series, lane)
    }
    if input.count > 0 {
      lane.tally.rows += input.count
      if isPlain(input, lane) { copyAll(input, lane) } else { copySome(input, lane) }
    }
    input.removeRows()
  }

  // MARK: - Series

  private func judge(_ ref: UInt32, of series: SeriesTable, _ lane: GateLane) throws {
    if let fault = series.withKey(ref, { rules.fault($0) }) {
      // Relabelling may mend what is too long or too much, not a reserved name.
      if settings.relabel.isEmpty || fault.contains("reserved") {
        return lane.refuse(ref, .labels, fault)
      }
    }
    if settings.labels.isEmpty, settings.relabel.isEmpty {
      let out = series.withKey(ref) { batch.series.intern($0) }
      return try enter(out, ref, lane)
    }
    switch settings.relabel.outcome(withLabels(series.labels(ref))) {
    case .dropped(let rule): lane.drop(ref, rule: rule)
    case .kept(let labels):
      let kept = labels.withoutReserved
      if let fault = kept.key.withUnsafeBytes({ rules.fault($0) }) {
        return lane.refuse(ref, .labels, fault)
      }
      try enter(batch.series.intern(kept), ref, lane)
    }
  }

  private func withLabels(_ labels: LabelSet) -> LabelSet {
    var labels = labels
    for (name, value) in settings.labels where labels[name] == nil {
      labels = labels.setting(name, to: value)
    }
    return labels
  }

  /// `ref` of the lane's input is `out` of the run.
  private func enter(_ out: UInt32, _ ref: UInt32, _ lane: GateLane) throws {
    if Int(out) == cardinality.count { try admit(out) }
    if marks[Int(out)].contains(.refused) {
      let breach = breaches[out]
      lane.refuse(
        ref, .limits,
        "a new series over the limit '\(breach?.limit ?? "")' of \(breach?.allowed ?? 0)")
    } else {
      lane.accept(ref, as: out)
    }
  }

  /// Judges a series that the run has not seen.
  private func admit(_ out: UInt32) throws {
    let breach = try cardinality.admit(batch.series)
    while marksOf.count < cardinality.metricCount {
      let name = cardinality.metricName(UInt32(marksOf.count))
      marksOf.append(try kinds.marks(of: name))
      try declareEvents(name)
    }
    if let breach {
      breaches[out] = breach
      marks.append(.refused)
    } else {
      try watch(out, marksOf[Int(cardinality.metricOf[Int(out)])])
    }
  }

  /// Metric -> what to watch.
  private var marksOf: [SeriesMarks] = []

  private func watch(_ out: UInt32, _ wanted: SeriesMarks) throws {
    if Int(out) == marks.count { marks.append(wanted) } else { marks[Int(out)] = wanted }
    if wanted.contains(.counter), counters.isEmpty { counters = [Sample(time: 0, value: .nan)] }
    guard wanted.contains(.histogram) else { return }
    hasHistograms = true
    let name = cardinality.metricName(cardinality.metricOf[Int(out)])
    let key = batch.series.labels(out).key
    try key.withUnsafeBytes { try histograms.add(out, $0, metric: name) }
  }

  // MARK: - Metadata

  private func declare(_ entry: MetricMetadata, _ lane: GateLane) throws {
    let (stored, refused) = try kinds.declare(entry)
    if let refused {
      let kept = try kinds.metadata(of: entry.family)?.type ?? .unknown
      report.warn(
        "\(lane.source): '\(entry.family)' is declared \(refused.word), but it was \(kept.word) "
          + "first and stays so")
    }
    guard let stored else { return }
    batch.metadata.append(stored)
    for name in MetricKinds.names(of: entry.family) {
      guard let number = cardinality.metric(named: name), number < marksOf.count else { continue }
      let wanted = try kinds.marks(of: name)
      if wanted == marksOf[Int(number)] { continue }
      marksOf[Int(number)] = wanted
      for out in marks.indices
      where cardinality.metricOf[out] == number && !marks[out].contains(.refused) {
        try watch(UInt32(out), wanted)
      }
    }
  }

  /// A metric that the store has as events adds up, whoever sends it.
  private func declareEvents(_ name: String) throws {
    guard let known = try kinds.metadata(of: name), known.type == .event else { return }
    if !batch.metadata.contains(where: { $0.family == name }) { batch.metadata.append(known) }
  }

  // MARK: - Rows

  /// Whether no row of `input` needs a look of its own.
  private func isPlain(_ input: borrowing SampleBatch, _ lane: GateLane) -> Bool {
    if lane.hasRefused || !counters.isEmpty || hasHistograms || input.content != .floats {
      return false
    }
    if times == .all { return true }
    var low = Int64.max
    var high = Int64.min
    for time in input.times {
      low = min(low, time)
      high = max(high, time)
    }
    return times.contains(low) && times.contains(high)
  }

  private func copyAll(_ input: borrowing SampleBatch, _ lane: GateLane) {
    lane.tally.passed += input.count
    batch.append(rows: input, refs: lane.map)
  }

  /// Row by row: refusals, counters, histograms.
  private func copySome(_ input: borrowing SampleBatch, _ lane: GateLane) {
    if !counters.isEmpty, counters.count < marks.count {
      counters += repeatElement(
        Sample(time: .min, value: .nan), count: marks.count - counters.count)
    }
    for row in 0..<input.count {
      let ref = Int(input.refs[row])
      let out = lane.map[ref]
      let value = input.values[row]
      let time = input.times[row]
      if out >= GateLane.firstRefused {
        refuse(row, of: input, lane)
        continue
      }
      if !times.contains(time) {
        lane.tally.refused[RefusalClass.time.rawValue, default: 0] += 1
        note(row, of: input, lane, outOfTime(time))
        continue
      }
      if let histograms = input.histograms, histograms.isHistogram[row] {
        lane.tally.refused[RefusalClass.histogram.rawValue, default: 0] += 1
        note(row, of: input, lane, "a native histogram: not stored yet, send classic buckets")
        continue
      }
      if marks[Int(out)].contains(.counter) {
        if value < 0 {
          lane.tally.refused[RefusalClass.counter.rawValue, default: 0] += 1
          note(row, of: input, lane, "a counter at \(SampleText.number(value)), expected 0 or more")
          continue
        }
        follow(Int(out), time, value, lane)
      }
      if marks[Int(out)].contains(.histogram) {
        let line = input.lines.line(of: row)
        watched.append(WatchedRow(row: batch.count, line: line, lane: lane))
      }
      batch.append(out, time, value)
      lane.tally.passed += 1
    }
  }

  /// Counts a counter's decrease.
  private func follow(_ out: Int, _ time: Int64, _ value: Double, _ lane: GateLane) {
    if value.isNaN { return }
    let last = counters[out]
    if time > last.time, value < last.value { lane.tally.resets += 1 }
    if time > last.time || last.value.isNaN { counters[out] = Sample(time: time, value: value) }
  }

  private func refuse(_ row: Int, of input: borrowing SampleBatch, _ lane: GateLane) {
    let ref = input.refs[row]
    if let rule = lane.rule(ref) {
      lane.tally.dropped[rule, default: 0] += 1
      return
    }
    guard let (kind, reason) = lane.reason(ref) else { return }
    lane.tally.refused[kind.rawValue, default: 0] += 1
    if kind == .limits { lane.tally.limited += 1 }
    note(row, of: input, lane, reason)
  }

  private func note(
    _ row: Int, of input: borrowing SampleBatch, _ lane: GateLane, _ reason: String
  ) {
    guard log.hasRoom else { return log.add(uncounted: 1) }
    var refusal = Refusal(source: lane.source, reason: reason)
    refusal.line = input.lines.line(of: row)
    refusal.format = .prometheus
    if input.histograms?.isHistogram[row] != true {
      refusal.text = SampleText.line(
        input.series.labels(input.refs[row]),
        Sample(time: input.times[row], value: input.values[row]))
    }
    log.add(refusal)
  }

  /// What a parser refused goes the same way.
  package func note(_ problems: inout Problems, format: Format?, _ lane: GateLane) {
    let added = problems.count - lane.problems
    lane.problems = problems.count
    lane.tally.problems += added
    let kept = problems.take()
    for problem in kept {
      log.add(Refusal(source: lane.source, format: format, problem))
    }
    if added > kept.count { log.add(uncounted: added - kept.count) }
  }

  private func outOfTime(_ time: Int64) -> String {
    let distance = MxModel.DurationText.print(
      time > settings.now ? time &- settings.now : settings.now &- time)
    return time > settings.now
      ? "a time \(distance) ahead: over the limit 'future'"
      : "a time \(distance) ago: over the limit 'past'"
  }

  // MARK: - Commits

  /// Checks what can only be checked together; call before `batch` is stored.
  /// Returns the inputs of which rows were refused.
  package func settle() -> [GateLane] {
    let faults = histograms.faults(watched.map(\.row), of: batch)
    var lanes: [GateLane] = []
    // Both ascend by row.
    var next = 0
    for fault in faults.sorted(by: { $0.row < $1.row }) {
      while watched[next].row < fault.row { next += 1 }
      let origin = watched[next]
      if !lanes.contains(where: { $0 === origin.lane }) { lanes.append(origin.lane) }
      origin.lane.tally.passed -= 1
      refuse(fault, origin)
    }
    watched = []
    if !faults.isEmpty { batch.removeRows(at: Set(faults.map(\.row))) }
    return lanes
  }

  private func refuse(_ fault: HistogramCheck.Fault, _ origin: WatchedRow) {
    origin.lane.tally.refused[RefusalClass.histogram.rawValue, default: 0] += 1
    guard log.hasRoom else { return log.add(uncounted: 1) }
    var refusal = Refusal(source: origin.lane.source, reason: fault.reason)
    refusal.line = origin.line
    refusal.format = .prometheus
    refusal.text = SampleText.line(
      batch.series.labels(batch.refs[fault.row]),
      Sample(time: batch.times[fault.row], value: batch.values[fault.row]))
    log.add(refusal)
  }

  /// The rows of `batch` are stored: forgets them.
  package func removeRows() {
    batch.removeRows()
    watched = []
  }

  /// Takes back the rows from `first` on: an input that turned out to be unusable,
  /// or stored already.
  package func removeRows(from first: Int) {
    batch.removeLast(batch.count - first)
    watched.removeAll { $0.row >= first }
  }

  /// Takes back the rows of an input that another run has stored meanwhile.
  func removeRows(_ range: Range<Int>) {
    precondition(watched.isEmpty, "BUG: taken back before it was settled")
    batch.removeRows(range)
  }

  /// Takes the rows from `first` on away for a while.
  func withdraw(from first: Int) -> GateRows {
    let rows = GateRows(batch, from: first, watched: watched.filter { $0.row >= first })
    removeRows(from: first)
    return rows
  }

  /// Puts them behind what is there now.
  func restore(_ rows: GateRows) {
    for var row in rows.watched {
      row.row += batch.count - rows.first
      watched.append(row)
    }
    batch.append(rows)
  }

  package func takeRefusals() -> [Refusal] { log.take() }

  /// Says what is to be said at the end: limits that are near or were met.
  package func conclude() throws -> [LimitPressure] {
    for risk in try cardinality.risky(batch.series, enough: 10) {
      report.warn(
        "'\(risk.metric)' has the label '\(risk.label)' and got \(risk.series) new series: a value "
          + "that never repeats makes a series each")
    }
    var result = try cardinality.pressure(batch.series).map { LimitPressure($0) }
    if let total = try cardinality.totalPressure() {
      result.append(
        LimitPressure(
          limit: "series_total", metric: nil, series: total.series, allowed: total.allowed))
    }
    for pressure in result { report.warn(pressure.description) }
    return result
  }
}
