import MxFiles
import MxFormats
import MxModel
import MxStore
import MxTestSupport
import Testing

@testable import MxIngest

@Suite struct ForwardTests {
  private func store() throws -> Store {
    let files = SimulatedFileSystem()
    try files.makeDirectory("/d")
    return Store(path: "/d/s", files: files)
  }

  private func commit(_ store: Store, _ number: Int, rows: Int = 3) throws {
    var batch = SampleBatch()
    for row in 0..<rows {
      batch.append(
        LabelSet(name: "m", [("row", "\(row)")]), Int64(number) * 60_000, Double(number))
    }
    let writer = StoreWriter(store, CommitOptions(now: Int64(number) * 60_000))
    try writer.append(batch)
    try writer.commit()
  }

  private struct Cut: Error {}

  /// Sends as `ForwardRun` does; stops after `count` bodies.
  private func send(
    _ store: Store, _ cursor: inout ForwardCursor, into taken: inout [String], bodies count: Int
  ) throws {
    var left = count
    while true {
      let end = cursor.series == nil ? nil : cursor.target
      guard
        let group = try UnsentCommits.next(
          store, after: cursor.sequence, upTo: end, limit: 6, Report())
      else { return }
      cursor.target = group.last
      var state = cursor
      var received: [String] = []
      var sender = ForwardBodies { body in
        if left == 0 { throw Cut() }
        left -= 1
        received += try Self.samples(body.bytes())
        state.series = body.series
        state.time = body.time
      }
      let place = cursor.series.map { (series: $0, time: cursor.time) }
      defer { taken += received }
      do {
        for selection in try group.snapshot.open(
          [SelectRequest([], range: .all)], report: Report())
        {
          let ranges = group.snapshot.manifest.segments.map(\.range)
          try sender.send(
            selection,
            in: TimeRange(
              from: ranges.map(\.from).min() ?? .max, to: ranges.map(\.to).max() ?? .min),
            count: group.samples, behind: place, metadata: [])
        }
      } catch is Cut {
        cursor = state
        return
      }
      cursor = state
      cursor.sequence = group.last
      cursor.series = nil
      cursor.time = .min
    }
  }

  private static func samples(_ body: [UInt8]) throws -> [String] {
    var batch = SampleBatch()
    var problems = Problems()
    var decoder = FormatDecoder(.remoteWrite, FormatOptions(defaultTime: 0))
    try decoder.feed(whole: body, into: &batch, problems: &problems)
    #expect(problems.count == 0)
    return (0..<batch.count).map {
      "\(batch.series.labels(batch.refs[$0])) \(batch.times[$0]) \(batch.values[$0])"
    }
  }

  @Test func everyCommitIsSentOnce() throws {
    let store = try store()
    var cursor = ForwardCursor()
    var taken: [String] = []
    for number in 1...30 {
      try commit(store, number)
      // Folds go on meanwhile; sometimes nothing is sent for a while.
      if number % 7 != 3 { try send(store, &cursor, into: &taken, bodies: .max) }
    }
    try send(store, &cursor, into: &taken, bodies: .max)
    #expect(taken.count == 90)
    #expect(Set(taken).count == 90)
  }

