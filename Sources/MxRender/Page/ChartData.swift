import MxJSON
import MxModel

/// What the page's script is told of a panel: every series with its exact values,
/// and how the panel draws them. It stands within the panel as JSON that no
/// browser runs; docs/pages.md says what its members are.
struct ChartData {
  /// A graph with a crosshair. Nil where values are only to be saved.
  var frame: PlotFrame?
  var fields: [DisplayField]
  /// Class names of the series' colours, as many as fields.
  var inks: [String]
  var from: Int64
  var to: Int64
  var marks: [AnnotationMark] = []

  /// More values than this would make a page of a hundred megabytes: the panel
  /// is drawn, and its values are for mx-query.
  static let valueLimit = 400_000
  /// For panels that have no crosshair.
  static let savedValueLimit = 20_000

  func json() -> [UInt8]? {
    let count = fields.reduce(0) { $0 + $1.values.count }
    guard count <= (frame == nil ? Self.savedValueLimit : Self.valueLimit) else { return nil }
    var writer = JSONWriter(safeInHTML: true)
    var formats = FormatTable()
    let grids = SampleGrids(fields)
    writer.beginObject()
    writer.member("k", frame == nil ? "values" : "time")
    writer.member("from", from)
    writer.member("to", to)
    writer.name("g")
    grids.write(&writer)
    writer.name("s")
    writer.beginArray()
    for (index, field) in fields.enumerated() {
      write(field, inks[index], grids, grids.grid[index], &formats, &writer)
    }
    writer.endArray()
    if let frame {
      writer.member("h", frame.plotHeight)
      writer.name("y")
      AxisData(axis: frame.leftAxis, scale: frame.left).write(&formats, &writer)
      if let axis = frame.rightAxis, let scale = frame.right {
        writer.name("r")
        AxisData(axis: axis, scale: scale).write(&formats, &writer)
      }
    }
    writeMarks(&writer)
    writer.name("f")
    formats.write(&writer)
    writer.endObject()
    return writer.bytes
  }

  private func writeMarks(_ writer: inout JSONWriter) {
    if frame == nil || marks.isEmpty { return }
    writer.name("m")
    writer.beginArray()
    for mark in marks {
      writer.beginArray()
      writer.int(mark.from)
      writer.int(mark.to)
      writer.string(mark.words)
      writer.endArray()
    }
    writer.endArray()
  }

  private func write(
    _ field: DisplayField, _ ink: String, _ grids: SampleGrids, _ grid: Int,
    _ formats: inout FormatTable, _ writer: inout JSONWriter
  ) {
    writer.beginObject()
    writer.member("n", field.name)
    writer.member("id", Int64(field.index))
    writer.member("g", Int64(grid))
    writer.member("f", Int64(formats.number(field.format)))
    writer.member("c", ink)
    writer.member("st", max(field.step, 1))
    if frame != nil { StyleData.write(field.config.style, &writer) }
    writer.name("v")
    ValueText.write(grids.values(of: field, on: grid), &writer)
    writer.endObject()
  }
}

/// How a series is drawn, in letters.
private enum StyleData {
  static func write(_ style: GraphStyle, _ writer: inout JSONWriter) {
    switch style.draw ?? .line {
    case .line: break
    case .bars: writer.member("d", "b")
    case .points: writer.member("d", "p")
    }
    switch style.interpolation ?? .linear {
    case .linear: break
    case .smooth: writer.member("i", "s")
    case .stepAfter: writer.member("i", "a")
    case .stepBefore: writer.member("i", "b")
    }
    let stacking = style.stacking ?? .none
    if stacking != .none { writer.member("k", Stacking.key(style)) }
    if stacking == .percent { writer.flag("p") }
    if style.isNegated == true { writer.flag("x") }
    if let name = style.fillBelowTo { writer.member("fb", name) }
    if style.axis == .right { writer.flag("r") }
    if (style.logBase ?? 0) > 1 { writer.flag("lg") }
    if style.draw == .points || style.showPoints == .always { writer.flag("pt") }
    switch style.gaps ?? .keep {
    case .keep: break
    case .bridge: writer.member("gap", Int64(-1))
    case .bridgeUnder(let limit): writer.member("gap", limit)
    }
  }
}

/// An axis as it was drawn, and what it was fitted to.
private struct AxisData {
  let axis: PlotFrame.Axis
  let scale: ValueScale

  func write(_ formats: inout FormatTable, _ writer: inout JSONWriter) {
    let wishes = axis.wishes
    writer.beginObject()
    writer.member("lo", scale.low)
    writer.member("hi", scale.high)
    writer.member("n", Int64(max(axis.tickCount, 1)))
    writer.member("f", Int64(formats.number(axis.format)))
    if let value = wishes.min { writer.member("min", value) }
    if let value = wishes.max { writer.member("max", value) }
    if let value = wishes.softMin { writer.member("smin", value) }
    if let value = wishes.softMax { writer.member("smax", value) }
    if scale.logBase > 1 { writer.member("log", scale.logBase) }
    if wishes.isCenteredOnZero { writer.flag("mid") }
    if wishes.isBinary { writer.flag("bin") }
    if wishes.seconds > 0 { writer.member("sec", wishes.seconds) }
    if wishes.leastStep > 0 { writer.member("least", wishes.leastStep) }
    if axis.isHidden { writer.flag("off") }
    writer.endObject()
  }
}

/// The times of samples. Series of one query share theirs: a first time, a step
/// and a count; where times are not evenly apart, all of them.
private struct SampleGrids {
  private(set) var grids: [Grid] = []
  /// The grid of each field.
  private(set) var grid: [Int] = []

