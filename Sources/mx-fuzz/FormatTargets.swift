import MxCodec
import MxFormats
import MxIngest
import MxModel

/// What comes in: formats, packing, the gate behind them.
enum FormatTargets {
  static let all: [FuzzTarget] =
    Format.allCases.map { format in
      FuzzTarget(format.rawValue, seeds: seeds(format)) { compare(format, $0) }
    } + [
      FuzzTarget(
        "auto", seeds: [seeds(.prometheus), seeds(.json), seeds(.csv)].flatMap(\.self)
      ) { bytes in
        if let format = Format.detect(bytes, isWhole: true) { compare(format, bytes) }
      },
      FuzzTarget("gate", seeds: seeds(.prometheus)) { gate($0) },
      FuzzTarget("inflate", seeds: packed) { inflate($0) },
    ]

  /// In one piece and in two: the same rows, or an error both times.
  private static func compare(_ format: Format, _ bytes: UnsafeRawBufferPointer) {
    let whole = decode(format, [bytes])
    let middle = bytes.count / 2
    let parts = decode(
      format,
      [
        UnsafeRawBufferPointer(rebasing: bytes[..<middle]),
        UnsafeRawBufferPointer(rebasing: bytes[middle...]),
      ])
    // JSON may be read by line or as a whole, as its first piece shows.
    if format == .json { return }
    precondition(
      whole?.times == parts?.times
        && whole?.values.map(\.bitPattern) == parts?.values.map(\.bitPattern),
      "BUG: pieces matter")
  }

  private static func decode(
    _ format: Format, _ pieces: [UnsafeRawBufferPointer]
  ) -> SampleBatch? {
    var options = FormatOptions(defaultTime: 1_795_132_800_000)
    options.lineLimit = 1 << 16
    options.bodyLimit = 1 << 20
    var decoder = FormatDecoder(format, options)
    var batch = SampleBatch()
    var problems = Problems()
    do throws(FormatError) {
      for piece in pieces { try decoder.feed(piece, into: &batch, problems: &problems) }
      try decoder.finish(into: &batch, problems: &problems)
      return batch
    } catch {
      return nil
    }
  }

  /// What a parser lets through meets the gate, whose rules are what can be trusted behind it.
  private static func gate(_ bytes: UnsafeRawBufferPointer) {
    guard var batch = decode(.prometheus, [bytes]) else { return }
    var settings = GateSettings(now: 1_795_132_800_000)
    settings.limits.seriesPerMetric = 3
    settings.limits.labelsPerSeries = 4
    settings.limits.labelValueBytes = 16
    settings.limits.future = 600_000
    settings.labels = [("site", "lab")]
    let gate = Gate(settings, SeriesCatalogue(), Report())
    let lane = gate.lane(source: "fuzz")
    let rows = batch.count
    do {
      try gate.pass(&batch, lane)
      _ = gate.settle()
      precondition(
        lane.tally.passed + lane.tally.refusedRows + lane.tally.droppedRows == rows,
        "BUG: rows are neither in nor out")
      precondition(gate.batch.count == lane.tally.passed, "BUG: rows that nobody counted")
      _ = try gate.conclude()
    } catch {
      fatalError("BUG: a gate without a store threw \(error)")
    }
  }

  private static func inflate(_ bytes: UnsafeRawBufferPointer) {
    let inflater = Inflater(limits: .init(maxOutput: 1 << 22))
    // An error is an answer.
    do {
      try inflater.push(bytes) { _ in }
      try inflater.finish { _ in }
    } catch {}
  }

  // MARK: - What they begin with

  private static let text = """
    # TYPE a counter
    # HELP a what it \\n is
    a{b="c",le="1"} 1.5 1795132800000
    a_bucket{le="+Inf"} NaN
    {"a b","c d"="e\\"f"} 0x1p-3
    # EOF

    """

  private static func seeds(_ format: Format) -> [[UInt8]] {
    let texts: [String] =
      switch format {
      case .prometheus: [text]
      case .openmetrics:
        [
          text,
          "# TYPE h histogram\n# UNIT h_s s\nh_bucket{le=\"1\"} 1 1.5 # {t=\"x\"} 0.5\n# EOF\n",
        ]
      case .influx: ["cpu,host=a\\ b u=1.5,n=4i,s=\"x\",t=true 1795132800000000000\n"]
      case .graphite: ["a.b;c=d 1.5 1795132800\n"]
      case .csv:
        [
          "time,\"h\",value\n2026-11-20T00:00:00Z,\"a\"\"b\",1\n1795132800,c,2\n",
          "\u{feff}timestamp;name;value\r\n1795132800;a;1,5\r\n",
        ]
      case .json, .ndjson:
        [
          "{\"metric\":{\"__name__\":\"u\"},\"values\":[1,null],\"timestamps\":[1,2]}\n",
          "{\"name\":\"h\",\"type\":2,\"samples\":[{\"timestamp\":1,\"buckets\":{\"1\":1},"
            + "\"sum\":1,\"count\":1}]}\n",
          "[{\"metricName\":\"e\",\"time\":\"2026-11-20T00:00:00Z\",\"value\":\"1\",\"tags\":{}}]",
        ]
      case .otlp:
        [
          """
          {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":
          {"stringValue":"x"}}]},"scopeMetrics":[{"metrics":[{"name":"c","sum":{"dataPoints":
          [{"timeUnixNano":"15","asInt":"7"}],"aggregationTemporality":2}},{"name":"e",
          "exponentialHistogram":{"dataPoints":[{"scale":1,"zeroCount":"1","count":"3","sum":1,
          "positive":{"offset":1,"bucketCounts":["1","1"]},"timeUnixNano":"15"}]}}]}]}]}
          """
        ]
      default: []
      }
    if !texts.isEmpty { return texts.map { Array($0.utf8) } }
    // A snappy block, and a delimited message, each of one series.
    return [
      [0x10, 0x3c, 0x0a, 0x0e, 0x0a, 0x01, 0x61, 0x1b],
      [0x0c, 0x0a, 0x01, 0x61, 0x18, 0x01, 0x22, 0x05, 0x12, 0x03, 0x09, 0, 0, 0],
    ]
  }

  /// `up 1` as gzip and as zstd.
  private static let packed: [[UInt8]] = [
    [
      0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x2b, 0x2d, 0x50, 0x30, 0xe4, 0x02, 0, 0x84, 0x0c, 0x33,
      0xc6, 5, 0, 0, 0,
    ],
    [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x05, 0x29, 0, 0, 0x75, 0x70, 0x20, 0x31, 0x0a],
  ]
}
