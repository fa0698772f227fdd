import MxTemplate
import MxTime
import Testing

/// Plain text search and replacement, enough for these tests.
let plainRegex = TemplateRegex(
  matches: { pattern, text in
    if pattern == "(" { throw TemplateFailure("missing closing )") }
    return text.contains(pattern)
  },
  replaceAll: { pattern, text, replacement, _ in
    text.split(separator: pattern, omittingEmptySubsequences: false).joined(separator: replacement)
  })

let samples: [TemplateSample] = [
  TemplateSample(labels: [("__value__", "v"), ("instance", "b")], value: 2),
  TemplateSample(labels: [("instance", "a")], value: 1.5),
]

let prometheus = PrometheusFunctions.make(
  PrometheusContext(
    now: { 1_600_000_000_250 }, externalURL: "http://x.example:9/prom", regex: plainRegex,
    query: { expression in
      if expression == "bad" { throw TemplateFailure("no such thing") }
      return expression == "none" ? [] : samples
    }))

/// Renders over a small world, with Go's and Prometheus' functions.
func render(
  _ text: String, _ data: TemplateValue = world, limits: TemplateLimits = TemplateLimits()
) throws -> String {
  try Template(text, name: "t", functions: PrometheusFunctions.names, limits: limits)
    .render(data, functions: prometheus)
}

let world = TemplateValue.object(
  TemplateObject(
    "World",
    [
      ("Labels", .labels([("job", "api"), ("instance", "a:1")])),
      (
        "Any",
        .map(TemplateMap([("one", .int(1)), ("list", .list([.int(3), .int(4)]))], isText: false))
      ),
      ("Value", .float(12.5)), ("Count", .int(3)), ("Yes", .bool(true)), ("Empty", .string("")),
      ("Names", .strings(["x", "y", "z"])), ("Nil", .null),
      (
        "Greet",
        .function(TemplateFunction(1) { .string("hi " + (try GoText.of($0[0]))) })
      ),
    ],
    methods: ["Twice": TemplateFunction(1) { .list([$0[0], $0[0]]) }]))

enum GoText {
  static func of(_ value: TemplateValue) throws -> String {
    if case .string(let text) = value { return text }
    throw TemplateFailure("no text")
  }
}

@Suite struct TemplateTests {
  private func check(
    _ text: String, _ expected: String, at place: SourceLocation = #_sourceLocation
  ) {
    do {
      let found = try render(text)
      #expect(found == expected, sourceLocation: place)
    } catch {
      Issue.record("\(text): \(error)", sourceLocation: place)
    }
  }

  private func check(
    _ text: String, failsWith expected: String, at place: SourceLocation = #_sourceLocation
  ) {
    do {
      let found = try render(text)
      Issue.record("\(text) gave \(found)", sourceLocation: place)
    } catch {
      #expect("\(error)" == expected, sourceLocation: place)
    }
  }

  @Test func textStandsAsItIs() {
    check("", "")
    check("plain } text { 100%", "plain } text { 100%")
    check("a{{/* nothing */}}b", "ab")
  }

  @Test func dashesTrimWhiteSpace() {
    check("a {{- 1 -}} b", "a1b")
    check("a \n {{- /* c */ -}} \n b", "ab")
    check("{{1 -}}  {{- 2}}", "12")
    check("{{-3}}", "-3")
    check("{{- -3 }}", "-3")
  }

  @Test func constantsPrintAsInGo() {
    check(
      "{{1}} {{1.0}} {{0x10}} {{'a'}} {{1e3}} {{true}} {{`raw\\n`}} {{\"q\\t\\u00e9\"}}",
      "1 1 16 97 1000 true raw\\n q\té")
    check("{{1_000}} {{0b101}} {{0o17}} {{1e6}}", "1000 5 15 1e+06")
  }

  @Test func fieldsAndVariablesAreFound() {
    check("{{.Labels.job}}/{{.Labels.none}}/{{.Any.none}}/{{.Nil}}", "api//<no value>/<no value>")
    check("{{$x := .Value}}{{$x}} {{$.Count}}", "12.5 3")
    check("{{$x := 1}}{{if true}}{{$x = 2}}{{$x}}{{end}}{{$x}}", "22")
    check("{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21")
    check("{{(index .Any.list 1)}} {{.Any.list}} {{.Any}}", "4 [3 4] map[list:[3 4] one:1]")
    check("{{.Twice 5}} {{5 | .Twice}} {{call .Greet \"you\"}}", "[5 5] [5 5] hi you")
  }

