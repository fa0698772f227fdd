import MxModel
import MxPromQL
import Testing

@Suite struct PrinterTests {
  private func print(
    _ text: String, _ wanted: String, at location: SourceLocation = #_sourceLocation
  ) {
    do throws(PromQLError) {
      #expect(try PromQL.parse(text).description == wanted, sourceLocation: location)
    } catch {
      Issue.record("\(text): \(error)", sourceLocation: location)
    }
  }

  @Test func oneSpellingIsPrinted() {
    print("SUM(a)BY(x,y)", "sum by (x, y) (a)")
    print("sum without()(a)", "sum without () (a)")
    print("a{b='c',d=~`e.*`,}", "a{b=\"c\", d=~\"e.*\"}")
    print("{__name__=\"a\"}", "a")
    print("{'a b', c!~\"d\"}", "{\"a b\", c!~\"d\"}")
    print("{__name__=\"sum\"}", "{\"sum\"}")
    print("a{\"b c\"=\"\\\"\"}", "a{\"b c\"=\"\\\"\"}")
    print("1+2*3", "1 + 2 * 3")
    print("(1+2)*3", "(1 + 2) * 3")
    print("-a^2", "-a ^ 2")
    print("a==bool b", "a == bool b")
    print("a*on(x)group_left b", "a * on (x) group_left () b")
    print("a + ignoring(x)group_right(y,\"z z\")b", "a + ignoring (x) group_right (y, \"z z\") b")
    print("a+fill_right(2)fill_left(1)b", "a + fill_left (1) fill_right (2) b")
    print("a+fill(0)b", "a + fill (0) b")
    print("a[90m]offset 3600", "a[1h30m] offset 1h")
    print("a offset -1d @ 1.5", "a @ 1.5 offset -1d")
    print("a[1h:]@end()", "a[1h:] @ end()")
    print("a[1m]anchored offset 5m", "a[1m] offset 5m anchored")
    print("a[2*step()]", "a[2 * step()]")
    print("a offset(step()/2)", "a offset (step() / 2)")
    print("0x10 + 1e3 + inf + 5m + -1", "16 + 1000 + Inf + 5m + -1")
    print("1e100", "1e+100")
    print("info(a,{b=\"c\"})", "info(a, {b=\"c\"})")
    print("info(a,{__name__=\"b\"})", "info(a, {__name__=\"b\"})")
    print("'\\x00é\\xff'", "\"\\x00é\\xff\"")
    print("count_values('v',a)by(x)", "count_values by (x) (\"v\", a)")
  }

  @Test func whatIsTooLongIsLaidOut() throws {
    let text =
      "sum by (job) (rate(http_requests_total{code=~\"5..\", handler=\"/api/v1/query_range\"}[5m])) "
      + "/ on (job) group_left () sum by (job) (rate(http_requests_total[5m])) > 0.01 and on (job) up"
    #expect(
      try PromQL.parse(text).prettified() == """
              sum by (job) (
                rate(
                  http_requests_total{code=~"5..", handler="/api/v1/query_range"}[5m]
                )
              )
            / on (job) group_left ()
              sum by (job) (rate(http_requests_total[5m]))
          >
            0.01
        and on (job)
          up
        """)
  }

  @Test func whatFitsStaysOnOneLine() throws {
    #expect(try PromQL.parse("sum( a )/b").prettified() == "sum(a) / b")
    #expect(
      try PromQL.parse("label_replace(a, \"b\", \"c\", \"d\", \"e\")").prettified(width: 20) == """
        label_replace(
          a,
          "b",
          "c",
          "d",
          "e"
        )
        """)
    #expect(
      try PromQL.parse("aaaaaaaaaa + bbbbbbbbbb - (cccccccc)").prettified(width: 20) == """
          aaaaaaaaaa
        +
          bbbbbbbbbb
        -
          (cccccccc)
        """)
  }

  @Test func errorsShowTheLineAndWhatIsWrong() {
    func render(_ text: String) -> String {
      do throws(PromQLError) {
        return try PromQL.parse(text).description
      } catch {
        return error.render(source: text)
      }
    }
    #expect(
      render("sum(rate(a[5m])) bye (x)") == """
        1:18: parse error: unexpected identifier "bye"
          sum(rate(a[5m])) bye (x)
                           ^^^
        """)
    #expect(
      render("a +\n\tratte(b[5m])") == """
        2:2: parse error: unknown function with name "ratte"
           ratte(b[5m])
           ^^^^^
        hint: did you mean 'rate'?
        """)
    #expect(
      render("\"é\" + é") == """
        1:8: parse error: unexpected character: 'é'
          "é" + é
                ^
        """)
    #expect(
      render("a +") == """
        1:4: parse error: unexpected end of input
          a +
             ^
        """)
    #expect(render("") == "unknown position: parse error: no expression found in input")
    let long = String(repeating: "a + ", count: 100) + ") + " + String(repeating: "b + ", count: 99)
    let lines = render(long).split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[1].hasPrefix("  ...") && lines[1].hasSuffix("...") && lines[1].count <= 110)
    #expect(lines[1].dropFirst(lines[2].count - 1).hasPrefix(")"))
  }

  @Test func misspeltNamesHaveAHint() {
    func hint(_ text: String) -> String? {
      do throws(PromQLError) {
        _ = try PromQL.parse(text)
        return nil
      } catch {
        return error.hint
      }
    }
    #expect(hint("Rate(a[5m])") == "did you mean 'rate'?")
    #expect(hint("hisogram_quantile(0.9, a)") == "did you mean 'histogram_quantile'?")
    #expect(hint("averge_over_time(a[5m])") == "did you mean 'avg_over_time'?")
    #expect(hint("avg_overtime(a[5m])") == "did you mean 'avg_over_time'?")
    #expect(hint("summ(a)") == "did you mean 'sum'?")
    #expect(hint("median_over_time(a[5m])") == "did you mean 'quantile_over_time'?")
    #expect(hint("entirely_different(a)") == nil)
    #expect(hint("rate(a)") == nil)
  }

  @Test func matchersAloneCanBeParsed() throws {
    #expect(
      try PromQL.parseSelector("up{job=~\"a.*\"}").map(\.description)
        == ["__name__=\"up\"", "job=~\"a.*\""])
    #expect(try PromQL.parseSelector("{\"a b\"}").count == 1)
    for text in ["up[5m]", "up offset 5m", "rate(up[5m])", "", "{}", "up + up", "5", "up up"] {
      #expect(throws: PromQLError.self, "\(text)") { try PromQL.parseSelector(text) }
    }
  }

  @Test func theFunctionTableIsInOrder() {
    #expect(FunctionSignature.table.count == 90)
    #expect(FunctionID.allCases.count == 90)
    for (index, signature) in FunctionSignature.table.enumerated() {
      #expect(Int(signature.id.rawValue) == index)
      #expect(FunctionSignature.find(signature.name) == signature.id)
      #expect(signature.minimumArguments <= signature.maximumArguments)
    }
    #expect(AggregateOperator.allCases.count == 14)
    #expect(FunctionSignature.find("") == nil)
    #expect(FunctionSignature.find("zzz") == nil)
  }
}
