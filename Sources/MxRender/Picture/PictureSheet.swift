/// The style of a picture: plain CSS with colours in place, which librsvg, mail
/// programs and browsers all read. A page's sheet speaks of custom properties.
enum PictureSheet {
  static func text(_ theme: Theme, _ inks: Set<Ink>) -> String {
    let isDark = theme == .dark
    let (ground, edge, strong, dim, grid, zero) =
      isDark
      ? ("#181b1f", "#2b3037", "#dfe3e8", "#9aa4af", "#292e35", "#5b6570")
      : ("#fff", "#dde1e6", "#1f2328", "#59636e", "#e6e9ed", "#aab2bb")
    var sheet = """
      svg{font-size:12px}text{font-family:system-ui,"Segoe UI",Roboto,"Liberation Sans",\
      "DejaVu Sans",sans-serif;fill:\(dim)}
      .ground{fill:\(ground);stroke:\(edge)}.title{fill:\(strong);font-weight:600;font-size:14px}
      .tick{font-size:11px}.end{text-anchor:end}.mid{text-anchor:middle}.row{fill:\(strong)}
      .strong{font-weight:600}.value{fill:\(strong);font-weight:600}
      line.grid{stroke:\(grid)}line.zero{stroke:\(zero)}.track{fill:\(grid)}
      .line,.dots,.threshold{fill:none;vector-effect:non-scaling-stroke;\
      stroke-linejoin:round;stroke-linecap:round}.line,.threshold{stroke-width:1.4}
      .w2{stroke-width:2}.w3{stroke-width:3}.dash{stroke-dasharray:7 4}
      .zone-area,.band{fill-opacity:.09}.mark{stroke-dasharray:4 3}.slice{stroke:\(ground);stroke-width:.7}

      """
    for ink in inks.sorted(by: { $0.className < $1.className }) {
      let name = ink.className
      let color = "#" + (isDark ? ink.values.dark : ink.values.light)
      sheet +=
        ".line.\(name),.dots.\(name),.threshold.\(name),.mark.\(name){stroke:\(color)}"
        + ".area.\(name),.fill.\(name),.zone-area.\(name),.heat.\(name),.state.\(name),"
        + ".slice.\(name),.band.\(name),.foot-mark.\(name),text.\(name){fill:\(color)}"
        + "text.part.\(name){fill:\(Contrast.on(String(color.dropFirst())))}\n"
    }
    return sheet
  }
}

extension Markup {
  mutating func pictureSheet(_ text: String) {
    precondition(!text.utf8.contains(0x3C), "BUG: markup within a style sheet")
    trusted(text)
  }
}

/// A badge: a word and a state beside it, as READMEs and wikis show them.
package enum Badge {
  package enum Mood: Sendable { case good, bad, unknown }

  /// How many alerts fire that nobody keeps quiet.
  package static func alerts(_ alerts: [SiteAlert]) -> [UInt8] {
    let alerts = alerts.filter(\.isForPeople)
    let loud = alerts.count { $0.isFiring && $0.hold == nil }
    let quiet = alerts.count { $0.isFiring && $0.hold != nil }
    let text = loud > 0 ? "\(loud) firing" : quiet > 0 ? "\(quiet) kept quiet" : "none"
    return svg("alerts", text, loud > 0 ? .bad : quiet > 0 ? .unknown : .good)
  }

  package static func svg(_ label: String, _ state: String, _ mood: Mood) -> [UInt8] {
    let color =
      switch mood {
      case .good: "#007a5e"
      case .bad: "#c4283c"
      case .unknown: "#5f6b76"
      }
    return svg(label, state, color: color)
  }

  static func svg(_ label: String, _ state: String, color: String) -> [UInt8] {
    let (left, right) = (width(label), width(state))
    var out = Markup()
    out.open(
      "svg", .text("xmlns", "http://www.w3.org/2000/svg"), .number("width", left + right),
      .number("height", 20), .text("role", "img"), .text("aria-label", "\(label): \(state)"))
    out.leaf(
      "rect", .number("width", left + right), .number("height", 20), .number("rx", 4),
      .text("fill", "#3d444d"))
    out.leaf(
      "path", .text("fill", color),
      .text(
        "d",
        "M\(ViewBox.number(left)),0h\(ViewBox.number(right - 4))a4,4 0 0 1 4,4v12a4,4 0 0 1 -4,4"
          + "h-\(ViewBox.number(right - 4))z"))
    for (text, x) in [(label, left / 2), (state, left + right / 2)] {
      out.element(
        "text", text, .number("x", x), .number("y", 14), .text("fill", "#fff"),
        .text("text-anchor", "middle"), .text("font-size", "11"),
        .text("font-family", "Verdana,\"DejaVu Sans\",sans-serif"))
    }
    out.raw("</svg>\n")
    return out.bytes
  }

  private static func width(_ text: String) -> Double { Double(text.count) * 6.8 + 14 }
}

extension Plan {
  /// A badge of a panel that says one thing: its title and its value, in the colour the
  /// panel gives it. Nil for all others.
  package func badge(_ position: Int, _ results: [Int: QueryResult]) -> [UInt8]? {
    let planned = panels[position]
    guard planned.panel.kind == .stat || planned.panel.kind == .gauge else { return nil }
    let fields = FieldBuilder(
      planned: planned, results: results, canvas: Canvas(zone: zone, now: now)
    ).fields()
    guard fields.count <= 1 else { return nil }
    let label = planned.panel.title.isEmpty ? "value" : planned.panel.title
    let shown = fields.first.map { field in
      field.display(Reduction.reduce(field.values, planned.panel.options.reduce.calculation))
    }
    let color = shown?.ink.map { "#" + $0.values.light } ?? "#5f6b76"
    return Badge.svg(PictureText.cut(label, 40), shown?.text ?? "no data", color: color)
  }
}
