import MxModel

/// What the `# TYPE`, `# HELP` and `# UNIT` lines of one stream have said.
struct FamilyNotes {
  struct Family {
    var metadata: MetricMetadata
    var hasType = false
    var hasHelp = false
    var hasUnit = false
    /// Told to the batch since it last changed.
    var told = true
  }

  /// Far above any exporter; a stream that declares more is made to fill memory.
  static let limit = 1_000_000

  private var names = SeriesTable()
  private var families: [Family] = []
  private var untold: [Int] = []

  var isEmpty: Bool { families.isEmpty }

  /// The family's number, nil when there are too many.
  mutating func number(of name: UnsafeRawBufferPointer) -> Int? {
    if let known = names.find(name) { return Int(known) }
    guard families.count < Self.limit else { return nil }
    families.append(Family(metadata: MetricMetadata(family: name.text)))
    return Int(names.intern(name))
  }

  func type(of name: UnsafeRawBufferPointer) -> MetricType? {
    names.find(name).flatMap { families[Int($0)].hasType ? families[Int($0)].metadata.type : nil }
  }

  subscript(number: Int) -> Family {
    get { families[number] }
    set {
      families[number] = newValue
      if families[number].told {
        families[number].told = false
        untold.append(number)
      }
    }
  }

  /// Appends what is new or changed. A family may come again with more known
  /// of it: the later entry is the better one.
  mutating func tell(_ metadata: inout [MetricMetadata]) {
    for number in untold {
      families[number].told = true
      metadata.append(families[number].metadata)
    }
    untold.removeAll(keepingCapacity: true)
  }
}

/// A metadata line taken apart: `# TYPE name rest`.
struct CommentText {
  enum Keyword {
    case help
    case type
    case unit
  }

  var keyword: Keyword
  var name: [UInt8]
  var nameStart: Int
  var rest: UnsafeRawBufferPointer
  var restStart: Int

  /// Nil for a comment that is none of the three. The text format allows any
  /// blanks between the parts.
  init?(text line: UnsafeRawBufferPointer) throws(LineFault) {
    let start = line.skipBlanks(1)
    var end = start
    while end < line.count, !Byte.isBlank(line[end]) { end += 1 }
    guard let keyword = Self.keyword(line.part(start..<end)), keyword != .unit else { return nil }
    self.keyword = keyword
    nameStart = line.skipBlanks(end)
    let nameEnd: Int
    (name, nameEnd) = try Self.name(line, from: nameStart)
    guard nameEnd == line.count || Byte.isBlank(line[nameEnd]) else {
      throw LineFault(nameEnd, SeriesText.found(line, nameEnd), expected: "a metric name")
    }
    restStart = line.skipBlanks(nameEnd)
    rest = line.part(restStart..<line.count)
  }

  /// OpenMetrics: one space between the parts, and nothing else may be a comment.
  init(openMetrics line: UnsafeRawBufferPointer) throws(LineFault) {
    guard line.count > 7, line[1] == Byte.space, line[6] == Byte.space,
      let keyword = Self.keyword(line.part(2..<6))
    else {
      throw LineFault(0, "a comment", expected: "'# TYPE', '# HELP', '# UNIT' or '# EOF'")
    }
    self.keyword = keyword
    nameStart = 7
    let nameEnd: Int
    (name, nameEnd) = try Self.name(line, from: 7)
    guard nameEnd < line.count, line[nameEnd] == Byte.space else {
      throw LineFault(nameEnd, SeriesText.found(line, nameEnd), expected: "a space and a text")
    }
    restStart = nameEnd + 1
    rest = line.part(restStart..<line.count)
  }

  private static func keyword(_ word: UnsafeRawBufferPointer) -> Keyword? {
    if word.equals("HELP") { return .help }
    if word.equals("TYPE") { return .type }
    return word.equals("UNIT") ? .unit : nil
  }

  /// A plain name, or a quoted one of any UTF-8.
  private static func name(
    _ line: UnsafeRawBufferPointer, from start: Int
  ) throws(LineFault) -> ([UInt8], Int) {
    guard start < line.count else { throw LineFault(start, "no metric name") }
    var at = start
    if line[start] == Byte.quote {
      var name: [UInt8] = []
      at += 1
      while at < line.count, line[at] != Byte.quote {
        if line[at] == Byte.backslash, at + 1 < line.count { at += 1 }
        name.append(line[at])
        at += 1
      }
      guard at < line.count, !name.isEmpty else {
        throw LineFault(start, "a quote that is never closed")
      }
      return (name, at + 1)
    }
    guard SeriesText.startsName(line[start]) else {
      throw LineFault(start, SeriesText.found(line, start), expected: "a metric name")
    }
    while at < line.count, SeriesText.isInName(line[at]) { at += 1 }
    return (Array(line[start..<at]), at)
  }

  /// The text of `# HELP`: `\\` and `\n` are escapes (`\"` too in OpenMetrics),
  /// anything else behind a backslash stands as it is.
  func help(quotes: Bool) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(rest.count)
    var at = 0
    while at < rest.count {
      guard rest[at] == Byte.backslash, at + 1 < rest.count else {
        text.append(rest[at])
        at += 1
        continue
      }
      switch rest[at + 1] {
      case UInt8(ascii: "n"): text.append(Byte.newline)
      case Byte.backslash: text.append(Byte.backslash)
      case Byte.quote where quotes: text.append(Byte.quote)
      default: text += [Byte.backslash, rest[at + 1]]
      }
      at += 2
    }
    return String(decoding: text, as: UTF8.self)
  }
}
