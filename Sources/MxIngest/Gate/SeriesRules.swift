import Glibc
import MxModel

/// Whether the labels of one series may stand in a store: names, lengths, numbers.
///
/// Works on the canonical key, so that a million new series cost no strings.
struct SeriesRules {
  private let limits: GateLimits

  init(_ limits: GateLimits) { self.limits = limits }

  /// Why the labels that came in are refused; nil where they are good.
  ///
  /// `reserved`: names that begin with `__` are an error. They are not behind
  /// relabelling, which may use such names for its own purposes.
  func fault(_ key: UnsafeRawBufferPointer, reserved: Bool = true) -> String? {
    var cursor = LabelCursor(key)
    var labels = 0
    var hasName = false
    while let (name, value) = cursor.next() {
      if Self.isMetricName(name) {
        hasName = true
        if value.count > limits.metricNameBytes {
          return "a metric name of \(value.count) bytes: \(limit("metric_name_bytes"))"
            + "\(limits.metricNameBytes)"
        }
        continue
      }
      labels += 1
      if let fault = labelFault(name, value, reserved: reserved) { return fault }
    }
    if !hasName { return "a series without a metric name" }
    if labels > limits.labelsPerSeries {
      return "a series of \(labels) labels: \(limit("labels_per_series"))\(limits.labelsPerSeries)"
    }
    return nil
  }

  private func labelFault(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, reserved: Bool
  ) -> String? {
    if reserved, name.count >= 2, name[0] == UInt8(ascii: "_"), name[1] == UInt8(ascii: "_") {
      return "the label '\(shown(name))': names that begin with '__' are reserved"
    }
    if name.count > limits.labelNameBytes {
      return "a label name of \(name.count) bytes ('\(shown(name))'): "
        + "\(limit("label_name_bytes"))\(limits.labelNameBytes)"
    }
    if value.count > limits.labelValueBytes {
      return "a value of \(value.count) bytes in the label '\(shown(name))': "
        + "\(limit("label_value_bytes"))\(limits.labelValueBytes)"
    }
    return nil
  }

  /// `the limit label_name_bytes is `, with the number to follow.
  private func limit(_ name: String) -> String { "the limit '\(name)' is " }

  private func shown(_ part: UnsafeRawBufferPointer) -> String {
    let text = LabelKey.text(UnsafeRawBufferPointer(rebasing: part.prefix(64)))
    return part.count > 64 ? text + "…" : text
  }

  @inline(__always)
  static func isMetricName(_ name: UnsafeRawBufferPointer) -> Bool {
    let word: StaticString = "__name__"
    guard name.count == 8, let base = name.baseAddress else { return false }
    return memcmp(base, word.utf8Start, 8) == 0
  }
}

/// The escaped metric name inside a canonical key.
enum MetricKey {
  /// Calls `body` with the name; with nothing where there is none.
  static func withName<R>(
    _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> R
  ) -> R {
    var cursor = LabelCursor(key)
    while let (name, value) = cursor.next() {
      if SeriesRules.isMetricName(name) { return body(value) }
    }
    return body(UnsafeRawBufferPointer(start: nil, count: 0))
  }
}

/// Label names that tell single users, requests or runs apart: their values
/// never end, and a time series each is what fills stores.
enum RiskyLabels {
  private static let names: Set<String> = [
    "user_id", "userid", "user", "username", "email", "customer_id", "account_id",
    "session", "session_id", "sessionid", "request_id", "requestid", "trace_id", "traceid",
    "span_id", "correlation_id", "transaction_id", "order_id", "uuid", "guid", "uid",
    "client_ip", "remote_addr", "ip", "url", "uri", "query", "sql", "timestamp", "token",
    "container_id", "message", "error_message", "stacktrace",
  ]

  /// The first such name of a series.
  static func name(in key: UnsafeRawBufferPointer) -> String? {
    var cursor = LabelCursor(key)
    while let (name, _) = cursor.next() {
      let text = LabelKey.text(name)
      if names.contains(text) { return text }
    }
    return nil
  }
}
