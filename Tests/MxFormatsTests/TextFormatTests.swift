import MxFormats
import MxModel
import Testing

@Suite struct PrometheusTextTests {
  @Test func samplesComeInWithLabelsValuesAndTimes() {
    check(
      decode(
        .prometheus,
        """
        up 1
        up{job="a"} 2.5 1767225600000
        a_b:c{x="1",y="2",} -Inf -5
          spaced  {  x = "1" , y="2"  }   NaN\u{20}
        {"with space",job="a"} 1
        {__name__="dumped",job="a"} +1e3 7
        tight{a="b"}3

        # a comment

        """),
      rows: [
        "up 1.0 @-1", #"up{job="a"} 2.5 @1767225600000"#, #"a_b:c{x="1", y="2"} -inf @-5"#,
        #"spaced{x="1", y="2"} nan @-1"#, #"{"with space", job="a"} 1.0 @-1"#,
        #"dumped{job="a"} 1000.0 @7"#, #"tight{a="b"} 3.0 @-1"#,
      ])
  }

  @Test func escapesOfLabelValuesAreUndone() {
    let decoded = decode(.prometheus, "m{a=\"x\\\\y\\\"z\\n}\",\"b c\\\"\"=\"}{\"} 1\n")
    #expect(decoded.problemTexts == [])
    #expect(decoded.batch.series.labels(0)["a"] == "x\\y\"z\n}")
    #expect(decoded.batch.series.labels(0)["b c\""] == "}{")
  }

  @Test func aFaultyLineIsNamedByLineAndColumnAndTheOthersGetIn() {
    let lines: [(line: String, problem: String)] = [
      ("0a 1", "2:1: found '0', expected a metric name"),
      ("a{b=\"1\"", "2:8: the line ends inside the labels, expected '}'"),
      ("a{1=\"1\"} 1", "2:3: found '1', expected a label name"),
      ("a{b 1} 1", "2:5: found '1', expected '='"),
      ("a{b=1} 1", "2:5: found '1', expected a quoted value"),
      ("a{b=\"1\"c=\"2\"} 1", "2:8: found 'c', expected ',' or '}'"),
      ("a{b=\"1\",b=\"2\"} 1", "2:1: a label name that stands twice"),
      ("a{b=\"\\t\"} 1", #"2:6: an unknown escape '\t', expected '\\', '\"' or '\n'"#),
      ("{b=\"1\"} 1", "2:1: a series without a metric name"),
      ("a{__name__=\"b\"} 1", "2:3: a second metric name in the label '__name__', expected one"),
      ("a b", "2:3: a value 'b', expected a number"),
      ("a", "2:2: the line ends, expected a blank and a value"),
      ("a 0x10", "2:3: a value '0x10', expected a number"),
      ("a 1_0", "2:3: a value '1_0', expected a number"),
      ("a 1 2.5", "2:5: a timestamp '2.5', expected whole milliseconds since 1970"),
      ("a 1 2 3", "2:7: found '3', expected the end of the line"),
      ("a 1 999999999999999999", "2:5: a timestamp beyond 2^53 ms from 1970"),
      ("# TYPE ok gauge", "2:11: the type of 'ok' after its samples, expected the type first"),
      (
        "# TYPE x foo",
        "2:10: an unknown type 'foo', expected counter, gauge, histogram, summary or untyped"
      ),
      ("# TYPE 9 gauge", "2:8: found '9', expected a metric name"),
    ]
    for (line, problem) in lines {
      let decoded = decode(.prometheus, "ok 1\n\(line)\nok 2\n")
      check(decoded, rows: ["ok 1.0 @-1", "ok 2.0 @-1"], problems: [problem])
      #expect(decoded.problems.all.first?.text == Array(line.utf8))
    }
  }

  @Test func textThatIsNotUTF8IsRefused() {
    let bytes = Array("m{a=\"".utf8) + [0xFF] + Array("\"} 1\nok 1\n".utf8)
    check(
      decode(.prometheus, bytes), rows: ["ok 1.0 @-1"],
      problems: ["1:1: the series is not UTF-8"])
  }

  @Test func metadataIsKeptAndMayBeRepeatedUnchanged() {
    let head = "# HELP m_total Says \\\\ and\\nmore.\n# TYPE m_total counter\n"
    let decoded = decode(.prometheus, head + "m_total 1\n" + head + "m_total 2\n")
    #expect(decoded.problemTexts == [])
    #expect(
      decoded.batch.metadata == [
        MetricMetadata(family: "m_total", type: .counter, help: "Says \\ and\nmore.")
      ])
    let changed = decode(.prometheus, head + "# TYPE m_total gauge\n# HELP m_total Other.\n")
    #expect(
      changed.problemTexts == [
        "3:16: a second type 'gauge' of 'm_total', first it was 'counter'",
        "4:8: a second, different HELP of 'm_total'",
      ])
  }

  @Test func aLastLineNeedsNoNewline() {
    check(decode(.prometheus, "a 1\nb 3.1"), rows: ["a 1.0 @-1", "b 3.1 @-1"])
    check(
      decode(.prometheus, "a 1\nb"), rows: ["a 1.0 @-1"],
      problems: ["2:2: the line ends, expected a blank and a value"])
    check(decode(.prometheus, "a 1\n# end"), rows: ["a 1.0 @-1"])
  }

  @Test func precisionScaleAndEventsAreApplied() {
    let decoded = decode(.prometheus, "a 2 1767225600\n") {
      $0.precision = .seconds
      $0.scale = 0.5
      $0.events = true
    }
    check(decoded, rows: ["a 1.0 @1767225600000"])
    #expect(decoded.batch.metadata == [MetricMetadata(family: "a", type: .event)])
  }

  /// However a stream is cut, what comes out is the same.
  @Test(arguments: [1, 2, 3, 7, 64])
  func piecesOfAnySizeGiveTheSame(size: Int) {
    let text = (0..<50).map { "m{a=\"\($0 % 7)\"} \($0) \($0 * 1000)\n" }.joined() + "bad\n"
    let whole = decode(.prometheus, text)
    let cut = decode(.prometheus, text, piece: size)
    #expect(whole.rows.count == 50)
    check(cut, rows: whole.rows, problems: whole.problemTexts)
  }

  @Test func aLineThatDoesNotEndIsAnErrorNotMemory() {
    var decoder = FormatDecoder(.prometheus, FormatOptions(defaultTime: 0))
    var batch = SampleBatch()
    var problems = Problems()
    let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 16)
    #expect(throws: FormatError.lineTooLong(line: 1, limit: 1 << 20)) {
      for _ in 0..<100 {
        try piece.withUnsafeBytes { try decoder.feed($0, into: &batch, problems: &problems) }
      }
    }
  }

  @Test func problemsAreCountedAllAndKeptInBounds() {
    let decoded = decode(.prometheus, String(repeating: "bad line here\n", count: 5000))
    #expect(decoded.problems.count == 5000)
    #expect(decoded.problems.all.count == 1000)
  }
}

