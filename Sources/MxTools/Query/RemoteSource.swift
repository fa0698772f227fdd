import MxCLI
import MxModel

/// `--source URL`: a server with Prometheus' HTTP API in a store's place.
struct RemoteSource: NameSource {
  static func open(_ run: Run) throws -> RemoteSource? {
    guard run.arguments.has("source") else { return nil }
    throw Diagnostic(.system, "'--source' does not work yet in this version")
  }
  func series(_ matchers: [[Matcher]], _ range: TimeRange) throws -> [LabelSet] { [] }
  func labelNames(_ matchers: [[Matcher]], _ range: TimeRange) throws -> [String] { [] }
  func labelValues(
    _ name: String, _ matchers: [[Matcher]], _ range: TimeRange
  ) throws -> [String] { [] }
  func metadata() throws -> [MetricMetadata] { [] }
  func metadata(of metric: String) throws -> MetricMetadata? { nil }
}
