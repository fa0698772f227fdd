package import MxConfig
import MxModel

/// Reads Prometheus' configuration files as they are: `global` and
/// `scrape_configs`.
///
/// Fields of Prometheus that mean nothing here are known and passed over; those
/// that would change what is fetched, and cannot be carried out, are mistakes.
package enum ScrapeConfigReader {
  /// `file` is named in messages; relative paths begin in its directory.
  package static func read(
    _ bytes: [UInt8], file: String, directory: String, problems: ConfigProblems
  ) -> ScrapeConfig {
    let root = YAML.document(bytes, file: file, problems: problems)
    return ConfigMapping.read(root, "the file", problems) { mapping in
      var config = ScrapeConfig()
      mapping.mapping("global") { global(&config.defaults, $0) }
      config.jobs = jobs(mapping, config.defaults, directory)
      config.files = (mapping.strings("scrape_config_files") ?? []).map {
        RelativePath.resolve($0, in: directory)
      }
      mapping.ignore(
        "rule_files", "alerting", "remote_write", "remote_read", "storage", "tracing", "otlp",
        "runtime")
      return config
    }
  }

  /// A file of `scrape_config_files`: jobs, and nothing else.
  package static func readMore(
    _ bytes: [UInt8], file: String, directory: String, after first: ScrapeConfig,
    problems: ConfigProblems
  ) -> [ScrapeJob] {
    let root = YAML.document(bytes, file: file, problems: problems)
    let found = ConfigMapping.read(root, "the file", problems) {
      jobs($0, first.defaults, directory)
    }
    for job in found where first.jobs.contains(where: { $0.name == job.name }) {
      problems.add(
        ConfigPlace(file: file, line: 1, column: 1), "a second job '\(job.name)'")
    }
    return found
  }

  private static func jobs(
    _ mapping: ConfigMapping, _ defaults: ScrapeJob, _ directory: String
  ) -> [ScrapeJob] {
    var names: [String: Int] = [:]
    return mapping.mappings("scrape_configs") { mapping -> ScrapeJob? in
      let job = job(mapping, defaults, directory)
      if let line = names[job.name], !job.name.isEmpty {
        mapping.report("job_name", "a second job '\(job.name)', the first is in line \(line)")
      }
      names[job.name] = mapping.place.line
      return job
    } ?? []
  }

  // MARK: - Global

  private static func global(_ job: inout ScrapeJob, _ mapping: ConfigMapping) {
    timing(&job, mapping)
    formats(&job, mapping)
    limits(&job.limits, mapping)
    job.hasExtraMetrics = mapping.bool("extra_scrape_metrics") ?? false
    // External labels are for others: alerts and remote storage.
    mapping.ignore(
      "evaluation_interval", "rule_query_offset", "external_labels", "query_log_file",
      "scrape_failure_log_file", "keep_dropped_targets", "metric_name_validation_scheme",
      "metric_name_escaping_scheme", "runtime", "scrape_native_histograms",
      "always_scrape_classic_histograms", "convert_classic_histograms_to_nhcb")
  }

  private static func timing(_ job: inout ScrapeJob, _ mapping: ConfigMapping) {
    let interval = duration(mapping, "scrape_interval")
    let timeout = duration(mapping, "scrape_timeout")
    if let interval { job.interval = interval }
    if let timeout {
      job.timeout = timeout
      if let longest = job.interval, timeout > longest {
        mapping.report(
          "scrape_timeout",
          "'scrape_timeout' is \(DurationText.print(timeout)), more than the interval of "
            + DurationText.print(longest))
      }
    }
    if let longest = job.interval { job.timeout = min(job.timeout, longest) }
  }

  private static func formats(_ job: inout ScrapeJob, _ mapping: ConfigMapping) {
    guard let words = mapping.strings("scrape_protocols") else { return }
    var found: [ScrapeProtocol] = []
    for word in words {
      guard let known = scrapeProtocol(word, mapping, "scrape_protocols") else { continue }
      if found.contains(known) {
        mapping.report("scrape_protocols", "'\(word)' stands twice in 'scrape_protocols'")
      } else {
        found.append(known)
      }
    }
    if words.isEmpty {
      mapping.report("scrape_protocols", "'scrape_protocols' names no format")
    }
    if !found.isEmpty { job.protocols = found }
  }

  private static func scrapeProtocol(
    _ word: String, _ mapping: ConfigMapping, _ field: String
  ) -> ScrapeProtocol? {
    if let known = ScrapeProtocol(rawValue: word) { return known }
    let words = ScrapeProtocol.allCases.map(\.rawValue)
    mapping.report(
      field, "unknown format '\(word)'", hint: "one of \(words.joined(separator: ", "))")
    return nil
  }

  private static func limits(_ limits: inout ScrapeLimits, _ mapping: ConfigMapping) {
    let most = 0...Int64.max
    if let bytes = mapping.parsed("body_size_limit", Base2Size.parse) { limits.bodyBytes = bytes }
    if let count = mapping.int("sample_limit", in: most) { limits.samples = count }
    if let count = mapping.int("label_limit", in: most) { limits.labels = count }
    if let count = mapping.int("label_name_length_limit", in: most) {
      limits.labelNameBytes = count
    }
    if let count = mapping.int("label_value_length_limit", in: most) {
      limits.labelValueBytes = count
    }
    if let count = mapping.int("target_limit", in: most) { limits.targets = count }
  }

  // MARK: - A job

  private static func job(
    _ mapping: ConfigMapping, _ defaults: ScrapeJob, _ directory: String
  ) -> ScrapeJob {
    var job = defaults
    job.name = mapping.require("job_name", mapping.string("job_name")) ?? ""
    timing(&job, mapping)
    formats(&job, mapping)
    limits(&job.limits, mapping)
    if let word = mapping.string("fallback_scrape_protocol") {
      job.fallback = scrapeProtocol(word, mapping, "fallback_scrape_protocol")
    }
    job.scheme =
      mapping.choice("scheme", [("http", "http"), ("https", "https")]) ?? defaults.scheme
    job.metricsPath = mapping.string("metrics_path") ?? defaults.metricsPath
    job.params = params(mapping)
    job.honorLabels = mapping.bool("honor_labels") ?? false
    job.honorTimestamps = mapping.bool("honor_timestamps") ?? true
    job.tracksTimestampsStaleness = mapping.bool("track_timestamps_staleness") ?? false
    job.acceptsGzip = mapping.bool("enable_compression") ?? true
    job.hasExtraMetrics = mapping.bool("extra_scrape_metrics") ?? defaults.hasExtraMetrics
    job.relabel = RelabelReader.rules(mapping, "relabel_configs")
    job.metricRelabel = RelabelReader.rules(mapping, "metric_relabel_configs")
    job.client = ClientSettingsReader.read(mapping, directory: directory)
    mapping.ignore(
      "keep_dropped_targets", "scrape_failure_log_file", "metric_name_validation_scheme",
      "metric_name_escaping_scheme", "scrape_native_histograms", "scrape_classic_histograms",
      "always_scrape_classic_histograms", "convert_classic_histograms_to_nhcb",
      "native_histogram_bucket_limit", "native_histogram_min_bucket_factor")
    discovery(&job, mapping, directory)
    return job
  }

  private static func params(_ mapping: ConfigMapping) -> [(name: String, values: [String])] {
    guard let node = mapping.node("params") else { return [] }
    let fields = ConfigMapping(node, "'params'", mapping.problems)
    return fields.names.compactMap { name in fields.strings(name).map { (name, $0) } }
  }

  private static func discovery(
    _ job: inout ScrapeJob, _ mapping: ConfigMapping, _ directory: String
  ) {
    job.groups = mapping.mappings("static_configs") { TargetGroupReader.group($0) } ?? []
    job.fileDiscovery =
      mapping.mappings("file_sd_configs") { mapping -> FileDiscovery? in
        _ = duration(mapping, "refresh_interval")
        guard let files = mapping.require("files", mapping.strings("files")) else { return nil }
        let patterns = files.map { RelativePath.resolve($0, in: directory) }
        return FileDiscovery(patterns: patterns, place: mapping.place)
      } ?? []
    job.httpDiscovery =
      mapping.mappings("http_sd_configs") { mapping -> HTTPDiscovery? in
        let url = mapping.require("url", mapping.string("url"))
        let refresh = duration(mapping, "refresh_interval") ?? 60_000
        let client = ClientSettingsReader.read(mapping, directory: directory)
        guard let url else { return nil }
        if !url.hasPrefix("http://"), !url.hasPrefix("https://") {
          mapping.report("url", "'\(url)' is no http:// or https:// URL")
        }
        return HTTPDiscovery(url: url, refresh: refresh, client: client, place: mapping.place)
      } ?? []
    for name in mapping.names where name.hasSuffix("_sd_configs") {
      if ["file_sd_configs", "http_sd_configs"].contains(name) { continue }
      mapping.ignore(name)
      mapping.problems.add(
        mapping.field(name)?.namePlace ?? mapping.place,
        "'\(name)' is not supported: targets come from static_configs, file_sd_configs and "
          + "http_sd_configs",
        hint: "let a script write its targets to a file for file_sd_configs")
    }
  }

  private static func duration(_ mapping: ConfigMapping, _ name: String) -> Int64? {
    guard let text = mapping.string(name) else { return nil }
    if let value = DurationText.parse(text), value > 0 { return value }
    mapping.report(
      name, "'\(name)' is '\(text)', expected a duration above zero", hint: "such as 15s, 1m")
    return nil
  }
}

/// `10MB`, `512KiB`: powers of 1024 either way, as Prometheus reads them.
enum Base2Size {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  static func parse(_ text: String) throws -> Int64 {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let units: [String: Int64] = [
      "": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40, "KiB": 1 << 10,
      "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
    ]
    guard let number = Int64(digits), let unit = units[String(text.dropFirst(digits.count))],
      !number.multipliedReportingOverflow(by: unit).overflow
    else { throw Failure(description: "'\(text)' is no size, such as 10MB") }
    return number * unit
  }
}
