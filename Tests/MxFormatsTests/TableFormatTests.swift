import MxFormats
import MxModel
import Testing

@Suite struct CSVTextTests {
  @Test func aLongFileHasNamesAndValues() {
    check(
      decode(.csv, "name,host,ts,value\nup,a,1767225600000,1\nup,,1767225601,2\ndown,b,,3\n"),
      rows: [
        #"up{host="a"} 1.0 @1767225600000"#, "up 2.0 @1767225601000", #"down{host="b"} 3.0 @-1"#,
      ])
  }

  @Test func aWideFileHasAMetricAColumn() {
    let text = "host,rack,ts,user,idle\na,17,1767225600000,1.5,2\nb,18,1767225600000,,4\n"
    check(
      decode(.csv, text),
      rows: [
        #"user{host="a", rack="17"} 1.5 @1767225600000"#,
        #"idle{host="a", rack="17"} 2.0 @1767225600000"#,
        #"idle{host="b", rack="18"} 4.0 @1767225600000"#,
      ])
    check(
      decode(.csv, text) {
        $0.csv.name = "cpu"
        $0.csv.values = ["idle"]
        $0.csv.labels = ["host"]
      },
      rows: [
        #"cpu_idle{host="a"} 2.0 @1767225600000"#, #"cpu_idle{host="b"} 4.0 @1767225600000"#,
      ])
  }

