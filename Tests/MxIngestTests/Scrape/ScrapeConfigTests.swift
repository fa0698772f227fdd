import MxConfig
import MxModel
import Testing

@testable import MxIngest

@Suite struct ScrapeConfigTests {
  private func read(_ text: String) -> (config: ScrapeConfig, problems: [String]) {
    let problems = ConfigProblems()
    let config = ScrapeConfigReader.read(
      Array(text.utf8), file: "scrape.yml", directory: "jobs", problems: problems)
    problems.sort()
    return (config, problems.all.map { "\($0)" + ($0.hint.map { " [\($0)]" } ?? "") })
  }

  @Test func aConfigurationOfTheFieldIsReadAsItIs() throws {
    let (config, problems) = read(
      """
      global:
        scrape_interval: 15s
        evaluation_interval: 30s
        external_labels: {monitor: x}
        sample_limit: 5000
      rule_files: [a.yml]
      alerting: {alertmanagers: [{static_configs: [{targets: [a:9093]}]}]}
      remote_write: [{url: http://x}]
      scrape_configs:
        - job_name: node
          scrape_timeout: 5s
          metrics_path: /probe
          scheme: https
          params: {module: [http_2xx, b], target: [x]}
          honor_labels: true
          basic_auth: {username: u, password_file: secret}
          tls_config: {ca_file: ca.pem, insecure_skip_verify: true, min_version: TLS12}
          body_size_limit: 10MB
          scrape_protocols: [PrometheusProto, PrometheusText0.0.4]
          static_configs:
            - targets: [a:9100, b:9100]
              labels: {zone: eu}
          file_sd_configs: [{files: [targets/*.json], refresh_interval: 5m}]
          http_sd_configs: [{url: http://sd/targets, authorization: {credentials: t}}]
          relabel_configs: [{source_labels: [__address__], target_label: host}]
          metric_relabel_configs: [{regex: id, action: labeldrop}]
        - job_name: other
          scrape_interval: 5m
          sample_limit: 0
      """)
    #expect(problems == [])
    #expect(config.jobs.map(\.name) == ["node", "other"])
    let job = try #require(config.jobs.first)
    #expect(job.interval == 15_000)
    #expect(job.timeout == 5000)
    #expect(job.limits.samples == 5000)
    #expect(job.limits.bodyBytes == 10 << 20)
    #expect(job.protocols == [.protobuf, .text0])
    #expect(job.groups == [TargetGroup(targets: ["a:9100", "b:9100"], labels: ["zone": "eu"])])
    #expect(job.fileDiscovery.map(\.patterns) == [["jobs/targets/*.json"]])
    #expect(job.httpDiscovery.map(\.url) == ["http://sd/targets"])
    #expect(
      job.client.authorization
        == .basic(user: .written(Secret("u")), password: .file("secret")))
    #expect(job.client.tls.caFile == "jobs/ca.pem")
    #expect(job.client.tls.minimum == 12)
    let other = config.jobs[1]
    #expect(other.interval == 300_000)
    #expect(other.timeout == 10_000)
    #expect(other.limits.samples == 0)
  }

  @Test(arguments: [
    ("kubernetes_sd_configs: [{role: pod}]", "'kubernetes_sd_configs' is not supported"),
    ("scrape_intervall: 5s", "unknown field 'scrape_intervall' [did you mean 'scrape_interval'?]"),
    ("scrape_interval: 0s", "'scrape_interval' is '0s', expected a duration above zero"),
    ("{scrape_interval: 5s, scrape_timeout: 6s}", "'scrape_timeout' is 6s, more than the"),
    ("scheme: ftp", "'scheme' is 'ftp', expected http, https"),
    ("scrape_protocols: [Text]", "unknown format 'Text'"),
    ("body_size_limit: 10 apples", "'10 apples' is no size, such as 10MB"),
    ("oauth2: {client_id: x}", "'oauth2' is not supported"),
    ("tls_config: {ca: x}", "'ca' in the configuration itself is not supported"),
    ("{basic_auth: {username: x}, bearer_token: y}", "are both set, at most one allowed"),
    ("http_sd_configs: [{url: sd}]", "'sd' is no http:// or https:// URL"),
    ("file_sd_configs: [{}]", "field 'files' is missing"),
    ("relabel_configs: [{action: dorp}]", "unknown relabel action 'dorp'"),
  ])
  func mistakesAreNamedWithTheirLine(fields: String, message: String) {
    let inside = fields.hasPrefix("{") ? String(fields.dropFirst().dropLast()) : fields
    let (_, problems) = read("scrape_configs:\n  - {job_name: a, \(inside)}\n")
    #expect(problems.count == 1)
    #expect(problems.first?.hasPrefix("scrape.yml:2: ") ?? false)
    #expect(problems.first?.contains(message) ?? false, "\(problems)")
  }

  @Test func jobsHaveNamesOfTheirOwn() {
    let (_, problems) = read(
      "scrape_configs:\n  - job_name: a\n  - job_name: a\n  - scheme: http\n")
    #expect(
      problems == [
        "scrape.yml:3: a second job 'a', the first is in line 2",
        "scrape.yml:4: field 'job_name' is missing",
      ])
  }

  @Test func noSecretIsEverPrinted() {
    let (config, _) = read(
      "scrape_configs: [{job_name: a, bearer_token: hunter2, http_headers: {X: {secrets: [s3cret]}}}]"
    )
    let text = "\(config)" + String(reflecting: config)
    #expect(!text.contains("hunter2"))
    #expect(!text.contains("s3cret"))
  }

  @Test func listsOfTargetsAreReadFromFilesAndAnswers() {
    let problems = ConfigProblems()
    let json = #"[{"targets": ["a:1", "b:2"], "labels": {"path": "\/x", "zone": "é"}}]"#
    let groups = TargetGroupReader.file(Array(json.utf8), path: "t.json", problems: problems)
    #expect(problems.all.isEmpty)
    #expect(
      groups == [
        TargetGroup(
          targets: ["a:1", "b:2"],
          labels: ["path": "/x", "zone": "é", "__meta_filepath": "t.json"])
      ])
    let answer = TargetGroupReader.answer(Array(json.utf8), url: "http://sd")
    #expect(answer.groups?.first?.labels["__meta_url"] == "http://sd")
    for bad in ["", "{}", #"[{"labels": {}}]"#, #"[{"targets": [1]}]"#, #"[{"targets": ["a"]"#] {
      let found = TargetGroupReader.answer(Array(bad.utf8), url: "http://sd")
      #expect(found.groups == nil && !found.problem.isEmpty, "\(bad)")
    }
    _ = TargetGroupReader.file(Array("a: 1".utf8), path: "t.yml", problems: problems)
    #expect(
      problems.all.map(\.description)
        == ["t.yml:1: the file is a mapping, expected a list of target groups"])
  }
}

