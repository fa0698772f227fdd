import MxFormats
import MxModel
import Testing

@Suite struct WriterTests {
  private static func written(
    _ format: Format, _ batch: SampleBatch, labels: [String] = []
  ) throws -> (bytes: [UInt8], unwritable: Int) {
    var bytes: [UInt8] = []
    var writer = FormatWriter(format, labelNames: labels) { bytes.append(contentsOf: $0) }
    try writer.write(batch)
    try writer.finish()
    #expect(writer.written + writer.unwritable == batch.count)
    return (bytes, writer.unwritable)
  }

  private static func sample() -> SampleBatch {
    var batch = SampleBatch()
    batch.append(LabelSet(name: "up", [("job", "a"), ("z", "1")]), 1_767_225_600_000, 1)
    batch.append(LabelSet(name: "up", [("job", "b")]), 1_767_225_600_500, 0.1)
    batch.append(LabelSet(name: "up", [("job", "a"), ("z", "1")]), 1_767_225_601_000, -2e300)
    batch.append(LabelSet(name: "x y", [("l,\"m=", "v\\ 1,\n\"")]), -1500, 3)
    return batch
  }

  @Test func eachFormatHasItsText() throws {
    var batch = SampleBatch()
    batch.append(LabelSet(name: "up", [("job", "a")]), 1500, 1.5)
    batch.append(LabelSet(name: "up", [("job", "a")]), 2000, 2)
    let texts: [(Format, String)] = [
      (.prometheus, "up{job=\"a\"} 1.5 1500\nup{job=\"a\"} 2 2000\n"),
      (.openmetrics, "up{job=\"a\"} 1.5 1.5\nup{job=\"a\"} 2 2\n# EOF\n"),
      (.influx, "up,job=a value=1.5 1500000000\nup,job=a value=2 2000000000\n"),
      (.graphite, "up;job=a 1.5 1.5\nup;job=a 2 2\n"),
      (.csv, "name,job,timestamp,value\nup,a,1500,1.5\nup,a,2000,2\n"),
      (
        .ndjson,
        #"{"metric":{"__name__":"up","job":"a"},"values":[1.5,2],"timestamps":[1500,2000]}"# + "\n"
      ),
    ]
    for (format, text) in texts {
      let bytes = try Self.written(format, batch, labels: ["job", "__name__"]).bytes
      #expect(String(decoding: bytes, as: UTF8.self) == text)
    }
  }

  @Test(arguments: [
    Format.prometheus, .openmetrics, .influx, .csv, .ndjson, .remoteWrite,
  ])
  func whatIsWrittenReadsBack(format: Format) throws {
    let batch = Self.sample()
    let (bytes, unwritable) = try Self.written(format, batch, labels: ["job", "z", "l,\"m="])
    let back = decode(format, bytes) {
      if format == .csv || format == .ndjson { $0.precision = .milliseconds }
    }
    #expect(back.error == nil)
    #expect(back.problemTexts == [])
    var original = Decoded()
    original.batch = batch
    // A newline in a tag cannot be said in Influx lines.
    let lost = format == .influx ? 1 : 0
    #expect(unwritable == lost)
    #expect(back.rows.sorted() == original.rows.dropLast(lost).sorted())
  }

  @Test func whatAFormatCannotSayIsCounted() throws {
    var batch = SampleBatch()
    for value in [Double.nan, .infinity, -.infinity, StaleMarker.value, 1] {
      batch.append(LabelSet(name: "m"), Int64(batch.count), value)
    }
    #expect(try Self.written(.influx, batch).unwritable == 4)
    #expect(try Self.written(.prometheus, batch).unwritable == 1)
    #expect(try Self.written(.ndjson, batch).unwritable == 1)
    let remote = decode(.remoteWrite, try Self.written(.remoteWrite, batch).bytes)
    #expect(remote.batch.values.map(\.bitPattern) == batch.values.map(\.bitPattern))
    let lines = decode(.ndjson, try Self.written(.ndjson, batch).bytes)
    #expect(lines.rows.count == 4)
  }

  @Test func aLargeRemoteWriteComesInSeveralBodies() throws {
    var batch = SampleBatch()
    for index in 0..<25_000 {
      batch.append(LabelSet(name: "m", [("i", "\(index % 7)")]), Int64(index), Double(index))
    }
    var rows: [String] = []
    var bodies = 0
    var writer = FormatWriter(.remoteWrite) { body in
      bodies += 1
      rows += decode(.remoteWrite, Array(body)).rows
    }
    try writer.write(batch)
    try writer.finish()
    var original = Decoded()
    original.batch = batch
    #expect(bodies == 3)
    #expect(rows.sorted() == original.rows.sorted())
  }

  @Test func aSinkThatFailsStopsTheWriting() {
    struct Full: Error {}
    var writer = FormatWriter(.prometheus) { _ in throw Full() }
    #expect(throws: Full.self) {
      try writer.write(Self.sample())
      try writer.finish()
    }
  }
}

