/// Go's `fmt.Sprintf`, and the words it finds for wrong verbs.
struct GoFormat {
  /// One `%…` directive.
  struct Directive {
    var plus = false
    var minus = false
    var sharp = false
    var space = false
    var zero = false
    var width: Int?
    var precision: Int?
    var verb: Unicode.Scalar = "v"
  }

  /// Go's own bound for width and precision.
  private static let maximumWidth = 1_000_000

  private(set) var out: [UInt8] = []
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// `fmt.Sprintf(format, arguments…)`.
  static func sprintf(
    _ format: String, _ arguments: [TemplateValue], limit: Int
  ) throws -> String {
    var printer = GoFormat(limit: limit)
    try printer.print(Array(format.unicodeScalars), arguments)
    return String(decoding: printer.out, as: UTF8.self)
  }

  /// `fmt.Sprint(arguments…)`: blanks between those that are no strings.
  static func sprint(_ arguments: [TemplateValue], limit: Int) throws -> String {
    var printer = GoFormat(limit: limit)
    for (index, argument) in arguments.enumerated() {
      if index > 0, !argument.isString, !arguments[index - 1].isString { printer.out.append(0x20) }
      try printer.write(argument, Directive())
    }
    return String(decoding: printer.out, as: UTF8.self)
  }

  static func sprintln(_ arguments: [TemplateValue], limit: Int) throws -> String {
    var printer = GoFormat(limit: limit)
    for (index, argument) in arguments.enumerated() {
      if index > 0 { printer.out.append(0x20) }
      try printer.write(argument, Directive())
    }
    return String(decoding: printer.out, as: UTF8.self) + "\n"
  }

  private mutating func put(_ text: String) throws {
    out += Array(text.utf8)
    if out.count > limit {
      throw TemplateFailure("output is longer than \(limit) bytes")
    }
  }

  // MARK: - Directives

  private mutating func print(_ format: [Unicode.Scalar], _ arguments: [TemplateValue]) throws {
    var at = 0
    var next = 0
    var reordered = false
    while at < format.count {
      let start = at
      while at < format.count, format[at] != "%" { at += 1 }
      if start < at { try put(Self.text(format[start..<at])) }
      guard at < format.count else { break }
      at += 1
      var reader = DirectiveReader(format, at, next, arguments)
      reader.read(maximum: Self.maximumWidth)
      at = reader.at
      next = reader.next
      reordered = reader.reordered
      for complaint in reader.complaints { try put(complaint) }
      guard at < format.count else {
        try put("%!(NOVERB)")
        break
      }
      let verb = format[at]
      at += 1
      if verb == "%" {
        try put("%")
      } else if !reader.isIndexGood {
        try put("%!\(verb)(BADINDEX)")
      } else if next >= arguments.count {
        try put("%!\(verb)(MISSING)")
      } else {
        var directive = reader.directive
        directive.verb = verb
        try write(arguments[next], directive)
        next += 1
      }
    }
    if !reordered, next < arguments.count { try putExtra(arguments[next...]) }
  }

  private mutating func putExtra(_ arguments: ArraySlice<TemplateValue>) throws {
    try put("%!(EXTRA ")
    for (index, argument) in arguments.enumerated() {
      if index > 0 { try put(", ") }
      if case .null = argument {
        try put("<nil>")
      } else {
        try put(argument.typeName + "=")
        try write(argument, Directive())
      }
    }
    try put(")")
  }