@Suite struct OpenMetricsTextTests {
  @Test func timestampsAreSecondsAndExemplarsAreDropped() {
    check(
      decode(
        .openmetrics,
        """
        # HELP a Help with \\"quotes\\".
        # TYPE a counter
        a_total{x="1"} 3 1520879607.789 # {trace="} # {"} 0.5 1.5
        a_created{x="1"} 1520430000.123 1520879607.789
        # TYPE g gauge
        g 1 1.0005
        # EOF

        """),
      rows: [
        #"a_total{x="1"} 3.0 @1520879607789"#, #"a_created{x="1"} 1520430000.123 @1520879607789"#,
        "g 1.0 @1001",
      ])
  }

  @Test func aRefusalNamesTheLine() {
    #expect(
      decode(.openmetrics, "a 1\n\n# EOF\n").error
        == .refused(Problem(line: 2, column: 1, what: "a blank line")))
    #expect(
      decode(.openmetrics, "a 1\n").error
        == .refused(
          Problem(line: 1, column: 0, what: "no '# EOF' at the end: the exposition was cut off")))
  }

  @Test func metricsMayMixOnlyWhereNoFamilyIsDeclared() {
    let mixed = "a 1 1\nb 1 1\na 2 2\nb 2 2\n"
    #expect(decode(.openmetrics, mixed + "# EOF\n").rows.count == 4)
    #expect(decode(.openmetrics, mixed + "# TYPE c gauge\n# EOF\n").error != nil)
    #expect(decode(.openmetrics, "# TYPE c gauge\n" + mixed + "# EOF\n").error != nil)
  }

  /// A valid exposition with one thing broken at a time.
  @Test(arguments: [
    ("a_bucket{le=\"1\"} 1", "a_bucket{le=\"1\"} 9"), ("le=\"1\"", "le=\"x\""),
    ("a_count 2", "a_count 3"), ("a_sum 5\n", ""), ("a_sum 5", "a_sum -5"),
    ("a_sum 5", "a_sum NaN"), ("c_total 1", "c_total -1"), ("c_total 1", "c 1"),
    ("# TYPE c counter", "# TYPE c untyped"), ("{quantile=\"0.5\"", "{quantile=\"1.5\""),
    ("i_info 1", "i_info 2"),
    ("i_info 1", "i_info  1"), ("c_total 1 5", "c_total 1 5 6"), ("# EOF", "# EOF\na 1"),
    ("c_total 1 5\n", "c_total 1 5\nc_total 2 4\n"), ("c_total 1 5", "c_total 1 5 # {a=\"b\"}"),
  ])
  func whatBreaksARuleIsRefused(original: String, broken: String) {
    let good = """
      # TYPE a histogram
      a_bucket{le="1"} 1
      a_bucket{le="+Inf"} 2
      a_count 2
      a_sum 5
      # TYPE c counter
      c_total 1 5
      # TYPE s summary
      s{quantile="0.5"} 1
      # TYPE i info
      i_info 1
      # EOF

      """
    #expect(decode(.openmetrics, good).error == nil)
    #expect(good.contains(original))
    #expect(decode(.openmetrics, good.replacing(original, with: broken)).error != nil)
  }

  @Test func aMomentBeyondUsIsAProblemOfItsLineAlone() {
    check(
      decode(.openmetrics, "a 1 12345678901234567890.5\n# EOF\n"), rows: [],
      problems: ["1:5: a timestamp beyond 2^53 ms from 1970"])
  }
}

