import MxAlert
import MxConfig
import MxIngest
import MxJSON
import MxModel
import MxNet
import MxPromQL
import MxRender
import MxRules
import MxTemplate
import MxTime
import MxTools

/// What people write: queries, rules, settings, templates, dashboards, requests.
enum LanguageTargets {
  static let all: [FuzzTarget] = [
    FuzzTarget("promql", queries) { promql($0) },
    FuzzTarget("yaml", [configuration, rules, aliases]) { yaml($0) },
    FuzzTarget("settings", [settings]) { bytes in
      SettingsCheck.read(Array(bytes), file: "mx.yml", problems: ConfigProblems())
    },
    FuzzTarget("rules", [rules, shortRules, ruleTest]) { bytes in
      _ = RuleReader.read(Array(bytes), file: "r.yml", problems: ConfigProblems())
      _ = RuleTestFile.read(Array(bytes), file: "t.yml", problems: ConfigProblems())
    },
    FuzzTarget("notify", [routes]) { bytes in
      _ = NotifyReader.read(Array(bytes), file: "n.yml", problems: ConfigProblems()) { _ in .utc }
      _ = try? MatcherText.parse(String(decoding: bytes, as: UTF8.self))
    },
    FuzzTarget("scrape", [configuration]) { bytes in
      let bytes = Array(bytes)
      _ = ScrapeConfigReader.read(
        bytes, file: "s.yml", directory: "/", problems: ConfigProblems())
      _ = TargetGroupReader.file(bytes, path: "t.yml", problems: ConfigProblems())
      _ = TargetGroupReader.answer(bytes, url: "http://h/")
    },
    FuzzTarget("template", templates) { template($0) },
    FuzzTarget("dashboard", dashboards) { _ = try? Dashboard.decode(Array($0)) },
    FuzzTarget("request", requests) { request($0) },
    FuzzTarget("times", ["1h30m", "2026-11-20T01:02:03.5+01:00", "*/5 1-3 * jan mon"]) {
      times($0)
    },
  ]

  /// What is read prints so that it reads back the same.
  private static func promql(_ bytes: UnsafeRawBufferPointer) {
    do throws(PromQLError) {
      let tree = try PromQL.parse(bytes: Array(bytes))
      let printed = tree.description
      let again = try PromQL.parse(printed)
      precondition(again.description == printed, "BUG: prints otherwise the second time")
      precondition(
        again.withoutParentheses == tree.withoutParentheses, "BUG: printed is another tree")
      let normal = tree.normalized
      precondition(normal.normalized == normal, "BUG: normal is not normal")
      let pretty = try PromQL.parse(tree.prettified(width: 30))
      precondition(
        pretty.withoutParentheses == tree.withoutParentheses, "BUG: prettified is another tree")
    } catch {
      // Only what was given may be wrong, never what was printed.
      do throws(PromQLError) {
        _ = try PromQL.parse(bytes: Array(bytes))
        fatalError("BUG: what was printed does not read: \(error)")
      } catch {}
    }
  }

  private static func yaml(_ bytes: UnsafeRawBufferPointer) {
    let problems = ConfigProblems()
    let documents = YAML.documents(Array(bytes), file: "f.yml", problems: problems)
    for document in documents {
      ConfigMapping.read(document, "the file", problems) { mapping in
        _ = mapping.string("name")
        _ = mapping.double("a")
        _ = mapping.int("b", in: 0...9)
        _ = mapping.stringMap("labels")
        _ = mapping.secret("password")
        _ = RelabelReader.rules(mapping, "relabel")
      }
    }
    _ = try? JSONValue.parse(bytes)
  }

  private static func template(_ bytes: UnsafeRawBufferPointer) {
    let text = String(decoding: bytes, as: UTF8.self)
    var limits = TemplateLimits()
    limits.steps = 20_000
    limits.output = 1 << 16
    let context = PrometheusContext(
      now: { 1_795_132_800_000 }, externalURL: "http://h/p", regex: .re2,
      query: { text in [TemplateSample(labels: [("a", text)], value: 1.5)] })
    let functions = PrometheusFunctions.make(context, limits: limits)
    let data = TemplateValue.object(
      TemplateObject(
        "data", [("Labels", .strings(["a", "b"])), ("Value", .float(1.5)), ("N", .int(3))]))
    if let read = try? Template(
      text, name: "t", functions: Set(functions.keys), limits: limits)
    {
      _ = try? read.render(data, functions: functions, escapesHTML: bytes.count % 2 == 0)
    }
    try? notices?.check(text)
  }

