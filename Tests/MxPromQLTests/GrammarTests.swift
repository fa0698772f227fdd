import MxPromQL
import Testing

@Suite struct GrammarTests {
  @Test func numbersAreReadInEveryForm() {
    check("1", "1.0")
    check(".5", "0.5")
    check("2.", "2.0")
    check("5e3", "5000.0")
    check("5E-1", "0.5")
    check("1e+2", "100.0")
    check("1_000_000", "1000000.0")
    check("1_0.5_0", "10.5")
    check("0x1F", "31.0")
    check("0X_ff", "255.0")
    check("0xAB_cd", "43981.0")
    check("0xabe", "2750.0")
    check("Inf", "inf")
    check("+inf", "inf")
    check("-INF", "-inf")
    check("NaN", "nan")
    check("nAn", "nan")
    check("0", "0.0")
    check("-0", "-0.0")
    check("0.1", "0.1")
    check("123456789012345678901234567890", "1.2345678901234568e+29")
    check("1.7976931348623157e308", "1.7976931348623157e+308")
  }

  /// An integer with a leading zero is octal, unless it cannot be.
  @Test func leadingZerosMeanOctal() {
    check("010", "8.0")
    check("0755", "493.0")
    check("08", "8.0")
    check("010.5", "10.5")
    check("00", "0.0")
  }

  @Test func durationsAreNumbersOfSeconds() {
    check("5m", "d300.0")
    check("1h30m", "d5400.0")
    check("100ms", "d0.1")
    check("1y2w3d4h5m6s7ms", "d33019506.007")
    check("-5m", "d-300.0")
    check("0s", "d0.0")
    check("x * 1d", "(x * d86400.0)")
    check("x[300]", "x[300000ms]")
    check("x[0.5]", "x[500ms]")
    check("x[1h30m]", "x[5400000ms]")
    check("x offset 60", "x offset 60000ms")
    check("x @ 1h", "x @3600000ms")
  }

