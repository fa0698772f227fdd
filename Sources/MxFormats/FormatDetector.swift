import MxJSON

/// Recognises a format by the first bytes of an input.
///
/// In this order, the first that fits:
///
/// 1. first byte that is no blank is `{` or `[`: JSON. `otlp` where the key
///    `resourceMetrics` stands in the prefix; `ndjson` where the first line is a
///    whole object; else `json`. A brace that a label name follows is a dump of
///    Prometheus text (`{__name__="up"} 1`).
/// 2. bytes that no text has: a snappy block that unpacks to a remote-write
///    request, or a run of length-prefixed `MetricFamily` messages.
/// 3. text, by its first line that is no comment and not empty:
///    - `# TYPE`, `# HELP`, `# UNIT` or `# EOF` before it, or a `{` directly
///      behind its name: Prometheus text or OpenMetrics (below);
///    - `name[,tags] key=value[,…] [time]`: Influx;
///    - `word number [number]` where the word has `{`, or only letters, digits,
///      `_` and `:`: Prometheus text or OpenMetrics;
///    - `word number [number]` with anything else in the word, such as points or
///      `;tag=`: Graphite. Graphite's third word is seconds, but a name without
///      a point and a timestamp below 10^11 is Graphite too: Prometheus' would
///      mean 1973;
///    - a separator that stands as often in the line as in the next: CSV.
///
/// OpenMetrics against Prometheus text: an input seen whole is OpenMetrics
/// exactly if its last line is `# EOF`. Of a longer one the prefix must have
/// what only OpenMetrics has: `# UNIT`, an exemplar, a type that only it knows,
/// or a timestamp in seconds (a point in it, or at most 11 digits).
extension Format {
  /// How many bytes `detect` wants to see of an input that is longer.
  package static let prefixLength = 64 << 10

  /// The format of an input that begins with `prefix`, and that is nothing more
  /// if `isWhole`; nil where nothing fits.
  package static func detect(_ prefix: UnsafeRawBufferPointer, isWhole: Bool) -> Format? {
    var start = prefix.hasPrefix("\u{FEFF}") ? 3 : 0
    while start < prefix.count, isSpace(prefix[start]) { start += 1 }
    let text = prefix.part(start..<prefix.count)
    guard let first = text.first else { return nil }
    if first == Byte.openBrace || first == Byte.openBracket { return json(text) }
    if !isText(prefix) { return binary(prefix, isWhole: isWhole) }
    return line(text, isWhole: isWhole)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    Byte.isBlank(byte) || byte == Byte.newline || byte == Byte.carriageReturn
  }

  private static func json(_ text: UnsafeRawBufferPointer) -> Format? {
    var at = 1
    while at < text.count, isSpace(text[at]) { at += 1 }
    if text[0] == Byte.openBrace, at < text.count, Byte.startsLabelName(text[at]) {
      return .prometheus
    }
    if contains(text, "\"resourceMetrics\"") {
      return .otlp
    }
    guard text[0] == Byte.openBrace, let end = text.offset(of: Byte.newline) else { return .json }
    var tokenizer = JSONTokenizer(text.part(0..<end))
    do throws(JSONError) {
      try tokenizer.skipValue()
      return try tokenizer.next().kind == .end ? .ndjson : .json
    } catch {
      return .json
    }
  }

  private static func contains(_ text: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
    var at = 0
    while let found = text.offset(of: word.bytes[0], from: at) {
      if text.part(found..<text.count).hasPrefix(word) { return true }
      at = found + 1
    }
    return false
  }

