import MxModel
import MxPromQL

/// `count_over_time` of events counts events: several of one instant are one sample,
/// and their number is in a series beside them (see `EventCount`).
///
/// That is a sum like any other, so tiers, threads and explanations need not know.
enum EventCounting {
  static func rewritten(_ expr: Expr, _ source: any SeriesSource) throws -> Expr {
    var metrics: Set<String> = []
    expr.walk { node in
      if let metric = counted(node)?.selector.metricName { metrics.insert(metric) }
      return true
    }
    let events = try metrics.filter {
      try source.metadata(of: $0)?.type == .event
        && source.metadata(of: EventCount.name(of: $0))?.type == .event
    }
    if events.isEmpty { return expr }
    return expr.transform { node in
      guard case .call(let call) = node, var range = counted(node),
        let metric = range.selector.metricName, events.contains(metric)
      else { return node }
      range.selector.matchers[0] = Matcher(
        equal: LabelName.metric, EventCount.name(of: metric))
      return .call(Call(.sumOverTime, [.range(range)], position: call.position))
    }
  }

  /// What `node` counts the samples of, where that is plain.
  private static func counted(_ node: Expr) -> RangeSelector? {
    guard case .call(let call) = node, call.function == .countOverTime,
      case .range(let range) = call.arguments[0]
    else { return nil }
    return range
  }
}