  private static let notices = try? NoticeTemplates()

  private static func request(_ bytes: UnsafeRawBufferPointer) {
    var offset = 0
    var limits = ServerLimits()
    limits.body = 1 << 16
    // The first byte says how it comes: as CGI, packed, in pieces of some size.
    let mode = bytes.first ?? 0
    let environment = [
      "GATEWAY_INTERFACE": mode & 1 > 0 ? "CGI/1.1" : "", "REQUEST_METHOD": "POST",
      "CONTENT_LENGTH": "\(bytes.count)", "HTTP_CONTENT_ENCODING": mode & 2 > 0 ? "gzip" : "",
      "PATH_INFO": "/x", "QUERY_STRING": "a=%2",
    ]
    let conversation = Conversation(
      environment: { environment[$0] }, limits: limits,
      read: { buffer in
        let count = min(buffer.count, bytes.count - offset, Int(mode) + 1)
        if count > 0 {
          buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
        }
        offset += count
        return count
      },
      write: { _ in })
    _ = try? conversation.serve { request in
      _ = FormText.pairs(request.query)
      _ = FormText.pairs(request.body)
      return .text(200, request.contentType)
    }
  }

  private static func times(_ bytes: UnsafeRawBufferPointer) {
    let text = String(decoding: bytes, as: UTF8.self)
    if let duration = try? Durations.parse(text) {
      precondition(
        (try? Durations.parse(Durations.text(duration))) == duration, "BUG: \(duration) ms")
    }
    _ = RFC3339.parse(bytes)
    _ = try? Cron(text)
  }

  // MARK: - What they begin with

  private static let queries = [
    "sum by (a) (rate(x_total{b=~\"c|d\",e!='f'}[5m:30s] offset -1h)) / on(a) group_left(g) y > bool 1",
    "histogram_quantile(0.9, x{\"a b\"=\"c\"} @ start()) unless ignoring(d) -(y ^ 2 % 3)",
    "topk(3, max_over_time({__name__=~\"a.*\"}[1h])) or label_replace(z, \"a\", `$1`, 'b', '(.*)')",
    "predict_linear(a[1h] anchored, 3600) + fill(0) 0x1F * 1e-3 + Inf",
    "a[5m * 2] and count_values(\"v\", b) atan2 -c offset (1h + step())",
  ]

  private static let configuration = """
    global: {scrape_interval: 1m, external_labels: {a: b}}
    scrape_configs:
      - job_name: j
        scheme: https
        params: {a: [b, "c"]}
        basic_auth: {username: u, password_file: p}
        tls_config: {insecure_skip_verify: true}
        static_configs: [{targets: ["h:1"], labels: {l: v}}]
        file_sd_configs: [{files: ["t*.yml"], refresh_interval: 1m}]
        relabel_configs:
          - {source_labels: [__address__], regex: '(.*):\\d+', target_label: i, replacement: $1}
        metric_relabel_configs: [{source_labels: [__name__], action: hashmod, modulus: 2}]

    """

  private static let settings = """
    labels: {site: lab}
    site_url: https://metrics.example/
    on_conflict: last
    retention:
      - match: '{__name__=~"debug_.*", a!="b"}'
        raw: 2d
      - {raw: 15d, 1m: 30d, 5m: 90d, 1h: 2y}
    storage: {max_bytes: 50GiB, min_free: 5%, grace: 24h, rejected_bytes: 256MiB}
    limits: {series_per_metric: 10000, series_total: off, future: 10m, body_bytes: 64MiB, query_timeout: 2m}
    rollup: {tiers: [1m, 5m, 1h], lag: 1m}
    alert: {history: 90d, no_data: prometheus, delay: 30s, max_catchup: 1d}
    relabel: [{source_labels: [a, b], separator: "-", regex: (.+), target_label: c, replacement: $1}]
    uses: {rules: [jobs/rules/*.yml], dashboards: reports/a.json}

    """

  private static let rules = """
    groups:
      - name: g
        interval: 1m
        rules:
          - {record: "a:b", expr: "sum(x)", labels: {c: d}}
          - alert: A
            expr: up == 0
            for: 5m
            keep_firing_for: 1h
            annotations: {summary: '{{ $labels.a | printf "%q" }} {{ $value }}'}

    """

  private static let shortRules = """
    x-mx:
      g:
        - {alert: B, if: "up < 1 for 5m", labels: {severity: page}}

    """