@Suite struct FormatDetectorTests {
  @Test(arguments: [
    ("# HELP a b\n# TYPE a counter\na 1\n", Format.prometheus),
    ("a{b=\"c\"} 1 1767225600000\n", .prometheus), ("a 1\n", .prometheus),
    ("{__name__=\"a\", b=\"c\"} 1 60000\n", .prometheus),
    ("# TYPE a counter\na_total 1\n# EOF\n", .openmetrics), ("a 1 1.5\n# EOF", .openmetrics),
    ("cpu,host=a user=1,idle=2 1767225600000000000\n", .influx), ("m f=1i\n", .influx),
    ("# comment\nm f=\"a b\"\n", .influx), ("a.b.c 1.5 1767225600\n", .graphite),
    ("a;env=x 1 1767225600\n", .graphite), ("load 1 1767225600\n", .graphite),
    ("timestamp,value\n2015-01-01 00:00:00,5\n", .csv), ("a\tb\n1\t2\n", .csv),
    ("name,ts,value\n\"x,y\",1,2\n", .csv),
    ("{\"name\":\"a\",\"value\":1}\n{\"name\":\"b\",\"value\":1}\n", .ndjson),
    ("  [{\"name\":\"a\",\"value\":1}]", .json), ("{\n \"name\":\"a\",\"value\":1}", .json),
    ("{\"resourceMetrics\":[]}", .otlp),
  ])
  func aFormatIsKnownByItsText(text: String, format: Format) {
    let found = Array(text.utf8).withUnsafeBytes { Format.detect($0, isWhole: true) }
    #expect(found == format)
  }

  @Test(arguments: ["", "\n\n", "hello world\n", "# just a comment\n", "\u{1}\u{2}\u{0}"])
  func whatFitsNothingIsNotGuessed(text: String) {
    #expect(Array(text.utf8).withUnsafeBytes { Format.detect($0, isWhole: true) } == nil)
  }

  /// Of a long input only its beginning is seen.
  @Test(arguments: [
    ("a{b=\"c\"} 1 1767225600.5\na{b=\"", Format.openmetrics),
    ("a{b=\"c\"} 1 1767225600\na{b=\"", .openmetrics),
    ("a{b=\"c\"} 1 1767225600000\na{b=\"", .prometheus),
    ("# TYPE a info\na_info 1\n", .openmetrics), ("# TYPE a counter\na 1\n", .prometheus),
  ])
  func aPrefixIsEnough(text: String, format: Format) {
    #expect(Array(text.utf8).withUnsafeBytes { Format.detect($0, isWhole: false) } == format)
  }

  @Test func binaryFormatsAreKnown() throws {
    var bytes: [UInt8] = []
    var writer = FormatWriter(.remoteWrite) { bytes.append(contentsOf: $0) }
    var batch = SampleBatch()
    batch.append(LabelSet(name: "up", [("job", "a")]), 1, 1)
    try writer.write(batch)
    try writer.finish()
    #expect(bytes.withUnsafeBytes { Format.detect($0, isWhole: true) } == .remoteWrite)
    #expect(bytes.withUnsafeBytes { Format.detect($0, isWhole: false) } == .remoteWrite)
  }

  @Test func theCorporaAreRecognised() {
    guard Corpora.has("dumps") else { return }
    func found(_ path: String, isWhole: Bool = true) -> Format? {
      Corpora.read(path).prefix(isWhole ? .max : Format.prefixLength).withUnsafeBytes {
        Format.detect($0, isWhole: isWhole)
      }
    }
    for folder in ["dumps/kubernetes", "dumps/node_exporter"] {
      for name in Corpora.list(folder) {
        #expect(found("\(folder)/\(name)") == .prometheus, "\(name)")
        #expect(found("\(folder)/\(name)", isWhole: false) == .prometheus, "\(name)")
      }
    }
    #expect(found("otlp/metrics.json") == .otlp)
    #expect(found("expfmt/testdata/protobuf") == .prometheusProtobuf)
    #expect(found("expfmt/testdata/text") == .prometheus)
    #expect(found("expfmt/promtool/dump-test-1.prom") == .prometheus)
    #expect(found("promql-oracle/nab.om", isWhole: false) != nil)
    for name in Corpora.list("telegraf/openmetrics") where name.hasPrefix("valid") {
      #expect(found("telegraf/openmetrics/\(name)/input.txt") == .openmetrics, "\(name)")
    }
  }

  /// What a family's lines say comes back as it was.
  @Test(arguments: [Format.prometheus, .openmetrics])
  func familiesAreDescribed(format: Format) throws {
    var bytes: [UInt8] = []
    var writer = FormatWriter(format) { bytes.append(contentsOf: $0) }
    writer.write(
      MetricMetadata(family: "a_bytes", type: .gauge, help: "of \"a\\b\"\nand c", unit: "bytes"))
    let time: [Int64] = [1500]
    let value: [Double] = [1]
    try time.withUnsafeBufferPointer { times in
      try value.withUnsafeBufferPointer { values in
        try writer.write(LabelSet(name: "a_bytes"), times: times, values: values)
      }
    }
    try writer.finish()
    let back = decode(format, bytes)
    #expect(back.problemTexts == [])
    let known = try #require(back.batch.metadata.first)
    #expect(known.help == "of \"a\\b\"\nand c")
    #expect(known.type == .gauge)
    #expect(known.unit == (format == .openmetrics ? "bytes" : ""))
  }
}