@Suite struct ScrapeTargetTests {
  private func targets(_ job: ScrapeJob, _ groups: [TargetGroup]) -> [ScrapeTarget] {
    TargetBuilder.targets(groups, of: job, number: 0, Report())
  }

  @Test func aTargetHasItsURLAndLabels() throws {
    var job = ScrapeJob(name: "node")
    job.metricsPath = "/probe"
    job.params = [("module", ["http 2xx", "b"]), ("a", ["é"])]
    let group = TargetGroup(
      targets: ["h:9100"],
      labels: ["zone": "eu", "__param_module": "x&y", "__meta_x": "1", "__scheme__": "https"])
    let target = try #require(targets(job, [group]).first)
    #expect(target.url == "https://h:9100/probe?a=%C3%A9&module=x%26y&module=b")
    #expect("\(target.labels)" == #"{instance="h:9100", job="node", zone="eu"}"#)
    #expect(target.name == "node/h:9100")
  }

  /// The blackbox exporter's way: the address becomes a parameter.
  @Test func relabellingMayTurnEverythingAround() throws {
    var job = ScrapeJob(name: "blackbox")
    var first = RelabelSettings()
    first.sourceLabels = ["__address__"]
    first.targetLabel = "__param_target"
    var second = RelabelSettings()
    second.sourceLabels = ["__param_target"]
    second.targetLabel = "instance"
    var third = RelabelSettings()
    third.targetLabel = "__address__"
    third.replacement = "127.0.0.1:9115"
    var fourth = RelabelSettings(.drop)
    fourth.sourceLabels = ["instance"]
    fourth.regex = "bad.*"
    job.relabel = RelabelRules(try [first, second, third, fourth].map { try RelabelRule($0) })
    let found = targets(job, [TargetGroup(targets: ["http://site", "bad.site"])])
    #expect(found.map(\.url) == ["http://127.0.0.1:9115/metrics?target=http%3A%2F%2Fsite"])
    #expect(found.first?.labels["instance"] == "http://site")
  }

  @Test func whatCannotBeATargetIsSaid() {
    let report = Report()
    var job = ScrapeJob(name: "j")
    job.limits.targets = 1
    let groups = [TargetGroup(targets: ["http://x/", "a:1", "a:1", "b:2"])]
    let found = TargetBuilder.targets(groups, of: job, number: 0, report)
    #expect(
      report.warnings == [
        "job 'j': 'http://x/' is no host:port "
          + "(a URL's path is 'metrics_path', its scheme 'scheme' of the job)"
      ])
    #expect(found.count == 2)
    #expect(found.allSatisfy { $0.refusal == "the job has 2 targets, at most 1 allowed" })
  }

  @Test func aURLOfTheCommandLineKeepsItsPasswordFromItsLabels() throws {
    let target = try #require(TargetBuilder.target(url: "http://u:pw@h:1", job: "scrape"))
    #expect(target.url == "http://u:pw@h:1/metrics")
    #expect("\(target.labels)" == #"{instance="h:1", job="scrape"}"#)
    #expect(TargetBuilder.target(url: "h:1/metrics", job: "scrape") == nil)
    #expect(TargetBuilder.target(url: "http:///x", job: "scrape") == nil)
  }
}
