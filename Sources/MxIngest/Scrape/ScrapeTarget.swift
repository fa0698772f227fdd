import MxCodec
package import MxModel

/// One target of a job, after relabelling: where to fetch, and what to add.
package struct ScrapeTarget: Sendable {
  /// Number of its job in the configuration.
  package var job: Int
  /// Without what begins with `__`: added to all its series.
  package var labels: LabelSet
  package var url: String
  /// Milliseconds; nil for every run.
  package var interval: Int64?
  package var timeout: Int64
  /// The same target from run to run: a hash of its job, URL and labels.
  package var key: UInt64
  /// Why it is not to be fetched and counts as failed all the same.
  package var refusal: String?

  package init(
    job: Int, labels: LabelSet, url: String, interval: Int64?, timeout: Int64, key: UInt64
  ) {
    self.job = job
    self.labels = labels
    self.url = url
    self.interval = interval
    self.timeout = timeout
    self.key = key
  }

  /// How people call it.
  package var name: String {
    let job = labels["job"] ?? ""
    let instance = labels["instance"] ?? url
    return job.isEmpty ? instance : "\(job)/\(instance)"
  }
}

/// Makes the targets of a job from its groups, as Prometheus does.
package enum TargetBuilder {
  /// What becomes of one address.
  package enum Outcome {
    case target(ScrapeTarget)
    case dropped
    case wrong(String)
  }

  /// Targets with the same labels are one. Mistakes go to `report`.
  package static func targets(
    _ groups: [TargetGroup], of job: ScrapeJob, number: Int, _ report: Report
  ) -> [ScrapeTarget] {
    var seen: Set<UInt64> = []
    var targets: [ScrapeTarget] = []
    for group in groups {
      for address in group.targets {
        switch target(address, group.labels, job, number) {
        case .dropped: break
        case .wrong(let message): report.warn("job '\(job.name)': \(message)")
        case .target(let target):
          if seen.insert(target.key).inserted { targets.append(target) }
        }
      }
    }
    let limit = Int(job.limits.targets)
    if limit > 0, targets.count > limit {
      for index in targets.indices {
        targets[index].refusal = "the job has \(targets.count) targets, at most \(limit) allowed"
      }
    }
    return targets
  }

  static func target(
    _ address: String, _ groupLabels: [String: String], _ job: ScrapeJob, _ number: Int
  ) -> Outcome {
    let outcome = job.relabel.outcome(discovered(address, groupLabels, job))
    guard case .kept(let labels) = outcome else { return .dropped }
    guard let address = labels["__address__"], !address.isEmpty else {
      return .wrong("a target without an address")
    }
    guard !address.contains("/"), !address.contains(" ") else {
      let isURL = address.contains("://")
      return .wrong(
        "'\(address)' is no host:port"
          + (isURL ? " (a URL's path is 'metrics_path', its scheme 'scheme' of the job)" : ""))
    }
    let scheme = labels["__scheme__"] ?? ""
    guard scheme == "http" || scheme == "https" else {
      return .wrong("'\(scheme)' of '\(address)' is neither http nor https")
    }
    var target = ScrapeTarget(
      job: number, labels: .empty, url: url(labels, scheme, address, job),
      interval: job.interval, timeout: job.timeout, key: 0)
    if let problem = setTiming(&target, labels, job) { return .wrong(problem) }
    var builder = LabelSetBuilder()
    builder.add("instance", address)
    for pair in labels.pairs where !pair.name.hasPrefix("__") { builder.add(pair.name, pair.value) }
    target.labels = builder.finish()
    target.key = key(job.name, target)
    return .target(target)
  }

  private static func key(_ job: String, _ target: ScrapeTarget) -> UInt64 {
    XXH64.hash(Array(job.utf8) + [0] + Array(target.url.utf8) + [0] + target.labels.key)
  }

  /// The labels that relabelling sees. What a group says goes before the job.
  private static func discovered(
    _ address: String, _ groupLabels: [String: String], _ job: ScrapeJob
  ) -> LabelSet {
    var labels: [String: String] = [
      "job": job.name, "__scheme__": job.scheme, "__metrics_path__": job.metricsPath,
      "__scrape_interval__": DurationText.print(job.interval ?? defaultInterval),
      "__scrape_timeout__": DurationText.print(job.timeout),
    ]
    for (name, values) in job.params {
      if let first = values.first { labels["__param_\(name)"] = first }
    }
    labels.merge(groupLabels) { $1 }
    labels["__address__"] = address
    return LabelSet(labels.map { ($0.key, $0.value) })
  }

  /// What Prometheus takes where nothing is written: only relabelling sees it.
  private static let defaultInterval: Int64 = 60_000

  private static func setTiming(
    _ target: inout ScrapeTarget, _ labels: LabelSet, _ job: ScrapeJob
  ) -> String? {
    for (name, given) in [
      ("__scrape_interval__", job.interval ?? defaultInterval), ("__scrape_timeout__", job.timeout),
    ] {
      let text = labels[name] ?? ""
      if text == DurationText.print(given) { continue }
      guard let value = DurationText.parse(text), value > 0 else {
        return "'\(name)' is '\(text)', expected a duration above zero"
      }
      if name == "__scrape_interval__" { target.interval = value } else { target.timeout = value }
    }
    if let longest = target.interval, target.timeout > longest {
      return "the timeout of '\(labels["__address__"] ?? "")' is longer than its interval"
    }
    return nil
  }

  private static func url(
    _ labels: LabelSet, _ scheme: String, _ address: String, _ job: ScrapeJob
  ) -> String {
    var path = labels["__metrics_path__"] ?? ""
    if !path.hasPrefix("/") { path = "/" + path }
    var params = job.params
    for pair in labels.pairs where pair.name.hasPrefix("__param_") {
      let name = String(pair.name.dropFirst(8))
      if let index = params.firstIndex(where: { $0.name == name }) {
        if params[index].values.isEmpty {
          params[index].values = [pair.value]
        } else {
          params[index].values[0] = pair.value
        }
      } else {
        params.append((name, [pair.value]))
      }
    }
    let query = params.sorted { $0.name < $1.name }.flatMap { param in
      param.values.map { "\(escaped(param.name))=\(escaped($0))" }
    }
    let mark = query.isEmpty ? "" : path.contains("?") ? "&" : "?"
    return "\(scheme)://\(address)\(path)\(mark)\(query.joined(separator: "&"))"
  }

  /// All but unreserved characters as `%2F`.
  static func escaped(_ text: String) -> String {
    var out: [UInt8] = []
    for byte in text.utf8 {
      let isLetter = (byte | 0x20) &- 0x61 < 26
      if isLetter || byte &- 0x30 <= 9 || "-_.~".utf8.contains(byte) {
        out.append(byte)
      } else {
        out += Array("%\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))".utf8)
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// A URL of the command line: fetched as it is, by each run.
  package static func target(url: String, job name: String) -> ScrapeTarget? {
    let scheme = url.hasPrefix("http://") ? "http://" : url.hasPrefix("https://") ? "https://" : ""
    let rest = url.dropFirst(scheme.count)
    // A password in a URL must not become a label.
    let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let address = String(host.split(separator: "@").last ?? "")
    guard !scheme.isEmpty, !address.isEmpty, !url.contains(" ") else { return nil }
    var target = ScrapeTarget(
      job: 0, labels: LabelSet([("job", name), ("instance", address)]), url: url, interval: nil,
      timeout: 10_000, key: 0)
    let hasPath = rest.contains("/") || rest.contains("?")
    if !hasPath { target.url += "/metrics" }
    target.key = key(name, target)
    return target
  }
}
