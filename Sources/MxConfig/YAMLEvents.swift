import CYaml

/// libyaml's events as Swift values; the only user of the library.
///
/// A class, because the parser's address must not change while it lives.
final class YAMLEvents {
  enum Event {
    case streamStart, streamEnd, documentStart, documentEnd
    case alias(String)
    case scalar(YAMLScalar, anchor: String?, tag: String?)
    case sequenceStart(anchor: String?, tag: String?)
    case sequenceEnd
    case mappingStart(anchor: String?, tag: String?)
    case mappingEnd
  }

  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private let input: UnsafeMutableBufferPointer<UInt8>
  private let file: String
  private var isUsable = false
  /// Where the last event began.
  private(set) var place: ConfigPlace

  init(_ bytes: [UInt8], file: String) {
    self.file = file
    place = ConfigPlace(file: file, line: 1, column: 1)
    // Told what the encoding is, libyaml takes a byte order mark for text.
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    input = .allocate(capacity: max(bytes.count, 1))
    input.initialize(repeating: 0)
    for (index, byte) in bytes.enumerated() { input[index] = byte }
    isUsable = yaml_parser_initialize(parser) == 1
    if isUsable {
      yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
    }
  }

  deinit {
    if isUsable { yaml_parser_delete(parser) }
    parser.deallocate()
    input.deallocate()
  }

  /// The next event; a problem where the text is not YAML.
  func next() -> Result<Event, YAMLStop> {
    guard isUsable else { return .failure(YAMLStop(place: place, message: "out of memory")) }
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { return .failure(stop()) }
    defer { yaml_event_delete(&event) }
    place = ConfigPlace(
      file: file, line: Int(clamping: event.start_mark.line) + 1,
      column: Int(clamping: event.start_mark.column) + 1)
    return .success(translate(event))
  }

  private func translate(_ event: yaml_event_t) -> Event {
    switch event.type {
    case YAML_STREAM_START_EVENT: return .streamStart
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT: return .alias(Self.string(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let data = event.data.scalar
      let bytes = UnsafeBufferPointer(start: data.value, count: data.length)
      let scalar = YAMLScalar(
        text: String(decoding: bytes, as: UTF8.self),
        isPlain: data.style == YAML_PLAIN_SCALAR_STYLE)
      return .scalar(scalar, anchor: Self.string(data.anchor), tag: Self.string(data.tag))
    case YAML_SEQUENCE_START_EVENT:
      let data = event.data.sequence_start
      return .sequenceStart(anchor: Self.string(data.anchor), tag: Self.string(data.tag))
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      let data = event.data.mapping_start
      return .mappingStart(anchor: Self.string(data.anchor), tag: Self.string(data.tag))
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    default: return .streamEnd
    }
  }

  private func stop() -> YAMLStop {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "not valid YAML"
    let mark = parser.pointee.problem_mark
    var message = problem
    if let context = parser.pointee.context {
      message += " (" + String(cString: context)
      let line = Int(clamping: parser.pointee.context_mark.line) + 1
      if line != Int(clamping: mark.line) + 1 { message += ", line \(line)" }
      message += ")"
    }
    // A bad byte is found before the scanner knows its line.
    if parser.pointee.error == YAML_READER_ERROR {
      return YAMLStop(place: placeOfByte(parser.pointee.problem_offset), message: message)
    }
    let place = ConfigPlace(
      file: file, line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
    return YAMLStop(place: place, message: message)
  }

  private func placeOfByte(_ offset: Int) -> ConfigPlace {
    let before = input.prefix(min(max(offset, 0), input.count))
    let line = before.reduce(1) { $0 + ($1 == 0x0A ? 1 : 0) }
    let column = before.reversed().prefix { $0 != 0x0A }.count + 1
    return ConfigPlace(file: file, line: line, column: column)
  }

  private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    text.map { String(cString: $0) }
  }
}

/// Why the reading of a text ended before its end.
struct YAMLStop: Error {
  var place: ConfigPlace
  var message: String
  var hint: String?
}
