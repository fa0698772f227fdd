import MxJSON
import MxModel

/// What stands before each sample of a series, made once a series.
enum SeriesPrefix {
  /// `name{label="value"} `, names that are not plain in quotes.
  static func prometheus(_ labels: LabelSet) -> [UInt8] {
    var name: [UInt8] = []
    var inside: [UInt8] = []
    for pair in labels.pairs {
      if pair.name == LabelName.metric, LabelName.isPlainMetric(pair.value) {
        name = Array(pair.value.utf8)
        continue
      }
      if !inside.isEmpty { inside.append(Byte.comma) }
      if pair.name == LabelName.metric {
        appendQuoted(pair.value, to: &inside)
        continue
      }
      if LabelName.isPlainLabel(pair.name) {
        inside += Array(pair.name.utf8)
      } else {
        appendQuoted(pair.name, to: &inside)
      }
      inside.append(Byte.equals)
      appendQuoted(pair.value, to: &inside)
    }
    if inside.isEmpty { return name + [Byte.space] }
    return name + [Byte.openBrace] + inside + [Byte.closeBrace, Byte.space]
  }

  private static func appendQuoted(_ text: String, to out: inout [UInt8]) {
    out.append(Byte.quote)
    for byte in text.utf8 {
      switch byte {
      case Byte.quote, Byte.backslash: out += [Byte.backslash, byte]
      case Byte.newline: out += [Byte.backslash, UInt8(ascii: "n")]
      default: out.append(byte)
      }
    }
    out.append(Byte.quote)
  }

  /// `path;tag=value `; nil where a part holds what would end it.
  static func graphite(_ labels: LabelSet) -> [UInt8]? {
    var out = Array((labels.metricName ?? "").utf8)
    let canSay = { (part: [UInt8]) in
      !part.isEmpty && part.allSatisfy { $0 > Byte.space && $0 != Byte.semicolon }
    }
    guard canSay(out) else { return nil }
    for pair in labels.pairs where pair.name != LabelName.metric {
      let (name, value) = (Array(pair.name.utf8), Array(pair.value.utf8))
      guard canSay(name), canSay(value), !name.contains(Byte.equals) else { return nil }
      out += [Byte.semicolon] + name + [Byte.equals] + value
    }
    return out + [Byte.space]
  }

  /// `measurement,tags value=`; nil where a part cannot be said.
  static func influx(_ labels: LabelSet) -> [UInt8]? {
    var out: [UInt8] = []
    let measurement = Array((labels.metricName ?? "").utf8)
    guard InfluxEncoder.canSay(measurement, isMeasurement: true) else { return nil }
    InfluxEncoder.appendMeasurement(measurement, to: &out)
    for pair in labels.pairs where pair.name != LabelName.metric {
      let (name, value) = (Array(pair.name.utf8), Array(pair.value.utf8))
      guard InfluxEncoder.canSay(name), InfluxEncoder.canSay(value) else { return nil }
      out.append(Byte.comma)
      InfluxEncoder.appendKey(name, to: &out)
      out.append(Byte.equals)
      InfluxEncoder.appendKey(value, to: &out)
    }
    return out + Array(" value=".utf8)
  }

  /// The name and all labels, and the comma before the time.
  static func csv(_ labels: LabelSet, _ names: [String]) -> [UInt8] {
    var out: [UInt8] = []
    TextValue.appendCSV(Array((labels.metricName ?? "").utf8), to: &out)
    out.append(Byte.comma)
    for name in names {
      TextValue.appendCSV(Array((labels[name] ?? "").utf8), to: &out)
      out.append(Byte.comma)
    }
    return out
  }

  /// Up to the bracket before the first value. `family`: what is said of the metric's.
  static func json(_ labels: LabelSet, _ family: MetricMetadata?) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    for pair in labels.pairs {
      writer.name(pair.name)
      writer.string(pair.value)
    }
    writer.endObject()
    var out = Array("{\"metric\":".utf8) + writer.bytes
    if let family { out += said(family, labels.metricName ?? "") }
    return out + Array(",\"values\":[".utf8)
  }

  private static func said(_ family: MetricMetadata, _ metric: String) -> [UInt8] {
    var out: [UInt8] = []
    for (name, value) in [
      ("family", family.family == metric ? "" : family.family), ("type", family.type.word),
      ("help", family.help), ("unit", family.unit),
    ] where !value.isEmpty {
      var writer = JSONWriter()
      writer.string(value)
      out += Array(",\"\(name)\":".utf8) + writer.bytes
    }
    return out
  }
}

/// Values and times as text.
enum TextValue {
  /// The shortest text that reads back as the same double: `0.5`, `1e+21`, `+Inf`.
  static func append(_ value: Double, to out: inout [UInt8]) {
    NumberText.append(value, .below4(orFrom: 21), to: &out)
  }

  static func append(_ time: Int64, to out: inout [UInt8]) { NumberText.append(time, to: &out) }

  /// Milliseconds as seconds: `1767225600.5`, `-0.001`, `3`.
  static func appendSeconds(_ time: Int64, to out: inout [UInt8]) {
    let magnitude = time.magnitude
    if time < 0 { out.append(Byte.minus) }
    NumberText.append(magnitude / 1000, to: &out)
    var rest = magnitude % 1000
    if rest == 0 { return }
    out.append(Byte.point)
    var scale: UInt64 = 100
    while rest > 0 {
      out.append(Byte.zero + UInt8(rest / scale))
      rest %= scale
      scale /= 10
    }
  }

  /// A CSV cell, in quotes where it must be (RFC 4180).
  static func appendCSV(_ text: [UInt8], to out: inout [UInt8]) {
    let special = [Byte.comma, Byte.quote, Byte.newline, Byte.carriageReturn]
    guard text.contains(where: { special.contains($0) }) else {
      out += text
      return
    }
    out.append(Byte.quote)
    for byte in text {
      if byte == Byte.quote { out.append(Byte.quote) }
      out.append(byte)
    }
    out.append(Byte.quote)
  }
}
