import MxModel

/// What a metric measures, by its declared unit, else by how it is called:
/// Prometheus' names end in their unit.
package enum MetricUnits {
  /// Grafana's name of the unit; nil where nothing says it.
  package static func unit(of metric: String, declared: String) -> String? {
    if let known = byWord[declared] { return known }
    var words = metric.split(separator: "_").map(String.init)
    while let last = words.last, ["total", "bucket", "sum", "count"].contains(last) {
      words.removeLast()
    }
    return words.reversed().prefix(2).lazy.compactMap { byWord[$0] }.first
  }

  /// The unit of its change a second.
  package static func rateUnit(of metric: String, declared: String) -> String {
    switch unit(of: metric, declared: declared) {
    case "bytes": "Bps"
    case "bits": "bps"
    // Seconds a second: a share of the time.
    case "s": "percentunit"
    default: metric.contains("request") ? "reqps" : "cps"
    }
  }

  private static let byWord: [String: String] = [
    "bytes": "bytes", "bits": "bits", "seconds": "s", "milliseconds": "ms", "microseconds": "us",
    "nanoseconds": "ns", "ratio": "percentunit", "percent": "percent", "celsius": "celsius",
    "fahrenheit": "fahrenheit", "kelvin": "kelvin", "volts": "volt", "amperes": "amp",
    "watts": "watt", "joules": "joule", "hertz": "hertz", "meters": "lengthm", "grams": "massg",
    "pascals": "pressurepa", "rpm": "rotrpm",
  ]
}
