/// How a table's columns share the width of its panel, where they are wider than it or
/// where their author said widths.
struct TableWidths {
  /// Pixels a column.
  let columns: [Double]
  /// Of the bars in cells, pixels: equal in a column, so that they can be compared.
  let bars: [Double]
  /// Nil: as wide as the panel. Else wider than it, by as much as its columns need at least.
  let table: Double?
  /// The browser need not be told.
  let isFree: Bool

  /// The cell's own, and what a page that is a little narrower takes away.
  private static let padding = 18.0
  private static let bar = 90.0
  private static let leastBar = 30.0
  private static let leastText = 84.0
  /// Beyond this a text is cut anywhere.
  private static let mostText = 408.0

  /// What a column holds: its longest text, its kind, and what its author wants.
  struct Content {
    var title = ""
    var texts: [String] = []
    var isNumber = false
    var hasBar = false
    var hasSparkline = false
    var wanted: Double?

    fileprivate var text: Double {
      max(
        TextWidth.em(title) * TextWidth.bold * 12,
        (texts.map(TextWidth.em).max() ?? 0) * 12.5)
    }

    fileprivate var natural: Double {
      if let wanted { return max(wanted, 24) }
      let beside = hasSparkline ? 120 : hasBar ? TableWidths.bar + 8 : 0
      return min(text, TableWidths.mostText) + beside + TableWidths.padding
    }

    fileprivate var least: Double {
      if hasSparkline { return natural }
      let beside = hasBar ? TableWidths.leastBar + 8 : 0
      let words = isNumber ? text : min(text, TableWidths.leastText)
      return min(words + beside + TableWidths.padding, natural)
    }
  }

  init(_ contents: [Content], room: Double) {
    let natural = contents.map(\.natural)
    let least = contents.map(\.least)
    let (whole, needed) = (natural.reduce(0, +), least.reduce(0, +))
    isFree = whole <= room && contents.allSatisfy { $0.wanted == nil }
    table = needed > room ? needed : nil
    if whole <= room {
      // What is left goes to those whose author said nothing.
      let free = contents.filter { $0.wanted == nil }.count
      let more = (room - whole) / Double(free > 0 ? free : contents.count)
      columns = zip(contents, natural).map { $0.wanted == nil || free == 0 ? $1 + more : $1 }
    } else {
      let share = needed >= room ? 0 : (room - needed) / max(whole - needed, 1)
      columns = zip(natural, least).map { $1 + ($0 - $1) * share }
    }
    bars = zip(contents, columns).map { content, width in
      (width - content.text - Self.padding - 8).clamped(to: Self.leastBar...Self.bar)
    }
  }

  /// Whether a text is seen as a part of it.
  func cuts(_ text: String, column: Int) -> Bool {
    let width = TextWidth.em(text) * 12.5
    return width > Self.mostText || !isFree && width > columns[column] - Self.padding
  }

  func draw(_ canvas: inout Canvas) {
    if isFree { return canvas.markup.raw("<table>") }
    canvas.markup.open(
      "table", .class("fixed"), .optional("width", table.map { ViewBox.number($0.rounded(.up)) }))
    canvas.markup.raw("<colgroup>")
    let whole = max(columns.reduce(0, +), 1)
    for width in columns { canvas.markup.leaf("col", .percent("width", width / whole * 100)) }
    canvas.markup.raw("</colgroup>")
  }
}
