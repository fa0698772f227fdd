import MxModel

/// Reads `name{label="value",…}` as the Prometheus formats have it.
///
///     series = name [labels] | labels
///     labels = "{" [item *("," item) [","]] "}"
///     item   = label "=" quoted | quoted "=" quoted | quoted
///
/// A quoted item alone is the metric's name (any UTF-8, as of Prometheus 3),
/// and so is the value of `__name__` where no other name stands. The text
/// format allows blanks between all parts, a comma at the end, and only the
/// escapes `\\`, `\"` and `\n`; OpenMetrics allows no blanks and no last
/// comma, and takes any other escape as it stands.
struct SeriesText {
  enum Dialect {
    case text
    case openMetrics
  }

  var builder = KeyBuilder()
  private let dialect: Dialect
  private var hasName = false
  private var unescaped: [UInt8] = []
  private var unescapedName: [UInt8] = []

  init(_ dialect: Dialect) { self.dialect = dialect }

  /// The bytes of the metric's name, unescaped.
  func withName<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R? {
    builder.withValue(of: "__name__", body)
  }

  /// Parses the series that starts at `start`; returns the offset behind it.
  mutating func parse(
    _ line: UnsafeRawBufferPointer, from start: Int
  ) throws(LineFault) -> Int {
    builder.removeAll()
    hasName = false
    var at = start
    if at < line.count, Self.startsName(line[at]) {
      at &+= 1
      while at < line.count, Self.isInName(line[at]) { at &+= 1 }
      addName(line.part(start..<at))
    } else if at >= line.count || line[at] != Byte.openBrace {
      throw LineFault(at, Self.found(line, at), expected: "a metric name")
    }
    let nameEnd = at
    if dialect == .text { at = line.skipBlanks(at) }
    if at < line.count, line[at] == Byte.openBrace {
      at = try parseLabels(line, from: at + 1)
    } else {
      at = nameEnd
    }
    if !hasName { throw LineFault(start, "a series without a metric name") }
    return at
  }

  /// The labels after the opening brace; returns the offset behind the closing one.
  mutating func parseLabels(
    _ line: UnsafeRawBufferPointer, from start: Int
  ) throws(LineFault) -> Int {
    var at = skip(line, start)
    if at < line.count, line[at] == Byte.closeBrace { return at + 1 }
    while true {
      at = try parseItem(line, from: at)
      at = skip(line, at)
      guard at < line.count else {
        throw LineFault(at, "the line ends inside the labels", expected: "'}'")
      }
      if line[at] == Byte.closeBrace { return at + 1 }
      guard line[at] == Byte.comma else {
        throw LineFault(at, Self.found(line, at), expected: "',' or '}'")
      }
      at = skip(line, at + 1)
      if dialect == .text, at < line.count, line[at] == Byte.closeBrace { return at + 1 }
    }
  }

  /// For labels that belong to no metric, such as an exemplar's.
  mutating func removeAll() {
    builder.removeAll()
    hasName = true
  }

  private mutating func parseItem(
    _ line: UnsafeRawBufferPointer, from start: Int
  ) throws(LineFault) -> Int {
    guard start < line.count else {
      throw LineFault(start, "the line ends inside the labels", expected: "a label name")
    }
    if line[start] == Byte.quote { return try parseQuotedItem(line, from: start) }
    var at = start
    guard Byte.startsLabelName(line[at]) else {
      throw LineFault(at, Self.found(line, at), expected: "a label name")
    }
    while at < line.count, Byte.isInLabelName(line[at]) { at &+= 1 }
    let name = line.part(start..<at)
    at = try expectEquals(line, at)
    let (value, end) = try quoted(line, from: at)
    try add(name: name, value: value, line, at: start)
    return end
  }

  private mutating func parseQuotedItem(
    _ line: UnsafeRawBufferPointer, from start: Int
  ) throws(LineFault) -> Int {
    let (name, end) = try quoted(line, from: start)
    if case .escaped = name { unescapedName = unescaped }
    let next = skip(line, end)
    if next < line.count, line[next] == Byte.equals {
      let (value, valueEnd) = try quoted(line, from: skip(line, next + 1))
      switch name {
      case .plain(let range):
        try add(name: line.part(range), value: value, line, at: start)
      case .escaped:
        try check(unescapedName.isEmpty, unescapedName.elementsEqual("__name__".utf8), start)
        let copy = unescapedName
        copy.withUnsafeBytes { put(name: $0, value: value, line) }
      }
      return valueEnd
    }
    guard !hasName else { throw LineFault(start, "a second metric name", expected: "one") }
    switch name {
    case .plain(let range):
      guard !range.isEmpty else { throw LineFault(start, "an empty metric name") }
      addName(line.part(range))
    case .escaped:
      let name = unescapedName
      guard !name.isEmpty else { throw LineFault(start, "an empty metric name") }
      name.withUnsafeBytes { addName($0) }
    }
    return end
  }

