package import MxFormats
package import MxModel

/// The quality gate: everything that goes into a store passes here, wherever
/// it comes from.
///
///     let gate = Gate(settings, SeriesCatalogue(store, report), report)
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
  /// `batch` while its rows are checked.
  private var checked = SampleBatch()
  private let report: Report
  private let rules: SeriesRules
  private let times: TimeRange
  private var kinds: MetricKinds
  private var cardinality: Cardinality
  private var histograms: HistogramCheck
  /// Series of `batch` -> what to watch.
  private var marks: [SeriesMarks] = []
  /// Series of `batch` that are refused, and why.
  private var refusals: [UInt32: (RefusalClass, String)] = [:]
  /// The last sample of counters, by series; empty while there is none.
  private var counters: [Sample] = []
  private var hasHistograms = false
  /// Series of events in `batch` -> the series that counts them.
  private var counts: [UInt32: UInt32] = [:]
  /// Rows of `batch` that belong to histograms, ascending.
  private var watched: [WatchedRow] = []

  package init(_ settings: GateSettings, _ catalogue: SeriesCatalogue, _ report: Report) {
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
    try admitRest()
    for ref in lane.map.count..<max(lane.map.count, input.series.count) {
      try judge(UInt32(ref), of: input.series, lane)
    }
    let first = batch.count
    batch.append(rows: input, refs: lane.map)
    let rows = input
    check(from: first, lane) { row in
      (rows.lines.line(of: row - first), rows.series.labels(rows.refs[row - first]))
    }
    input.removeRows()
  }

  /// Whether an input's series are the run's: nothing changes labels. Its decoder
  /// may then write into `batch`, and no series is kept twice.
  var isDirect: Bool { settings.labels.isEmpty && settings.relabel.isEmpty }

  /// Lets `decode` append rows and metadata to `batch`, and checks what came.
  func pass(_ lane: GateLane, decode: (inout SampleBatch) throws -> Void) throws {
    let first = batch.count
    let known = batch.metadata.count
    batch.lines.removeAll()
    let outcome = Result { try decode(&batch) }
    let entries = Array(batch.metadata[known...])
    batch.metadata.removeLast(entries.count)
    // No column of the store holds them yet.
    batch.startTimes = nil
    try outcome.get()
    for entry in entries { try declare(entry, lane) }
    try admitRest()
    check(from: first, lane) { [unowned self] row in
      (checked.lines.line(of: row), checked.series.labels(checked.refs[row]))
    }
  }

  // MARK: - Series

  /// Judges the series of `batch` that nobody has looked at yet.
  private func admitRest() throws {
    while cardinality.count < batch.series.count {
      let ref = UInt32(cardinality.count)
      if let fault = batch.series.withKey(ref, { rules.fault($0) }) {
        cardinality.skip()
        refuseSeries(ref, .labels, fault)
      } else {
        try admit(ref)
      }
    }
  }

  /// Series of the run that passed, without those that count events of others.
  var series: Int { cardinality.passed - Set(counts.values).count }

  private func judge(_ ref: UInt32, of series: SeriesTable, _ lane: GateLane) throws {
    if let fault = series.withKey(ref, { rules.fault($0) }) {
      // Relabelling may mend what is too long or too much, not a reserved name.
      if settings.relabel.isEmpty || fault.contains("reserved") {
        return lane.refuse(ref, .labels, fault)
      }
    }
    if isDirect {
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
    if Int(out) >= cardinality.count { try admitRest() }
    if let (kind, reason) = refusals[out] {
      lane.refuse(ref, kind, reason)
    } else {
      lane.accept(ref, as: out)
    }
  }

  /// Judges a series that the run has not seen.
  private func admit(_ out: UInt32) throws {
    let breach = try cardinality.admit(batch.series)
    while marksOf.count < cardinality.metricCount {
      let name = cardinality.metricName(UInt32(marksOf.count))
      if let waiting = try kinds.endWait(of: name) { try declare(waiting) }
      marksOf.append(try kinds.marks(of: name))
      try declareEvents(name)
    }
    if let breach {
      refuseSeries(
        out, .limits, "a new series over the limit '\(breach.limit)' of \(breach.allowed)")
    } else {
      try watch(out, marksOf[Int(cardinality.metricOf[Int(out)])])
    }
  }

  private func refuseSeries(_ out: UInt32, _ kind: RefusalClass, _ reason: String) {
    refusals[out] = (kind, reason)
    marks.append(.refused)
    // Events that cannot be counted do not get in.
    for (event, count) in counts where count == out {
      refusals[event] = (kind, reason)
      marks[Int(event)] = .refused
    }
  }

  /// Metric -> what to watch.
  private var marksOf: [SeriesMarks] = []

  private func watch(_ out: UInt32, _ wanted: SeriesMarks) throws {
    if Int(out) == marks.count { marks.append(wanted) } else { marks[Int(out)] = wanted }
    if wanted.contains(.counter), counters.isEmpty { counters = [Sample(time: 0, value: .nan)] }
    if wanted.contains(.event), counts[out] == nil {
      let labels = batch.series.labels(out)
      let metric = labels.metricName ?? ""
      try declare(EventCount.metadata(of: metric))
      counts[out] = batch.series.intern(
        labels.setting(LabelName.metric, to: EventCount.name(of: metric)))
    }
    guard wanted.contains(.histogram) else { return }
    hasHistograms = true
    let name = cardinality.metricName(cardinality.metricOf[Int(out)])
    let key = batch.series.labels(out).key
    try key.withUnsafeBytes { try histograms.add(out, $0, metric: name) }
  }

  // MARK: - Metadata

  private func declare(_ entry: MetricMetadata, _ lane: GateLane) throws {
    lane.tally.declared += 1
    let (stored, refused) = try kinds.declare(entry)
    if let refused {
      let kept = try kinds.metadata(of: entry.family)?.type ?? .unknown
      report.warn(
        "\(lane.source): '\(entry.family)' is declared \(refused.word), but it was \(kept.word) "
          + "first and stays so")
    }
    guard let stored else { return }
    batch.metadata.append(stored)
    try watchAgain(entry)
  }

  /// What was declared and not stored, because no sample came, waits for one.
  func letMetadataWait() throws {
    for entry in batch.metadata { try kinds.wait(entry) }
  }

  /// Makes durable what waits, once the samples are that it no longer waits for.
  func saveWaiting() throws { try kinds.saveWaiting() }

  /// What nobody has declared in this run.
  private func declare(_ own: MetricMetadata) throws {
    if let stored = try kinds.declare(own).stored { batch.metadata.append(stored) }
  }

  /// A declaration may change what is watched in series that are known.
  private func watchAgain(_ entry: MetricMetadata) throws {
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

  /// Where a row came from, for messages.
  private typealias Origin = (Int) -> (line: Int, labels: LabelSet)

  /// Checks the rows of `batch` from `first` on, which came through `lane`.
  private func check(from first: Int, _ lane: GateLane, _ origin: Origin) {
    lane.tally.rows += batch.count - first
    if isPlain(from: first, lane) {
      lane.tally.passed += batch.count - first
      return
    }
    if !counters.isEmpty, counters.count < marks.count {
      counters += repeatElement(
        Sample(time: .min, value: .nan), count: marks.count - counters.count)
    }
    // Out of the object while it is worked on: each access to it there is checked.
    swap(&batch, &checked)
    defer { swap(&batch, &checked) }
    var end = first
    for row in first..<checked.count {
      guard let out = passing(row, lane, origin) else { continue }
      if marks[Int(out)].contains(.histogram) {
        watched.append(WatchedRow(row: end, line: origin(row).line, lane: lane))
      }
      if end < row {
        checked.refs[end] = out
        checked.times[end] = checked.times[row]
        checked.values[end] = checked.values[row]
      }
      end += 1
    }
    checked.histograms = nil
    checked.removeLast(checked.count - end)
    lane.tally.passed += end - first
    if !counts.isEmpty { countEvents(first..<end) }
  }

  /// Puts beside each event of these rows of `checked` that it was one.
  private func countEvents(_ rows: Range<Int>) {
    for row in rows {
      guard let count = counts[checked.refs[row]], !StaleMarker.isStale(checked.values[row]),
        !marks[Int(checked.refs[row])].contains(.refused)
      else { continue }
      checked.refs.append(count)
      checked.times.append(checked.times[row])
      checked.values.append(1)
    }
  }

  /// Whether no row needs a look of its own.
  private func isPlain(from first: Int, _ lane: GateLane) -> Bool {
    if lane.hasRefused || !refusals.isEmpty || !counters.isEmpty || hasHistograms
      || !counts.isEmpty
      || batch.histograms != nil
    {
      return false
    }
    if times == .all { return true }
    var low = Int64.max
    var high = Int64.min
    for time in batch.times[first...] {
      low = min(low, time)
      high = max(high, time)
    }
    return low > high || (times.contains(low) && times.contains(high))
  }

  /// The series of a row of `checked` that may pass; nil where it is refused.
  private func passing(_ row: Int, _ lane: GateLane, _ origin: Origin) -> UInt32? {
    let out = checked.refs[row]
    let value = checked.values[row]
    let time = checked.times[row]
    if out >= GateLane.firstRefused {
      if let rule = lane.rule(of: out) {
        lane.tally.dropped[rule, default: 0] += 1
      } else {
        refuse(row, lane, origin, lane.reason(of: out))
      }
      return nil
    }
    let mark = marks[Int(out)]
    if mark.contains(.refused), let reason = refusals[out] {
      refuse(row, lane, origin, reason)
      return nil
    }
    if let histograms = checked.histograms, histograms.isHistogram[row] {
      refuse(
        row, lane, origin,
        (.histogram, "a native histogram: not stored yet, send classic buckets"))
      return nil
    }
    if !times.contains(time) {
      refuse(row, lane, origin, (.time, outOfTime(time)))
      return nil
    }
    if mark.contains(.counter) {
      if value < 0 {
        let reason = "a counter at \(SampleText.number(value)), expected 0 or more"
        refuse(row, lane, origin, (.counter, reason))
        return nil
      }
      follow(Int(out), time, value, lane)
    }
    return out
  }

  private func refuse(
    _ row: Int, _ lane: GateLane, _ origin: Origin, _ why: (kind: RefusalClass, reason: String)
  ) {
    lane.tally.refused[why.kind.rawValue, default: 0] += 1
    if why.kind == .limits { lane.tally.limited += 1 }
    guard log.hasRoom else { return log.add(uncounted: 1) }
    let (line, labels) = origin(row)
    var refusal = Refusal(source: lane.source, reason: why.reason)
    refusal.line = lane.number(of: line)
    refusal.format = .prometheus
    refusal.isSample = true
    if checked.histograms?.isHistogram[row] != true {
      refusal.text = SampleText.line(
        labels, Sample(time: checked.times[row], value: checked.values[row]))
    }
    log.add(refusal)
  }

  /// Counts a counter's decrease.
  private func follow(_ out: Int, _ time: Int64, _ value: Double, _ lane: GateLane) {
    if value.isNaN { return }
    let last = counters[out]
    if time > last.time, value < last.value { lane.tally.resets += 1 }
    if time > last.time || last.value.isNaN { counters[out] = Sample(time: time, value: value) }
  }

  /// What a parser refused goes the same way.
  package func note(_ problems: inout Problems, format: Format?, _ lane: GateLane) {
    let added = problems.count - lane.problems
    lane.problems = problems.count
    lane.tally.problems += added
    let kept = problems.take()
    for var problem in kept {
      problem.line = lane.number(of: problem.line)
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
    batch.series.arrange()
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
    refusal.line = origin.lane.number(of: origin.line)
    refusal.format = .prometheus
    refusal.isSample = true
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

  /// What is to be committed; the series stay, shared, and more may pass meanwhile.
  func detach() -> SampleBatch {
    var rows = SampleBatch()
    rows.series = batch.series
    rows.metadata = batch.metadata
    swap(&rows.refs, &batch.refs)
    swap(&rows.times, &batch.times)
    swap(&rows.values, &batch.values)
    removeRows()
    return rows
  }

  /// Takes back the memory of rows that are committed, for those to come.
  func recycle(_ rows: inout SampleBatch) {
    if batch.refs.capacity >= rows.refs.capacity || batch.count > 0 { return }
    rows.removeRows()
    swap(&rows.refs, &batch.refs)
    swap(&rows.times, &batch.times)
    swap(&rows.values, &batch.values)
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

  func takeRefusals() -> (kept: [Refusal], more: Int) { log.take() }

  /// Says what is to be said at the end: limits that are near or were met.
  package func conclude() throws -> [LimitPressure] {
    for risk in try cardinality.risky(batch.series, enough: 10) {
      report.warn(
        "'\(risk.metric)' has the label '\(risk.label)' and got \(risk.series) new series: a value "
          + "that never repeats makes a series each")
    }
    let result = try pressures()
    for pressure in result { report.warn(pressure.description) }
    return result
  }

  /// The limits that are near or were met so far.
  package func pressures() throws -> [LimitPressure] {
    try cardinality.pressure(batch.series).map { LimitPressure($0) }
      + cardinality.totalPressures(batch.series).map {
        LimitPressure(limit: $0.limit, metric: nil, series: $0.series, allowed: $0.allowed)
      }
  }
}
