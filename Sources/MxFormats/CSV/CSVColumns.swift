import MxModel

/// Which column of a CSV file is what.
///
/// Options name columns; where they are silent the header decides:
///
/// - time: the first column called time, timestamp, ts, date, datetime, or one
///   of these with a `_`, `@` in front; where none is, samples get the default time;
/// - name: a column called name, metric, metric_name, metricname or `__name__`;
/// - value: a column called value or `_value`, and all others are labels (a
///   long file);
/// - else the file is wide: columns before the time are labels; those behind it
///   (all, where there is no time) are values where the first row has a
///   number or nothing there, and labels where it has text.
///
/// A wide file's metrics are called by their columns, with `NAME_` in front
/// where `--csv-name NAME` names no column; a column called `value` is NAME alone.
struct CSVColumns {
  enum Role: UInt8 {
    case ignored
    case time
    case name
    case label
    case value
  }

  var names: [[UInt8]]
  var roles: [Role]
  /// Value column (counted among those) -> the metric's name; empty where a
  /// column has the names.
  var metrics: [[UInt8]] = []

  private static let timeNames = ["time", "timestamp", "ts", "date", "datetime", "time_ms"]
  private static let metricNames = ["name", "metric", "metric_name", "metricname", "__name__"]
  private static let valueNames = ["value", "_value"]

  init(
    header: [[UInt8]], firstRow: [UnsafeRawBufferPointer], _ options: CSVOptions
  ) throws(LineFault) {
    names = header
    roles = [Role](repeating: .label, count: header.count)
    let words = header.map { String(decoding: $0, as: UTF8.self) }
    let timeColumn = try Self.timeColumn(words, options)
    if let timeColumn { roles[timeColumn] = .time }
    let nameColumn = Self.nameColumn(words, options)
    if let nameColumn, roles[nameColumn] == .label {
      try Self.refuseNumbers(nameColumn, words, firstRow)
      roles[nameColumn] = .name
    }
    try placeValues(words, timeColumn, firstRow, options)
    if !options.labels.isEmpty {
      let wanted = try options.labels.map { name throws(LineFault) in try Self.find(name, words) }
      for column in roles.indices where roles[column] == .label && !wanted.contains(column) {
        roles[column] = .ignored
      }
      for column in wanted where roles[column] == .value && options.values.isEmpty {
        roles[column] = .label
      }
    }
    let values = roles.indices.filter { roles[$0] == .value }
    guard !values.isEmpty else {
      throw LineFault(0, "a CSV header without a value column", expected: "'value', or --csv-value")
    }
    let hasNames = roles.contains(.name)
    metrics = values.map { hasNames ? [] : Self.metric(words[$0], options.name) }
    try refuseDuplicates()
  }

  /// A column of measurements, taken for one of names, would make a metric of each value.
  private static func refuseNumbers(
    _ column: Int, _ words: [String], _ firstRow: [UnsafeRawBufferPointer]
  ) throws(LineFault) {
    guard column < firstRow.count, TextNumber.value(firstRow[column]) != nil else { return }
    throw LineFault(
      0, "a CSV column '\(words[column])' of metric names that holds numbers",
      expected: "--csv-value \(words[column]), where it is what was measured")
  }

  private mutating func placeValues(
    _ words: [String], _ timeColumn: Int?, _ firstRow: [UnsafeRawBufferPointer],
    _ options: CSVOptions
  ) throws(LineFault) {
    for name in options.values { roles[try Self.find(name, words)] = .value }
    if !options.values.isEmpty { return }
    let named = words.indices.filter {
      roles[$0] == .label && Self.valueNames.contains(words[$0].lowercased())
    }
    if let column = named.first {
      roles[column] = .value
      return
    }
    for column in words.indices where roles[column] == .label && column > timeColumn ?? -1 {
      let cell =
        column < firstRow.count ? firstRow[column] : UnsafeRawBufferPointer(start: nil, count: 0)
      if cell.isEmpty || TextNumber.value(cell) != nil { roles[column] = .value }
    }
  }

  private func refuseDuplicates() throws(LineFault) {
    var seen: Set<[UInt8]> = []
    for column in roles.indices where roles[column] == .label {
      guard !names[column].isEmpty else {
        throw LineFault(0, "a CSV header with an empty name for column \(column + 1)")
      }
      guard seen.insert(names[column]).inserted, names[column] != Array("__name__".utf8) else {
        throw LineFault(
          0, "a CSV header with '\(String(decoding: names[column], as: UTF8.self))' twice")
      }
    }
  }

  private static func timeColumn(
    _ words: [String], _ options: CSVOptions
  ) throws(LineFault) -> Int? {
    if !options.time.isEmpty { return try find(options.time, words) }
    return words.firstIndex { word in
      var word = word.lowercased()
      if word.hasPrefix("_") || word.hasPrefix("@") { word.removeFirst() }
      return timeNames.contains(word)
    }
  }

  /// Where `--csv-name` names no column it is a prefix, and no column has names.
  private static func nameColumn(_ words: [String], _ options: CSVOptions) -> Int? {
    if !options.name.isEmpty { return words.firstIndex(of: options.name) }
    return words.firstIndex { metricNames.contains($0.lowercased()) }
  }

  private static func find(_ name: String, _ words: [String]) throws(LineFault) -> Int {
    guard let column = words.firstIndex(of: name) else {
      throw LineFault(
        0, "no CSV column '\(name)'",
        expected: "one of " + words.prefix(20).map { "'\($0)'" }.joined(separator: ", "))
    }
    return column
  }

  private static func metric(_ column: String, _ prefix: String) -> [UInt8] {
    if prefix.isEmpty { return Array(column.utf8) }
    return Array((valueNames.contains(column) ? prefix : "\(prefix)_\(column)").utf8)
  }
}

/// The order of a row's cells for reading them in one pass: labels all in one
/// stretch, then or before it times and values, nothing to be passed over.
struct CSVLayout {
  enum Part {
    /// So many neighbouring cells.
    case labels(Int)
    case time
    case value
  }

  private(set) var parts: [Part] = []
  private(set) var values = 0

  /// Nil where the columns are not like that. The last column must be a value,
  /// whose end shows itself.
  init?(_ roles: [CSVColumns.Role]) {
    guard roles.last == .value else { return nil }
    var stretches = 0
    for (column, role) in roles.enumerated() {
      switch role {
      case .ignored: return nil
      case .time: parts.append(.time)
      case .value:
        parts.append(.value)
        values += 1
      case .label, .name:
        if column > 0, case .labels(let before)? = parts.last {
          parts[parts.count - 1] = .labels(before + 1)
        } else {
          stretches += 1
          parts.append(.labels(1))
        }
      }
    }
    if stretches > 1 { return nil }
  }
}
