import MxFiles
import MxFormats
import MxModel
import MxTestSupport
import Testing

@testable import MxIngest

/// One target that is scraped again and again, and what it left in the batch.
private struct Story {
  let round = ScrapeRound()
  var job = ScrapeJob(name: "j")
  var target = ScrapeTarget(
    job: 0, labels: LabelSet([("instance", "i"), ("job", "j")]), url: "http://i/metrics",
    interval: 60_000, timeout: 10_000, key: 7)
  var trace = SeriesTrace()
  var previous: [[UInt8]] = []
  var last = TargetResult()
  /// How often the last scrape's series were asked for.
  var asked = 0

  mutating func scrape(_ text: String, at time: Int64, format: Format = .prometheus) -> [String] {
    let answer = ScrapeAnswer(
      body: Array(text.utf8), format: format, time: time, seconds: 0.5)
    var asked = 0
    last = round.take(answer, of: target, job, trace: trace) {
      asked += 1
      return previous
    }
    return finish(asked)
  }

  mutating func fail(at time: Int64) -> [String] {
    last = round.fail(
      target, job, "gone", at: time, seconds: 1, trace: trace, previous: { previous })
    return finish(0)
  }

  private mutating func finish(_ asked: Int) -> [String] {
    self.asked = asked
    previous = round.keys(of: last.series)
    trace = SeriesTrace(count: last.series.count, hash: last.series.hash)
    let batch = round.batch
    let rows = (0..<batch.count).map { row in
      let value =
        StaleMarker.isStale(batch.values[row]) ? "stale" : "\(batch.values[row])"
      return "\(batch.series.labels(batch.refs[row])) \(value) \(batch.times[row])"
    }
    round.removeRows()
    return rows
  }
}

/// Without the series about the scrape itself.
private func metrics(_ rows: [String]) -> [String] {
  rows.filter { !$0.hasPrefix("up{") && !$0.hasPrefix("scrape_") }
}

