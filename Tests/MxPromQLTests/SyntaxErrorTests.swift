import MxPromQL
import Testing

/// Texts that are no PromQL: the words and the places are part of the contract.
@Suite struct SyntaxErrorTests {
  @Test func emptyTextsHaveNoExpression() {
    refuse("", "unknown position: parse error: no expression found in input")
    refuse(" \n", "1:1: parse error: no expression found in input")
    refuse("# just a comment\n\n", "1:1: parse error: no expression found in input")
  }

  @Test func whatIsMissingIsSaid() {
    refuse("1+", "1:3: parse error: unexpected end of input")
    refuse("1 /", "1:4: parse error: unexpected end of input")
    refuse("a and", "1:6: parse error: unexpected end of input")
    refuse("-", "1:2: parse error: unexpected end of input")
    refuse("(", "1:2: parse error: unclosed left parenthesis")
    refuse("((1)", "1:5: parse error: unclosed left parenthesis")
    refuse("rate(a[5m]", "1:11: parse error: unclosed left parenthesis")
    refuse("(1))", "1:4: parse error: unexpected right parenthesis ')'")
    refuse(")", "1:1: parse error: unexpected right parenthesis ')'")
    refuse("()", "1:2: parse error: unexpected \")\"")
    refuse("a{", "1:3: parse error: unexpected end of input inside braces")
    refuse("a[5m", "1:5: parse error: unexpected end of input in duration expression")
    refuse("a]", "1:2: parse error: unexpected right bracket ']'")
  }

  @Test func placesCountLinesAndBytes() {
    refuse("a +\n  b c", "2:5: parse error: unexpected identifier \"c\"")
    refuse("a + # é\n\n\n)", "4:1: parse error: unexpected right parenthesis ')'")
    refuse("\"é\" x", "1:6: parse error: unexpected identifier \"x\"")
    refuse("\r\n\tx y", "2:4: parse error: unexpected identifier \"y\"")
  }

  @Test func unexpectedTokensAreNamed() {
    refuse("*1", "1:1: parse error: unexpected <op:*>")
    refuse("a * / b", "1:5: parse error: unexpected <op:/>")
    refuse("++-++-+-+-<", "1:11: parse error: unexpected <op:<>")
    refuse("a b", "1:3: parse error: unexpected identifier \"b\"")
    refuse("a b:c", "1:3: parse error: unexpected metric identifier \"b:c\"")
    refuse("a 5", "1:3: parse error: unexpected number \"5\"")
    refuse("a 5m", "1:3: parse error: unexpected duration \"5m\"")
    refuse("a 'b'", "1:3: parse error: unexpected string \"'b'\"")
    refuse("a 'a long string'", "1:3: parse error: unexpected string \"'a long st\"...")
    refuse("a by", "1:3: parse error: unexpected <by>")
    refuse("a sum", "1:3: parse error: unexpected <aggr:sum>")
    refuse("a SUM", "1:3: parse error: unexpected <aggr:SUM>")
    refuse("bool", "1:1: parse error: unexpected <bool>")
    refuse("on(a)", "1:1: parse error: unexpected <on>")
    refuse("atan2", "1:1: parse error: unexpected <op:atan2>")
    refuse("-=", "1:2: parse error: unexpected \"=\"")
    refuse("e-+=/(0)", "1:4: parse error: unexpected \"=\"")
    refuse("a,b", "1:2: parse error: unexpected \",\"")
    refuse("@ 5", "1:1: parse error: unexpected <op:@>")
    refuse("a start", "1:3: parse error: unexpected \"start\"")
    refuse("a on(b) c", "1:3: parse error: unexpected <on>")
    refuse("a:b(c)", "1:4: parse error: unexpected \"(\"")
    refuse("1 2", "1:3: parse error: unexpected number \"2\"")
    refuse("sum(1 2)", "1:7: parse error: unexpected number \"2\" in aggregation")
    refuse("rate(1 2)", "1:8: parse error: unexpected number \"2\"")
  }

