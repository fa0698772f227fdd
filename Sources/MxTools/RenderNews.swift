import MxModel
import MxStore

/// What came to the store since the last run, for the question whom it concerns.
final class RenderNews {
  private let segments: Snapshot
  private let report: Report
  /// So many series are known by their labels; of more the store is asked each time.
  private static let fewSeries = 1000
  /// Metric -> its series; nil where there are too many, or where they cannot be read,
  /// which `concern` meets and throws.
  private lazy var series: [String: [LabelSet]]? = try? listed()

  init(_ segments: Snapshot, _ report: Report) {
    self.segments = segments
    self.report = report
  }

  /// Whether any of `requests` could read some of it; true too often does no harm, so
  /// times are not looked at.
  func concern(_ requests: [SelectRequest]) throws -> Bool {
    guard let series else {
      return try !segments.open(requests, report: report).allSatisfy { $0.count == 0 }
    }
    return requests.contains { request in
      let metric = request.matchers.first { $0.name == LabelName.metric && $0.op == .equal }
      if let metric {
        return (series[metric.value] ?? []).contains(where: request.matchers.allMatch)
      }
      return series.values.contains { $0.contains(where: request.matchers.allMatch) }
    }
  }

  private func listed() throws -> [String: [LabelSet]]? {
    let all = try segments.open([SelectRequest([], range: .all)], report: report)
    guard all.reduce(0, { $0 + $1.count }) <= RenderNews.fewSeries else { return nil }
    var series: [String: [LabelSet]] = [:]
    for selection in all {
      for number in 0..<selection.count {
        let labels = try selection.labels(number)
        series[labels.metricName ?? "", default: []].append(labels)
      }
    }
    return series
  }
}
