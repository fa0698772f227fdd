package import MxModel

/// Remote write requests, for who cuts them himself: pieces of one message, then
/// the body that goes out.
package enum RemoteWrite {
  /// Samples of one series, in time order.
  package static func series(
    _ labels: LabelSet, _ times: ArraySlice<Int64>, _ values: ArraySlice<Double>
  ) -> [UInt8] {
    var series = RemoteWriteMessage.labels(labels)
    for (time, value) in zip(times, values) {
      RemoteWriteMessage.append(time: time, value: value, to: &series)
    }
    var out: [UInt8] = []
    out.reserveCapacity(series.count + 8)
    ProtoWriter.append(message: series, 1, to: &out)
    return out
  }

  package static func metadata(_ metadata: ArraySlice<MetricMetadata>) -> [UInt8] {
    var out: [UInt8] = []
    for entry in metadata {
      ProtoWriter.append(message: RemoteWriteMessage.metadata(entry), 3, to: &out)
    }
    return out
  }

  /// The message as a request carries it.
  package static func body(_ message: [UInt8]) -> [UInt8] {
    message.withUnsafeBytes { Snappy.compress($0) }
  }
}
