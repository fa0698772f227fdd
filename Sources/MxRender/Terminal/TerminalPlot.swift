package import MxTime

/// A chart of time series made of text: braille dots, axes, a legend.
///
///     0.8 ┤          ⢀⠤⠒⠢⡀
///     0.6 ┤     ⣀⠔⠊⠁     ⠈⢆ a
///     0.4 ┼⠤⠒⠊⠁
///         └┴─────────┴────────
///         10:00     11:00
///     a  node_load1{instance="x"}  0.61
///
/// Series are told apart by colours where there are any, and always by the letter that
/// stands at the height of their last value and before their name in the legend.
package struct TerminalPlot {
  package struct Series {
    package var name: String
    package var times: [Int64]
    package var values: [Double]

    package init(name: String, times: [Int64], values: [Double]) {
      precondition(times.count == values.count, "BUG: \(times.count) times, \(values.count) values")
      self.name = name
      self.times = times
      self.values = values
    }
  }

  package var from: Int64
  package var to: Int64
  /// Points farther apart than this are not joined, in ms.
  package var gap: Int64
  package var zone: Zone
  /// Columns of the whole picture.
  package var width: Int
  /// Rows of the plot, axes and legend not counted.
  package var height = 16
  /// Puts text into the colour of the n-th series.
  package var paint: (_ text: String, _ series: Int) -> String

  /// More lines than this nobody can tell apart.
  package static let mostSeries = 12
  private static let letters = Array("abcdefghijkl")

  package init(
    from: Int64, to: Int64, gap: Int64, zone: Zone, width: Int,
    paint: @escaping (_ text: String, _ series: Int) -> String
  ) {
    self.from = from
    self.to = max(to, from + 1)
    self.gap = gap
    self.zone = zone
    self.width = max(width, 40)
    self.paint = paint
  }

  package func lines(_ all: [Series]) -> [String] {
    let shown = Array(all.prefix(Self.mostSeries))
    let scale = scale(shown)
    let labels = scale.ticks.map { label($0, scale) }
    let margin = (labels.map(\.count).max() ?? 0) + 1
    let columns = max(10, width - margin - 1 - 2 - shown.count.signum() * 2)
    var canvas = BrailleCanvas(columns: columns, rows: height)
    var ends: [Int: String] = [:]
    for (index, series) in shown.enumerated() {
      draw(series, index, scale, &canvas)
      if let last = series.values.last(where: \.isFinite) {
        ends[row(last, scale), default: ""] += paint(String(Self.letters[index]), index)
      }
    }
    var lines = plot(canvas, scale, labels, margin, ends)
    lines += timeAxis(margin, columns)
    lines += legend(shown, all.count)
    return lines
  }

  // MARK: scale

  private func scale(_ series: [Series]) -> ValueScale {
    var wishes = ValueScale.Wishes(low: .infinity, high: -.infinity)
    for one in series {
      for value in one.values where value.isFinite {
        wishes.low = min(wishes.low, value)
        wishes.high = max(wishes.high, value)
      }
    }
    wishes.tickCount = max(2, height / 4)
    return ValueScale.fitting(wishes)
  }

  private func label(_ tick: Double, _ scale: ValueScale) -> String {
    // Beyond these, digits would fill the line.
    if tick.magnitude >= 1e15 || scale.step < 1e-9 { return ShortNumber.text(tick, digits: 4) }
    return ValueFormat(unit: Unit.named(nil), zone: zone).text(tick, step: scale.step)
  }

  /// The row of text a value is in, 0 on top.
  private func row(_ value: Double, _ scale: ValueScale) -> Int { dot(value, scale) / 4 }

  private func dot(_ value: Double, _ scale: ValueScale) -> Int {
    let bottom = Double(height * 4 - 1)
    let place = min(max(scale.position(value), -1), 2)
    return min(height * 4 - 1, max(0, Int((bottom * (1 - place)).rounded())))
  }

  // MARK: drawing

  private func draw(
    _ series: Series, _ index: Int, _ scale: ValueScale, _ canvas: inout BrailleCanvas
  ) {
    let right = Double(canvas.columns * 2 - 1)
    var before: (x: Int, y: Int, time: Int64)?
    for (time, value) in zip(series.times, series.values) {
      guard value.isFinite, time >= from, time <= to else {
        before = nil
        continue
      }
      let x = Int((Double(time - from) / Double(to - from) * right).rounded())
      let y = dot(value, scale)
      if let before, time - before.time <= gap {
        canvas.line((before.x, before.y), (x, y), owner: index)
      } else {
        canvas.set(x, y, owner: index)
      }
      before = (x, y, time)
    }
  }

  private func plot(
    _ canvas: BrailleCanvas, _ scale: ValueScale, _ labels: [String], _ margin: Int,
    _ ends: [Int: String]
  ) -> [String] {
    var texts: [Int: String] = [:]
    for (tick, label) in zip(scale.ticks, labels) { texts[row(tick, scale)] = label }
    return (0..<height).map { row in
      let label = texts[row] ?? ""
      var line = String(repeating: " ", count: margin - 1 - label.count) + label
      line += texts[row] == nil ? " │" : " ┤"
      for run in canvas.runs(row) {
        line += run.owner.map { paint(run.text, $0) } ?? run.text
      }
      if let end = ends[row] { line += " " + end }
      return Self.trimmed(line)
    }
  }

  private func timeAxis(_ margin: Int, _ columns: Int) -> [String] {
    let time = TimeScale(from: from, to: to, zone: zone, count: max(2, columns / 14))
    var rule = [Character](repeating: "─", count: columns)
    var texts = [Character](repeating: " ", count: columns + 8)
    for tick in time.ticks {
      let column = min(columns - 1, Int(time.position(tick.at) * Double(columns - 1) + 0.5))
      rule[column] = "┴"
      let start = min(max(0, column - tick.text.count / 2), texts.count - tick.text.count)
      // A label that would touch the one before is left out.
      let wanted = max(0, start - 1)..<start + tick.text.count
      guard start >= 0, texts[wanted].allSatisfy({ $0 == " " }) else { continue }
      for (offset, sign) in tick.text.enumerated() { texts[start + offset] = sign }
    }
    let indent = String(repeating: " ", count: margin)
    return [indent + "└" + String(rule), Self.trimmed(indent + " " + String(texts))]
  }

  private func legend(_ shown: [Series], _ count: Int) -> [String] {
    var lines = shown.enumerated().map { index, series in
      let last = series.values.last.map { ShortNumber.text($0, digits: 6) } ?? "no value"
      return paint(String(Self.letters[index]), index) + "  \(series.name)  \(last)"
    }
    if count > shown.count {
      lines.append("and \(count - shown.count) series more, which are not drawn")
    }
    return lines
  }

  private static func trimmed(_ line: String) -> String {
    var line = line[...]
    while line.last == " " { line.removeLast() }
    return String(line)
  }
}