  private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }

  // MARK: - Values

  mutating func write(_ value: TemplateValue, _ directive: Directive) throws {
    let verb = directive.verb
    if verb == "T" { return try pad(value.typeName, directive) }
    switch value {
    case .null:
      if verb == "v" { try pad("<nil>", directive) } else { try put("%!\(verb)(<nil>)") }
    case .bool(let truth):
      guard verb == "t" || verb == "v" else { return try bad(value, directive) }
      try pad(truth ? "true" : "false", directive)
    case .int(let number): try write(number, value, directive)
    case .float(let number): try write(number, value, directive)
    case .string(let text): try write(text, value, directive)
    case .time(let time): try writeText(time.description, value, directive)
    case .duration(let duration):
      if "dboxXcqU".unicodeScalars.contains(verb), verb != "x", verb != "X", verb != "q" {
        try write(duration.nanoseconds, value, directive)
      } else {
        try writeText(duration.description, value, directive)
      }
    case .list(let values): try write(values, "[", "]", directive)
    case .map(let map):
      try put("map[")
      for (index, key) in map.keys.enumerated() {
        if index > 0 { try put(" ") }
        try write(.string(key), directive)
        try put(":")
        try write(map.entries[key] ?? .null, directive)
      }
      try put("]")
    case .object(let object):
      if let elements = object.elements { return try write(elements, "[", "]", directive) }
      try write(object.fields.map(\.value), "{", "}", directive)
    case .function: try bad(value, directive)
    }
  }

  private mutating func write(
    _ values: [TemplateValue], _ open: String, _ close: String, _ directive: Directive
  ) throws {
    try put(open)
    for (index, value) in values.enumerated() {
      if index > 0 { try put(" ") }
      try write(value, directive)
    }
    try put(close)
  }

  /// Of something with a `String` method.
  private mutating func writeText(
    _ text: String, _ value: TemplateValue, _ directive: Directive
  ) throws {
    guard "vsxXq".unicodeScalars.contains(directive.verb) else {
      return try put("%!\(directive.verb)(\(value.typeName)=\(text))")
    }
    try write(text, .string(text), directive)
  }

  /// `%!d(float64=3.5)`: the value keeps the directive's width and precision.
  private mutating func bad(_ value: TemplateValue, _ directive: Directive) throws {
    if case .function = value { return try put("%!\(directive.verb)(func)") }
    try put("%!\(directive.verb)(\(value.typeName)=")
    var plain = directive
    plain.verb = "v"
    try write(value, plain)
    try put(")")
  }

  private mutating func write(
    _ text: String, _ value: TemplateValue, _ directive: Directive
  ) throws {
    switch directive.verb {
    case "v", "s": try pad(Self.cut(text, directive.precision), directive)
    case "q":
      let cut = Self.cut(text, directive.precision)
      let isRaw = directive.sharp && !cut.contains("`") && !cut.contains { $0.isNewline }
      try pad(isRaw ? "`\(cut)`" : GoLiteral.quoted(cut), directive)
    case "x", "X":
      let bytes = directive.precision.map { text.utf8.prefix($0) } ?? text.utf8.prefix(Int.max)
      var digits = ""
      for byte in bytes {
        if directive.space, !digits.isEmpty { digits += " " }
        let pair = String(byte, radix: 16, uppercase: directive.verb == "X")
        digits += byte < 16 ? "0" + pair : pair
      }
      try pad(
        directive.sharp && !digits.isEmpty ? "0\(directive.verb)" + digits : digits, directive)
    default: try bad(value, directive)
    }
  }

  private static func cut(_ text: String, _ precision: Int?) -> String {
    guard let precision else { return text }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: text.unicodeScalars.prefix(precision))
    return String(result)
  }

  private mutating func write(
    _ number: Int64, _ value: TemplateValue, _ directive: Directive
  ) throws {
    switch directive.verb {
    case "v", "d": try integer(number, radix: 10, "", directive)
    case "b": try integer(number, radix: 2, directive.sharp ? "0b" : "", directive)
    case "o": try integer(number, radix: 8, directive.sharp ? "0" : "", directive)
    case "O": try integer(number, radix: 8, "0o", directive)
    case "x": try integer(number, radix: 16, directive.sharp ? "0x" : "", directive)
    case "X": try integer(number, radix: 16, directive.sharp ? "0X" : "", directive)
    case "c", "q":
      let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init) ?? "\u{FFFD}"
      let text =
        directive.verb == "c"
        ? String(Character(scalar)) : "'\(GoLiteral.escaped(scalar, quote: "'"))'"
      try pad(text, directive)
    case "U":
      let digits = String(number.magnitude, radix: 16, uppercase: true)
      try pad(
        "U+" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits, directive)
    default: try bad(value, directive)
    }
  }

  private mutating func integer(
    _ number: Int64, radix: Int, _ prefix: String, _ directive: Directive
  ) throws {
    var digits = String(number.magnitude, radix: radix, uppercase: directive.verb == "X")
    let sign = number < 0 ? "-" : directive.plus ? "+" : directive.space ? " " : ""
    var plain = directive
    if let precision = directive.precision {
      if precision == 0, number == 0 { return try pad("", Directive(directive, zero: false)) }
      digits = String(repeating: "0", count: max(0, precision - digits.utf8.count)) + digits
      plain.zero = false
    } else if directive.zero, !directive.minus, let width = directive.width {
      let room = width - sign.utf8.count
      digits = String(repeating: "0", count: max(0, room - digits.utf8.count)) + digits
    }
    plain.zero = false
    try pad(sign + prefix + digits, plain)
  }

  private mutating func write(
    _ number: Double, _ value: TemplateValue, _ directive: Directive
  ) throws {
    let verb: UInt8
    var precision = directive.precision
    switch directive.verb {
    case "v": verb = UInt8(ascii: "g")
    case "g", "G": verb = UInt8(ascii: directive.verb)
    case "x", "X": verb = UInt8(ascii: directive.verb)
    case "e", "E", "f":
      verb = UInt8(ascii: directive.verb)
      precision = precision ?? 6
    case "F":
      verb = UInt8(ascii: "f")
      precision = precision ?? 6
    default: return try bad(value, directive)
    }
    let text = GoFloat.text(number, verb, precision: precision)
    try signed(text, isFinite: number.isFinite, directive)
  }

  private mutating func signed(
    _ text: String, isFinite: Bool, _ directive: Directive
  ) throws {
    var digits = text
    var sign = ""
    if text.hasPrefix("-") || text.hasPrefix("+") { sign = String(digits.removeFirst()) }
    if sign.isEmpty {
      sign = directive.plus ? "+" : directive.space ? " " : ""
    } else if sign == "+", directive.space, !directive.plus {
      sign = " "
    }
    // Zeros never pad what is no number.
    guard isFinite else { return try pad(sign + digits, Directive(directive, zero: false)) }
    if directive.zero, !directive.minus, let width = directive.width, !sign.isEmpty {
      let room = max(0, width - 1 - digits.utf8.count)
      return try put(sign + String(repeating: "0", count: room) + digits)
    }
    try pad(sign + digits, directive)
  }

  private mutating func pad(_ text: String, _ directive: Directive) throws {
    let room = max(0, (directive.width ?? 0) - text.unicodeScalars.count)
    if room == 0 { return try put(text) }
    let fill = directive.zero && !directive.minus ? "0" : " "
    let padding = String(repeating: fill, count: room)
    try put(directive.minus ? text + padding : padding + text)
  }
}