  @Test func strayCharactersAreShown() {
    refuse("a & b", "1:3: parse error: unexpected character: '&'")
    refuse("a ; b", "1:3: parse error: unexpected character: ';'")
    refuse("a}", "1:2: parse error: unexpected character: '}'")
    refuse("é", "1:1: parse error: unexpected character: 'é'")
    refuse("a\u{0}", "1:2: parse error: unexpected character: '\\x00'")
    refuse("2.5.", "1:4: parse error: unexpected character: '.'")
    refuse(".", "1:1: parse error: unexpected character: '.'")
    refuse("1 !~ 1", "1:3: parse error: unexpected character after '!': '~'")
    refuse("1 =~ 1", "1:3: parse error: unexpected character after '=': '~'")
    refuse("a ! b", "1:3: parse error: unexpected character after '!': ' '")
    refuse("a{b*\"c\"}", "1:4: parse error: unexpected character inside braces: '*'")
    refuse("a{b>=\"c\"}", "1:4: parse error: unexpected character inside braces: '>'")
    refuse("a{b:c=\"d\"}", "1:4: parse error: unexpected character inside braces: ':'")
    refuse("a{1}", "1:3: parse error: unexpected character inside braces: '1'")
    refuse("a{{", "1:3: parse error: unexpected left brace '{'")
    refuse("a{b!c}", "1:4: parse error: unexpected character after '!' inside braces: 'c'")
  }

  @Test func numbersAndDurationsAreChecked() {
    refuse("0deadbeef", "1:1: parse error: bad number or duration syntax: \"0de\"")
    refuse("100..4", "1:5: parse error: unexpected number \".4\"")
    refuse("1_", "1:1: parse error: bad number or duration syntax: \"1_\"")
    refuse("1__0", "1:1: parse error: bad number or duration syntax: \"1_\"")
    refuse("0x", "1:1: parse error: bad number or duration syntax: \"0x\"")
    refuse("0b11", "1:1: parse error: bad number or duration syntax: \"0b\"")
    refuse("1e", "1:1: parse error: bad number or duration syntax: \"1e\"")
    refuse("5q", "1:1: parse error: bad number or duration syntax: \"5q\"")
    refuse("1e400", "1:1: parse error: error parsing number: 1e400 is out of range")
    refuse(
      "0xFFFFFFFFFFFFFFFFF",
      "1:1: parse error: error parsing number: 0xFFFFFFFFFFFFFFFFF is out of range")
    refuse("a[5mm]", "1:3: parse error: bad number or duration syntax: \"5mm\"")
    refuse("a[5m1]", "1:3: parse error: bad number or duration syntax: \"5m1\"")
    refuse("a[5m:1m1]", "1:6: parse error: bad number or duration syntax: \"1m1\"")
    refuse("a[5m1h]", "1:3: parse error: not a valid duration string: \"5m1h\"")
    refuse("a[5m1m]", "1:3: parse error: not a valid duration string: \"5m1m\"")
    refuse("a[5y1hs]", "1:3: parse error: not a valid duration string: \"5y1hs\"")
    refuse("a[1.5h]", "1:3: parse error: not a valid duration string: \"1.5h\"")
    refuse("a[300y]", "1:3: parse error: duration out of range")
    refuse("a[1e30]", "1:3: parse error: duration out of range")
    refuse("a offset 1mm", "1:10: parse error: bad number or duration syntax: \"1mm\"")
  }

