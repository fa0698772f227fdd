import MxModel

/// The lines that stand before the samples of a metric family.
///
///     # TYPE http_requests counter
///     # UNIT …
///     # HELP http_requests Requests answered.
enum FamilyHeader {
  static func append(_ family: MetricMetadata, isOpenMetrics: Bool, to out: inout [UInt8]) {
    let name =
      LabelName.isPlainMetric(family.family) ? family.family : LabelKey.quoted(family.family)
    append("TYPE", name, word(family.type, isOpenMetrics), to: &out)
    // OpenMetrics demands that the name ends in its unit, and that it is a quantity.
    if isOpenMetrics, family.type != .info, family.type != .stateset, !family.unit.isEmpty,
      family.family.hasSuffix("_" + family.unit)
    {
      append("UNIT", name, family.unit, to: &out)
    }
    if !family.help.isEmpty { append("HELP", name, escaped(family.help, isOpenMetrics), to: &out) }
  }

  private static func append(_ kind: String, _ name: String, _ text: String, to out: inout [UInt8])
  {
    out += Array("# \(kind) \(name) \(text)\n".utf8)
  }

  /// The word of a type, or the nearest the format has.
  private static func word(_ type: MetricType, _ isOpenMetrics: Bool) -> String {
    switch type {
    case .counter, .gauge, .histogram, .summary: type.word
    case .unknown, .event: isOpenMetrics ? "unknown" : "untyped"
    case .info, .stateset: isOpenMetrics ? type.word : "gauge"
    case .gaugeHistogram: isOpenMetrics ? type.word : "untyped"
    }
  }

  private static func escaped(_ help: String, _ isOpenMetrics: Bool) -> String {
    var text = ""
    for scalar in help.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\"" where isOpenMetrics: text += "\\\""
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