  @Test func blocksBranch() {
    check("{{if .Empty}}a{{else if .Yes}}b{{else}}c{{end}}", "b")
    check("{{if 0}}a{{else}}{{if 0.0}}b{{else}}c{{end}}{{end}}", "c")
    check("{{with .Labels.job}}{{.}}{{else}}none{{end}}", "api")
    check("{{with .Empty}}{{.}}{{else with .Count}}n{{.}}{{else}}none{{end}}", "n3")
    check("{{with $x := 5}}{{$x}}{{.}}{{end}}", "55")
  }

  @Test func rangesRun() {
    check("{{range .Names}}{{.}},{{end}}", "x,y,z,")
    check("{{range $i, $n := .Names}}{{$i}}{{$n}} {{end}}", "0x 1y 2z ")
    check("{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "instance=a:1;job=api;")
    check("{{range 3}}{{.}}{{end}}{{range .Nil}}x{{else}}-{{end}}", "012-")
    check("{{range .Names}}{{if eq . \"y\"}}{{continue}}{{end}}{{.}}{{end}}", "xz")
    check("{{range .Names}}{{if eq . \"y\"}}{{break}}{{end}}{{.}}{{end}}", "x")
    check("{{$l := \"\"}}{{range $l = .Names}}{{end}}{{$l}}", "z")
  }

  @Test func templatesCallEachOther() {
    check(
      "{{define \"a\"}}<{{.}}>{{end}}{{template \"a\" 1}}{{template \"a\" .Names}}", "<1><[x y z]>")
    check("{{block \"b\" .Count}}{{.}}!{{end}}", "3!")
    check("{{define \"r\"}}{{if .}}{{.}}{{end}}{{end}}{{template \"r\"}}", "")
  }

  @Test func pipelinesPassTheLastValueOn() {
    check("{{\"x\" | printf \"%s-%s\" \"a\"}}", "a-x")
    check("{{.Value | printf \"%.0f\" | printf \"%5s|\"}}", "   12|")
    check("{{(.Labels.job | toUpper) | len}}", "3")
    check("{{print 1 2 \"a\" \"b\" 3 4.5}}{{println 1 \"b\"}}", "1 2ab3 4.51 b\n")
  }

  @Test func comparisonsAndLogicFollowGo() {
    check(
      "{{eq 1 1}} {{eq \"a\" \"b\" \"a\"}} {{ne 1.0 2.0}} {{lt 1 2}} {{ge \"b\" \"a\"}}",
      "true true true true true")
    check("{{and 1 0 2}} {{or 0 \"\" 7}} {{not 1}} {{and .Yes .Names}}", "0 7 false [x y z]")
    check("{{or .Yes (index .Names 99)}}", "true")
    check("{{eq .Nil nil}} {{gt .Value 12.0}}", "true true")
    check(
      "{{gt .Value 1}}",
      failsWith: "template: t:1:2: executing \"t\" at <gt .Value 1>: error calling gt: "
        + "incompatible types for comparison")
  }

  @Test func indexSliceAndLenCountBytes() {
    check("{{len \"é\"}} {{len .Names}} {{index .Names 2}} {{index .Labels \"job\"}}", "2 3 z api")
    check("{{slice \"hello\" 1 3}} {{slice .Names 1}} {{index \"a\" 0}}", "el [y z] 97")
    check(
      "{{index .Names 3}}",
      failsWith: "template: t:1:2: executing \"t\" at <index .Names 3>: error calling index: "
        + "index out of range: 3")
  }

  @Test func escapesAreGos() {
    check("{{html \"<a href='x'>&\\\"\"}}", "&lt;a href=&#39;x&#39;&gt;&amp;&#34;")
    check("{{js \"it's <b>\\n=\"}}", "it\\'s \\u003Cb\\u003E\\u000A\\u003D")
    check("{{urlquery \"a b&c=é\"}} {{\"a/b\" | urlQueryEscape}}", "a+b%26c%3D%C3%A9 a%2Fb")
  }

  @Test func prometheusFunctionsWork() {
    check(
      "{{query \"up\" | first | value}} {{with query \"up\"}}{{. | first | label \"instance\"}}{{end}}",
      "2 b")
    check(
      "{{range query \"up\" | sortByLabel \"instance\"}}{{.Labels.instance}}{{.Value}} {{end}}",
      "a1.5 b2 ")
    check(
      "{{query \"up\" | first | strvalue}}{{with args 1 \"b\"}}{{.arg0}}{{.arg1}}{{end}}", "v1b")
    check(
      "{{\"host.example.com:80\" | stripPort}} {{\"host.example.com:80\" | stripDomain}} "
        + "{{\"10.0.0.1:80\" | stripDomain}} {{\"[::1]:80\" | stripPort}}",
      "host.example.com host:80 10.0.0.1:80 ::1")
    check(
      "{{title \"aBC def\"}} {{toUpper \"x\"}} {{match \"b\" \"abc\"}} {{reReplaceAll \"b\" \"-\" \"abc\"}}",
      "ABC Def X true a-c")
    check(
      "{{graphLink \"up > 1\"}} {{tableLink \"up\"}}",
      "/graph?g0.expr=up+%3E+1&g0.tab=0 /graph?g0.expr=up&g0.tab=1")
    check(
      "{{externalURL}} {{pathPrefix}} {{now}} {{parseDuration \"1h30m\"}}",
      "http://x.example:9/prom /prom 1.60000000025e+09 5400")
    check(
      "{{toTime 1.5}} {{toDuration 5400}} {{(toTime 0.0).Year}}",
      "1970-01-01 00:00:01.5 +0000 UTC 1h30m0s 1970")
    check(
      "{{humanize \"1234567\"}} {{humanize 1024}} {{humanizeDuration 3661}}",
      "1.235M 1.024k 1h 1m 1s")
  }

  @Test func failuresSpeakAsGoDoes() {
    check(
      "{{query \"none\" | first}}",
      failsWith: "template: t:1:17: executing \"t\" at <first>: error calling first: "
        + "first() called on vector with no elements")
    check(
      "a\n  {{.Labels.job.x}}",
      failsWith: "template: t:2:11: executing \"t\" at <.Labels.job.x>: "
        + "can't evaluate field x in type string")
    check(
      "{{.None}}",
      failsWith:
        "template: t:1:2: executing \"t\" at <.None>: can't evaluate field None in type World")
    check(
      "{{humanize}}",
      failsWith: "template: t:1:2: executing \"t\" at <humanize>: "
        + "wrong number of args for humanize: want 1 got 0")
    check(
      "{{toUpper 1}}",
      failsWith: "template: t:1:2: executing \"t\" at <toUpper>: "
        + "wrong type for value; expected string; got int")
    check(
      "{{template \"no\"}}",
      failsWith: "template: t:1:11: executing \"t\" at <{{template \"no\"}}>: "
        + "template \"no\" not defined")
  }

  @Test(arguments: [
    ("{{", "unclosed action"), ("{{nope}}", "function \"nope\" not defined"),
    ("{{$x}}", "undefined variable \"$x\""), ("{{if 1}}", "unexpected EOF"),
    ("{{end}}", "unexpected {{end}}"), ("{{else}}", "unexpected {{else}}"),
    ("{{}}", "missing value for command"),
    ("{{1 | 2}}", "non executable command in pipeline stage 2"),
    ("{{\"a}}", "unterminated quoted string"), ("{{(1}}", "unclosed left paren"),
    ("{{1)}}", "unexpected right paren"), ("{{break}}", "{{break}} outside {{range}}"),
    ("{{/* x }}", "unclosed comment"), ("{{1 |}}", "missing value for command"),
    ("{{if}}x{{end}}", "missing value for if"), ("{{.Labels[\"a\"]}}", "bad character U+005B '['"),
    ("{{if 1}}{{define \"x\"}}{{end}}{{end}}", "unexpected {{define}}"),
  ])
  func badTemplatesAreRefused(text: String, message: String) {
    #expect(throws: TemplateError.syntax("template: t:1: \(message)")) { try render(text) }
  }
}