extension GoFormat.Directive {
  fileprivate init(_ other: GoFormat.Directive, zero: Bool) {
    self = other
    self.zero = zero
  }
}

/// Reads flags, argument numbers, width and precision of one directive.
private struct DirectiveReader {
  private let format: [Unicode.Scalar]
  private let arguments: [TemplateValue]
  var at: Int
  var next: Int
  var directive = GoFormat.Directive()
  var reordered = false
  var isIndexGood = true
  var complaints: [String] = []

  init(_ format: [Unicode.Scalar], _ at: Int, _ next: Int, _ arguments: [TemplateValue]) {
    self.format = format
    self.at = at
    self.next = next
    self.arguments = arguments
  }

  private var current: Unicode.Scalar { at < format.count ? format[at] : "\0" }

  mutating func read(maximum: Int) {
    flags: while at < format.count {
      switch format[at] {
      case "+": directive.plus = true
      case "-":
        directive.minus = true
        directive.zero = false
      case "#": directive.sharp = true
      case " ": directive.space = true
      case "0": directive.zero = !directive.minus
      default: break flags
      }
      at += 1
    }
    argumentNumber()
    if current == "*" {
      at += 1
      star(maximum, "BADWIDTH") { $0.directive.width = $1 }
      if let width = directive.width, width < 0 {
        directive.width = -width
        directive.minus = true
        directive.zero = false
      }
    } else {
      directive.width = number(maximum)
    }
    if current == "." {
      at += 1
      argumentNumber()
      if current == "*" {
        at += 1
        star(maximum, "BADPREC") { $0.directive.precision = $1 < 0 ? nil : $1 }
      } else {
        directive.precision = number(maximum) ?? 0
      }
    }
    argumentNumber()
  }

  private mutating func number(_ maximum: Int) -> Int? {
    let start = at
    var value = 0
    while at < format.count, ("0"..."9").contains(format[at]) {
      value = min(value * 10 + Int(format[at].value - 48), maximum + 1)
      at += 1
    }
    return at == start || value > maximum ? nil : value
  }

  private mutating func star(
    _ maximum: Int, _ complaint: String, _ set: (inout DirectiveReader, Int) -> Void
  ) {
    guard next < arguments.count, case .int(let value) = arguments[next],
      value.magnitude <= UInt64(maximum)
    else {
      complaints.append("%!(\(complaint))")
      next = min(next + 1, arguments.count)
      return
    }
    set(&self, Int(value))
    next += 1
  }

  /// `[3]`: the next argument is the third.
  private mutating func argumentNumber() {
    guard current == "[" else { return }
    reordered = true
    guard let end = format[at...].firstIndex(of: "]") else {
      isIndexGood = false
      at += 1
      return
    }
    var digits = ""
    for scalar in format[(at + 1)..<end] { digits.unicodeScalars.append(scalar) }
    at = end + 1
    if let number = Int(digits), number >= 1, number <= arguments.count {
      next = number - 1
    } else {
      isIndexGood = false
    }
  }
}
