package import MxModel

/// Metrics that a text format declares together, and what it declares.
///
/// Prometheus' formats want the samples of a family in one place behind its `# TYPE`, and
/// in OpenMetrics a counter's name without `_total`. What the format has no words for,
/// or what names of other metrics would contradict, is declared by nobody.
package struct TextFamily {
  /// Nil: nothing can be said of it.
  package private(set) var metadata: MetricMetadata?
  /// In the order they came.
  package private(set) var metrics: [String]

  package init(undeclared metric: String) { metrics = [metric] }

  private init(_ metadata: MetricMetadata, _ metric: String) {
    self.metadata = metadata
    metrics = [metric]
  }

  /// The families of `metrics`, in the order in which they begin. `known` says what is
  /// known of a metric, by its own name or its family's.
  package static func plan(
    _ metrics: [String], _ format: Format, known: (String) throws -> MetricMetadata?
  ) rethrows -> [TextFamily] {
    var families: [TextFamily] = []
    var numbers: [String: Int] = [:]
    for metric in metrics {
      guard let found = try known(metric) ?? knownOfCreated(metric, known),
        let entry = declared(found, metric, format)
      else {
        families.append(TextFamily(undeclared: metric))
        continue
      }
      if let number = numbers[entry.family], families[number].metadata == entry {
        families[number].metrics.append(metric)
      } else {
        numbers[entry.family] = families.count
        families.append(TextFamily(entry, metric))
      }
    }
    return withoutClashes(families, Set(metrics), format)
  }

  /// Prometheus' text declares a counter by its name with `_total`, whose `_created` is its own.
  private static func knownOfCreated(
    _ metric: String, _ known: (String) throws -> MetricMetadata?
  ) rethrows -> MetricMetadata? {
    let base = metric.without("_created")
    return base == metric ? nil : try known(base + "_total")
  }

  /// The same metrics, each by itself and undeclared.
  package var apart: [TextFamily] { metrics.map { TextFamily(undeclared: $0) } }

  // MARK: What may be said

  /// What the format can declare of a metric that is a part of `known`.
  private static func declared(
    _ known: MetricMetadata, _ metric: String, _ format: Format
  ) -> MetricMetadata? {
    var entry = known
    let isOpenMetrics = format == .openmetrics
    if known.type == .unknown || known.type == .event, known.help.isEmpty, known.unit.isEmpty {
      return nil
    }
    switch known.type {
    case .counter:
      let base = known.family.without("_total")
      guard isOpenMetrics else {
        entry.family = metric
        return metric == base || metric == base + "_total" ? entry : nil
      }
      entry.family = base
      if metric == base + "_total" || metric == base + "_created" { return entry }
      // OpenMetrics knows no counter without `_total`; its help can be said.
      entry.type = .unknown
      return metric == base && !entry.help.isEmpty ? entry : nil
    case .info:
      let base = known.family.without("_info")
      entry.family = isOpenMetrics ? base : metric
      return metric == base + "_info" ? entry : nil
    case .gaugeHistogram where !isOpenMetrics: return nil
    default:
      let suffixes = suffixes(of: known.type).filter { isOpenMetrics || $0 != "_created" }
      return suffixes.contains { known.family + $0 == metric } ? entry : nil
    }
  }

  static func suffixes(of type: MetricType) -> [String] {
    switch type {
    case .counter: ["_total", "_created"]
    case .summary: ["", "_count", "_sum", "_created"]
    case .histogram: ["_count", "_sum", "_bucket", "_created"]
    case .gaugeHistogram: ["_gcount", "_gsum", "_bucket"]
    case .info: ["_info"]
    default: [""]
    }
  }

  /// All names that are a declared family's, with and without samples.
  private func names(_ format: Format) -> [String] {
    guard let metadata else { return metrics }
    if format != .openmetrics { return [metadata.family] + metrics }
    return [metadata.family]
      + Self.suffixes(of: metadata.type).filter { !$0.isEmpty }.map { metadata.family + $0 }
  }

  /// A name may be of one family: of two that want it, neither `x` a gauge beside the
  /// counter `x_total` nor a histogram beside somebody else's `x_count` is declared.
  private static func withoutClashes(
    _ families: [TextFamily], _ metrics: Set<String>, _ format: Format
  ) -> [TextFamily] {
    var taken: Set<String> = []
    return families.flatMap { family -> [TextFamily] in
      let names = family.names(format)
      let own = Set(family.metrics)
      let isClear = names.allSatisfy {
        !taken.contains($0) && (own.contains($0) || !metrics.contains($0))
      }
      if family.metadata != nil, !isClear { return family.apart }
      taken.formUnion(names)
      return [family]
    }
  }

  // MARK: Order

  /// Whether OpenMetrics has rules for its values, which a store does not enforce.
  package var hasRules: Bool {
    switch metadata?.type {
    case nil, .gauge?, .unknown?, .event?: false
    default: true
    }
  }

  /// The places of `series`, which stand in label order, in groups: what belongs to one
  /// point of a histogram or summary goes together, a group's members in the order that the
  /// formats want (buckets ascending, then count and sum).
  package func groups(_ series: [LabelSet]) -> [[Int]] {
    guard hasRules, let metadata, metadata.type != .info else { return series.indices.map { [$0] } }
    var numbers: [LabelSet: Int] = [:]
    var groups: [[(place: Int, rank: Int, bound: Double)]] = []
    for (place, labels) in series.enumerated() {
      let suffix = String((labels.metricName ?? "").dropFirst(metadata.family.count))
      let point = Self.pointLabel(metadata, suffix)
      var builder = LabelSetBuilder()
      for pair in labels.pairs where pair.name != LabelName.metric && pair.name != point {
        builder.add(pair.name, pair.value)
      }
      let key = builder.finish()
      let bound = point.flatMap { labels[$0] }.flatMap { JSONSamples.number($0) } ?? 0
      let rank = ["_bucket", "", "_total", "_count", "_gcount", "_sum", "_gsum"].firstIndex(
        of: suffix)
      if numbers[key] == nil {
        numbers[key] = groups.count
        groups.append([])
      }
      groups[numbers[key] ?? 0].append((place, rank ?? 9, bound))
    }
    return groups.map { group in
      group.sorted { ($0.rank, $0.bound, $0.place) < ($1.rank, $1.bound, $1.place) }.map(\.place)
    }
  }

  /// The label that tells apart what is one point of the family.
  private static func pointLabel(_ metadata: MetricMetadata, _ suffix: String) -> String? {
    switch metadata.type {
    case .histogram, .gaugeHistogram: suffix == "_bucket" ? LabelName.bucketBound : nil
    case .summary: suffix.isEmpty ? "quantile" : nil
    case .stateset: metadata.family
    default: nil
    }
  }
}

extension String {
  /// The text before `suffix`, or all of it.
  fileprivate func without(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}

/// Whether a text is OpenMetrics, told by who reads it.
package struct OpenMetricsCheck {
  private var decoder = FormatDecoder(.openmetrics, FormatOptions(defaultTime: 0))
  private var batch = SampleBatch()
  private var problems = Problems()
  /// Something was read that is against its rules.
  package private(set) var isBroken = false

  package init() {}

  /// The bytes that follow; the text ends with `# EOF`.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer) {
    if isBroken { return }
    do throws(FormatError) {
      try decoder.feed(bytes, into: &batch, problems: &problems)
    } catch {
      isBroken = true
    }
    batch.removeRows()
  }
}