  @Test func stringsKnowGoEscapes() {
    check(#""a""#, "'a'")
    check("'a\"b'", "'a\"b'")
    check("`a\\n\"'`", "'a\\n\"''")
    check("`a\nb`", "'a\nb'")
    check(#""\n\t\\\"\a\b\f\r\v""#, "'\n\t\\\"\u{07}\u{08}\u{0C}\r\u{0B}'")
    check(#"'\''"#, "'''")
    check(#""\x41\101\u00e9\U0001F600""#, "'AAé😀'")
    check("\"日本\"", "'日本'")
    check("\"\"", "''")
  }

  @Test func commentsAndBlanksAreAnywhere() {
    check("# first\n a # then\n + # more\n\tb # end", "(a + b)")
    check("a{ # inside\n b=\"c#d\" }", "a{b=\"c#d\"}")
    check("a[ # inside\n 5m # too\n]", "a[300000ms]")
    check("sum # x\r\n(a)", "sum(a)")
  }

  @Test func selectorsHaveNamesAndMatchers() {
    check("up", "up")
    check("job:up:sum", "job:up:sum")
    check(":x", ":x")
    check("up{}", "up")
    check("up{a=\"b\", c!='d', e=~`f`, g!~\"h\",}", "up{a=\"b\",c!=\"d\",e=~\"f\",g!~\"h\"}")
    check("{a=\"b\"}", "{a=\"b\"}")
    check("{__name__=\"up\"}", "up")
    check("{a=\"b\", __name__=\"up\"}", "up{a=\"b\"}")
    check("{__name__=~\"a.*\", __name__!~\".*b\"}", "{__name__=~\"a.*\",__name__!~\".*b\"}")
    check("{__name__=\"a\", __name__!=\"b\"}", "a{__name__!=\"b\"}")
    check("{\"utf 8.name\"}", "utf 8.name")
    check("{\"utf 8.name\", a=\"b\"}", "utf 8.name{a=\"b\"}")
    check("{a=\"b\", \"up\"}", "up{a=\"b\"}")
    check("up{\"dotted.label\"=\"v\", 'x y'=~\"z\"}", "up{\"dotted.label\"=\"v\",\"x y\"=~\"z\"}")
    check("up{on=\"1\", by=\"2\", inf=\"3\"}", "up{on=\"1\",by=\"2\",inf=\"3\"}")
    check("up{a=\"\", b!=\"\"}", "up{a=\"\",b!=\"\"}")
    check("{x=~\".+\"}", "{x=~\".+\"}")
    check("{x!=\"\"}", "{x!=\"\"}")
    check("Inf_x", "Inf_x")
  }

  @Test func wordsOfTheGrammarMayNameMetricsAndLabels() {
    for word in [
      "sum", "count_values", "by", "and", "or", "unless", "offset", "without", "start", "end",
      "step", "range", "min_of", "max_of", "anchored", "smoothed", "fill", "fill_left", "rate",
      "TopK",
    ] {
      check(word, word)
      check("\(word) + \(word){a=\"b\"}", "(\(word) + \(word){a=\"b\"})")
      check("rate(\(word)[5m])", "rate(\(word)[300000ms])")
      check("sum by (\(word)) (x)", "sum(x) by \(word)")
    }
    for word in ["bool", "on", "ignoring", "group_left", "group_right", "atan2"] {
      check("sum by (\(word), a) (x)", "sum(x) by \(word)|a")
    }
    check("offset offset 5m", "offset offset 300000ms")
    check("x + fill # later\n", "(x + fill)")
  }

  @Test func operatorsBindAsInPrometheus() {
    check("a or b and c", "(a or (b and c))")
    check("a and b unless c", "((a and b) unless c)")
    check("a unless b and c or d", "(((a unless b) and c) or d)")
    check("a == b and c > d", "((a == b) and (c > d))")
    check("a + b == c", "((a + b) == c)")
    check("a == b + c", "(a == (b + c))")
    check("a + b * c", "(a + (b * c))")
    check("a * b + c", "((a * b) + c)")
    check("a - b - c", "((a - b) - c)")
    check("a / b * c % d", "(((a / b) * c) % d)")
    check("a atan2 b * c", "((a atan2 b) * c)")
    check("a ^ b ^ c", "(a ^ (b ^ c))")
    check("a * b ^ c", "(a * (b ^ c))")
    check("a ^ b * c", "((a ^ b) * c)")
    check("a == b != c", "((a == b) != c)")
    check("a </ 1 + 2", "(a </ (1.0 + 2.0))")
    check("a >/ b", "(a >/ b)")
    check("(a + b) * c", "(<(a + b)> * c)")
    check("a AND b Or c UNLESS d aTan2 e", "((a and b) or (c unless (d atan2 e)))")
    check("a<b", "(a < b)")
    check("a<=b", "(a <= b)")
    check("a>=-1", "(a >= -1.0)")
  }

  @Test func signsBindLikeMultiplication() {
    check("-1", "-1.0")
    check("--1", "1.0")
    check("-1 ^ 2", "(- (1.0 ^ 2.0))")
    check("-a ^ b", "(- (a ^ b))")
    check("-a * b", "((- a) * b)")
    check("a * -b", "(a * (- b))")
    check("a ^ -b", "(a ^ (- b))")
    check("a ^ -b * c", "((a ^ (- b)) * c)")
    check("a ^ -b ^ c", "(a ^ (- (b ^ c)))")
    check("- - a", "(- (- a))")
    check("+a", "(+ a)")
    check("+5", "5.0")
    check("-(1)", "(- <1.0>)")
    check("a - -b", "(a - (- b))")
    check("-a offset 5m", "(- a offset 300000ms)")
    check("-sum(a)", "(- sum(a))")
  }

  @Test func comparisonsTakeBool() {
    check("a == bool b", "(a == bool b)")
    check("1 < bool 2", "(1.0 < bool 2.0)")
    check("a > BOOL 1", "(a > bool 1.0)")
    check("a != bool on(x) b", "(a != bool on:x b)")
  }

  @Test func vectorsMatchByLabels() {
    check("a + on(x, y) b", "(a + on:x|y b)")
    check("a + on() b", "(a + on: b)")
    check("a + ignoring(x) b", "(a + ignoring:x b)")
    check("a + ignoring() b", "(a + b)")
    check("a * on(x) group_left b", "(a * on:x left: b)")
    check("a * on(x) group_left() b", "(a * on:x left: b)")
    check("a * on(x) group_left(y, \"z z\",) b", "(a * on:x left:y|z z b)")
    check("a * ignoring(x) group_right(y) b", "(a * ignoring:x right:y b)")
    check("a and on(x) b", "(a and on:x b)")
    check("a unless ignoring(x) b", "(a unless ignoring:x b)")
    check("a * on(x) group_left (y) (b)", "(a * on:x left:y <b>)")
    check("1 + on() a", "(1.0 + on: a)")
  }

  @Test func missingPartnersAreFilled() {
    check("a + fill(0) b", "(a + fillLeft:0.0 fillRight:0.0 b)")
    check("a + fill_left(-1) b", "(a + fillLeft:-1.0 b)")
    check("a + fill_right(5m) b", "(a + fillRight:300.0 b)")
    check("a + fill_left(1) fill_right(2) b", "(a + fillLeft:1.0 fillRight:2.0 b)")
    check("a + fill_right(2) fill_left(1) b", "(a + fillLeft:1.0 fillRight:2.0 b)")
    check(
      "a == bool on(x) group_left fill(NaN) b",
      "(a == bool on:x left: fillLeft:nan fillRight:nan b)")
    check("a + fill_left (+Inf) fill_left", "(a + fillLeft:inf fill_left)")
  }

  @Test func aggregationsGroupBeforeAndAfter() {
    check("sum(a)", "sum(a)")
    check("SUM BY (x) (a)", "sum(a) by x")
    check("sum(a) by (x, y,)", "sum(a) by x|y")
    check("sum(a) without ()", "sum(a) without ")
    check("sum by () (a)", "sum(a) by ")
    check("avg without (\"a b\", c) (a)", "avg(a) without a b|c")
    check("topk(3, a)", "topk(3.0, a)")
    check("quantile by (x) (0.9, a)", "quantile(0.9, a) by x")
    check("count_values(\"v\", a)", "countValues('v', a)")
    check("bottomk(scalar(a), b) by (c)", "bottomk(scalar(a), b) by c")
    check("limitk(2, a)", "limitk(2.0, a)")
    check("limit_ratio(-0.5, a)", "limitRatio(-0.5, a)")
    check("sum(sum by (x) (a)) + min(b)", "(sum(sum(a) by x) + min(b))")
    for op in ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"] {
      check("\(op)(a) without (b)", "\(op)(a) without b")
    }
  }

  @Test func rangesAndSubqueriesTakeModifiersInAnyOrder() {
    check("a[5m]", "a[300000ms]")
    check("a[5m] offset 1h", "a[300000ms] offset 3600000ms")
    check("a[5m] offset -1h @ 10.5", "a[300000ms] @10500ms offset -3600000ms")
    check("a @ -1.25 offset 1m", "a @-1250ms offset 60000ms")
    check("a @ +3", "a @3000ms")
    check("a @ start()", "a @start")
    check("a{b=\"c\"}[1m] @ END ( )", "a{b=\"c\"}[60000ms] @end")
    check("a[1h:5m]", "(a)[3600000ms every 300000ms]")
    check("a[1h:]", "(a)[3600000ms every -]")
    check(
      "rate(a[1m])[1h:] @ 5 offset 1m",
      "(rate(a[60000ms]))[3600000ms every -] @5000ms offset 60000ms")
    check("(a + b)[1h:1m]", "(<(a + b)>)[3600000ms every 60000ms]")
    check("a offset 1m [1h:1m]", "(a offset 60000ms)[3600000ms every 60000ms]")
    check("a @ start()[1h:1m] offset 1m16s", "(a @start)[3600000ms every 60000ms] offset 76000ms")
    check("sum(a)[1h:1m]", "(sum(a))[3600000ms every 60000ms]")
    check("a smoothed", "a smoothed")
    check("a[1m] anchored", "a[60000ms] anchored")
    check("a[1m] ANCHORED offset 5m", "a[60000ms] offset 300000ms anchored")
    check("a offset -100 smoothed + 0", "(a offset -100000ms smoothed + 0.0)")
    check("a offset 0s offset 5m", "a offset 300000ms")
  }

  @Test func durationsMayBeComputed() {
    check("a[5m*2]", "a[600000ms]")
    check("a[-5m+35m]", "a[1800000ms]")
    check("a[30m1s-30m1s % 1m]", "a[1800000ms]")
    check("a[(2 + 3) * 1m ^ 1]", "a[300000ms]")
    check("a[2 ^ 3 ^ 2]", "a[512000ms]")
    check("a[-2 ^ 2 + 10]", "a[6000ms]")
    check("a[min_of(1m, 2m) + max_of(1, 2)]", "a[62000ms]")
    check("a[step()]", "a[step]")
    check("a[STEP( ) + 1ms]", "a[(step add 0.001)]")
    check("a[1+(STep()-5)*2]", "a[(1.0 add ((step subtract 5.0) multiply 2.0))]")
    check("a[range():step()/2]", "(a)[range every (step divide 2.0)]")
    check("a offset 100 + 2", "(a offset 100000ms + 2.0)")
    check("a offset (100 + 2)", "a offset 102000ms")
    check("a offset -2 ^ 2", "(a offset -2000ms ^ 2.0)")
    check("a offset -(1h/2)", "a offset -1800000ms")
    check("a offset step()*0", "(a offset step * 0.0)")
    check("a offset -step()", "a offset (- step)")
    check("a offset (-step()*2)", "a offset ((- step) multiply 2.0)")
    check("a offset -min_of(step(), 1s)+8000", "(a offset (- (step minimum 1.0)) + 8000.0)")
    check("a offset +max_of(range(), 1s)^0", "(a offset (range maximum 1.0) ^ 0.0)")
    check("a[step() - -1]", "a[(step subtract -1.0)]")
    check("a[(-1) ^ step()]", "a[(-1.0 power step)]")
    check("a[-(step() + 1)]", "a[(- (step add 1.0))]")
  }

  @Test func keywordsThatAreFunctionsAreCalls() {
    check("start()", "start()")
    check("END()", "end()")
    check("step() + range()", "(step() + range())")
    check("min_of(1, max_of(2, 3))", "minOf(1.0, maxOf(2.0, 3.0))")
  }

  /// Rules and dashboards of Prometheus 2 have the old name.
  @Test func holtWintersIsStillUnderstood() {
    check("holt_winters(a[1h], 0.5, 0.5)", "doubleExponentialSmoothing(a[3600000ms], 0.5, 0.5)")
  }

  @Test func infoTakesLabelsAlone() {
    check("info(a)", "info(a)")
    check("info(a, {b=~\".*\"})", "info(a, {b=~\".*\"})")
    check("info(a, {__name__=\"b_info\", c=\"d\"})", "info(a, b_info{c=\"d\"})")
    check("info(a, {})", "info(a, {})")
  }
}
