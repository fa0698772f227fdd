package import MxFormats

/// Which format an answer is in.
package enum ScrapeFormat {
  package enum Outcome: Equatable {
    case format(Format)
    case unknown(String)
  }

  /// What the server says counts; a server that says nothing of use is believed
  /// to mean what its bytes look like, unless the job names a fallback.
  package static func of(
    contentType: String, fallback: ScrapeProtocol?, body: UnsafeRawBufferPointer
  ) -> Outcome {
    let parts = contentType.lowercased().split(separator: ";").map { part in
      part.filter { $0 != " " && $0 != "\t" && $0 != "\"" }
    }
    switch parts.first ?? "" {
    case "application/openmetrics-text": return .format(.openmetrics)
    case "application/vnd.google.protobuf":
      guard parts.contains("proto=io.prometheus.client.metricfamily"),
        parts.contains("encoding=delimited")
      else { return .unknown("a protobuf answer that is no stream of MetricFamily") }
      return .format(.prometheusProtobuf)
    case "text/plain" where fallback == nil || parts.contains { $0.hasPrefix("version=") }:
      return .format(.prometheus)
    case "text/html": return .unknown("the answer is a web page (text/html), no metrics")
    default: break
    }
    switch fallback {
    case .protobuf?: return .format(.prometheusProtobuf)
    case .openMetrics1?, .openMetrics0?: return .format(.openmetrics)
    case .text1?, .text0?: return .format(.prometheus)
    case nil: break
    }
    if body.isEmpty { return .format(.prometheus) }
    if let found = Format.detect(body, isWhole: true) { return .format(found) }
    return .unknown(
      "an answer of the type '\(contentType)' that is none of the formats known here")
  }
}
