import MxTime

/// Invisible columns over the plot whose titles tell time and values: what a
/// reader without JavaScript sees on hovering.
struct HoverTitles {
  let layers: [PlotLayer]
  let frame: PlotFrame
  let format: Zone

  /// Columns of a panel and lines of a title: a page of fifty panels stays small.
  static let columnLimit = 32
  static let lineLimit = 12

  func draw(_ canvas: inout Canvas) {
    let samples = Set(layers.flatMap(\.times)).sorted()
    guard !samples.isEmpty else { return }
    let stride = (samples.count + Self.columnLimit - 1) / Self.columnLimit
    canvas.markup.open("g", .class("hover"))
    var cursors = [Int](repeating: 0, count: layers.count)
    var index = stride / 2
    while index < samples.count {
      let time = samples[index]
      let before = samples[max(0, index - stride / 2)]
      let after = samples[min(samples.count - 1, index + (stride + 1) / 2)]
      column(&canvas, time, before, max(after, before), &cursors)
      index += stride
    }
    canvas.markup.close("g")
  }

  private func column(
    _ canvas: inout Canvas, _ time: Int64, _ before: Int64, _ after: Int64,
    _ cursors: inout [Int]
  ) {
    let start = frame.time.position(before).clamped(to: 0...1) * 100
    let width = max(frame.time.position(after).clamped(to: 0...1) * 100 - start, 0.4)
    canvas.markup.open(
      "rect", .percent("x", start), .percent("width", width), .number("height", frame.plotHeight))
    canvas.markup.element("title", text(time, &cursors))
    canvas.markup.close("rect")
  }

  private func text(_ time: Int64, _ cursors: inout [Int]) -> String {
    var lines = [DateText.text(Double(time), .iso, format)]
    var left = 0
    for (index, layer) in layers.enumerated() {
      while cursors[index] < layer.times.count && layer.times[cursors[index]] < time {
        cursors[index] += 1
      }
      let at = cursors[index]
      guard at < layer.times.count, layer.times[at] == time, !layer.shown[at].isNaN else {
        continue
      }
      if lines.count > Self.lineLimit {
        left += 1
        continue
      }
      lines.append("\(layer.field.name): \(layer.field.format.text(layer.shown[at]))")
    }
    if left > 0 { lines.append("and \(left) more") }
    return lines.joined(separator: "\n")
  }
}
