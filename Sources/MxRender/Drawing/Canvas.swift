import MxTime

/// What a panel is drawn on: markup, and what the page's style sheet must know of it.
struct Canvas {
  var markup = Markup()
  /// Classes that were used, so that the sheet has these and no others.
  private(set) var inks: Set<Ink> = []
  /// Left and right margins of plots, in pixels.
  private(set) var margins: Set<Margins> = []
  /// What the page's script is told of the panel.
  var chart: ChartData?
  let zone: Zone
  let now: Int64
  /// A file of its own: sizes are fixed, nothing is beside it.
  let isStandalone: Bool
  /// What the panel may lead to or tell of besides its own answers.
  var beside = Surroundings()

  struct Margins: Hashable, Comparable {
    var left: Int
    var right: Int

    var className: String { "m\(left)-\(right)" }

    static func < (one: Margins, other: Margins) -> Bool {
      (one.left, one.right) < (other.left, other.right)
    }
  }

  init(zone: Zone, now: Int64, isStandalone: Bool = false) {
    self.zone = zone
    self.now = now
    self.isStandalone = isStandalone
  }

  mutating func use(_ ink: Ink) -> String {
    inks.insert(ink)
    return ink.className
  }

  mutating func use(_ margins: Margins) -> String {
    self.margins.insert(margins)
    return margins.className
  }

  /// Takes over what another canvas drew.
  mutating func append(_ other: Canvas) {
    markup.append(other.markup)
    inks.formUnion(other.inks)
    margins.formUnion(other.margins)
  }

  /// A drawing as wide as its place, `size.height` pixels high.
  mutating func openSVG(_ size: Size, label: String) {
    let width: Attribute =
      isStandalone ? .number("width", size.width) : .text("width", "100%")
    markup.open(
      "svg", .class("chart"), width, .number("height", size.height), .text("role", "img"),
      .text("aria-label", label))
  }
}

/// Pixels, as they are on a page of full width.
struct Size: Equatable, Sendable {
  var width: Double
  var height: Double
}