@Suite struct ScrapeRoundTests {
  @Test func aScrapeIsLabelledAndTold() {
    var story = Story()
    let rows = story.scrape("a 1\nb{x=\"y\"} 2\n", at: 1000)
    let labels = #"{instance="i", job="j"}"#
    #expect(
      rows == [
        #"a{instance="i", job="j"} 1.0 1000"#, #"b{instance="i", job="j", x="y"} 2.0 1000"#,
        "up\(labels) 1.0 1000", "scrape_duration_seconds\(labels) 0.5 1000",
        "scrape_samples_scraped\(labels) 2.0 1000",
        "scrape_samples_post_metric_relabeling\(labels) 2.0 1000",
        "scrape_series_added\(labels) 2.0 1000",
      ])
  }

  @Test func labelsThatStandInBothGiveWay() {
    var story = Story()
    let text = #"a{instance="x",exported_job="e",job="k"} 1"# + "\n"
    #expect(
      metrics(story.scrape(text, at: 1)) == [
        #"a{exported_exported_job="k", exported_instance="x", exported_job="e", instance="i", job="j"} "#
          + "1.0 1"
      ])
    var honest = Story()
    honest.job.honorLabels = true
    #expect(
      metrics(honest.scrape(text, at: 1))
        == [#"a{exported_job="e", instance="x", job="k"} 1.0 1"#])
  }

  @Test func knownSeriesCostNoLookAtTheLastScrape() {
    var story = Story()
    _ = story.scrape("a 1\nb 2\n", at: 1)
    #expect(story.asked == 1)
    #expect(metrics(story.scrape("b 3\na 4\n", at: 2)).count == 2)
    #expect(story.asked == 0)
    #expect(story.last.added == 0)
  }

  @Test func whatVanishesEndsAndWhatIsNewIsCounted() {
    var story = Story()
    _ = story.scrape("a 1\nb 2\n", at: 1)
    #expect(
      metrics(story.scrape("b 3\nc 4\nd 5\n", at: 2)) == [
        #"b{instance="i", job="j"} 3.0 2"#, #"c{instance="i", job="j"} 4.0 2"#,
        #"d{instance="i", job="j"} 5.0 2"#, #"a{instance="i", job="j"} stale 2"#,
      ])
    #expect(story.last.added == 2)
  }

  @Test func aTargetThatFailsEndsOnce() {
    var story = Story()
    _ = story.scrape("a 1\nb 2\n", at: 1)
    let rows = story.fail(at: 2)
    #expect(
      metrics(rows) == [
        #"a{instance="i", job="j"} stale 2"#, #"b{instance="i", job="j"} stale 2"#,
      ])
    #expect(rows.contains(#"up{instance="i", job="j"} 0.0 2"#))
    #expect(metrics(story.fail(at: 3)) == [])
    #expect(story.scrape("a 1\n", at: 4).count == 6)
    #expect(story.last.added == 1)
  }

  @Test func aBrokenAnswerIsAFailedScrape() {
    var story = Story()
    _ = story.scrape("a 1\n", at: 1)
    let rows = story.scrape("a 1\n", at: 2, format: .openmetrics)
    #expect(!story.last.isUp)
    #expect(story.last.failure.contains("# EOF"), "\(story.last.failure)")
    #expect(metrics(rows) == [#"a{instance="i", job="j"} stale 2"#])
  }

  @Test func goodLinesBesideBadOnesGetIn() {
    var story = Story()
    #expect(metrics(story.scrape("a 1\nb x\n", at: 1)) == [#"a{instance="i", job="j"} 1.0 1"#])
    #expect(story.last.isUp)
    #expect(story.last.refused == 1)
    _ = story.scrape("<html>\n</html>\n", at: 2)
    #expect(!story.last.isUp)
  }

  @Test func timesOfTheTargetAreItsOwn() {
    var story = Story()
    #expect(metrics(story.scrape("a 1 500\n", at: 1000)) == [#"a{instance="i", job="j"} 1.0 500"#])
    // No marker: the target says itself until when.
    #expect(metrics(story.scrape("", at: 2000)) == [])
    story.job.tracksTimestampsStaleness = true
    _ = story.scrape("a 1 2500\n", at: 3000)
    #expect(metrics(story.scrape("", at: 4000)) == [#"a{instance="i", job="j"} stale 4000"#])
    story.job.honorTimestamps = false
    #expect(
      metrics(story.scrape("a 1 500\n", at: 5000)) == [#"a{instance="i", job="j"} 1.0 5000"#])
  }

  @Test func limitsFailTheScrape() {
    var story = Story()
    story.job.limits.samples = 2
    #expect(story.scrape("a 1\nb 2\n", at: 1).count == 7)
    #expect(metrics(story.scrape("a 1\nb 2\nc 3\n", at: 2)).allSatisfy { $0.contains("stale") })
    #expect(
      story.last.failure == "the answer has 3 samples, at most 2 allowed (sample_limit)")
    story.job.limits = ScrapeLimits()
    story.job.limits.labels = 3
    _ = story.scrape("a{x=\"1\",y=\"2\"} 1\n", at: 3)
    #expect(story.last.failure == "a series has 5 labels, at most 3 allowed (label_limit)")
    story.job.limits.labels = 0
    story.job.limits.labelValueBytes = 4
    _ = story.scrape("a{x=\"12345\"} 1\n", at: 4)
    #expect(story.last.failure.contains("label_value_length_limit"))
    #expect(story.scrape("a{x=\"1234\"} 1\n", at: 5).count == 6)
  }

  @Test func metricRelabellingDropsAndRenames() throws {
    var story = Story()
    var drop = RelabelSettings(.drop)
    drop.sourceLabels = ["__name__"]
    drop.regex = "go_.*"
    let remove = {
      var settings = RelabelSettings(.labeldrop)
      settings.regex = "id"
      return settings
    }()
    story.job.metricRelabel = RelabelRules([try RelabelRule(drop), try RelabelRule(remove)])
    let rows = story.scrape("go_gc 1\na{id=\"7\"} 2\n", at: 1)
    #expect(metrics(rows) == [#"a{instance="i", job="j"} 2.0 1"#])
    #expect(story.last.scraped == 2)
    #expect(story.last.kept == 1)
    // In memory: the second time costs a look-up, and is the same.
    #expect(metrics(story.scrape("go_gc 1\na{id=\"7\"} 2\n", at: 2)).count == 1)
  }

  @Test func aTargetThatIsGoneEndsWithAllItsSeries() {
    let round = ScrapeRound()
    round.end(
      LabelSet([("instance", "i"), ("job", "j")]), [LabelSet(name: "a", [("job", "j")]).key], at: 9)
    let names = (0..<round.batch.count).map { row in
      round.batch.series.labels(round.batch.refs[row]).metricName ?? ""
    }
    #expect(names.prefix(3) == ["a", "up", "scrape_duration_seconds"])
    #expect(round.batch.values.allSatisfy { StaleMarker.isStale($0) })
  }

  @Test(arguments: [
    ("application/openmetrics-text; version=1.0.0; charset=utf-8", "x", Format.openmetrics),
    ("text/plain; version=0.0.4", "{", .prometheus), ("text/plain", "a 1\n", .prometheus),
    ("", "a 1\n", .prometheus), ("application/octet-stream", "a 1\n# EOF\n", .openmetrics),
    (
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
      "", .prometheusProtobuf
    ),
    ("application/json", #"{"metric":"a","value":1}"#, .json),
  ])
  func theAnswerSaysItsFormat(type: String, body: String, format: Format) {
    let found = Array(body.utf8).withUnsafeBytes {
      ScrapeFormat.of(contentType: type, fallback: nil, body: $0)
    }
    #expect(found == .format(format))
  }

  @Test func aWebPageIsNoMetrics() {
    let found = Array("a 1\n".utf8).withUnsafeBytes { body in
      [
        ScrapeFormat.of(contentType: "text/html; charset=utf-8", fallback: nil, body: body),
        ScrapeFormat.of(contentType: "image/png", fallback: .openMetrics1, body: body),
      ]
    }
    #expect(found[0] == .unknown("the answer is a web page (text/html), no metrics"))
    #expect(found[1] == .format(.openmetrics))
  }

  @Test func acceptNamesTheFormatsByWish() {
    #expect(
      ScrapeProtocol.accept([.openMetrics1, .text0])
        == "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.3,"
        + "text/plain;version=0.0.4;q=0.2,*/*;q=0.1")
  }
}