/// Values of one instant as bars of text, a row a series.
///
///     {job="api"}  ██████████████▌  41.2
///     {job="web"}  ████             11
package struct TerminalBars {
  private static let parts: [Character] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"]
  private static let longestName = 48

  package var width: Int
  package var paint: (_ text: String, _ series: Int) -> String

  package init(width: Int, paint: @escaping (_ text: String, _ series: Int) -> String) {
    self.width = max(width, 40)
    self.paint = paint
  }

  package func lines(_ rows: [(name: String, value: Double)]) -> [String] {
    let names = rows.map { clipped($0.name) }
    let values = rows.map { ShortNumber.text($0.value, digits: 6) }
    let nameWidth = names.map(\.count).max() ?? 0
    let room = max(10, width - nameWidth - 4 - (values.map(\.count).max() ?? 0))
    let scale = Scale(rows.map(\.value), room)
    return rows.indices.map { index in
      let padding = String(repeating: " ", count: nameWidth - names[index].count)
      let (before, bar) = bar(rows[index].value, scale)
      let gap = String(repeating: " ", count: room - before - bar.count)
      return names[index] + padding + "  " + String(repeating: " ", count: before)
        + paint(bar, index) + gap + "  " + values[index]
    }
  }

  /// Zero stands where the longest bars to both sides have room.
  private struct Scale {
    /// Columns left and right of zero.
    var left: Int
    var right: Int
    /// A column's value.
    var unit: Double

    init(_ values: [Double], _ room: Int) {
      let finite = values.filter(\.isFinite)
      let least = min(0, finite.min() ?? 0)
      let greatest = max(0, finite.max() ?? 0)
      // Halves, so that the largest of doubles have a distance too.
      let span = greatest / 2 - least / 2
      var share = span > 0 ? -least / 2 / span : 0
      if span == 0, values.contains(-.infinity) { share = values.contains(.infinity) ? 0.5 : 1 }
      left = Int((share * Double(room)).rounded(.up))
      right = room - left
      unit = max(
        left > 0 ? -least / Double(left) : 0, right > 0 ? greatest / Double(right) : 0)
    }
  }

  /// A bar and how many columns are free before it.
  private func bar(_ value: Double, _ scale: Scale) -> (before: Int, text: String) {
    if value < 0 {
      // There are no eighths of the right side of a column: halves, then.
      let halves =
        value.isFinite && scale.unit > 0
        ? Int((-value / scale.unit * 2).rounded()) : scale.left * 2
      let text = (halves % 2 > 0 ? "▐" : "") + full(halves / 2)
      return (max(0, scale.left - text.count), text)
    }
    guard value.isFinite, scale.unit > 0 else {
      return (scale.left, value.isInfinite ? full(scale.right) : "")
    }
    let eighths = Int((value / scale.unit * 8).rounded())
    let part = eighths % 8
    return (scale.left, full(eighths / 8) + (part > 0 ? String(Self.parts[part - 1]) : ""))
  }

  private func full(_ count: Int) -> String { String(repeating: "█", count: count) }

  private func clipped(_ name: String) -> String {
    let limit = min(Self.longestName, width / 2)
    return name.count <= limit ? name : name.prefix(limit - 1) + "…"
  }
}
