import MxJSON

/// The `extractFields` transformation: a column of texts that are lists of names and
/// values becomes a column a name.
struct FieldExtraction {
  let options: TransformOptions.Extraction

  /// Names beyond these are data, not fields.
  private static let nameLimit = 200

  func apply(_ frame: Frame) -> Frame {
    guard let source = frame.column(options.source) else { return frame }
    let rows = frame.columns[source].cells.map { members(of: $0.key) }
    var names: [String] = []
    var seen: Set<String> = []
    for row in rows {
      for (name, _) in row where names.count < Self.nameLimit && seen.insert(name).inserted {
        names.append(name)
      }
    }
    let extracted = names.map { name in
      Frame.Column(
        name: name, refID: frame.refID,
        cells: rows.map { row in row.first { $0.name == name }?.cell ?? .none })
    }
    var result = frame
    if options.replaces {
      result.columns = options.keepsTime ? frame.columns.filter(\.isTime) : []
    }
    result.columns += extracted
    return result.columns.isEmpty ? frame : result
  }

  private typealias Member = (name: String, cell: Frame.Cell)

  private func members(of text: String) -> [Member] {
    switch options.format {
    case .json: Self.json(text) ?? []
    case .pairs: Self.pairs(text)
    case .auto: Self.json(text) ?? Self.pairs(text)
    }
  }

  /// Nil for what is no object.
  private static func json(_ text: String) -> [Member]? {
    do throws(JSONError) {
      return try JSONValue.parse(text).members?.map { ($0.name, cell($0.value)) }
    } catch {
      return nil
    }
  }

  private static func cell(_ value: JSONValue) -> Frame.Cell {
    if let text = value.string { return .text(text) }
    if let number = value.double { return .number(number) }
    return value.bool.map { .text($0 ? "true" : "false") } ?? .none
  }

  /// `a=1, b="two words"`, in braces or not; also with a colon for the sign.
  private static func pairs(_ text: String) -> [Member] {
    var members: [Member] = []
    var rest = text.drop { $0 == "{" || $0 == " " }
    while let sign = rest.firstIndex(where: { $0 == "=" || $0 == ":" }) {
      let name = TextTools.trim(String(rest[..<sign]))
      rest = rest[rest.index(after: sign)...].drop { $0 == " " }
      let value: Substring
      if rest.hasPrefix("\""), let end = rest.dropFirst().firstIndex(of: "\"") {
        value = rest[rest.index(after: rest.startIndex)..<end]
        rest = rest[end...].dropFirst()
      } else {
        value = rest.prefix { !",&;\n\t }".contains($0) }
        rest = rest[value.endIndex...]
      }
      if !name.isEmpty { members.append((name, .text(String(value)))) }
      rest = rest.drop { ",&;\n\t }".contains($0) }
    }
    return members
  }
}