  /// What Prometheus takes: no sample an hour older than one that was sent before.
  @Test func whatIsSentKeepsToTheOrderOfTime() throws {
    let store = TestStore()
    for part in 0..<4 {
      let lines = (0..<50).flatMap { series in
        (0..<60).map { minute in
          "m{s=\"\(series)\"} 1 \(present - 20_000_000 + Int64(part * 60 + minute) * 60_000)\n"
        }
      }
      try store.take(lines.joined())
    }
    let group = try #require(
      try UnsentCommits.next(store.store, after: 0, upTo: nil, limit: .max, store.report))
    var last: [(series: LabelSet, time: Int64)] = []
    var bodies = ForwardBodies { last.append(($0.series, $0.time)) }
    let selection = try group.snapshot.open(
      [SelectRequest([], range: .all)], report: store.report)[0]
    try bodies.send(
      selection, in: TimeRange(from: present - 20_000_000, to: present), count: group.samples,
      behind: nil, metadata: [])
    #expect(last.count == 3)
    for (earlier, later) in zip(last, last.dropFirst()) {
      #expect(later.time > earlier.time - ForwardBodies.slice)
    }
    #expect(last.map { ($0.time - last[0].time) / 3_600_000 }.max() ?? 0 >= 2)
  }

  /// Cut after each number of bodies, merged in between: nothing is missing and,
  /// while what was replaced is there, nothing comes twice.
  @Test func whoIsCutInTheMiddleGoesOnThere() throws {
    for cut in 0..<4 {
      let store = try store()
      for number in 1...3 { try commit(store, number, rows: 6000) }
      var cursor = ForwardCursor()
      var taken: [String] = []
      try send(store, &cursor, into: &taken, bodies: cut)
      for number in 4...20 { try commit(store, number) }
      try send(store, &cursor, into: &taken, bodies: .max)
      #expect(taken.count == 3 * 6000 + 17 * 3)
      #expect(Set(taken).count == taken.count)
    }
  }

  /// A receiver that refuses whole requests, as Prometheus does: the good samples arrive,
  /// each series' in order, and nothing else is refused.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func onlyWhatIsRefusedIsSetAside(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let bad = Set((0..<Int(seed % 5)).map { _ in Int64.random(in: 0..<600, using: &random) })
    var body = ForwardBodies.Body()
    var time: Int64 = 0
    while time < 600 {
      let end = min(600, time + Int64.random(in: 1...300, using: &random))
      body.append(
        ForwardBodies.Run(
          series: LabelSet(name: "m\(time)"), times: Array(time..<end)[...],
          values: (time..<end).map(Double.init)[...]))
      time = end
    }
    var taken: [String] = []
    var refused = 0
    var requests = 0
    var sieve = ForwardSieve()
    try sieve.pass(body) { part in
      requests += 1
      if part.runs.contains(where: { !bad.isDisjoint(with: $0.times) }) { return false }
      taken += try Self.samples(part.bytes())
      return true
    } refuse: { part in
      #expect(part.samples == 1 && bad.contains(part.time))
      refused += part.samples
    }
    #expect(taken.count == 600 - bad.count && refused == bad.count)
    #expect(requests <= 1 + 20 * bad.count)
    let times = taken.compactMap {
      $0.split(separator: " ").dropFirst().first.flatMap { Int64($0) }
    }
    #expect(times == times.sorted())
  }

  /// A history that is refused altogether does not cost two requests a sample for ever.
  @Test func whoRefusesEverythingIsAskedLessAndLess() throws {
    var body = ForwardBodies.Body()
    body.append(
      ForwardBodies.Run(
        series: LabelSet(name: "m"), times: Array(0..<5000)[...],
        values: [Double](repeating: 1, count: 5000)[...]))
    var sieve = ForwardSieve()
    var requests: [Int] = []
    for _ in 0..<10 {
      var count = 0
      var refused = 0
      try sieve.pass(body) { _ in
        count += 1
        return false
      } refuse: {
        refused += $0.samples
      }
      requests.append(count)
      #expect(refused == 5000)
    }
    #expect(requests.first ?? .max < 1100)
    #expect(requests.last ?? .max < 30)
  }

  @Test func theCursorIsKept() throws {
    let files = SimulatedFileSystem()
    let state = ForwardState("/state", url: "http://u:secret@h/write", files: files)
    try state.prepare()
    #expect(try state.load() == nil)
    var cursor = ForwardCursor()
    cursor.store = "abc"
    cursor.sequence = 7
    cursor.target = 9
    cursor.series = LabelSet(name: "m", [("a", "é\"\n")])
    cursor.time = -5
    cursor.metadata = .max
    try state.save(cursor)
    #expect(try state.load() == cursor)
    #expect(!state.path.contains("secret"))
    let other = ForwardState("/state", url: "http://h/write", files: files)
    #expect(try other.load() == nil)
  }

  @Test func answersAreUnderstood() {
    func answer(
      _ status: Int, transient: Bool = false, after: String? = nil
    ) -> ForwardRetry.Answer {
      ForwardRetry.answer(status: status, isTransient: transient, retryAfter: after)
    }
    #expect(answer(204) == .taken)
    #expect(answer(400) == .refused)
    #expect(answer(422) == .refused)
    // A wrong password must not cost samples.
    for status in [301, 401, 403, 404] { #expect(answer(status) == .stop) }
    #expect(answer(429, after: "7") == .again(after: 7000))
    #expect(answer(503) == .again(after: nil))
    #expect(answer(503, after: "99999") == .again(after: 300_000))
    #expect(answer(0, transient: true) == .again(after: nil))
    #expect(answer(0) == .stop)
  }

  @Test func pausesGrowAndDiffer() {
    var random = SeededGenerator(seed: 3)
    for attempt in 0..<20 {
      let base = min(500 << min(attempt, 10), 30_000)
      let pause = ForwardRetry.pause(attempt: attempt, using: &random)
      #expect((base * 3 / 4...base * 5 / 4).contains(Int(pause)))
    }
  }
}
