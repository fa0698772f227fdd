/// Marks over a plot: a line for a moment, a band for a stretch, and a foot below the
/// axis that says what it was.
struct AnnotationDrawing {
  let marks: [AnnotationMark]
  let frame: PlotFrame

  /// Under the series.
  func drawBands(_ canvas: inout Canvas) {
    guard !marks.isEmpty else { return }
    canvas.markup.open("g", .class("an"), .text("aria-hidden", "true"))
    for mark in marks {
      let ink = canvas.use(mark.ink)
      let (start, end) = (share(mark.from), share(mark.to))
      if end - start > 0.1 {
        canvas.markup.leaf(
          "rect", .class("band", ink), .percent("x", start), .percent("width", end - start),
          .number("height", frame.plotHeight), from(mark), to(mark))
      }
      let ends = [(mark.from, start)] + (end - start > 0.1 ? [(mark.to, end)] : [])
      for (time, at) in ends where time >= frame.time.from && time <= frame.time.to {
        canvas.markup.leaf(
          "line", .class("mark", ink), .percent("x1", at), .percent("x2", at),
          .number("y2", frame.plotHeight), .text("data-a", String(time)))
      }
    }
    canvas.markup.close("g")
  }

  /// Over everything, so that the pointer finds them.
  func drawFeet(_ canvas: inout Canvas, zone: (Int64) -> String) {
    guard !marks.isEmpty else { return }
    canvas.markup.open("g", .class("an"))
    for mark in marks {
      let ink = canvas.use(mark.ink)
      let (start, end) = (share(mark.from), share(mark.to))
      canvas.markup.open(
        "rect", .class("foot-mark", ink), .percent("x", start),
        .percent("width", max(end - start, 0.6)), .number("y", frame.plotHeight),
        .number("height", 4), from(mark), to(mark))
      let until = mark.to > mark.from ? " – \(zone(mark.to))" : ""
      canvas.markup.element("title", "\(zone(mark.from))\(until): \(mark.words)")
      canvas.markup.close("rect")
    }
    canvas.markup.close("g")
  }

  private func share(_ time: Int64) -> Double {
    (frame.time.position(time) * 100).clamped(to: 0...100)
  }

  private func from(_ mark: AnnotationMark) -> Attribute {
    .text("data-a", String(mark.from))
  }

  private func to(_ mark: AnnotationMark) -> Attribute { .text("data-b", String(mark.to)) }
}
