import Glibc
import MxInstrument
import Testing

@Suite struct InstrumentTests {
  let registry = Registry()

  /// Runs `body` on `count` threads of its own, all at once.
  private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    final class Work: Sendable {
      let number: Int
      let body: @Sendable (Int) -> Void
      init(_ number: Int, _ body: @escaping @Sendable (Int) -> Void) {
        self.number = number
        self.body = body
      }
    }
    var threads: [pthread_t] = []
    for number in 0..<count {
      var thread = pthread_t()
      let work = Unmanaged.passRetained(Work(number, body))
      let result = pthread_create(
        &thread, nil,
        { argument in
          guard let argument else { return nil }
          let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
          work.body(work.number)
          return nil
        }, work.toOpaque())
      #expect(result == 0)
      threads.append(thread)
    }
    for thread in threads { pthread_join(thread, nil) }
  }

  @Test func aHundredThreadsLoseNothing() throws {
    let counter = try registry.counter("c_total", help: "")
    let halves = try registry.counter("h_total", help: "")
    let gauge = try registry.gauge("g", help: "")
    let histogram = try registry.histogram("s", help: "", buckets: [4, 9])
    let family = try registry.counter("f_total", help: "", labels: ["n"])
    onThreads(100) { thread in
      for step in 0..<10_000 {
        counter.increment()
        do throws(InstrumentError) { try halves.add(0.5) } catch { Issue.record("\(error)") }
        gauge.add(step % 2 == 0 ? 3 : -2)
        histogram.observe(Double(step % 20))
        if step % 10 == 0 { family.with("\(thread % 7)").increment() }
      }
    }
    #expect(counter.value == 1_000_000)
    #expect(halves.value == 500_000)
    #expect(gauge.value == 500_000)
    #expect(histogram.count == 1_000_000)
    #expect(histogram.sum == 9_500_000)
    #expect((0..<7).reduce(0) { $0 + family.with("\($1)").value } == 100_000)
    #expect(registry.text().contains("s_bucket{le=\"4\"} 250000\ns_bucket{le=\"9\"} 500000\n"))
  }

  @Test func theTextIsAsDocumented() throws {
    let requests = try registry.counter(
      "requests_total", help: "Requests\nanswered \\ \"all\".", labels: ["method", "path"])
    requests.with("POST", "/").increment()
    try requests.with("GET", "/b").add(2.5)
    requests.with("GET", "a\"b\\c\nd").increment()
    try registry.gauge("a_gauge", help: "G.").set(-0.25)
    try registry.gauge("b_gauge", help: "", labels: ["x"]).with("é").set(.infinity)
    let seconds = try registry.histogram(
      "seconds", help: "S.", buckets: [0.1, 1, .infinity], labels: ["k"])
    for value in [0.1, 0.100001, 1, 2, 1e21] { seconds.with("v").observe(value) }
    _ = try registry.counter("unused_total", help: "No series, no lines.", labels: ["x"])
    _ = try registry.counter("zero_total", help: "")
    let expected = #"""
      # HELP a_gauge G.
      # TYPE a_gauge gauge
      a_gauge -0.25
      # HELP b_gauge 
      # TYPE b_gauge gauge
      b_gauge{x="é"} +Inf
      # HELP requests_total Requests\nanswered \\ "all".
      # TYPE requests_total counter
      requests_total{method="GET",path="/b"} 2.5
      requests_total{method="GET",path="a\"b\\c\nd"} 1
      requests_total{method="POST",path="/"} 1
      # HELP seconds S.
      # TYPE seconds histogram
      seconds_bucket{k="v",le="0.1"} 1
      seconds_bucket{k="v",le="1"} 3
      seconds_bucket{k="v",le="+Inf"} 5
      seconds_sum{k="v"} 1e+21
      seconds_count{k="v"} 5
      # HELP zero_total 
      # TYPE zero_total counter
      zero_total 0

      """#
    #expect(registry.text() == expected)
    #expect(registry.text(time: 17).hasSuffix("zero_total 0 17\n"))
  }

  @Test func aCounterRefusesToShrink() throws {
    let counter = try registry.counter("c_total", help: "")
    try counter.add(3)
    for amount in [-1, -0.5, Double.infinity, -Double.infinity] {
      #expect(throws: InstrumentError.decrease(amount)) { try counter.add(amount) }
    }
    #expect(throws: InstrumentError.self) { try counter.add(.nan) }
    try counter.add(0)
    #expect(counter.value == 3)
    try counter.add(1e300)
    try counter.add(9_007_199_254_740_991)
    #expect(counter.value == 1e300 + 9_007_199_254_740_994)
  }

  @Test func namesThatAreNoneAreRefused() throws {
    for name in ["", "1a", "a-b", "a b", "é", "a\n", "a{", "a.b"] {
      #expect(throws: InstrumentError.badName(name)) { try registry.counter(name, help: "") }
    }
    for name in ["", "1a", "a:b", "__a", "overflow", "a-b"] {
      #expect(throws: InstrumentError.badName(name)) {
        try registry.gauge("g", help: "", labels: [name])
      }
    }
    #expect(throws: InstrumentError.badName("a")) {
      try registry.gauge("g", help: "", labels: ["a", "b", "a"])
    }
    #expect(throws: InstrumentError.badName("le")) {
      try registry.histogram("h", help: "", buckets: [1], labels: ["le"])
    }
    _ = try registry.counter("a:b_C9", help: "", labels: ["_x", "le"])
  }

  @Test func aNameIsTakenOnceWithAllItsSamples() throws {
    _ = try registry.histogram("h", help: "", buckets: [1])
    _ = try registry.counter("g_count", help: "")
    for name in ["h", "h_sum", "h_count", "h_bucket", "g_count"] {
      #expect(throws: InstrumentError.nameTaken(name)) { try registry.gauge(name, help: "") }
    }
    #expect(throws: InstrumentError.nameTaken("g")) {
      try registry.histogram("g", help: "", buckets: [1])
    }
    _ = try registry.gauge("h_max", help: "")
  }

  @Test func boundsMustAscend() throws {
    let infinity = Double.infinity
    let bad: [[Double]] = [
      [], [infinity], [1, 1], [2, 1], [.nan], [-infinity, 1], [1, infinity, 2],
    ]
    for bounds in bad {
      #expect(throws: InstrumentError.self) {
        try registry.histogram("h", help: "", buckets: bounds)
      }
    }
    #expect(try registry.histogram("h", help: "", buckets: [-1, 0, .infinity]).bounds == [-1, 0])
  }

  @Test func whatExceedsTheLimitIsCountedTogether() throws {
    let registry = Registry(seriesLimit: 2)
    let family = try registry.counter("c_total", help: "H.", labels: ["user"])
    let plain = try registry.counter("p_total", help: "")
    for user in ["a", "b", "c", "d", "a", "c"] { family.with(user).increment() }
    plain.increment()
    #expect(
      registry.text() == """
        # HELP c_total H.
        # TYPE c_total counter
        c_total{user="a"} 2
        c_total{user="b"} 1
        c_total{overflow="true"} 3
        # HELP p_total 
        # TYPE p_total counter
        p_total 1

        """)
  }

  @Test func aValueThatIsNoNumberIsAboveAllBounds() throws {
    let histogram = try registry.histogram("h", help: "", buckets: [1])
    histogram.observe(.nan)
    #expect(registry.text().hasSuffix("h_bucket{le=\"+Inf\"} 1\nh_sum NaN\nh_count 1\n"))
  }
}

@Suite struct TextFileTests {
  private func withDirectory(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/mx-instrument-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
      for name in names(path) { unlink(path + "/" + name) }
      rmdir(path)
    }
    try body(path)
  }

  private func names(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var result: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: UInt8.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { result.append(name) }
    }
    return result.sorted()
  }

  private func contents(_ path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 10_000)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  @Test func theTextReplacesTheFileAndLeavesNothingElse() throws {
    try withDirectory { directory in
      let registry = Registry()
      let runs = try registry.counter("runs_total", help: "Runs.")
      for count in 1...3 {
        runs.increment()
        try registry.write(to: directory + "/a.prom")
        #expect(contents(directory + "/a.prom").hasSuffix("runs_total \(count)\n"))
        #expect(names(directory) == ["a.prom"])
      }
    }
  }

  @Test func dropsHaveNamesOfTheirOwnAndATime() throws {
    try withDirectory { directory in
      let registry = Registry()
      try registry.gauge("g", help: "").set(1)
      let first = try registry.drop(into: directory, job: "backup", time: 1_700_000_000_000)
      let second = try registry.drop(into: directory, job: "backup", time: 1_700_000_000_000)
      #expect(first != second)
      #expect(names(directory).count == 2)
      #expect(names(directory).allSatisfy { $0.hasPrefix("backup-1700000000000-") })
      #expect(contents(first).hasSuffix("g 1 1700000000000\n"))
      for job in ["", "../x", ".x"] {
        #expect(throws: InstrumentError.badName(job)) {
          try registry.drop(into: directory, job: job, time: 0)
        }
      }
    }
  }

  @Test func aFileThatCannotBeWrittenIsAnErrorAndLeavesNoPiece() throws {
    try withDirectory { directory in
      let registry = Registry()
      #expect(throws: InstrumentError.self) { try registry.write(to: directory + "/none/a.prom") }
      // The target is a directory: the text is written, the rename refused.
      #expect(mkdir(directory + "/a.prom", 0o700) == 0)
      #expect(throws: InstrumentError.cannotWrite(path: directory + "/a.prom", code: EISDIR)) {
        try registry.write(to: directory + "/a.prom")
      }
      #expect(names(directory) == ["a.prom"])
      rmdir(directory + "/a.prom")
      #expect(throws: InstrumentError.self) { try registry.write(to: "/tmp/a\u{0}b") }
    }
  }
}
