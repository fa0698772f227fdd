import MxJSON
import MxModel
import Testing

@testable import MxFormats

@Suite struct SnappyTests {
  private static func unpacked(_ block: [UInt8], limit: Int = 1 << 24) -> [UInt8]? {
    block.withUnsafeBytes { block in
      do throws(Snappy.Fault) {
        return try Snappy.decompress(block, limit: limit)
      } catch {
        return nil
      }
    }
  }

  private static func packed(_ text: [UInt8]) -> [UInt8] {
    text.withUnsafeBytes { Snappy.compress($0) }
  }

  @Test func thePublicSampleUnpacksAndPacks() {
    guard Corpora.has("snappy") else { return }
    let text = Corpora.read("snappy/Isaac.Newton-Opticks.txt")
    let block = Corpora.read("snappy/Isaac.Newton-Opticks.txt.rawsnappy")
    #expect(!text.isEmpty)
    #expect(Self.unpacked(block) == text)
    let own = Self.packed(text)
    #expect(Self.unpacked(own) == text)
    #expect(own.count < text.count * 7 / 10, "\(own.count) of \(text.count)")
  }

  @Test func elementsOfEachKindUnpack() {
    // "abcd", a copy of 5 from 4 back (overlapping), in the three kinds of copies.
    let text = Array("abcdabcda".utf8)
    #expect(Self.unpacked([9, 3 << 2, 97, 98, 99, 100, 1 << 2 | 1, 4]) == text)
    #expect(Self.unpacked([9, 3 << 2, 97, 98, 99, 100, 4 << 2 | 2, 4, 0]) == text)
    #expect(Self.unpacked([9, 3 << 2, 97, 98, 99, 100, 4 << 2 | 3, 4, 0, 0, 0]) == text)
    #expect(Self.unpacked([0]) == [])
  }

