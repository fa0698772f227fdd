import MxCodec
import MxModel

/// Reads windows of one segment of a tier, best series by series in order. One a thread.
final class TierCursor {
  fileprivate let reader: SegmentReader
  fileprivate let layout: TierLayout
  /// One a column: each keeps the page that it is at.
  fileprivate let columns: [SegmentCursor]

  /// `passing`, `room`: see `SegmentCursor`.
  init(
    _ reader: SegmentReader, decoder: ColumnDecoder, passing: PageValues? = nil,
    room: PageRoom? = nil
  ) {
    guard let layout = reader.footer.layout else {
      preconditionFailure("BUG: not a segment of a tier")
    }
    self.reader = reader
    self.layout = layout
    let clocks = RecentClocks()
    columns = layout.columns.map { _ in
      SegmentCursor(reader, decoder: decoder, passing: passing, room: room, clocks: clocks)
    }
  }

  /// Replaces `windows` by those of the series in `slot` whose ends lie in `range`.
  /// `wanted`: the series of the segment that will be asked for.
  func read(
    slot: Int, wanted: Range<Int>, range: TimeRange, into windows: inout [Window]
  ) throws {
    windows.removeAll(keepingCapacity: true)
    let width = reader.info.tier
    for (index, column) in layout.columns.enumerated() {
      let slots = layout.slots(index, ofBlockWith: slot, among: reader.info.series)
      let first = slot / layout.block * layout.block
      let inBlock = wanted.clamped(to: first..<first + slots.count)
      let shift = slots.lowerBound - first
      var place = 0
      var agrees = true
      try columns[index].read(
        slot: slot + shift, wanted: inBlock.lowerBound + shift..<inBlock.upperBound + shift,
        range: range
      ) { ends, values in
        for number in ends.indices {
          if index == 0 { windows.append(Window(end: ends[number])) }
          guard place < windows.count, windows[place].end == ends[number] else {
            agrees = false
            return
          }
          column.set(values[number], of: &windows[place], width: width)
          place += 1
        }
      }
      guard agrees, place == windows.count else {
        throw reader.region.damaged("windows of series \(slot)", "columns of unlike length")
      }
    }
    for index in windows.indices {
      windows[index] = WindowCoder.decoded(windows[index])
      if windows[index].count > 0 { continue }
      windows[index].firstTime = 0
      windows[index].lastTime = 0
    }
  }
}

extension TierCursor {
  /// Appends to `rows` the columns `fields` of the series in `slot`, of windows whose
  /// ends lie in `range`.
  func read(
    slot: Int, wanted: Range<Int>, range: TimeRange, fields: WindowFields,
    into rows: inout WindowRows
  ) throws {
    let before = rows.count
    rows.begin(fields, layout)
    do {
      if try readHeld(slot, wanted, range, fields, &rows) { return }
      for (index, column) in layout.columns.enumerated() where column.isNeeded(fields, of: layout) {
        let slots = layout.slots(index, ofBlockWith: slot, among: reader.info.series)
        let first = slot / layout.block * layout.block
        let inBlock = wanted.clamped(to: first..<first + slots.count)
        let shift = slots.lowerBound - first
        try columns[index].read(
          slot: slot + shift, wanted: inBlock.lowerBound + shift..<inBlock.upperBound + shift,
          range: range
        ) { ends, values in
          rows.append(column, ends, values, width: reader.info.tier)
        }
      }
      guard rows.isWhole(fields, of: layout) else {
        throw reader.region.damaged("windows of series \(slot)", "columns of unlike length")
      }
      rows.decode(from: before, fields)
    } catch {
      rows.truncate(to: before)
      throw error
    }
  }
}

extension TierCursor {
  /// The same where all columns have this series beside others in one page; false where
  /// they do not.
  private func readHeld(
    _ slot: Int, _ wanted: Range<Int>, _ range: TimeRange, _ fields: WindowFields,
    _ rows: inout WindowRows
  ) throws -> Bool {
    if layout.isEarlier { return false }
    var stored: StoredWindows?
    var place = LoadedPage.Place(clock: 0, clockStart: 0, count: 0)
    for column in WindowColumn.allCases where column.isNeeded(fields, of: layout) {
      guard let index = layout.columns.firstIndex(of: column) else { return false }
      let slots = layout.slots(index, ofBlockWith: slot, among: reader.info.series)
      let first = slot / layout.block * layout.block
      let inBlock = wanted.clamped(to: first..<first + slots.count)
      let shift = slots.lowerBound - first
      guard
        let held = try columns[index].held(
          slot: slot + shift, wanted: inBlock.lowerBound + shift..<inBlock.upperBound + shift)
      else { return false }
      if stored == nil {
        place = held.place
        stored = StoredWindows(count: place.count)
      } else if held.place != place {
        throw reader.region.damaged("windows of series \(slot)", "columns of unlike length")
      }
      stored?[column] = held.values.baseAddress
    }
    guard let stored else { return false }
    try columns[0].withTimes(place, in: range) { inside, ends in
      rows.append(stored.part(inside), ends: ends, fields, width: reader.info.tier)
    }
    return true
  }
}

/// Joins the windows of one series from several segments: the later commit's
/// window replaces an earlier one as a whole.
struct WindowMerger {
  private(set) var windows: [Window] = []
  private var spare: [Window] = []

  mutating func reset() { windows.removeAll(keepingCapacity: true) }

  /// Adds the windows of the next later segment.
  mutating func add(_ later: [Window]) {
    guard let first = later.first else { return }
    if (windows.last?.end ?? .min) < first.end {
      windows.append(contentsOf: later)
      return
    }
    spare.removeAll(keepingCapacity: true)
    var old = 0
    for window in later {
      while old < windows.count, windows[old].end < window.end {
        spare.append(windows[old])
        old += 1
      }
      if old < windows.count, windows[old].end == window.end { old += 1 }
      spare.append(window)
    }
    spare.append(contentsOf: windows[old...])
    swap(&windows, &spare)
  }
}