  /// No zero byte and nearly no other control bytes.
  private static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var controls = 0
    for byte in bytes.prefix(4096) {
      if byte == 0 { return false }
      if byte < 0x20, !isSpace(byte) { controls += 1 }
    }
    return controls * 50 <= min(bytes.count, 4096)
  }

  // MARK: Text

  private static func line(_ text: UnsafeRawBufferPointer, isWhole: Bool) -> Format? {
    var start = 0
    var sawMetadata = false
    while start < text.count {
      let end = text.offset(of: Byte.newline, from: start)
      var line = text.part(start..<(end ?? text.count))
      line = line.part(line.skipBlanks(0)..<line.count)
      if let last = line.last, last == Byte.carriageReturn { line = line.part(0..<line.count - 1) }
      start = (end ?? text.count) + 1
      if line.isEmpty { continue }
      if line[0] == Byte.hash {
        if isMetadata(line) { sawMetadata = true }
        continue
      }
      if sawMetadata { return exposition(text, isWhole: isWhole) }
      let next = start < text.count ? text.part(start..<text.count) : text.part(0..<0)
      return sample(line, next: next, text, isWhole: isWhole)
    }
    return sawMetadata ? exposition(text, isWhole: isWhole) : nil
  }

  private static func isMetadata(_ line: UnsafeRawBufferPointer) -> Bool {
    let word = line.part(line.skipBlanks(1)..<line.count)
    return ["TYPE ", "HELP ", "UNIT ", "EOF"].contains { (prefix: StaticString) in
      word.hasPrefix(prefix)
    }
  }

  private static func sample(
    _ line: UnsafeRawBufferPointer, next: UnsafeRawBufferPointer, _ text: UnsafeRawBufferPointer,
    isWhole: Bool
  ) -> Format? {
    var nameEnd = 0
    while nameEnd < line.count, SeriesText.isInName(line[nameEnd]) { nameEnd += 1 }
    let brace = line.skipBlanks(nameEnd)
    if brace < line.count, line[brace] == Byte.openBrace {
      return exposition(text, isWhole: isWhole)
    }
    if isInflux(line) { return .influx }
    let words = line.split { Byte.isBlank($0) }
    if words.count == 2 || words.count == 3,
      words.dropFirst().allSatisfy({ TextNumber.value(UnsafeRawBufferPointer(rebasing: $0)) != nil }
      )
    {
      let isPlain = words[0].allSatisfy { SeriesText.isInName($0) }
      guard isPlain, !Byte.isDigit(words[0].first ?? 0) else { return .graphite }
      let isSeconds =
        words.count == 3 && words[2].allSatisfy { Byte.isDigit($0) }
        && (9...11).contains(words[2].count)
      if isSeconds, !(isWhole && lastLineIsEOF(text)) { return .graphite }
      return exposition(text, isWhole: isWhole)
    }
    return isCSV(line, next) ? .csv : nil
  }

  /// `something key=value…`, where what is before the first blank that counts is
  /// a measurement, and behind it stands a `=`.
  private static func isInflux(_ line: UnsafeRawBufferPointer) -> Bool {
    guard var scanner = InfluxScanner(line, from: 0, final: true) else { return false }
    do throws(LineFault) {
      _ = try InfluxSeries(line.part(try scanner.series()))
      _ = try scanner.key()
      return try scanner.value() != nil
    } catch {
      return false
    }
  }

  private static func isCSV(
    _ line: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer
  ) -> Bool {
    let next = rest.part(0..<(rest.offset(of: Byte.newline) ?? rest.count))
    for separator in [Byte.comma, Byte.tab, Byte.semicolon] {
      let count = line.count { $0 == separator }
      if count == 0 { continue }
      return next.isEmpty || next.offset(of: Byte.quote) != nil
        || line.offset(of: Byte.quote) != nil || next.count { $0 == separator } == count
    }
    return false
  }

  // MARK: Prometheus or OpenMetrics

  private static func exposition(_ text: UnsafeRawBufferPointer, isWhole: Bool) -> Format {
    if isWhole { return lastLineIsEOF(text) ? .openmetrics : .prometheus }
    var start = 0
    while let end = text.offset(of: Byte.newline, from: start) {
      if isOpenMetricsOnly(text.part(start..<end)) { return .openmetrics }
      start = end + 1
    }
    return .prometheus
  }

  private static func lastLineIsEOF(_ text: UnsafeRawBufferPointer) -> Bool {
    var end = text.count
    while end > 0, isSpace(text[end - 1]) { end -= 1 }
    guard end >= 5, text.part(end - 5..<end).equals("# EOF") else { return false }
    return end == 5 || text[end - 6] == Byte.newline
  }

  private static func isOpenMetricsOnly(_ line: UnsafeRawBufferPointer) -> Bool {
    if line.hasPrefix("# ") {
      if line.hasPrefix("# UNIT ") || line.equals("# EOF") { return true }
      return line.hasPrefix("# TYPE ")
        && [" unknown", " info", " stateset", " gaugehistogram"].contains {
          (suffix: StaticString) in line.hasSuffix(suffix)
        }
    }
    let start = line.lastOffset(of: Byte.closeBrace).map { $0 + 1 } ?? 0
    let words = line.part(start..<line.count).split(separator: Byte.space)
    if contains(line, "} # {") || contains(line, " # {") { return true }
    guard words.count == (start == 0 ? 3 : 2), let time = words.last else { return false }
    if time.contains(Byte.point) { return true }
    return time.count <= 11 && time.count > 8 && time.allSatisfy { Byte.isDigit($0) }
  }

  // MARK: Binary

  private static func binary(_ bytes: UnsafeRawBufferPointer, isWhole: Bool) -> Format? {
    if isFamily(bytes) { return .prometheusProtobuf }
    // What a write request begins with, once the block is unpacked: its first
    // series or metadata. A prefix of a block cannot be unpacked to its end.
    if isWhole {
      do throws(Snappy.Fault) {
        let message = try Snappy.decompress(bytes, limit: 64 << 20)
        return message.withUnsafeBytes { isRequest($0) } ? .remoteWrite : nil
      } catch {
        return nil
      }
    }
    var at = 0
    while at < min(bytes.count, 5), bytes[at] >= 0x80 { at += 1 }
    // Then a literal's tag, and the request's first byte.
    guard at + 2 < bytes.count, bytes[at + 1] & 3 == 0 else { return nil }
    let literal = at + 2 + max(0, Int(bytes[at + 1] >> 2) - 59)
    return literal < bytes.count && bytes[literal] == 0x0A ? .remoteWrite : nil
  }

  private static func isRequest(_ message: UnsafeRawBufferPointer) -> Bool {
    var reader = ProtoReader(message)
    do throws(ProtoReader.Fault) {
      guard let field = try reader.next() else { return false }
      return (field.number == 1 || field.number == 3) && field.bytes != nil
    } catch {
      return false
    }
  }

  /// A length, then a message whose first field is its name.
  private static func isFamily(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var reader = ProtoReader(bytes)
    do throws(ProtoReader.Fault) {
      let length = try reader.varint()
      guard length > 4, let tag = try reader.next(), tag.number == 1, let name = tag.bytes,
        UInt64(name.count) < length
      else { return false }
      return !name.isEmpty && name.allSatisfy { $0 >= 0x20 } && name.isUTF8
    } catch {
      return false
    }
  }
}
