import Testing

@testable import MxCLI

@Suite struct WriterTests {
  @Test func columnsAreAlignedWithoutTrailingSpaces() throws {
    let file = try TemporaryFile()
    let output = Output(
      tool: "x", runId: "r", data: file.descriptor, environment: { _ in nil }, clock: { 0 })
    var table = TableWriter([("name", .left), ("value", .right), ("note", .left)])
    table.append(["a", "1", ""])
    table.append(["日本", "12345678", "x\ny"])
    try table.write(to: output)
    try table.write(to: output, header: false)
    try output.flush()
    #expect(
      try file.text() == """
        name     value  note
        a            1
        日本  12345678  x\\ny
        a            1
        日本  12345678  x\\ny

        """)
  }

  @Test func textWidthKnowsWideAndNarrow() {
    #expect(TextWidth.of("abc") == 3)
    #expect(TextWidth.of("é") == 1)
    #expect(TextWidth.of("e\u{301}") == 1)
    #expect(TextWidth.of("日本") == 4)
    #expect(TextWidth.of("🚀") == 2)
    #expect(TextWidth.clip("日本語", to: 5) == "日本")
  }

  @Test func csvIsQuotedByTheRules() {
    let writer = SeparatedWriter(.csv)
    #expect(
      writer.line(["a", "b,c", "d\"e", "f\ng", " h", ""])
        == "a,\"b,c\",\"d\"\"e\",\"f\ng\",\" h\",\n")
    #expect(writer.line([""]) == "\"\"\n")
    #expect(writer.line(["", ""]) == ",\n")
    #expect(writer.line(["a\r\nb"]) == "\"a\r\nb\"\n")
  }

  @Test func tsvFieldsNeverHoldTabsOrLineEnds() {
    let writer = SeparatedWriter(.tsv)
    #expect(
      writer.line(["a\tb", "c\nd", "e\\f", "g\r\nh", "i,j"])
        == "a\\tb\tc\\nd\te\\\\f\tg\\r\\nh\ti,j\n")
  }

  @Test func theProgressBarWaitsAndNeverFloods() {
    final class Screen {
      var now: Int64 = 0
      var drawn: [String] = []
    }
    let screen = Screen()
    let bar = ProgressBar(
      tool: "mx-x", patience: 1000, width: 70, clock: { screen.now },
      put: { screen.drawn.append($0) })
    for step in 0..<200 {
      screen.now = Int64(step) * 10
      bar.update("reading", done: Int64(step), of: 200)
    }
    // 1.0 s to 1.99 s, ten a second.
    #expect(screen.drawn.count == 10)
    #expect(
      screen.drawn.first
        == "\rmx-x: reading  50% [##########          ] 100 of 200, 1s left\u{1b}[K")
    bar.finish()
    bar.finish()
    #expect(screen.drawn.count == 11)
    #expect(screen.drawn.last == "\r\u{1b}[K")
    bar.update("next", done: 0, of: 1)
    #expect(screen.drawn.count == 11)
  }

  @Test func aProgressLineFitsItsWidth() {
    for done in [Int64(0), 1, 50, 100, 200] {
      for total in [Int64(0), 100] {
        let line = ProgressBar.line(
          "mx-x: reading", done: done, of: total, unit: .bytes, elapsed: 5000, width: 40)
        #expect(TextWidth.of(line) < 40)
      }
    }
  }

  @Test func amountsOfBytesReadWell() {
    let cases: [(Int64, String)] = [
      (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (10_240, "10 KiB"),
      (1_048_575, "1 MiB"), (1_610_612_736, "1.5 GiB"), (5 << 50, "5120 TiB"), (-1536, "-1.5 KiB"),
    ]
    for (bytes, text) in cases { #expect(ByteSize.format(bytes) == text) }
  }

  @Test func jsonIsAlwaysOneValidLine() {
    let value = JSONText.object([
      ("a\u{2028}", .integer(-1)), ("b", .number(0.1)), ("c", .number(1e300)),
      ("d", .number(.infinity)), ("e", .object([])), ("f", .number(-0.0)),
      ("g", .string("é\u{7f}")),
    ])
    #expect(
      value.text
        == #"{"a\u2028":-1,"b":0.1,"c":1e+300,"d":null,"e":{},"f":-0,"g":"é\u007f"}"#)
  }

  @Test func suggestionsAreNearOrNone() {
    let words = ["format", "from", "file", "to", "require-fresh"]
    #expect(Suggestion.nearest(to: "formta", among: words) == "format")
    #expect(Suggestion.nearest(to: "form", among: words) == "format")
    #expect(Suggestion.nearest(to: "fro", among: words) == "from")
    #expect(Suggestion.nearest(to: "ot", among: words) == "to")
    #expect(Suggestion.nearest(to: "elephant", among: words) == nil)
    #expect(Suggestion.nearest(to: "", among: words) == nil)
    #expect(Suggestion.nearest(to: String(repeating: "x", count: 1_000_000), among: words) == nil)
    #expect(Suggestion.distance(Array("for".utf8), Array("fro".utf8)) == 1)
    #expect(Suggestion.distance(Array("kitten".utf8), Array("sitting".utf8)) == 3)
  }

  @Test func linesWrapAtWords() {
    #expect(HelpText.wrap("aaa bb c dddddddd", to: 6) == ["aaa bb", "c", "dddddddd"])
    #expect(HelpText.wrap("", to: 6) == [])
  }

  @Test func roffDoesNotReadTextAsItsOwn() {
    #expect(ManualPage.escape(".a\\b-c'd") == "\\&.a\\eb\\-c\\(aqd")
  }
}
