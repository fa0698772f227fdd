import MxModel

/// The rules of OpenMetrics that span lines: one family at a time.
///
/// Families follow one another; each has metadata first, then samples whose
/// names are the family's with a suffix of its type. A family ends where
/// another name comes up, and may not come again. Within it, the samples of one
/// metric (a group of labels) stand together and do not go back in time.
struct OpenMetricsFamily {
  private var name: [UInt8] = []
  private var type = MetricType.unknown
  private var unit: [UInt8] = []
  private var hasSamples = false
  /// Counts the families, 0 before the first.
  private var number = 0

  private var nameNumbers = SeriesTable()
  /// All names that earlier families took, suffixes included.
  private var taken = SeriesTable()
  private var anyMetadata = false
  /// The first family without metadata that came again, and its line.
  private var reopened: LineFault?
  /// The name of the current undeclared family, as `nameNumber` has it.
  private var sampleName: UInt32?

  private var groups = SeriesTable()
  private var group: UInt32?
  private var groupInstant: Instant?
  /// Groups that had samples, as bits by number.
  private var finished: [Bool] = []
  private var histogram = HistogramCheck()
  private var groupKey: [UInt8] = []

  mutating func nameNumber(_ name: UnsafeRawBufferPointer) -> UInt32 { nameNumbers.intern(name) }

  /// A metadata line of `name` begins the family, or goes on with it.
  mutating func declare(_ name: [UInt8], line: Int) throws(LineFault) {
    anyMetadata = true
    if let reopened { throw reopened }
    if number > 0, name == self.name {
      if hasSamples { throw LineFault(0, "metadata after the samples of its family") }
      return
    }
    try close()
    open(name)
  }

  mutating func setType(_ comment: CommentText) throws(LineFault) -> MetricType {
    let word = comment.rest.text
    guard word != "untyped", let type = MetricType(word: word), type != .event else {
      throw LineFault(
        comment.restStart, "an unknown type '\(comment.rest.shown)'",
        expected: "counter, gauge, histogram, gaugehistogram, summary, info, stateset or unknown")
    }
    self.type = type
    return type
  }

  mutating func setUnit(_ unit: [UInt8]) { self.unit = unit }

  mutating func end(line: Int) throws(LineFault) {
    try close()
    if anyMetadata, let reopened { throw reopened }
  }

  /// Everything that one sample can break.
  @inline(__always)
  mutating func check(
    _ series: inout SeenSeries, _ sample: OpenMetricsSample, _ table: SeriesTable, line: Int
  ) throws(LineFault) {
    if reopened != nil {
      // A dump without families: nothing spans its lines.
      if sample.hasExemplar { throw Self.exemplarFault }
      return
    }
    if series.family != number || number == 0 {
      try place(&series, table, line: line)
    }
    hasSamples = true
    try checkGroup(series, sample)
    switch type {
    case .unknown where !sample.hasExemplar && series.role == .plain: return
    case .gauge where !sample.hasExemplar: return
    default: try checkValue(series, sample)
    }
  }

  private static var exemplarFault: LineFault {
    LineFault(0, "an exemplar", expected: "them at buckets and counters only")
  }

  // MARK: Families

  private mutating func open(_ name: [UInt8]) {
    self.name = name
    number += 1
    type = .unknown
    unit = []
    hasSamples = false
    sampleName = nil
    groups = SeriesTable()
    group = nil
    groupInstant = nil
    finished.removeAll(keepingCapacity: true)
    histogram = HistogramCheck()
  }

  /// Checks what can only be known when a family is complete.
  private mutating func close() throws(LineFault) {
    guard number > 0 else { return }
    // The bare name is the family's even where no sample may bear it.
    for suffix in [""] + TextFamily.suffixes(of: type).filter({ $0 != "" }) {
      let full = name + Array(suffix.utf8)
      let isNew = full.withUnsafeBytes { full -> Bool in
        if taken.find(full) != nil { return false }
        _ = taken.intern(full)
        return true
      }
      guard isNew else {
        let fault = LineFault(
          0, "the name '\(String(decoding: full, as: UTF8.self))' belongs to an earlier family",
          expected: "all samples of a family together")
        try refuseUnlessUndeclared(fault)
        break
      }
    }
    if !unit.isEmpty {
      let ending = [Byte.underscore] + unit
      guard name.count >= ending.count, name.suffix(ending.count).elementsEqual(ending) else {
        throw LineFault(0, "a unit that is not the end of the name of its family")
      }
      guard type != .info, type != .stateset else {
        throw LineFault(0, "a unit of a family that is \(type.word)")
      }
    }
    try histogram.finish()
  }