@Suite struct GraphiteTextTests {
  @Test func pathsTagsAndTimesComeIn() {
    check(
      decode(
        .graphite,
        """
        a.b.c 1.5 1767225600
        a.b;env=x;z=1 nan -1
        p 3 1.25
        q 4

        """),
      rows: [
        #"{"a.b.c"} 1.5 @1767225600000"#, #"{"a.b", env="x", z="1"} nan @-1"#, "p 3.0 @1250",
        "q 4.0 @-1",
      ])
    check(
      decode(.graphite, "a.b\na.b x 1\na;t 1 1\na;b=1;b=2 1 1\na 1 1 1\nok 1 1\n"),
      rows: ["ok 1.0 @1000"],
      problems: [
        "1:4: a value '', expected a number", "2:5: a value 'x', expected a number",
        "3:3: a tag 't', expected name=value", "4:1: a tag that stands twice",
        "5:7: more than path, value and timestamp, expected the end of the line",
      ])
  }
}

@Suite struct InfluxTextTests {
  @Test func numbersBecomeSamplesAndStringsAreCounted() {
    let decoded = decode(
      .influx,
      """
      cpu,host=a user=1.5,idle=42i,up=t,note="x, y=1 z",value=7u 1767225600000000000
      # comment

      cpu,host=a value=1
      m\\ x,t\\,a=b\\=c f\\ g=2 1000500000

      """)
    check(
      decoded,
      rows: [
        #"cpu_user{host="a"} 1.5 @1767225600000"#, #"cpu_idle{host="a"} 42.0 @1767225600000"#,
        #"cpu_up{host="a"} 1.0 @1767225600000"#, #"cpu{host="a"} 7.0 @1767225600000"#,
        #"cpu{host="a"} 1.0 @-1"#, #"{"m x_f g", "t,a"="b=c"} 2.0 @1001"#,
      ])
    #expect(decoded.problems.skipped == ["a string is no sample": 1])
  }

  @Test func fieldsMayChangeTheirOrderAndNumber() {
    check(
      decode(.influx, "m a=1,b=2 1\nm b=3,a=4 1\nm c=5 1\nn x=1 1\nm a=6,c=7,d=8 1\n") {
        $0.precision = .milliseconds
      },
      rows: [
        "m_a 1.0 @1", "m_b 2.0 @1", "m_b 3.0 @1", "m_a 4.0 @1", "m_c 5.0 @1", "n_x 1.0 @1",
        "m_a 6.0 @1", "m_c 7.0 @1", "m_d 8.0 @1",
      ])
  }

  @Test func aFaultyLineLeavesNothingBehind() {
    check(
      decode(.influx, "m a=1,b=x 1\nm a=1 z\nm,t= a=1\nm a=+1\nm a=1i5\nm\nm a=1 1\n"),
      rows: ["m_a 1.0 @0"],
      problems: [
        "1:9: a field's value 'x', expected a number, true, false or a string in quotes",
        "2:7: a timestamp 'z', expected a whole number", "3:5: a tag without a value",
        "4:5: found '+', expected a field's value",
        "5:5: a field's value '1i5', expected a number, true, false or a string in quotes",
        "6:2: a measurement without fields, expected a blank and fields",
      ])
  }

  @Test(arguments: [1, 5, 1000])
  func aStringMayHoldNewlinesAcrossPieces(piece: Int) {
    let text = "m a=1,s=\"one\ntwo\\\"\n\",b=2 1000000\nm a=3 2000000\nbad\n"
    check(
      decode(.influx, text, piece: piece),
      rows: ["m_a 1.0 @1", "m_b 2.0 @1", "m_a 3.0 @2"],
      problems: ["5:4: a measurement without fields, expected a blank and fields"])
  }

  @Test func aStringThatNeverEndsIsBounded() {
    let text = "m s=\"" + String(repeating: "x\n", count: 1 << 20)
    #expect(decode(.influx, text, piece: 4096).error == .lineTooLong(line: 1, limit: 1 << 20))
  }
}
