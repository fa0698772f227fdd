/// Reads a compiled time zone file (RFC 8536), version 2 or later; of version 1
/// there is only the 32-bit part to read.
///
///     offset  size   field
///     0       4      "TZif"
///     4       1      version: 0, '2', '3', '4'
///     20      6 x 4  counts: UT marks, standard marks, leap seconds,
///                    transitions, types, characters of abbreviations
///     44      …      transitions: times, then their types (1 byte each)
///             …      types: offset (4), is summer (1), abbreviation index (1)
///             …      abbreviations, leap seconds, standard marks, UT marks
///
/// all big-endian, times of 4 bytes. Then, from version 2 on, header and data
/// once more with times of 8 bytes, and a footer: a newline, a rule for the time
/// after the last transition (`PosixRule`), a newline.
///
/// Nothing is believed: counts are checked against the bytes there are, indices
/// against counts, and transitions must ascend.
enum TZif {
  /// The largest file of the tz database has under 4 KiB.
  static let largestFile = 1 << 20

  static func parse(_ bytes: [UInt8], name: String) throws(TimeError) -> Zone {
    func damaged(_ why: String) -> TimeError { .damagedZone(name, why) }
    guard bytes.count <= largestFile else { throw damaged("larger than \(largestFile) bytes") }
    guard let first = Header(bytes, at: 0) else { throw damaged("not a zone file") }
    var header = first
    var dataStart = Header.size
    var timeSize = 4
    if first.version >= 0x32 {
      let second = Header.size + first.dataSize(timeSize: 4)
      guard second <= bytes.count, let wide = Header(bytes, at: second) else {
        throw damaged("no second header")
      }
      header = wide
      dataStart = second + Header.size
      timeSize = 8
    }
    let dataEnd = dataStart + header.dataSize(timeSize: timeSize)
    guard dataEnd <= bytes.count else { throw damaged("shorter than its header says") }
    let block = Block(bytes: bytes, start: dataStart, header: header, timeSize: timeSize)
    let periods = try readPeriods(block, damaged)
    let transitions = try readTransitions(block, periods, damaged)
    let rule = timeSize == 8 ? try readFooter(bytes, from: dataEnd, damaged) : nil
    return Zone(name: name, first: periods[0], transitions: transitions, rule: rule)
  }

  private struct Header {
    static let size = 44

    var version: UInt8
    var utMarks, standardMarks, leapSeconds, transitions, types, characters: Int

    init?(_ bytes: [UInt8], at start: Int) {
      guard start >= 0, bytes.count - start >= Self.size,
        bytes[start..<(start + 4)].elementsEqual([0x54, 0x5A, 0x69, 0x66])
      else { return nil }
      version = bytes[start + 4]
      let counts = (0..<6).map { Int(Self.word(bytes, start + 20 + $0 * 4)) }
      // Bounds which no sane file reaches, and far below any overflow.
      guard counts.allSatisfy({ $0 <= TZif.largestFile }) else { return nil }
      utMarks = counts[0]
      standardMarks = counts[1]
      leapSeconds = counts[2]
      transitions = counts[3]
      types = counts[4]
      characters = counts[5]
    }

    func dataSize(timeSize: Int) -> Int {
      transitions * (timeSize + 1) + types * 6 + characters + leapSeconds * (timeSize + 4)
        + standardMarks + utMarks
    }

    static func word(_ bytes: [UInt8], _ at: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 << 8 | UInt32(bytes[at + $1]) }
    }
  }

  private struct Block {
    let bytes: [UInt8]
    let start: Int
    let header: Header
    let timeSize: Int

    var typeIndexStart: Int { start + header.transitions * timeSize }
    var typesStart: Int { typeIndexStart + header.transitions }
    var charactersStart: Int { typesStart + header.types * 6 }

    func time(_ index: Int) -> Int64 {
      let at = start + index * timeSize
      if timeSize == 4 { return Int64(Int32(bitPattern: Header.word(bytes, at))) }
      let high = UInt64(Header.word(bytes, at))
      return Int64(bitPattern: high << 32 | UInt64(Header.word(bytes, at + 4)))
    }
  }

  private static func readPeriods(
    _ block: Block, _ damaged: (String) -> TimeError
  ) throws(TimeError) -> [Zone.Period] {
    let count = block.header.types
    guard (1...256).contains(count) else { throw damaged("\(count) types of local time") }
    var periods: [Zone.Period] = []
    for index in 0..<count {
      let at = block.typesStart + index * 6
      let offset = Int(Int32(bitPattern: Header.word(block.bytes, at)))
      let name = Int(block.bytes[at + 5])
      guard abs(offset) <= 93_600, name < block.header.characters else {
        throw damaged("impossible type of local time")
      }
      let characters = block.bytes[
        (block.charactersStart + name)..<(block.charactersStart + block.header.characters)]
      let abbreviation = String(decoding: characters.prefix { $0 != 0 }.prefix(16), as: UTF8.self)
      periods.append(
        Zone.Period(
          offset: offset, isSummer: block.bytes[at + 4] != 0, abbreviation: abbreviation))
    }
    return periods
  }

  private static func readTransitions(
    _ block: Block, _ periods: [Zone.Period], _ damaged: (String) -> TimeError
  ) throws(TimeError) -> [Zone.Transition] {
    var transitions: [Zone.Transition] = []
    transitions.reserveCapacity(block.header.transitions)
    for index in 0..<block.header.transitions {
      let type = Int(block.bytes[block.typeIndexStart + index])
      let time = block.time(index)
      guard type < periods.count else { throw damaged("a transition to no type") }
      // Far from where adding an offset overflows; RFC 8536 wants no less than -2^59.
      guard (-(1 << 60)...(1 << 60)).contains(time) else {
        throw damaged("a transition outside of time")
      }
      if let last = transitions.last, last.at >= time { throw damaged("transitions go back") }
      transitions.append(Zone.Transition(at: time, to: periods[type]))
    }
    return transitions
  }

  /// Nil where the footer is empty: the last transition then holds for ever.
  private static func readFooter(
    _ bytes: [UInt8], from start: Int, _ damaged: (String) -> TimeError
  ) throws(TimeError) -> PosixRule? {
    guard start < bytes.count, bytes[start] == 0x0A else { throw damaged("no footer") }
    let line = bytes[(start + 1)...]
    guard let end = line.firstIndex(of: 0x0A) else { throw damaged("the footer does not end") }
    if end == start + 1 { return nil }
    guard let rule = PosixRule(Array(bytes[(start + 1)..<end])) else {
      throw damaged("a footer that is no rule")
    }
    return rule
  }
}