@Suite struct ScrapeScheduleTests {
  @Test func intervalsHoldAcrossRunsThatAreNotOnTheMillisecond() {
    var last: Int64 = 0
    var fetched: [Int64] = []
    // Cron: every minute, up to two seconds late.
    for minute in 0..<15 {
      let now = 1_000_000_000 + Int64(minute) * 60_000 + [900, 0, 1999, 40][minute % 4]
      if ScrapeSchedule.isDue(300_000, last: last, now: now) {
        fetched.append(Int64(minute))
        last = now
      }
      #expect(ScrapeSchedule.isDue(60_000, last: now - 58_500, now: now))
    }
    #expect(fetched == [0, 5, 10])
    #expect(ScrapeSchedule.isDue(nil, last: 5, now: 6))
    #expect(!ScrapeSchedule.isDue(60_000, last: 1000, now: 40_000))
    // A clock that was set back does not stop the scrapes.
    #expect(ScrapeSchedule.isDue(60_000, last: 90_000_000, now: 1000))
  }

  @Test func turnsAreSpreadAndStayTheSame() {
    var generator = SeededGenerator(seed: 1)
    let keys = (0..<1000).map { _ in generator.next() as UInt64 }
    let offsets = keys.map { ScrapeSchedule.offset($0, in: 15_000) }
    #expect(offsets == keys.map { ScrapeSchedule.offset($0, in: 15_000) })
    #expect(offsets.allSatisfy { (0..<12_000).contains($0) })
    for third in 0..<3 {
      let range = Int64(third) * 4000..<Int64(third + 1) * 4000
      #expect((250...420).contains(offsets.count { range.contains($0) }))
    }
  }

  @Test func aTargetThatStaysDownIsAskedLessAndNeverForgotten() {
    var memory = TargetMemory()
    var asked: [Int64] = []
    for minute in Int64(0)..<40 {
      let now = 1_000_000_000 + minute * 60_000
      if ScrapeSchedule.isPaused(memory, now: now) { continue }
      asked.append(minute)
      ScrapeSchedule.failed(&memory, interval: 60_000, now: now)
    }
    #expect(asked == [0, 1, 2, 3, 4, 5, 7, 11, 16, 21, 26, 31, 36])
    #expect(!ScrapeSchedule.deservesRetry(memory))
    ScrapeSchedule.succeeded(&memory)
    #expect(!ScrapeSchedule.isPaused(memory, now: 1_000_000_000))
    #expect(ScrapeSchedule.deservesRetry(memory))
  }
}

@Suite struct ScrapeMemoryTests {
  private func memory(_ files: SimulatedFileSystem, _ name: String = "c") -> ScrapeMemory {
    ScrapeMemory("/state", configuration: name, files: files, random: SeededGenerator(seed: 1))
  }

  @Test func whatIsSavedIsThere() throws {
    let files = SimulatedFileSystem()
    let first = memory(files)
    try first.prepare()
    var target = TargetMemory()
    target.name = "j/é"
    target.job = "j"
    target.labels = LabelSet([("job", "j")])
    target.last = 17
    target.failures = 3
    target.pausedUntil = 99
    target.trace = SeriesTrace(count: 2, hash: .max)
    first.targets = [.max: target, 0: TargetMemory()]
    try first.save()
    try first.saveSeries([[1, 2], []], of: 5)
    let second = memory(files)
    try second.load()
    #expect(second.targets == first.targets)
    #expect(second.series(of: 5) == [[1, 2], []])
    #expect(second.series(of: 6) == [])
    try second.forgetSeries(of: 5)
    #expect(second.series(of: 5) == [])
    try second.forgetSeries(of: 5)
    #expect(!second.wasBroken)
    let other = memory(files, "d")
    try other.load()
    #expect(other.targets.isEmpty)
  }

  /// Nothing is synced, so after a crash anything may be there.
  @Test func aBrokenFileIsAsNone() throws {
    for text in ["", "{", #"{"version":2,"targets":[]}"#, #"{"version":1,"targets":[{}]}"#] {
      let files = SimulatedFileSystem()
      let first = memory(files)
      try first.prepare()
      try first.save()
      try first.saveSeries([[1]], of: 5)
      for entry in try files.list("/state") {
        try files.remove("/state/\(entry.name)")
        try files.writeNew("/state/\(entry.name)", Array(text.utf8))
      }
      let second = memory(files)
      try second.load()
      #expect(second.targets.isEmpty)
      #expect(second.series(of: 5) == [])
      #expect(second.wasBroken)
    }
  }
}