  private enum Quoted {
    case plain(Range<Int>)
    /// In `unescaped`.
    case escaped
  }

  /// The text between quotes that starts at `start`, and the offset behind it.
  private mutating func quoted(
    _ line: UnsafeRawBufferPointer, from start: Int
  ) throws(LineFault) -> (Quoted, Int) {
    guard start < line.count, line[start] == Byte.quote else {
      throw LineFault(start, Self.found(line, start), expected: "a quoted value")
    }
    guard let end = line.offset(of: Byte.quote, from: start + 1) else {
      throw LineFault(start, "a quote that is never closed")
    }
    if line.part(start + 1..<end).offset(of: Byte.backslash) == nil {
      return (.plain(start + 1..<end), end + 1)
    }
    return (.escaped, try unescape(line, from: start))
  }

  private mutating func unescape(
    _ line: UnsafeRawBufferPointer, from start: Int
  ) throws(LineFault) -> Int {
    unescaped.removeAll(keepingCapacity: true)
    var at = start + 1
    while at < line.count {
      let byte = line[at]
      if byte == Byte.quote { return at + 1 }
      guard byte == Byte.backslash, at + 1 < line.count else {
        unescaped.append(byte)
        at += 1
        continue
      }
      switch line[at + 1] {
      case UInt8(ascii: "n"): unescaped.append(Byte.newline)
      case Byte.backslash, Byte.quote: unescaped.append(line[at + 1])
      case _ where dialect == .openMetrics: unescaped += [Byte.backslash, line[at + 1]]
      default:
        throw LineFault(
          at, "an unknown escape '\(line.part(at..<at + 2).shown)'",
          expected: #"'\\', '\"' or '\n'"#)
      }
      at += 2
    }
    throw LineFault(start, "a quote that is never closed")
  }

  private mutating func add(
    name: UnsafeRawBufferPointer, value: Quoted, _ line: UnsafeRawBufferPointer, at offset: Int
  ) throws(LineFault) {
    try check(name.isEmpty, name.equals("__name__"), offset)
    put(name: name, value: value, line)
  }

  private mutating func check(
    _ isEmpty: Bool, _ isMetricName: Bool, _ offset: Int
  ) throws(LineFault) {
    if isEmpty { throw LineFault(offset, "an empty label name") }
    guard isMetricName else { return }
    guard !hasName else {
      throw LineFault(offset, "a second metric name in the label '__name__'", expected: "one")
    }
    hasName = true
  }

  private mutating func put(
    name: UnsafeRawBufferPointer, value: Quoted, _ line: UnsafeRawBufferPointer
  ) {
    switch value {
    case .plain(let range): builder.add(name: name, value: line.part(range))
    case .escaped:
      // Lent to the builder by hand: it and the text are parts of one value.
      unescaped.withUnsafeBytes { builder.add(name: name, value: $0) }
    }
  }

  private mutating func addName(_ name: UnsafeRawBufferPointer) {
    hasName = true
    builder.add(name: "__name__", value: name)
  }

  private func expectEquals(
    _ line: UnsafeRawBufferPointer, _ offset: Int
  ) throws(LineFault) -> Int {
    let at = skip(line, offset)
    guard at < line.count, line[at] == Byte.equals else {
      throw LineFault(at, Self.found(line, at), expected: "'='")
    }
    return skip(line, at + 1)
  }

  @inline(__always)
  private func skip(_ line: UnsafeRawBufferPointer, _ at: Int) -> Int {
    dialect == .text ? line.skipBlanks(at) : at
  }

  /// `[a-zA-Z_:]`
  @inline(__always)
  static func startsName(_ byte: UInt8) -> Bool {
    Byte.startsLabelName(byte) || byte == Byte.colon
  }

  /// `[a-zA-Z0-9_:]`
  @inline(__always)
  static func isInName(_ byte: UInt8) -> Bool { Byte.isInLabelName(byte) || byte == Byte.colon }

  static func found(_ line: UnsafeRawBufferPointer, _ at: Int) -> String {
    at < line.count ? "found '\(line.part(at..<min(line.count, at + 1)).shown)'" : "the line ends"
  }
}
