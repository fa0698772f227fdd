/// How far the work is, on one line of stderr that rewrites itself.
///
///     mx-ingest: reading  45% [#########           ] 450 MiB of 1 GiB, 12 s left
///
/// Appears once the work lasted longer than its patience, is drawn at most
/// ten times a second, and is gone before anything else is printed.
package final class ProgressBar {
  private let tool: String
  /// Milliseconds before the first drawing; nil draws nothing ever.
  private let patience: Int64?
  private let width: Int
  private let clock: () -> Int64
  private let put: (String) -> Void

  private var started: Int64?
  private var lastDrawn: Int64?
  private var isVisible = false

  static var hidden: ProgressBar { ProgressBar() }

  private init() {
    tool = ""
    patience = nil
    width = 0
    clock = { 0 }
    put = { _ in }
  }

  init(
    tool: String, patience: Int64, width: Int, clock: @escaping () -> Int64,
    put: @escaping (String) -> Void
  ) {
    self.tool = tool
    self.patience = patience
    self.width = width
    self.clock = clock
    self.put = put
  }

  package enum Unit: Sendable {
    case items, bytes
  }

  /// Says that `done` of `total` is done; a total of 0 is not known yet.
  package func update(_ what: String, done: Int64, of total: Int64, unit: Unit = .items) {
    guard let patience else { return }
    let now = clock()
    let start = started ?? now
    started = start
    let elapsed = now &- start
    guard elapsed >= patience, lastDrawn.map({ now &- $0 >= 100 }) ?? true else { return }
    lastDrawn = now
    let line = ProgressBar.line(
      "\(tool): \(what)", done: done, of: total, unit: unit, elapsed: elapsed, width: width)
    put("\r\(line)\u{1b}[K")
    isVisible = true
  }

  /// Takes the bar away before something else is printed.
  package func clear() {
    guard isVisible else { return }
    put("\r\u{1b}[K")
    isVisible = false
  }

  /// The next `update` starts a new piece of work.
  package func finish() {
    clear()
    started = nil
    lastDrawn = nil
  }

  /// The text of a bar, at most `width` - 1 columns.
  static func line(
    _ title: String, done: Int64, of total: Int64, unit: Unit, elapsed: Int64, width: Int
  ) -> String {
    func amount(_ value: Int64) -> String {
      unit == .bytes ? ByteSize.format(value) : String(value)
    }
    guard total > 0 else { return TextWidth.clip("\(title) \(amount(done))", to: width - 1) }
    let share = min(1, max(0, Double(done) / Double(total)))
    let cells = 20
    let filled = Int(share * Double(cells))
    let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: cells - filled)
    let percent = String(Int(share * 100))
    let padded = String(repeating: " ", count: 3 - percent.utf8.count) + percent
    var text = "\(title) \(padded)% [\(bar)] \(amount(done)) of \(amount(total))"
    // Before a fiftieth is done the estimate is a guess.
    if share >= 0.02, share < 1 {
      let left = Double(elapsed) * (1 - share) / share / 1000
      text += ", \(DurationText.format(Int64(left.rounded(.up)) * 1000)) left"
    }
    return TextWidth.clip(text, to: width - 1)
  }
}

extension ByteSize {
  /// `1.5 GiB`: one digit after the point below ten, none above.
  package static func format(_ bytes: Int64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"]
    var value = Double(bytes) / 1024
    guard value.magnitude >= 1 else { return "\(bytes) B" }
    var unit = 0
    while value.magnitude >= 1023.5, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    let tenths = Int64((value * 10).rounded())
    let isWhole = tenths.magnitude >= 100 || tenths % 10 == 0
    let sign = tenths < 0 ? "-" : ""
    let number =
      isWhole
      ? String(Int64(value.rounded())) : "\(sign)\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
    return "\(number) \(units[unit])"
  }
}
