/// Rows as CSV or TSV.
///
/// CSV quotes by RFC 4180, with line feeds for line ends as Unix tools want
/// them. TSV has no quotes: tab, line feed, return and backslash inside a
/// field are `\t`, `\n`, `\r`, `\\`, so that `cut` always sees whole fields.
package struct SeparatedWriter: Sendable {
  package enum Format: Equatable, Sendable {
    case csv, tsv
  }

  private let format: Format
  /// What stands between two fields.
  package let separator: UInt8

  package init(_ format: Format) {
    self.format = format
    separator = format == .csv ? 0x2C : 0x09
  }

  package func write(_ fields: [String], to output: Output) throws {
    var out: [UInt8] = []
    append(line: fields, to: &out)
    try output.write(out)
  }

  /// The row with its line end.
  package func line(_ fields: [String]) -> String {
    var out: [UInt8] = []
    append(line: fields, to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  package func append(line fields: [String], to out: inout [UInt8]) {
    // A lone empty field would be an empty line, which readers skip.
    if format == .csv, fields == [""] { out += [0x22, 0x22] }
    for (index, field) in fields.enumerated() {
      if index > 0 { out.append(separator) }
      append(field, to: &out)
    }
    out.append(0x0A)
  }

  /// One field, quoted or escaped where it must be.
  package func append(_ field: String, to out: inout [UInt8]) {
    var field = field
    field.withUTF8 { append(UnsafeRawBufferPointer($0), to: &out) }
  }

  package func append(_ field: UnsafeRawBufferPointer, to out: inout [UInt8]) {
    switch format {
    case .csv: SeparatedWriter.appendQuoted(field, to: &out)
    case .tsv: SeparatedWriter.appendEscaped(field, to: &out)
    }
  }

  private static func appendQuoted(_ field: UnsafeRawBufferPointer, to out: inout [UInt8]) {
    let needsQuotes =
      field.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
      || field.first == 0x20 || field.last == 0x20
    guard needsQuotes else {
      out.append(contentsOf: field)
      return
    }
    out.append(0x22)
    for byte in field {
      if byte == 0x22 { out.append(0x22) }
      out.append(byte)
    }
    out.append(0x22)
  }

  private static func appendEscaped(_ field: UnsafeRawBufferPointer, to out: inout [UInt8]) {
    for byte in field {
      switch byte {
      case 0x09: out += [0x5C, UInt8(ascii: "t")]
      case 0x0A: out += [0x5C, UInt8(ascii: "n")]
      case 0x0D: out += [0x5C, UInt8(ascii: "r")]
      case 0x5C: out += [0x5C, 0x5C]
      default: out.append(byte)
      }
    }
  }
}
