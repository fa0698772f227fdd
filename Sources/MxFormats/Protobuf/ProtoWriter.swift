import MxModel

/// Writes the fields of protobuf messages.
enum ProtoWriter {
  static func append(varint value: UInt64, to out: inout [UInt8]) {
    var value = value
    while value >= 0x80 {
      out.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    out.append(UInt8(value))
  }

  static func append(int64 value: Int64, _ field: Int, to out: inout [UInt8]) {
    append(varint: UInt64(field) << 3, to: &out)
    append(varint: UInt64(bitPattern: value), to: &out)
  }

  static func append(double value: Double, _ field: Int, to out: inout [UInt8]) {
    append(varint: UInt64(field) << 3 | 1, to: &out)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { out.append(contentsOf: $0) }
  }

  static func append(message: [UInt8], _ field: Int, to out: inout [UInt8]) {
    append(varint: UInt64(field) << 3 | 2, to: &out)
    append(varint: UInt64(message.count), to: &out)
    out += message
  }

  static func append(text: String, _ field: Int, to out: inout [UInt8]) {
    append(message: Array(text.utf8), field, to: &out)
  }
}

/// The messages of a remote write request; see `RemoteWriteBody`.
enum RemoteWriteMessage {
  static func labels(_ labels: LabelSet) -> [UInt8] {
    var out: [UInt8] = []
    for pair in labels.pairs {
      var label: [UInt8] = []
      ProtoWriter.append(text: pair.name, 1, to: &label)
      ProtoWriter.append(text: pair.value, 2, to: &label)
      ProtoWriter.append(message: label, 1, to: &out)
    }
    return out
  }

  static func append(time: Int64, value: Double, to series: inout [UInt8]) {
    var sample: [UInt8] = []
    sample.reserveCapacity(20)
    ProtoWriter.append(double: value, 1, to: &sample)
    ProtoWriter.append(int64: time, 2, to: &sample)
    ProtoWriter.append(message: sample, 2, to: &series)
  }

  static func metadata(_ metadata: MetricMetadata) -> [UInt8] {
    var out: [UInt8] = []
    // An event is ours alone: to others it is of unknown type.
    let type = metadata.type == .event ? MetricType.unknown : metadata.type
    ProtoWriter.append(int64: Int64(type.rawValue), 1, to: &out)
    ProtoWriter.append(text: metadata.family, 2, to: &out)
    ProtoWriter.append(text: metadata.help, 4, to: &out)
    ProtoWriter.append(text: metadata.unit, 5, to: &out)
    return out
  }
}
