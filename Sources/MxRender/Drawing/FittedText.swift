/// A text in a room that may be too narrow for it: first its letters become smaller, then
/// it is cut, and says the whole under the pointer.
struct FittedText {
  let whole: String
  let shown: String
  let font: Double

  /// Letters between `least` and `most` pixels.
  init(_ text: String, width: Double, most: Double, least: Double, isBold: Bool = false) {
    let width = isBold ? width / TextWidth.bold : width
    whole = text
    let fitting = width / max(TextWidth.em(text), 0.1)
    font = fitting.clamped(to: least...max(most, least))
    shown = fitting >= least ? text : TextWidth.cut(text, em: width / font)
  }

  init(_ text: String, width: Double, font: Double) {
    self.init(text, width: width, most: font, least: font)
  }

  /// As it is, whatever the room.
  init(free text: String) {
    (whole, shown, font) = (text, text, 0)
  }

  enum Anchor: String {
    case start = ""
    case middle = "mid"
    case end
  }

  func draw(
    _ canvas: inout Canvas, _ className: String, anchor: Anchor, x: Double, y: Double
  ) {
    draw(&canvas, className, anchor: anchor, at: .number("x", x), y: y)
  }

  func draw(
    _ canvas: inout Canvas, _ className: String, anchor: Anchor, at x: Attribute, y: Double
  ) {
    canvas.markup.open(
      "text", .class(className, anchor.rawValue), x, .number("y", y), .number("font-size", font))
    drawInside(&canvas)
    canvas.markup.close("text")
  }

  /// For an element that sets the size of its letters by its class.
  func drawInside(_ canvas: inout Canvas) {
    if shown != whole { canvas.markup.element("title", whole) }
    canvas.markup.text(shown)
  }
}

/// How wide texts are, in units of their size: no font is asked, so a little too much.
enum TextWidth {
  /// How much wider bold letters are.
  static let bold = 1.1

  static func em(_ text: String) -> Double {
    text.unicodeScalars.reduce(0) { $0 + em($1) }
  }

  /// Of DejaVu Sans, the widest of the fonts that pages meet.
  private static func em(_ letter: Unicode.Scalar) -> Double {
    switch letter {
    case "i", "j", "l", "I", "|", ".", ",", ":", ";", "'", "!", " ", "/": 0.33
    case "f", "r", "t", "(", ")", "[", "]", "{", "}", "-", "\"": 0.41
    case "c", "k", "s", "v", "x", "y", "z", "_": 0.57
    case "m", "w", "M", "W", "@", "%", "—", "…": 0.96
    case "A"..."Z": 0.71
    default: isWide(letter) ? 1.1 : 0.635
    }
  }

  /// Hangul, kana, Chinese and emoji are as wide as they are high.
  private static func isWide(_ letter: Unicode.Scalar) -> Bool {
    guard letter.value >= 0x1100 else { return false }
    return letter.properties.isEmojiPresentation || letter.value <= 0x115F
      || (0x2E80...0xD7A3).contains(letter.value) || (0xF900...0xFAFF).contains(letter.value)
      || (0xFF00...0xFF60).contains(letter.value)
  }

  /// At least one letter stays, with an ellipsis behind it.
  static func cut(_ text: String, em room: Double) -> String {
    if em(text) <= room { return text }
    var width = em("…")
    var kept = ""
    for letter in text {
      width += em(String(letter))
      if width > room && !kept.isEmpty { break }
      kept.append(letter)
    }
    return kept + "…"
  }
}
