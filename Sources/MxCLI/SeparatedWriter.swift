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

  package init(_ format: Format) {
    self.format = format
  }

  package func write(_ fields: [String], to output: Output) throws {
    try output.write(line(fields))
  }

  /// The row with its line end.
  package func line(_ fields: [String]) -> String {
    var out = ""
    for (index, field) in fields.enumerated() {
      if index > 0 { out += format == .csv ? "," : "\t" }
      switch format {
      case .csv: SeparatedWriter.appendQuoted(field, to: &out)
      case .tsv: SeparatedWriter.appendEscaped(field, to: &out)
      }
    }
    // A lone empty field would be an empty line, which readers skip.
    if format == .csv, fields == [""] { out = "\"\"" }
    return out + "\n"
  }

  private static func appendQuoted(_ field: String, to out: inout String) {
    let needsQuotes =
      field.utf8.contains { [0x22, 0x2c, 0x0a, 0x0d].contains($0) }
      || field.utf8.first == 0x20 || field.utf8.last == 0x20
    guard needsQuotes else {
      out += field
      return
    }
    out += "\""
    for scalar in field.unicodeScalars {
      if scalar == "\"" { out += "\"" }
      out.unicodeScalars.append(scalar)
    }
    out += "\""
  }

  private static func appendEscaped(_ field: String, to out: inout String) {
    for scalar in field.unicodeScalars {
      switch scalar {
      case "\t": out += "\\t"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\\": out += "\\\\"
      default: out.unicodeScalars.append(scalar)
      }
    }
  }
}