  enum Grid {
    case even(first: Int64, step: Int64, count: Int)
    case times([Int64])
  }

  /// Steps beyond what a panel can have: then the times themselves are shorter.
  private static let stepLimit = 20_000

  init(_ fields: [DisplayField]) {
    var spans: [Int64: (first: Int64, last: Int64)] = [:]
    for field in fields where Self.isEven(field) {
      guard let first = field.times.first, let last = field.times.last else { continue }
      let known = spans[field.step] ?? (first, last)
      spans[field.step] = (min(known.first, first), max(known.last, last))
    }
    var numbers: [Int64: Int] = [:]
    for field in fields {
      guard Self.isEven(field), let span = spans[field.step],
        (field.times[0] - span.first) % field.step == 0,
        (span.last - span.first) / field.step < Int64(Self.stepLimit)
      else {
        grid.append(grids.count)
        grids.append(.times(field.times))
        continue
      }
      if let number = numbers[field.step] {
        grid.append(number)
      } else {
        numbers[field.step] = grids.count
        grid.append(grids.count)
        let count = Int((span.last - span.first) / field.step) + 1
        grids.append(.even(first: span.first, step: field.step, count: count))
      }
    }
  }

  private static func isEven(_ field: DisplayField) -> Bool {
    guard field.step > 0, let first = field.times.first else { return false }
    var last = first
    // Rows of a table may stand in any order.
    for time in field.times {
      if time < last || (time - first) % field.step != 0 { return false }
      last = time
    }
    return true
  }

  /// One value a time of the grid; NaN where the series has none.
  func values(of field: DisplayField, on number: Int) -> [Double] {
    guard case .even(let first, let step, let count) = grids[number] else { return field.values }
    var values = [Double](repeating: .nan, count: count)
    for (time, value) in zip(field.times, field.values) {
      values[Int((time - first) / step)] = value
    }
    return values
  }

  func write(_ writer: inout JSONWriter) {
    writer.beginArray()
    for grid in grids {
      switch grid {
      case .even(let first, let step, let count):
        writer.beginArray()
        writer.int(first)
        writer.int(step)
        writer.int(count)
        writer.endArray()
      case .times(let times):
        writer.beginObject()
        writer.name("t")
        writer.beginArray()
        for time in times { writer.int(time) }
        writer.endArray()
        writer.endObject()
      }
    }
    writer.endArray()
  }
}

/// Values as JSON numbers, every bit of them: the shortest text that reads back as the
/// same number. Bytes in base64 were a third shorter for rates that need seventeen
/// digits, and twice as long for everything else once a server packs them (2026-11).
private enum ValueText {
  static func write(_ values: [Double], _ writer: inout JSONWriter) {
    writer.beginArray()
    for value in values {
      if value.isNaN {
        writer.null()
      } else if value.isInfinite {
        // JSON has no infinity, but whoever reads this number gets it.
        writer.raw(Array((value > 0 ? "1e999" : "-1e999").utf8))
      } else {
        writer.double(value)
      }
    }
    writer.endArray()
  }
}

/// The formats of a panel, each once.
private struct FormatTable {
  private var formats: [ValueFormat] = []

  mutating func number(_ format: ValueFormat) -> Int {
    if let known = formats.firstIndex(where: {
      $0.unit == format.unit && $0.decimals == format.decimals
    }) {
      return known
    }
    formats.append(format)
    return formats.count - 1
  }

  func write(_ writer: inout JSONWriter) {
    writer.beginArray()
    for format in formats { write(format, &writer) }
    writer.endArray()
  }

  private func write(_ format: ValueFormat, _ writer: inout JSONWriter) {
    let unit = format.unit
    var (prefix, suffix) = (unit.prefix, unit.suffix)
    writer.beginObject()
    if let decimals = format.decimals { writer.member("d", Int64(decimals)) }
    switch unit.kind {
    case .plain: writer.member("k", "plain")
    case .fraction: writer.member("k", "fraction")
    case .decimal(let prefixes): Self.scaled(1000, prefixes, unit, &writer)
    case .binary(let prefixes): Self.scaled(1024, prefixes, unit, &writer)
    case .duration(let seconds): Self.timed("duration", seconds, &writer)
    case .longDuration(let seconds): Self.timed("words", seconds, &writer)
    case .clock(let seconds, let hasDays): Self.timed(hasDays ? "days" : "clock", seconds, &writer)
    case .stopwatch(let seconds): Self.timed("stopwatch", seconds, &writer)
    case .grouped: writer.member("k", "grouped")
    case .truth(let yes, let no):
      writer.member("k", "truth")
      (prefix, suffix) = (yes, no)
    case .date(let style, _):
      writer.member("k", "date")
      prefix = style == .us ? "us" : ""
    case .ago: writer.member("k", "ago")
    case .hexadecimal: writer.member("k", "hex")
    case .scientific: writer.member("k", "sci")
    case .text: writer.member("k", "text")
    }
    writer.member("p", prefix)
    writer.member("s", suffix)
    writer.endObject()
  }

  private static func scaled(
    _ base: Int64, _ prefixes: [String], _ unit: Unit, _ writer: inout JSONWriter
  ) {
    writer.member("k", "scaled")
    writer.member("b", base)
    writer.member("o", Int64(unit.offset))
    writer.name("u")
    writer.beginArray()
    for prefix in prefixes { writer.string(prefix) }
    writer.endArray()
  }

  private static func timed(_ kind: String, _ seconds: Double, _ writer: inout JSONWriter) {
    writer.member("k", kind)
    writer.member("q", seconds)
  }
}

extension JSONWriter {
  mutating func flag(_ name: String) { member(name, Int64(1)) }
}