  @Test func timeFirstAndTextColumnsAreLabels() {
    check(
      decode(.csv, "timestamp;zone;load\r\n2015-02-26 21:42:53;x;0.5\r\n"),
      rows: [#"load{zone="x"} 0.5 @1424986973000"#])
    check(decode(.csv, "timestamp,value\n1,5\n") { $0.csv.name = "nab" }, rows: ["nab 5.0 @1000"])
  }

  @Test func quotesHoldSeparatorsNewlinesAndQuotes() {
    for piece in [1, 3, 1000] {
      check(
        decode(
          .csv, "\"name\",\"la,bel\",time,value\n\"a \"\"b\"\"\",\"x\ny\",2,1\nc,5\" pipe,3,2\n",
          piece: piece),
        rows: [
          #"{"a \"b\"", "la,bel"="x\ny"} 1.0 @2000"#, #"c{"la,bel"="5\" pipe"} 2.0 @3000"#,
        ])
    }
  }

  @Test func faultyRowsAreProblemsAndFaultyHeadersRefuse() {
    check(
      decode(.csv, "name,ts,value\na,1,x\na,1\na,tuesday,1\n,1,1\na,1,1\n"),
      rows: ["a 1.0 @1000"],
      problems: [
        "2:5: a value 'x', expected a number", "3:4: 2 cells, expected 3 as in the header",
        "4:3: a time 'tuesday', expected a number or RFC 3339", "5:1: no metric name",
      ])
    #expect(decode(.csv, "a,b\nx,y\n").error != nil)
    #expect(decode(.csv, "ts,v\n1,1\n") { $0.csv.values = ["w"] }.error != nil)
    #expect(decode(.csv, "ts,h,h,value\n1,1,1,1\n").error != nil)
  }

  @Test func combinationsOfLabelsAreToldApart() {
    let rows = (0..<200).map { "x\($0 % 13),\($0 % 7),\($0),m,\($0)\n" }.joined()
    let decoded = decode(.csv, "a,b,ts,name,value\n" + rows)
    #expect(decoded.batch.series.count == 91)
    #expect(decoded.rows[100] == #"m{a="x9", b="2"} 100.0 @100000"#)
  }
}

@Suite struct JSONFormatTests {
  private let shapes: [(String, [String])] = [
    (
      #"{"name":"up","type":"gauge","help":"H","unit":"u","labels":{"job":"a","n":5},"samples":[{"timestamp":1767225600,"value":1},{"timestamp":"1767225600500","value":"2.5"},{"value":3}]}"#,
      [
        #"up{job="a", n="5"} 1.0 @1767225600000"#, #"up{job="a", n="5"} 2.5 @1767225600500"#,
        #"up{job="a", n="5"} 3.0 @-1"#,
      ]
    ),
    (
      #"{"name":"h","type":2,"samples":[{"timestamp":1,"buckets":{"0.1":1,"5":3},"sum":7.5,"count":4}]}"#,
      [
        #"h_bucket{le="0.1"} 1.0 @1000"#, #"h_bucket{le="5"} 3.0 @1000"#,
        #"h_bucket{le="+Inf"} 4.0 @1000"#, "h_count 4.0 @1000", "h_sum 7.5 @1000",
      ]
    ),
    (
      #"{"metricName":"deploy","timestamp":"2026-11-20T10:00:00.5Z","value":1,"tags":{"env":"x"}}"#,
      [#"deploy{env="x"} 1.0 @1795168800500"#]
    ),
    (#"{"metric":"m","time":1.5,"value":true}"#, ["m 1.0 @1500"]),
    (#"{"metric_name":"m","value":-1e3,"unknown":{"deep":[1,{"a":2}]}}"#, ["m -1000.0 @-1"]),
    (
      #"{"metric":{"__name__":"up","job":"}a"},"values":[1,null,"NaN"],"timestamps":[1000,2000,3000]}"#,
      [#"up{job="}a"} 1.0 @1000000"#, #"up{job="}a"} nan @3000000"#]
    ),
  ]

  @Test func everyShapeComesInAsLinesAndAsOneText() {
    for (text, rows) in shapes {
      check(decode(.ndjson, text + "\n"), rows: rows)
      check(decode(.json, text), rows: rows)
    }
    let all = shapes.flatMap(\.1)
    check(decode(.ndjson, shapes.map(\.0).joined(separator: "\n")), rows: all)
    check(decode(.json, "[" + shapes.map(\.0).joined(separator: ",\n ") + "]", piece: 9), rows: all)
  }

  /// The quick way must agree with the long one wherever it is taken.
  @Test func aLineSeenBeforeGivesTheSameAgain() {
    for (text, rows) in shapes {
      let decoded = decode(.ndjson, text + "\n" + text + "\r\n" + text)
      check(decoded, rows: rows + rows + rows)
    }
  }

  @Test func typesAndEventsAreDeclared() {
    let decoded = decode(.json, "[\(shapes[0].0),\(shapes[1].0),\(shapes[2].0)]")
    #expect(
      decoded.batch.metadata == [
        MetricMetadata(family: "up", type: .gauge, help: "H", unit: "u"),
        MetricMetadata(family: "h", type: .histogram),
        MetricMetadata(family: "deploy", type: .event),
      ])
  }

  @Test func aFaultyObjectIsAProblemAndBrokenJSONRefusesAll() {
    check(
      decode(
        .ndjson,
        """
        {"name":"a","value":1}
        {"name":"a","value":"x"}
        {"value":1}
        {"name":"a"}
        {"name":"a","values":[1,2],"timestamps":[1]}
        {"name":"a","value":1,"timestamp":"tuesday"}
        {"name":"a","value":
        {"name":"b","value":2}

        """),
      rows: ["a 1.0 @-1", "b 2.0 @-1"],
      problems: [
        #"2:21: a value "x", expected a number"#,
        "3:1: an object without a metric's name, expected 'name' or 'metric'",
        "4:1: an object without samples, expected 'value', 'values' or 'samples'",
        "5:25: more values than timestamps (1)",
        #"6:35: a timestamp "tuesday", expected a number or RFC 3339"#,
        "7:21: the text ends within a value",
      ])
    let whole = decode(
      .json, "[\n {\"name\":\"a\",\"value\":1},\n {\"name\":\"a\",\n \"value\":{}}]")
    check(whole, rows: ["a 1.0 @-1"], problems: ["4:10: a value {}, expected a number"])
    #expect(
      decode(.json, "[{\"name\":\"a\",\"value\":1},\n{]").error
        == .refused(
          Problem(line: 2, column: 2, what: "found ']', expected a name in double quotes")))
  }

  /// `--format json` of a large file of lines must not be bounded by a body's size.
  @Test func linesOfJSONAreReadByLineWhateverTheyAreCalled() {
    let line = "{\"name\":\"a\",\"value\":1}\n"
    let decoded = decode(.json, String(repeating: line, count: 500), piece: 2000) {
      $0.bodyLimit = 4000
    }
    #expect(decoded.error == nil)
    #expect(decoded.batch.count == 500)
    let array = decode(.json, "[" + String(repeating: " ", count: 5000) + "]", piece: 2000) {
      $0.bodyLimit = 4000
    }
    #expect(array.error == .bodyTooLarge(limit: 4000))
  }

  @Test func objectsNestedTooDeepAreRefused() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(decode(.json, deep).error != nil)
    #expect(decode(.ndjson, "{\"name\":\"a\",\"labels\":" + deep).problems.count == 1)
  }
}
