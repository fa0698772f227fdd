import MxFormats
import MxModel
import Testing

/// Valid inputs with random damage: whatever comes out, nothing crashes, hangs,
/// or depends on how the input was cut into pieces.
@Suite struct MutationTests {
  private static let seeds: [(Format, String)] = [
    (
      .prometheus,
      "# HELP a b\\n\n# TYPE a counter\na{b=\"c\\\"d\",\"e f\"=\"g\"} 1.5e3 1767225600000\n{\"q\"} NaN\na -Inf 5\n"
    ),
    (
      .openmetrics,
      "# TYPE h histogram\n# UNIT h_s s\nh_bucket{le=\"1\"} 1 2.5 # {t=\"x\"} 1 2\nh_bucket{le=\"+Inf\"} 2 2.5\n# EOF\n"
    ),
    (
      .influx,
      "cpu,host=a\\ b,r=c user=1.5,n=42i,s=\"x\\\"\ny\",b=t,u=7u 1767225600000000000\n#c\nm v=1\n"
    ),
    (.graphite, "a.b.c;env=x;y=z 1.5 1767225600\na.b nan -1\n"),
    (.csv, "name,\"h\",ts,value\nup,\"a\"\"b\",1767225600000,1\nup,c,2026-01-01T00:00:00Z,2\n"),
    (
      .ndjson,
      "{\"metric\":{\"__name__\":\"u\\u0041\",\"j\":\"a\"},\"values\":[1,null,\"2\"],\"timestamps\":[1,2,\"3\"]}\n{\"metricName\":\"m\",\"value\":1,\"tags\":{}}\n"
    ),
    (
      .json,
      "[{\"name\":\"h\",\"type\":2,\"samples\":[{\"timestamp\":1,\"buckets\":{\"0.1\":1},\"sum\":7,\"count\":4}]},{\"timeseries\":[{\"labels\":[{\"name\":\"__name__\",\"value\":\"x\"}],\"samples\":[{\"value\":1,\"timestamp\":2}]}]}]"
    ),
    (
      .otlp,
      "{\"resourceMetrics\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"s\"}}]},\"scopeMetrics\":[{\"metrics\":[{\"name\":\"e\",\"exponentialHistogram\":{\"dataPoints\":[{\"scale\":-1,\"count\":\"3\",\"positive\":{\"offset\":1,\"bucketCounts\":[\"0\",\"2\"]}}]}},{\"name\":\"c\",\"sum\":{\"dataPoints\":[{\"timeUnixNano\":\"15\",\"asInt\":\"7\"}]}}]}]}]}"
    ),
  ]

  private static func mutated(_ text: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    let marks = Array("\"\\{}[],:;=# \n\r\t\0+-.eE19_aNn\u{7F}".utf8) + [0x80, 0xFF, 0xC3]
    var text = text
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let at = Int.random(in: 0...text.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: text.insert(marks.randomElement(using: &random) ?? 0, at: at)
      case 1 where at < text.count: text.remove(at: at)
      case 2 where at < text.count: text[at] = marks.randomElement(using: &random) ?? 0
      case 3:
        let end = min(text.count, at + Int.random(in: 0...20, using: &random))
        text.insert(contentsOf: text[at..<end], at: Int.random(in: 0...text.count, using: &random))
      default: text.removeSubrange(at..<min(text.count, at + Int.random(in: 0...8, using: &random)))
      }
    }
    return text
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func damagedTextNeverCrashesAndPiecesDoNotMatter(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for (format, text) in Self.seeds {
      for _ in 0..<20 {
        let bytes = Self.mutated(Array(text.utf8), &random)
        let whole = decode(format, bytes)
        let cut = decode(format, bytes, piece: Int.random(in: 1...40, using: &random))
        #expect(whole.rows == cut.rows, "\(format) \(bytes)")
        #expect(whole.problems.count == cut.problems.count, "\(format) \(bytes)")
        #expect(whole.error == cut.error, "\(format) \(bytes)")
        _ = bytes.withUnsafeBytes { Format.detect($0, isWhole: seed % 2 == 0) }
      }
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func damagedProtobufNeverCrashes(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var body: [UInt8] = []
    var writer = FormatWriter(.remoteWrite) { body.append(contentsOf: $0) }
    var batch = SampleBatch()
    for index in 0..<20 { batch.append(LabelSet(name: "m\(index % 3)"), Int64(index), 0.5) }
    writer.write(MetricMetadata(family: "m0", type: .gauge, help: "h"))
    try writer.write(batch)
    try writer.finish()
    let families = Corpora.has("expfmt") ? Corpora.read("expfmt/testdata/protobuf") : body
    for _ in 0..<40 {
      _ = decode(.remoteWrite, Self.mutated(body, &random))
      let bytes = Self.mutated(Array(families.prefix(2000)), &random)
      _ = decode(.prometheusProtobuf, bytes)
      _ = bytes.withUnsafeBytes { Format.detect($0, isWhole: true) }
    }
  }

  /// What the quick ways remember must be what the long ways would say.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func aLineAmongOthersMeansWhatItMeansAlone(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for (format, text) in Self.seeds where [.graphite, .ndjson, .influx].contains(format) {
      for _ in 0..<20 {
        let line = Self.mutated(Array(text.utf8), &random).filter {
          $0 != 0x0A && $0 != 0x22 || format == .ndjson && $0 != 0x0A
        }
        let alone = decode(format, line + [0x0A])
        let again = decode(format, Array(text.utf8) + line + [0x0A] + line + [0x0A])
        let before = decode(format, text)
        #expect(again.rows == before.rows + alone.rows + alone.rows, "\(format) \(line)")
      }
    }
  }
}
