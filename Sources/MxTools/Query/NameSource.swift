import MxEngine
import MxModel

/// What a store or a server can tell of its series without their samples.
///
/// No matchers mean all series; several are alternatives.
protocol NameSource {
  func series(_ matchers: [[Matcher]], _ range: TimeRange) throws -> [LabelSet]
  func labelNames(_ matchers: [[Matcher]], _ range: TimeRange) throws -> [String]
  func labelValues(
    _ name: String, _ matchers: [[Matcher]], _ range: TimeRange
  ) throws -> [String]
  /// By family name.
  func metadata() throws -> [MetricMetadata]
  /// Of a sample's metric, also where it is declared by its family's name.
  func metadata(of metric: String) throws -> MetricMetadata?
}

/// The catalogue of stores and files.
struct SourceCatalogue: NameSource {
  let source: any SeriesSource
  let report: Report
  /// Whether a series needs a sample in the range, or only a file that has it there.
  var isExact = true

  func series(_ matchers: [[Matcher]], _ range: TimeRange) throws -> [LabelSet] {
    var hints = SelectHints()
    hints.labelsOnly = isWhole(range)
    let requests = (matchers.isEmpty ? [[]] : matchers).map {
      SelectRequest($0, range: range, hints: hints)
    }
    let found = try source.open(requests, report: report).map { try labels($0, range) }
    return found.count == 1 ? found[0] : Set(found.joined()).sorted()
  }

  private func isWhole(_ range: TimeRange) -> Bool { range == .all || !isExact }

  /// Of the series of a selection those with samples in the range: files of a store
  /// hold hours together, so their own ranges are not enough.
  private func labels(_ selection: any Selection, _ range: TimeRange) throws -> [LabelSet] {
    if isWhole(range) { return try (0..<selection.count).map { try selection.labels($0) } }
    var found: [LabelSet] = []
    try selection.read(0..<selection.count, range, worker: 0) { series, _ in
      found.append(try selection.labels(series))
    }
    return found
  }

  func labelNames(_ matchers: [[Matcher]], _ range: TimeRange) throws -> [String] {
    if isWhole(range) {
      return try source.labelNames(matching: matchers, range: range, report: report)
    }
    return Set(try series(matchers, range).flatMap { $0.pairs.map(\.name) }).sorted()
  }

  func labelValues(
    _ name: String, _ matchers: [[Matcher]], _ range: TimeRange
  ) throws -> [String] {
    if isWhole(range) {
      return try source.labelValues(name, matching: matchers, range: range, report: report)
    }
    return Set(try series(matchers, range).compactMap { $0[name] }).sorted()
  }

  func metadata() throws -> [MetricMetadata] { try source.allMetadata() }

  func metadata(of metric: String) throws -> MetricMetadata? { try source.metadata(of: metric) }
}
