import MxFiles
import MxFormats
import MxModel
import MxStore
import MxTestSupport
import Testing

@testable import MxIngest

/// An input counts once, however often and in however many parts it comes.
@Suite struct IntakeTests {
  private func events(_ numbers: Range<Int>, at time: (Int) -> Int64) -> String {
    numbers.map { "{\"metricName\":\"order\",\"timestamp\":\(time($0)),\"value\":2.5}\n" }.joined()
  }

  /// 1,000 events of one second, in one batch and in ten, each sent twice.
  @Test(arguments: [1, 10], [true, false])
  func eventsOfOneSecondCountOnce(batches: Int, spread: Bool) throws {
    let store = TestStore()
    store.options.format = .ndjson
    for _ in 0..<2 {
      for batch in 0..<batches {
        let size = 1000 / batches
        let text = events(batch * size..<(batch + 1) * size) { number in
          present + (spread ? Int64(number) : 0) - (spread ? 0 : Int64(0))
        }
        // Ten batches that say the very same would be one: each has its own id.
        store.options.batchID = spread ? nil : "batch \(batch)"
        try store.take(text)
      }
    }
    let (count, sum, number) = try store.countAndSum()
    #expect(sum == 2500)
    #expect(number == 1000)
    #expect(count == (spread ? 1000 : 1))
  }

  @Test func theSameInputAgainIsNotTaken() throws {
    let store = TestStore()
    store.options.decoding.events = true
    try store.take("e 1 \(present)\n")
    let again = try store.take("e 1 \(present)\n")
    #expect(again.repeated == 1)
    #expect(again.samples == 0)
    #expect(try store.contents() == ["e 1.0@0"])
    // With other labels it is another input.
    store.settings.labels = [("site", "b")]
    try store.take("e 1 \(present)\n")
    #expect(try store.contents() == ["e 1.0@0", #"e{site="b"} 1.0@0"#])
  }

  @Test func theSameIdAgainChangesNothingWhateverTheBytes() throws {
    let store = TestStore()
    store.options.batchID = "job 17"
    try store.take("a 1 \(present)\n", "b 2 \(present)\n")
    let again = try store.take("a 5 \(present)\n", "b 6 \(present)\n")
    #expect(again.repeated == 2)
    #expect(try store.contents() == ["a 1.0@0", "b 2.0@0"])
  }

  /// Samples without a time get that of their run: the same text later is news.
  @Test func textWithoutTimesIsNewWithEachRun() throws {
    let store = TestStore()
    try store.take("up 1\n")
    store.options.decoding.defaultTime = present + 60_000
    try store.take("up 1\n")
    #expect(try store.contents() == ["up 1.0@0 1.0@60000"])
  }

  @Test func twoInputsOfOneRunThatAreTheSameCountOnce() throws {
    let store = TestStore()
    store.options.decoding.events = true
    #expect(try store.take("e 1 \(present)\n", "e 1 \(present)\n").repeated == 1)
    #expect(try store.contents() == ["e 1.0@0"])
  }

  /// Two sales of one instant may look alike: only what is said to be known by its bytes is.
  @Test func whatAPipeSaysTwiceCountsTwice() throws {
    let store = TestStore()
    store.options.decoding.events = true
    for _ in 0..<2 {
      let intake = store.intake()
      for _ in 0..<2 { try store.take("e 1 \(present)\n", "-", intake, .unique) }
      try intake.finish()
      #expect(intake.result.samples == 2)
    }
    try store.take("e 1 \(present)\n")
    #expect(try store.contents() == ["e 5.0@0"])
    #expect(try store.countAndSum().events == 5)
  }

  /// A race for an input with a name does not take the rows of one without.
  @Test func anInputWithoutANameStaysBesideOneThatAnotherRunTook() throws {
    let store = TestStore()
    store.options.decoding.events = true
    let slow = store.intake()
    try store.take("a 1 \(present)\n", "-", slow, .unique)
    try store.take("e 1 \(present)\n", "file", slow)
    try store.take("b 1 \(present)\n", "-", slow, .unique)
    try store.take("e 1 \(present)\n")
    try slow.finish()
    #expect(slow.result.repeated == 1)
    #expect(try store.contents() == ["a 1.0@0", "b 1.0@0", "e 1.0@0"])
  }