  /// Mixed samples are a fault only where families are declared, which may be
  /// known later.
  private mutating func refuseUnlessUndeclared(_ fault: LineFault) throws(LineFault) {
    if anyMetadata { throw fault }
    if reopened == nil { reopened = fault }
  }

  // MARK: Samples

  /// Finds the sample's place in the current family, or begins a new one.
  @inline(never)
  private mutating func place(
    _ series: inout SeenSeries, _ table: SeriesTable, line: Int
  ) throws(LineFault) {
    if number == 0 || !belongs(series.name) {
      try close()
      let next = nameNumbers.withKey(series.name) { Array($0) }
      open(next)
      sampleName = series.name
    }
    series.family = number
    series.role = role(series.name)
    if type == .unknown || type == .gauge {
      series.group = group(of: series.ref, table, without: nil)
      return
    }
    try placeTyped(&series, table)
  }

  private func belongs(_ sample: UInt32) -> Bool {
    if let sampleName { return sampleName == sample }
    return nameNumbers.withKey(sample) { sample in
      TextFamily.suffixes(of: type).contains { suffix in
        var suffix = suffix
        return suffix.withUTF8 { suffix in
          sample.count == name.count + suffix.count && sample.starts(with: name)
            && sample.dropFirst(name.count).elementsEqual(suffix)
        }
      }
    }
  }

  private func role(_ sample: UInt32) -> SampleRole {
    let suffix = nameNumbers.withKey(sample) {
      String(decoding: $0.dropFirst(name.count), as: UTF8.self)
    }
    switch suffix {
    case "": return .plain
    case "_total": return .total
    case "_created": return .created
    case "_bucket": return .bucket
    case "_count": return .count
    case "_sum": return .sum
    case "_gcount": return .gcount
    case "_gsum": return .gsum
    default: return .other
    }
  }

  private mutating func placeTyped(
    _ series: inout SeenSeries, _ table: SeriesTable
  ) throws(LineFault) {
    let labels = table.labels(series.ref)
    var without: String?
    switch type {
    case .info:
      // Infos are not told apart by their labels: all of them are one group.
      series.group = 0
      return
    case .stateset:
      let label = String(decoding: name, as: UTF8.self)
      guard labels[label] != nil else {
        throw LineFault(0, "a stateset sample without the label '\(label)'")
      }
      without = label
    case .summary where series.role == .plain:
      try checkQuantile(labels["quantile"])
      without = "quantile"
    case .histogram, .gaugeHistogram:
      if series.role == .bucket {
        series.bound = try bound(labels[LabelName.bucketBound])
        without = LabelName.bucketBound
      }
    default: break
    }
    series.group = group(of: series.ref, table, without: without)
  }

  private func checkQuantile(_ text: String?) throws(LineFault) {
    guard let text, let value = Self.number(text), value >= 0, value <= 1 else {
      throw LineFault(
        0, "a summary's sample with the quantile '\(text ?? "")'", expected: "0 to 1")
    }
  }

  private func bound(_ text: String?) throws(LineFault) -> Double {
    guard let text, let value = Self.number(text), !value.isNaN,
      value != .infinity || text == "+Inf"
    else {
      throw LineFault(0, "a bucket with the bound 'le' of '\(text ?? "")'", expected: "a number")
    }
    return value
  }

  private static func number(_ text: String) -> Double? {
    var text = text
    return text.withUTF8 { TextNumber.value(UnsafeRawBufferPointer($0)) }
  }

  /// The number of the labels without the metric's name and `without`.
  private mutating func group(
    of ref: UInt32, _ table: SeriesTable, without: String?
  ) -> UInt32 {
    groupKey.removeAll(keepingCapacity: true)
    table.withKey(ref) { key in
      var cursor = LabelCursor(key)
      while let pair = cursor.next() {
        if pair.name.equals("__name__") { continue }
        if let without, pair.name.elementsEqual(without.utf8) { continue }
        groupKey.append(contentsOf: pair.name)
        groupKey.append(0)
        groupKey.append(contentsOf: pair.value)
        groupKey.append(0)
      }
    }
    return groupKey.withUnsafeBytes { groups.intern($0) }
  }

