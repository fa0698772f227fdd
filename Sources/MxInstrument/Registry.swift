/// All metrics of a program, and their text.
///
///     let registry = Registry()
///     let runs = try registry.counter("backup_runs_total", help: "Backups begun.")
///     runs.increment()
///     try registry.write(to: "/var/lib/node_exporter/backup.prom")
public final class Registry: Sendable {
  private let seriesLimit: Int
  private let families = Locked<[String: Exposed]>([:])

  private struct Exposed {
    /// Every name that its samples have: a histogram has three.
    var sampleNames: [String]
    var write: @Sendable (inout Exposition) -> Void
  }

  /// `seriesLimit`: how many label combinations one family may have.
  public init(seriesLimit: Int = 1000) { self.seriesLimit = max(0, seriesLimit) }

  public func counter(_ name: String, help: String) throws(InstrumentError) -> Counter {
    try counter(name, help: help, labels: []).with([])
  }

  public func counter(
    _ name: String, help: String, labels: [String]
  ) throws(InstrumentError) -> Family<Counter> {
    let family = Family(labels: labels, limit: limit(labels)) { Counter() }
    try register(name, help, "counter", labels, [name], family) { text, labels, counter in
      text.sample(name, labels, counter.value)
    }
    return family
  }

  public func gauge(_ name: String, help: String) throws(InstrumentError) -> Gauge {
    try gauge(name, help: help, labels: []).with([])
  }

  public func gauge(
    _ name: String, help: String, labels: [String]
  ) throws(InstrumentError) -> Family<Gauge> {
    let family = Family(labels: labels, limit: limit(labels)) { Gauge() }
    try register(name, help, "gauge", labels, [name], family) { text, labels, gauge in
      text.sample(name, labels, gauge.value)
    }
    return family
  }

  /// `buckets`: upper bounds, ascending; `+Inf` need not be named.
  public func histogram(
    _ name: String, help: String, buckets: [Double]
  ) throws(InstrumentError) -> Histogram {
    try histogram(name, help: help, buckets: buckets, labels: []).with([])
  }

  public func histogram(
    _ name: String, help: String, buckets: [Double], labels: [String]
  ) throws(InstrumentError) -> Family<Histogram> {
    let bounds = try Histogram.checked(buckets)
    if labels.contains(Name.bucketBound) { throw .badName(Name.bucketBound) }
    let family = Family(labels: labels, limit: limit(labels)) { Histogram(bounds: bounds) }
    let names = [name + "_bucket", name + "_sum", name + "_count"]
    try register(name, help, "histogram", labels, names, family) { text, labels, histogram in
      let counts = histogram.cumulative()
      for (bound, count) in zip(bounds + [.infinity], counts) {
        let bound = (name: Name.bucketBound, value: Exposition.number(bound))
        text.sample(names[0], labels + [bound], Double(count))
      }
      text.sample(names[1], labels, histogram.sum)
      text.sample(names[2], labels, Double(counts.last ?? 0))
    }
    return family
  }

  /// The Prometheus text format 0.0.4: families by name, series by label
  /// values. `time` (milliseconds since 1970) is written beside every sample; a
  /// job that ends wants its own time in a spool folder, a text file that is
  /// scraped must have none.
  public func text(time: Int64? = nil) -> String {
    let sorted = families.withLock { families in
      families.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
    var text = Exposition(time: time)
    for family in sorted { family.value.write(&text) }
    return text.text
  }

  /// A family without labels has one series, whatever the limit.
  private func limit(_ labels: [String]) -> Int { labels.isEmpty ? 1 : seriesLimit }

  private func register<Metric>(
    _ name: String, _ help: String, _ type: String, _ labels: [String], _ sampleNames: [String],
    _ family: Family<Metric>,
    _ write:
      @escaping @Sendable (
        inout Exposition, [(name: String, value: String)], Metric
      ) -> Void
  ) throws(InstrumentError) {
    try Name.check(metric: name)
    try Name.check(labels: labels)
    let exposed = Exposed(sampleNames: sampleNames) { text in
      let series = family.all()
      if series.isEmpty { return }
      text.header(name, help: help, type: type)
      for one in series { write(&text, one.labels, one.metric) }
    }
    let isTaken = families.withLock { families in
      let clashes = families.contains { other, family in
        other == name || family.sampleNames.contains { sampleNames.contains($0) || $0 == name }
          || sampleNames.contains(other)
      }
      if !clashes { families[name] = exposed }
      return clashes
    }
    if isTaken { throw .nameTaken(name) }
  }
}

/// Why a metric could not be made, changed or written.
public enum InstrumentError: Error, Equatable {
  /// Not a metric or label name of Prometheus, reserved, or a label twice.
  case badName(String)
  /// Another metric has the name, or one of its samples has.
  case nameTaken(String)
  /// Bounds must be finite, ascend, and be at least one and at most 1,000.
  case badBuckets([Double])
  /// A counter takes only finite amounts that are not negative.
  case decrease(Double)
  /// A file operation failed; `code` is errno.
  case cannotWrite(path: String, code: Int32)
}

/// Which names are names.
enum Name {
  /// The label of a histogram's buckets.
  static let bucketBound = "le"
  /// The label of what exceeds the number of series.
  static let overflow = "overflow"

  static func check(metric name: String) throws(InstrumentError) {
    if !isPlain(name, colon: true) { throw .badName(name) }
  }

  static func check(labels: [String]) throws(InstrumentError) {
    for (index, name) in labels.enumerated() {
      let isReserved = name.hasPrefix("__") || name == overflow
      if isReserved || !isPlain(name, colon: false) || labels[..<index].contains(name) {
        throw .badName(name)
      }
    }
  }

  /// Letters, digits and underscores, no digit first.
  private static func isPlain(_ name: String, colon: Bool) -> Bool {
    for (index, byte) in name.utf8.enumerated() {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "_"):
        continue
      case UInt8(ascii: "0")...UInt8(ascii: "9") where index > 0: continue
      case UInt8(ascii: ":") where colon: continue
      default: return false
      }
    }
    return !name.isEmpty
  }
}