  /// Another run takes the same input between our look and our commit.
  @Test func aRaceForOneInputIsWonByOne() throws {
    let store = TestStore()
    store.options.decoding.events = true
    let slow = store.intake()
    try store.take("other 1 \(present)\n", "first", slow)
    try store.take("e 1 \(present)\n", "second", slow)
    try store.take("e 1 \(present)\n")
    try slow.finish()
    #expect(slow.result.repeated == 1)
    #expect(try store.contents() == ["e 1.0@0", "other 1.0@0"])
  }

  /// A signal ends a pipe in the middle of a line: what is whole counts, a number cut short
  /// is another number. Of a file nothing counts but what the next run knows again.
  @Test(arguments: [Delivery.unique, .content], [nil, Format.prometheus])
  func whatIsStoppedInTheMiddleIsNotReadAsWhole(delivery: Delivery, format: Format?) throws {
    let store = TestStore()
    store.options.format = format
    store.options.decoding.events = true
    let intake = store.intake()
    var pieces = ["a 1 \(present)\nb 2", "7 \(present)\nc 12"]
    try intake.take(name: "in", delivery, modified: nil) { buffer in
      if pieces.isEmpty { return nil }
      let bytes = Array(pieces.removeFirst().utf8)
      buffer.copyBytes(from: bytes)
      return bytes.count
    }
    try intake.finish()
    try store.take("a 1 \(present)\nb 27 \(present)\nc 123 \(present)\n")
    let sums = delivery == .unique ? ["a 2.0@0", "b 54.0@0"] : ["a 1.0@0", "b 27.0@0"]
    #expect(try store.contents() == sums + ["c 123.0@0"])
  }

  /// Prometheus sends types and helps in requests of their own.
  @Test func metadataWithoutSamplesWaitsForThem() throws {
    let store = TestStore()
    let up = MetricMetadata(family: "up", type: .gauge, help: "Is it \"there\"?", unit: "")
    let seconds = MetricMetadata(family: "x_seconds", type: .histogram, help: "H", unit: "seconds")
    func known() throws -> [MetricMetadata] {
      try Snapshot(store.store, store.report).allMetadata()
    }
    let text = """
      # HELP up Is it "there"?
      # TYPE up gauge
      # HELP y Never comes.
      # TYPE x_seconds histogram
      # UNIT x_seconds seconds
      # HELP x_seconds H

      """
    try store.take(text)
    #expect(throws: StoreError.missing(path: "/store")) { try known() }
    try store.take("up 1 \(present)\n")
    #expect(try known() == [up])
    try store.take("x_seconds_bucket{le=\"+Inf\"} 1 \(present)\n")
    #expect(try known().map(\.family) == [up, seconds].map(\.family))
    // Said again it is no news, and nothing is written.
    let before = store.disk.count(.create)
    try store.take("# TYPE up gauge\n# HELP up Is it \"there\"?\n")
    #expect(store.disk.count(.create) == before)
    try store.take("y 1 \(present)\n")
    #expect(try store.disk.list("/store/state").isEmpty)
  }

  /// A byte order mark is no part of the first name, whatever pieces it comes in.
  @Test(arguments: [1, 2, 1000], [nil, Format.prometheus, .influx, .json, .csv])
  func aMarkBeforeTheTextIsPassedOver(piece: Int, format: Format?) throws {
    let store = TestStore()
    store.options.format = format
    let text =
      switch format {
      case .influx?: "up value=1 \(present)000000\n"
      case .json?: #"[{"metric":{"__name__":"up"},"values":[1],"timestamps":[\#(present)]}]"#
      case .csv?: "time,name,value\n\(present),up,1\n"
      default: "up 1 \(present)\n"
      }
    let intake = store.intake()
    try store.take([0xEF, 0xBB, 0xBF] + Array(text.utf8), "in", intake, piece: piece)
    try intake.finish()
    #expect(try store.contents() == ["up 1.0@0"])
  }

  @Test func aBrokenContainerLeavesNothingAndEarlierInputsStay() throws {
    let store = TestStore()
    store.options.format = nil
    let intake = store.intake()
    try store.take("good 1 \(present)\n", "a.prom", intake)
    #expect(throws: FormatError.self) {
      try store.take("# TYPE x gauge\nx 1 1\nx{ 1 1\n# EOF\n", "b.om", intake)
    }
    try intake.finish()
    #expect(try store.contents() == ["good 1.0@0"])
  }
}