  @inline(__always)
  private mutating func checkGroup(
    _ series: SeenSeries, _ sample: OpenMetricsSample
  ) throws(LineFault) {
    if let group, group == series.group {
      guard (sample.instant == nil) == (groupInstant == nil) || sample.time == nil else {
        throw LineFault(0, "samples of one metric with and without timestamps")
      }
      if let before = groupInstant, let now = sample.instant, now < before, type != .info {
        throw LineFault(0, "a timestamp before the one of the line above")
      }
    } else {
      while finished.count <= Int(series.group) { finished.append(false) }
      if finished[Int(series.group)] {
        try refuseUnlessUndeclared(
          LineFault(0, "samples of one metric apart from each other", expected: "them together"))
      }
      finished[Int(series.group)] = true
      group = series.group
    }
    if sample.time != nil { groupInstant = sample.instant }
  }

  private mutating func checkValue(
    _ series: SeenSeries, _ sample: OpenMetricsSample
  ) throws(LineFault) {
    let value = sample.value
    if type == .stateset, value != 0, value != 1 {
      throw LineFault(0, "a stateset's value that is neither 0 nor 1")
    }
    if type == .info, value != 1 { throw LineFault(0, "an info's value that is not 1") }
    switch series.role {
    case .plain where type == .summary:
      if value < 0 { throw LineFault(0, "a quantile's value that is negative") }
    case .total, .sum, .count, .bucket, .gcount:
      if value.isNaN || value < 0 {
        throw LineFault(0, "a counter's value that is \(value < 0 ? "negative" : "NaN")")
      }
    case .gsum where value.isNaN: throw LineFault(0, "a sum that is NaN")
    default: break
    }
    if sample.hasExemplar {
      let bucket = series.role == .bucket && (type == .histogram || type == .gaugeHistogram)
      guard bucket || (type == .counter && series.role == .total) else {
        throw Self.exemplarFault
      }
    }
    if type == .histogram || type == .gaugeHistogram { try histogram.take(series, sample) }
  }
}

/// The rules of one histogram at one moment: its buckets ascend and end with
/// +Inf, which equals the count; count and sum come together.
struct HistogramCheck {
  private var group: UInt32?
  private var instant: Instant?
  private var bucket: Double?
  private var value = 0.0
  private var count: Double?
  private var hasSum = false
  private var hasNegativeBuckets = false
  private var hasGaugeSum = false
  private var hasNegativeGaugeSum = false

  mutating func take(_ series: SeenSeries, _ sample: OpenMetricsSample) throws(LineFault) {
    if group != series.group || instant != sample.instant {
      try finish()
      self = HistogramCheck()
      group = series.group
      instant = sample.instant
    }
    switch series.role {
    case .bucket:
      if series.bound < 0 { hasNegativeBuckets = true }
      if let bucket, series.bound <= bucket { throw LineFault(0, "buckets out of order") }
      if sample.value < value { throw LineFault(0, "a bucket smaller than the one before it") }
      bucket = series.bound
      value = sample.value
    case .count, .gcount: count = sample.value
    case .sum: hasSum = true
    case .gsum:
      hasGaugeSum = true
      if sample.value < 0 { hasNegativeGaugeSum = true }
    default: break
    }
  }

  func finish() throws(LineFault) {
    guard group != nil else { return }
    guard bucket == .infinity else { throw LineFault(0, "a histogram without a +Inf bucket") }
    if let count, count != value {
      throw LineFault(0, "a histogram whose count is not its +Inf bucket")
    }
    if (hasSum || hasGaugeSum) != (count != nil) {
      throw LineFault(0, "a histogram with only one of sum and count")
    }
    if hasNegativeBuckets, hasSum {
      throw LineFault(0, "a histogram with negative buckets and a sum")
    }
    if !hasNegativeBuckets, hasNegativeGaugeSum {
      throw LineFault(0, "a gauge histogram with a negative sum and no negative buckets")
    }
  }
}
