import MxModel

/// What the gate has to watch in the samples of a series.
struct SeriesMarks: OptionSet, Sendable {
  let rawValue: UInt8

  /// Never negative, and goes down only where it starts anew.
  static let counter = SeriesMarks(rawValue: 1)
  /// A bucket or the count of a histogram.
  static let histogram = SeriesMarks(rawValue: 2)
  /// Several of one instant add up, and are counted beside.
  static let event = SeriesMarks(rawValue: 4)
  static let refused = SeriesMarks(rawValue: 128)
}

/// The types of metric families: as first declared, in the store or in this run.
struct MetricKinds {
  private var declared: [String: MetricMetadata] = [:]
  private let catalogue: SeriesCatalogue

  init(_ catalogue: SeriesCatalogue) { self.catalogue = catalogue }

  /// What is known of a family, from this run or the store.
  func metadata(of family: String) throws -> MetricMetadata? {
    if let found = declared[family] { return found }
    return try catalogue.metadata(of: family)
  }

  /// Takes a declaration. The first type stays: what is to be stored comes back,
  /// nil where that is known already, and the type that was given up.
  mutating func declare(
    _ entry: MetricMetadata
  ) throws -> (stored: MetricMetadata?, refused: MetricType?) {
    var entry = entry
    var refused: MetricType?
    let before = try metadata(of: entry.family)
    if let before, before.type != .unknown, before.type != entry.type {
      if entry.type != .unknown { refused = entry.type }
      entry.type = before.type
    }
    if let before {
      if entry.help.isEmpty { entry.help = before.help }
      if entry.unit.isEmpty { entry.unit = before.unit }
    }
    let isNew = declared[entry.family] != entry
    declared[entry.family] = entry
    return (isNew ? entry : nil, refused)
  }

  /// What waits for samples of the metric `name`, and from now on does not.
  func endWait(of name: String) throws -> MetricMetadata? {
    guard let entry = try catalogue.waiting()?.entry(ofMetric: name) else { return nil }
    catalogue.change { $0.remove(entry.family) }
    return entry
  }

  /// Lets `entry` wait, where the store does not know it.
  func wait(_ entry: MetricMetadata) throws {
    if try catalogue.metadata(of: entry.family) == entry { return }
    _ = try catalogue.waiting()
    catalogue.change { $0.add(entry) }
  }

  func saveWaiting() throws { try catalogue.saveWaiting() }

  /// What to watch in samples of the metric `name`.
  func marks(of name: String) throws -> SeriesMarks {
    switch try metadata(of: name)?.type {
    case .counter?: return .counter
    case .event?: return EventCount.isCount(name) ? [] : .event
    case .some(let type) where type != .unknown: return []
    default: break
    }
    if let family = name.without(suffix: "_total"), try isType(family, .counter) {
      return .counter
    }
    for suffix in ["_bucket", "_count"] {
      guard let family = name.without(suffix: suffix) else { continue }
      if try isType(family, .histogram) { return [.counter, .histogram] }
      if suffix == "_count", try isType(family, .summary) { return .counter }
    }
    return []
  }

  private func isType(_ family: String, _ type: MetricType) throws -> Bool {
    try metadata(of: family)?.type == type
  }

  private static let suffixes = ["_total", "_bucket", "_count"]

  /// The metric names that the samples of a family may have, as far as they are watched.
  static func names(of family: String) -> [String] {
    [family] + suffixes.map { family + $0 }
  }

  /// The families that samples of a metric may be of.
  static func families(of name: String) -> [String] {
    [name] + (suffixes + ["_sum"]).compactMap { name.without(suffix: $0) }
  }
}

extension String {
  /// The text before `suffix`; nil where it does not end so.
  func without(suffix: String) -> String? {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil
  }
}