  @Test func brokenBlocksAreRefused() {
    let broken: [[UInt8]] = [
      [], [0x80], [5, 3 << 2, 97], [4, 3 << 2, 97, 98, 99, 100, 0], [4, 1, 4],
      [9, 3 << 2, 97, 98, 99, 100, 1 << 2 | 1, 5], [9, 3 << 2, 97, 98, 99, 100, 1 << 2 | 1, 0],
      [0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0], [3, 3 << 2, 97, 98, 99, 100],
    ]
    for block in broken { #expect(Self.unpacked(block) == nil, "\(block)") }
    #expect(Self.unpacked(Self.packed([UInt8](repeating: 7, count: 5000)), limit: 4999) == nil)
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func anyTextPacksAndUnpacks(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let size = Int.random(in: 0...200_000, using: &random)
    let letters = UInt8.random(in: 1...255, using: &random)
    let text = (0..<size).map { _ in UInt8.random(in: 0...letters, using: &random) }
    #expect(Self.unpacked(Self.packed(text)) == text)
  }
}

@Suite struct ProtobufTests {
  @Test func protobufExpositionEqualsItsText() {
    guard Corpora.has("expfmt/testdata/protobuf") else { return }
    let decoded = decode(.prometheusProtobuf, Corpora.read("expfmt/testdata/protobuf"))
    #expect(decoded.error == nil)
    #expect(decoded.problemTexts == [])
    #expect(decoded.batch.count > 100)
    #expect(decoded.rows.contains { $0.hasPrefix("process_virtual_memory_bytes") })
  }

  /// Telegraf's expectations name a sample by its metric, as its version 2 does.
  @Test(arguments: [
    ("prometheus/protobuf", Format.prometheusProtobuf), ("prometheus/valid_gauge", .prometheus),
    ("prometheus/histogram_inf_bucket", .prometheusProtobuf),
    ("prometheus/valid_summary", .prometheus), ("prometheus/benchmark", .prometheus),
    ("prometheus/metric_with_timestamp", .prometheus),
    ("prometheusremotewrite/simple", .json), ("prometheusremotewrite/benchmark", .json),
    ("openmetrics/valid_gauge", .openmetrics), ("openmetrics/valid_histogram", .openmetrics),
  ])
  func telegrafCasesGiveItsPoints(folder: String, format: Format) {
    guard Corpora.has("telegraf/\(folder)") else { return }
    let name = Corpora.list("telegraf/\(folder)").first { $0.hasPrefix("input") } ?? ""
    let decoded = decode(format, Corpora.read("telegraf/\(folder)/\(name)"))
    #expect(decoded.error == nil)
    #expect(decoded.problemTexts == [])
    let expected = decode(.influx, Corpora.read("telegraf/\(folder)/expected_v2.out"))
    #expect(expected.problemTexts == [])
    let rows = (0..<decoded.batch.count).map { row in
      "\(decoded.batch.series.labels(decoded.batch.refs[row])) \(decoded.batch.values[row])"
    }
    let points = (0..<expected.batch.count).map { row in
      let labels = expected.batch.series.labels(expected.batch.refs[row])
      var name = labels.metricName ?? ""
      // Its measurement, which our name has in front of the field's.
      for prefix in ["prometheus_remote_write_", "prometheus_", "openmetric_"]
      where name.hasPrefix(prefix) {
        name.removeFirst(prefix.utf8.count)
        break
      }
      let plain = labels.removing(["_type", "unit"]).setting("__name__", to: name)
      return "\(plain) \(expected.batch.values[row])"
    }
    #expect(Set(rows) == Set(points))
    #expect(!rows.isEmpty)
  }

  @Test(arguments: ["dovecot", "valid_counter", "valid_stateset", "valid_summary"])
  func telegrafOpenMetricsComesInWithoutLoss(name: String) {
    guard Corpora.has("telegraf/openmetrics") else { return }
    let bytes = Corpora.read("telegraf/openmetrics/\(name)/input.txt")
    let lines = bytes.split(separator: UInt8(ascii: "\n")).filter { $0.first != 0x23 }
    let decoded = decode(.openmetrics, bytes)
    #expect(decoded.error == nil)
    #expect(decoded.batch.count == lines.count)
  }

  @Test func nativeHistogramsBecomeClassicSeries() {
    var histogram = NativeHistogram()
    histogram.count = 16
    histogram.positiveSpans = [.init(offset: 0, length: 4), .init(offset: 2, length: 1)]
    histogram.positiveCounts = [2, 1, 3, 2, 3]
    histogram.negativeSpans = [.init(offset: 0, length: 2)]
    histogram.negativeCounts = [2, 3]
    let buckets = ClassicBuckets.cumulative(histogram)
    #expect(buckets.map(\.bound) == [-1, -0.5, 1, 2, 4, 8, 64, .infinity])
    #expect(buckets.map(\.count) == [3, 5, 7, 8, 11, 13, 16, 16])
  }

  @Test func messagesCutAnywhereAreRefused() {
    var message: [UInt8] = []
    var series = RemoteWriteMessage.labels(LabelSet(name: "up", [("job", "a")]))
    RemoteWriteMessage.append(time: 5, value: 1, to: &series)
    ProtoWriter.append(message: series, 1, to: &message)
    let body = message.withUnsafeBytes { Snappy.compress($0) }
    #expect(decode(.remoteWrite, body).rows == [#"up{job="a"} 1.0 @5"#])
    for length in 1..<message.count {
      let cut = Array(message.prefix(length)).withUnsafeBytes { Snappy.compress($0) }
      #expect(decode(.remoteWrite, cut).error != nil, "\(length) bytes")
    }
    for length in 0..<body.count {
      #expect(decode(.remoteWrite, Array(body.prefix(length))).error != nil, "\(length) bytes")
    }
  }
}

@Suite struct OTLPTests {
  @Test func thePublicExampleComesInWhole() {
    guard Corpora.has("otlp/metrics.json") else { return }
    let decoded = decode(.otlp, Corpora.read("otlp/metrics.json"))
    let scope = #"job="my.service", "#
    let point = #"otel_scope_name="my.library", otel_scope_version="1.0.0"} "#
    check(
      decoded,
      rows: [
        #"{"my.counter", \#(scope)"my.counter.attr"="some value", \#(point)5.0 @1544712660300"#,
        #"{"my.gauge", \#(scope)"my.gauge.attr"="some value", \#(point)10.0 @1544712660300"#,
        #"{"my.histogram_bucket", \#(scope)le="1", "my.histogram.attr"="some value", \#(point)1.0 @1544712660300"#,
        #"{"my.histogram_bucket", \#(scope)le="+Inf", "my.histogram.attr"="some value", \#(point)2.0 @1544712660300"#,
        #"{"my.histogram_sum", \#(scope)"my.histogram.attr"="some value", \#(point)2.0 @1544712660300"#,
        #"{"my.histogram_count", \#(scope)"my.histogram.attr"="some value", \#(point)2.0 @1544712660300"#,
        #"{"my.exponential.histogram_bucket", \#(scope)le="0", "my.exponential.histogram.attr"="some value", \#(point)1.0 @1544712660300"#,
        #"{"my.exponential.histogram_bucket", \#(scope)le="8", "my.exponential.histogram.attr"="some value", \#(point)3.0 @1544712660300"#,
        #"{"my.exponential.histogram_bucket", \#(scope)le="+Inf", "my.exponential.histogram.attr"="some value", \#(point)3.0 @1544712660300"#,
        #"{"my.exponential.histogram_sum", \#(scope)"my.exponential.histogram.attr"="some value", \#(point)10.0 @1544712660300"#,
        #"{"my.exponential.histogram_count", \#(scope)"my.exponential.histogram.attr"="some value", \#(point)3.0 @1544712660300"#,
      ])
    #expect(decoded.batch.metadata.map(\.type) == [.event, .gauge, .event, .event])
    #expect(decoded.batch.startTimes?.first == 1_544_712_660_300)
    #expect(decoded.batch.startTimes?[1] == .min)
  }

  @Test func sumsAreTypedAndMissingValuesAreStale() {
    let text = """
      {"resourceMetrics":[{"resource":{"attributes":[
        {"key":"service.name","value":{"stringValue":"s"}},
        {"key":"service.namespace","value":{"stringValue":"n"}},
        {"key":"service.instance.id","value":{"stringValue":"i"}},
        {"key":"host","value":{"intValue":"5"}}, {"key":"none"},
        {"key":"roles","value":{"arrayValue":{"values":[{"stringValue":"web"},{"intValue":"5"},
          {"kvlistValue":{"values":[{"key":"k","value":{"boolValue":true}}]}}]}}}]},
      "scopeMetrics":[{"metrics":[
        {"name":"c","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
          {"timeUnixNano":1767225600000000000,"asInt":"7"},
          {"timeUnixNano":"1767225600999600000","flags":1}]}},
        {"name":"g","sum":{"aggregationTemporality":2,"dataPoints":[{"asDouble":"NaN"}]}},
        {"name":"s","summary":{"dataPoints":[
          {"count":"2","sum":3,"quantileValues":[{"quantile":0.5,"value":1}]}]}},
        {"name":"bad","histogram":{"dataPoints":[{"bucketCounts":[1],"explicitBounds":[1]}]}}
      ]}]}]}
      """
    let labels = #"instance="i", job="n/s""#
    let decoded = decode(.otlp, text)
    check(
      decoded,
      rows: [
        "c{\(labels)} 7.0 @1767225600000",
        "c{\(labels)} stale @1767225601000", "g{\(labels)} nan @-1",
        #"s{\#(labels), quantile="0.5"} 1.0 @-1"#, "s_sum{\(labels)} 3.0 @-1",
        "s_count{\(labels)} 2.0 @-1",
        // Of the time of the newest point, not of today.
        #"target_info{host="5", \#(labels), roles="[\"web\",5,{\"k\":true}]"} 1.0 @1767225601000"#,
      ], problems: ["15:44: 1 bucket counts, expected 2"])
    #expect(decoded.batch.metadata.map(\.type) == [.counter, .gauge, .summary, .histogram])
  }

  @Test func whatIsNoRequestIsRefused() {
    for text in ["{", "[]", "{}", "5", "", "{\"resourceMetrics\":5}", "{\"resourceMetrics\":[5]}"] {
      #expect(decode(.otlp, text).error != nil, "\(text)")
    }
  }
}