  @Test func stringsAreChecked() {
    refuse("\"abc", "1:1: parse error: unterminated quoted string")
    refuse("a{b=\"abc}", "1:5: parse error: unterminated quoted string")
    refuse("'a\nb'", "1:1: parse error: unterminated quoted string")
    refuse("`abc", "1:1: parse error: unterminated raw string")
    refuse(#""\c""#, "1:1: parse error: unknown escape sequence U+0063 'c'")
    refuse(#""\x.""#, "1:1: parse error: illegal character U+002E '.' in escape sequence")
    refuse(#""\u12"#, "1:1: parse error: escape sequence not terminated")
    refuse(#""\8""#, "1:1: parse error: unknown escape sequence U+0038 '8'")
    refuse(#""\777""#, "1:1: parse error: escape sequence is an invalid Unicode code point")
    refuse(#""\ud800""#, "1:1: parse error: escape sequence is an invalid Unicode code point")
    refuse(#""\U00110000""#, "1:1: parse error: escape sequence is an invalid Unicode code point")
    refuse(#""\'""#, "1:1: parse error: unknown escape sequence U+0027 '''")
    refuse(#"a{b="\xff"}"#, "1:5: parse error: \"\\xff\" is not valid UTF-8")
    let raw = Array("some_metric{a=\"".utf8) + [0xFF] + Array("\"}".utf8)
    #expect(throws: PromQLError.self) { try PromQL.parse(bytes: raw) }
    do throws(PromQLError) {
      _ = try PromQL.parse(bytes: raw)
    } catch {
      #expect(error.description == "1:15: parse error: invalid UTF-8 rune")
    }
  }

  @Test func matchersAreChecked() {
    refuse(
      "a{b}",
      "1:4: parse error: unexpected \"}\" in label matching, expected label matching operator")
    refuse(
      "a{b=c}", "1:5: parse error: unexpected identifier \"c\" in label matching, expected string")
    refuse("a{b==\"c\"}", "1:5: parse error: unexpected \"=\" in label matching, expected string")
    refuse(
      "a{,}", "1:3: parse error: unexpected \",\" in label matching, expected identifier or \"}\"")
    refuse(
      "a{=\"b\"}",
      "1:3: parse error: unexpected \"=\" in label matching, expected identifier or \"}\"")
    refuse(
      "a{b=\"c\" d}",
      "1:9: parse error: unexpected identifier \"d\" in label matching, expected \",\" or \"}\"")
    refuse(
      "a{b=\"c\",,}",
      "1:9: parse error: unexpected \",\" in label matching, expected identifier or \"}\"")
    refuse("a{b=~\"(\"}", "1:3: parse error: error parsing regexp: missing ): (")
    refuse("a{\"b\"}", "1:1: parse error: metric name must not be set twice: \"a\" or \"b\"")
    refuse(
      "a{__name__=\"b\"}", "1:1: parse error: metric name must not be set twice: \"a\" or \"b\"")
    refuse(
      "1 + a{__name__!=\"b\"}",
      "1:5: parse error: metric name must not be set twice: \"a\" or \"b\"")
    refuse("{\"a\", \"b\"}", "1:1: parse error: metric name must not be set twice: \"a\" or \"b\"")
    refuse(
      "{__name__=\"a\", __name__=\"b\"}",
      "1:1: parse error: metric name must not be set twice: \"a\" or \"b\"")
  }

  @Test func rangesAreChecked() {
    let start = "number, duration, step(), or range()"
    refuse(
      "a[]", "1:3: parse error: unexpected \"]\" in subquery or range selector, expected \(start)")
    refuse("a[\"5m\"]", "1:3: parse error: unexpected character in duration expression: '\"'")
    refuse("a[b]", "1:3: parse error: unexpected character in duration expression: 'b'")
    refuse("a[0m]", "1:3: parse error: duration must be greater than 0")
    refuse("a[-5m]", "1:3: parse error: duration must be greater than 0")
    refuse("a[5m-5m]", "1:3: parse error: duration must be greater than 0")
    refuse("a[5m:0]", "1:6: parse error: duration must be greater than 0")
    refuse("a[:5m]", "1:3: parse error: unexpected colon before duration in duration expression")
    refuse("a[5m:5m:5m]", "1:8: parse error: unexpected repeated colon in duration expression")
    refuse(
      "a[5m 5m]",
      "1:6: parse error: unexpected duration \"5m\" in subquery or range, expected \":\" or \"]\"")
    refuse(
      "a[5m:5m 5m]",
      "1:9: parse error: unexpected duration \"5m\" in subquery selector, expected \"]\"")
    refuse("a[1h/0]", "1:5: parse error: division by zero")
    refuse("a[1h % 0s]", "1:6: parse error: modulo by zero")
    refuse("a[1h/(1-1)]", "1:3: parse error: division by zero")
    refuse(
      "a[step]", "1:7: parse error: unexpected \"]\" in subquery or range selector, expected \"(\"")
    refuse(
      "a[min_of(1)]",
      "1:11: parse error: unexpected \")\" in subquery or range selector, expected \",\"")
    refuse("(a + b)[5m]", "1:8: parse error: ranges only allowed for vector selectors")
    refuse("rate(a[5m])[5m]", "1:12: parse error: ranges only allowed for vector selectors")
    refuse("a[5m][5m]", "1:6: parse error: ranges only allowed for vector selectors")
    refuse("1[5m]", "1:2: parse error: ranges only allowed for vector selectors")
    refuse("a OFFSET 1m[5m]", "1:12: parse error: no offset modifiers allowed before range")
    refuse("a @ 1[5m]", "1:6: parse error: no @ modifiers allowed before range")
    refuse(
      "a smoothed[5m]", "1:11: parse error: no anchored or smoothed modifiers allowed before range")
  }

  @Test func modifiersAreChecked() {
    let before =
      "must be preceded by an instant vector selector or range vector selector or a subquery"
    refuse("1 offset 1d", "1:1: parse error: offset modifier \(before)")
    refuse("sum(a) offset 5m", "1:1: parse error: offset modifier \(before)")
    refuse("b + (a) offset 5m", "1:5: parse error: offset modifier \(before)")
    refuse("rate(a[5m]) @ 1234", "1:1: parse error: @ modifier \(before)")
    refuse("a offset 1s offset 2s", "1:1: parse error: offset may not be set multiple times")
    refuse("a[5m] offset 1s offset 2s", "1:1: parse error: offset may not be set multiple times")
    refuse("a[5m:] offset 1s offset 2s", "1:1: parse error: offset may not be set multiple times")
    refuse("a @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times")
    refuse(
      "a offset",
      "1:9: parse error: unexpected end of input in offset, expected number, duration, step(), or range()"
    )
    refuse(
      "a offset b",
      "1:10: parse error: unexpected identifier \"b\" in offset, expected number, duration, step(), or range()"
    )
    refuse("a @", "1:4: parse error: unexpected end of input in @, expected timestamp")
    refuse("a @ b", "1:5: parse error: unexpected identifier \"b\" in @, expected timestamp")
    refuse("a @ start", "1:10: parse error: unexpected end of input in @, expected timestamp")
    refuse("a @ start(1)", "1:11: parse error: unexpected number \"1\" in @, expected timestamp")
    refuse("a @ 1e300", "1:1: parse error: timestamp out of bounds for @ modifier: 1e300")
    refuse("a @ Inf", "1:1: parse error: timestamp out of bounds for @ modifier: Inf")
    refuse("a @ NaN", "1:1: parse error: timestamp out of bounds for @ modifier: NaN")
    refuse(
      "a anchored smoothed",
      "1:1: parse error: anchored and smoothed modifiers cannot be used together")
    refuse("a[1h:] anchored", "1:1: parse error: anchored modifier is not supported for subqueries")
    refuse(
      "sum(a) smoothed",
      "1:1: parse error: smoothed modifier must be preceded by an instant or range vector selector")
  }

  @Test func groupingsAreChecked() {
    refuse(
      "sum by a (b)",
      "1:8: parse error: unexpected identifier \"a\" in grouping opts, expected \"(\"")
    refuse(
      "sum(a) by b",
      "1:11: parse error: unexpected identifier \"b\" in grouping opts, expected \"(\"")
    refuse(
      "sum(a) by (b c)",
      "1:14: parse error: unexpected identifier \"c\" in grouping opts, expected \",\" or \")\"")
    refuse(
      "sum(a) by (5)", "1:12: parse error: unexpected number \"5\" in grouping opts, expected label"
    )
    refuse(
      "sum(a) by (b:c)",
      "1:12: parse error: unexpected metric identifier \"b:c\" in grouping opts, expected label")
    refuse("sum(a) by (,)", "1:12: parse error: unexpected \",\" in grouping opts, expected label")
    refuse("sum(a) by (\"\")", "1:12: parse error: invalid label name \"\" in grouping")
    refuse("sum by (a)", "1:11: parse error: unexpected end of input in aggregation")
    refuse("sum a by (b)", "1:5: parse error: unexpected identifier \"a\"")
    refuse("sum(a) without (b) by (b)", "1:20: parse error: unexpected <by>")
    refuse("MIN keep_common (a)", "1:5: parse error: unexpected identifier \"keep_common\"")
    refuse("a + group_left(b) c", "1:5: parse error: unexpected <group_left>")
    refuse("a - on(b) ignoring(c) d", "1:11: parse error: unexpected <ignoring>")
    refuse(
      "a + on b", "1:8: parse error: unexpected identifier \"b\" in grouping opts, expected \"(\"")
    refuse("a + on(b) bool c", "1:11: parse error: unexpected <bool>")
    refuse(
      "a + fill(b) c",
      "1:10: parse error: unexpected identifier \"b\" in fill modifier, expected number")
    refuse("a + fill(0) fill_left(1) c", "1:13: parse error: unexpected <fill_left>")
  }

  @Test func callsAreChecked() {
    refuse("a>b()", "1:3: parse error: unknown function with name \"b\"")
    refuse("Rate(a[5m])", "1:1: parse error: unknown function with name \"Rate\"")
    refuse("floor(a,)", "1:8: parse error: trailing commas not allowed in function call args")
    refuse("topk(a,)", "1:7: parse error: trailing commas not allowed in function call args")
    refuse("floor(,a)", "1:7: parse error: unexpected \",\"")
    refuse("sum()", "1:1: parse error: no arguments for aggregate expression provided")
    refuse("1 + sum () by (x)", "1:5: parse error: no arguments for aggregate expression provided")
    refuse(
      "topk(a)",
      "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1"
    )
    refuse(
      "sum(a, b)",
      "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2"
    )
  }

  /// The first mistake counts, as a reader would find it: of syntax before of types.
  @Test func syntaxComesBeforeTypes() {
    refuse("rate(a) + )", "1:11: parse error: unexpected right parenthesis ')'")
    refuse("nope(a) + )", "1:1: parse error: unknown function with name \"nope\"")
  }
}