  private static let ruleTest = """
    rule_files: [r.yml]
    evaluation_interval: 1m
    tests:
      - interval: 1m
        input_series: [{series: 'up{a="b"}', values: '1+2x3 _ stale 1x4'}]
        alert_rule_test: [{eval_time: 4m, alertname: A, exp_alerts: [{exp_labels: {a: b}}]}]
        promql_expr_test: [{expr: up, eval_time: 1m, exp_samples: [{labels: 'up{}', value: 1}]}]

    """

  private static let aliases =
    "a: &x [1, 'b', |\n  c\n  , ~]\nb: *x\nc: {<<: {d: !!str 1}, e: 0x1F}\n---\n- 1\n"

  private static let routes = """
    global: {smtp_smarthost: "h:25", smtp_from: a@b, resolve_timeout: 5m}
    route:
      receiver: r
      group_by: [a, ...]
      routes: [{matchers: ['a="b"', c=~d], receiver: r, mute_time_intervals: [t], continue: true}]
    receivers:
      - name: r
        webhook_configs: [{url: "http://h/", max_alerts: 1}]
        email_configs: [{to: "a@b", headers: {Subject: '{{ .Status }}'}}]
        slack_configs: [{api_url_file: f, channel: "#c", title: t}]
        pagerduty_configs: [{routing_key: k}]
    inhibit_rules: [{source_matchers: [a=b], target_matchers: [c=d], equal: [e]}]
    time_intervals:
      - name: t
        time_intervals: [{weekdays: ['monday:friday'], times: [{start_time: '09:00', end_time: '24:00'}], months: ['1:3'], years: ['2026']}]
    templates: ['*.tmpl']

    """

  private static let templates = [
    "{{ $x := .N }}{{ range $i, $e := .Labels }}{{ if eq $i 1 }}{{ $e | toUpper }}{{ end }}{{ else }}-{{ end }}",
    "{{ define \"t\" }}{{ printf \"%-8.3f|%+d|%q|%x\" .Value 3 \"a\" 255 }}{{ end }}{{ template \"t\" . }}",
    "{{ with query \"up\" }}{{ . | first | value | humanize1024 }}{{ end }}{{ reReplaceAll \"a(.)\" \"$1\" \"ab\" }}",
    "{{ humanizeDuration 1e5 }} {{ index .Labels 0 }} {{ len .Labels | html }} {{ slice \"abc\" 1 2 }}{{- /* c */ -}}",
  ]

  private static let dashboards = [
    """
    {"title":"t","schemaVersion":36,"templating":{"list":[{"name":"v","type":"query","query":
    "label_values(up,job)","multi":true,"includeAll":true}]},"time":{"from":"now-6h","to":"now"},
    "panels":[{"id":1,"type":"timeseries","title":"$v","gridPos":{"h":8,"w":12,"x":0,"y":0},
    "targets":[{"expr":"rate(a{j=~\\"$v\\"}[$__rate_interval])","legendFormat":"{{a}}"}],
    "fieldConfig":{"defaults":{"unit":"bytes","thresholds":{"steps":[{"value":null,"color":
    "green"}]},"mappings":[{"type":"range","options":{"from":1,"to":2,"result":{"text":"x"}}}]},
    "overrides":[{"matcher":{"id":"byName","options":"a"},"properties":[{"id":"unit","value":
    "s"}]}]},"transformations":[{"id":"organize","options":{}}]},{"type":"row","collapsed":true,
    "panels":[]}]}
    """,
    """
    {"dashboard":{"rows":[{"panels":[{"type":"graph","span":6,"targets":[{"expr":"a"}],"yaxes":
    [{"format":"s"}],"nullPointMode":"null"},{"type":"singlestat","thresholds":"1,2","colors":[]}]
    }]}}
    """,
    """
    {"spec":{"title":"t","elements":{"p":{"kind":"Panel","spec":{"id":1,"title":"x","data":{"kind":
    "QueryGroup","spec":{"queries":[{"kind":"PanelQuery","spec":{"query":{"spec":{"expr":"a"}},
    "refId":"A"}}]}},"vizConfig":{"kind":"stat","spec":{}}}}},"layout":{"kind":"GridLayout","spec":
    {"items":[{"kind":"GridLayoutItem","spec":{"x":0,"y":0,"width":12,"height":8,"element":{"name":
    "p"}}}]}}}}
    """,
  ]

  private static let requests = [
    "POST /push?a=b%20c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nup 1\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n5\r\nup 1\n\r\n0\r\n\r\n",
    "\u{1}query=up&time=1&match[]=a",
  ]
}
