/// How many events there were at each instant of an event series.
///
/// Events of one instant add up to one sample, so their number is a series of its own:
/// of `order{shop="a"}` it is `order:count{shop="a"}`. A colon stands in no name that a
/// program exports; it is for what was made of series, as recording rules do.
package enum EventCount {
  private static let suffix = ":count"

  /// The metric that counts the events `metric`.
  package static func name(of metric: String) -> String { metric + suffix }

  /// Whether `metric` counts events and is not counted itself.
  package static func isCount(_ metric: String) -> Bool { metric.hasSuffix(suffix) }

  package static func metadata(of metric: String) -> MetricMetadata {
    MetricMetadata(
      family: name(of: metric), type: .event, help: "The number of events '\(metric)'.")
  }
}
