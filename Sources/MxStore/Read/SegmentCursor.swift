import MxCodec
import MxModel

/// The slots of a segment that a reader will ask for, in ascending order.
enum WantedSlots {
  case all(Range<Int>)
  /// Few among many, as of a regular expression.
  case some([Int])

  /// What is wanted of a page, as one stretch.
  func within(_ page: Range<Int>) -> Range<Int> {
    switch self {
    case .all(let slots): return slots.clamped(to: page)
    case .some(let slots):
      let low = slots.partition { $0 < page.lowerBound }
      let high = slots.partition { $0 < page.upperBound }
      return low < high ? slots[low]..<slots[high - 1] + 1 : page.lowerBound..<page.lowerBound
    }
  }

  /// All that lies from here to there, where little is left out.
  init(_ slots: [Int]) {
    guard let first = slots.first, let last = slots.last else {
      self = .all(0..<0)
      return
    }
    self = last - first < slots.count * 2 ? .all(first..<last + 1) : .some(slots)
  }
}

/// Reads series of one segment, best in ascending order: the page and the
/// clocks of the series before are at hand. One a thread.
final class SegmentCursor {
  let reader: SegmentReader
  private let decoder: ColumnDecoder
  private var page: LoadedPage?
  /// The values of the page at hand, kept from page to page.
  private let values: PageValues
  /// The same of a page of one series, which is not looked at again.
  private let passing: PageValues
  private let clocks: RecentClocks

  /// `passing`: room that the cursors of one thread may share, so that it stays in the
  /// processor's cache. `room`: where all other pages' values are. `clocks`: what those of
  /// one segment may share.
  init(
    _ reader: SegmentReader, decoder: ColumnDecoder, passing: PageValues? = nil,
    room: PageRoom? = nil, clocks: RecentClocks = RecentClocks()
  ) {
    values = PageValues(in: room)
    self.reader = reader
    self.decoder = decoder
    self.passing = passing ?? values
    self.clocks = clocks
  }

  /// Calls `body` with the samples of `slot` in `range`, page by page in time
  /// order, none empty. `wanted`: the slots that will be asked for, so that a page
  /// is decoded once for all of them and no further.
  func read(
    slot: Int, wanted: WantedSlots, range: TimeRange,
    _ body: (UnsafeBufferPointer<Int64>, UnsafeBufferPointer<Double>) throws -> Void
  ) throws {
    // A page of several series holds them whole.
    if let page, page.entry.slots > 1, page.entry.slotRange.contains(slot) {
      return try read(page, slot, wanted, range, body)
    }
    for entry in try reader.entries(slots: slot..<slot + 1) where entry.range.overlaps(range) {
      let page = try reader.load(
        entry, with: decoder, values: entry.slots == 1 ? passing : values)
      self.page = page
      try read(page, slot, wanted, range, body)
    }
  }

  func read(
    slot: Int, wanted: Range<Int>, range: TimeRange,
    _ body: (UnsafeBufferPointer<Int64>, UnsafeBufferPointer<Double>) throws -> Void
  ) throws {
    try read(slot: slot, wanted: .all(wanted), range: range, body)
  }

  /// How many pages hold samples of `slot` in `range`.
  func pageCount(slot: Int, range: TimeRange) throws(StoreError) -> Int {
    if let page, page.entry.slots > 1, page.entry.slotRange.contains(slot) { return 1 }
    return try reader.entries(slots: slot..<slot + 1).count { $0.range.overlaps(range) }
  }

  /// All values of `slot` and where its times are; nil unless one page holds them beside
  /// other series. They lie there until this cursor goes to another page.
  func held(
    slot: Int, wanted: Range<Int>
  ) throws -> (place: LoadedPage.Place, values: UnsafeBufferPointer<Double>)? {
    if let page, page.entry.slots > 1, page.entry.slotRange.contains(slot) {
      return try held(page, slot, .all(wanted))
    }
    let entries = try reader.entries(slots: slot..<slot + 1)
    guard entries.count == 1, entries[0].slots > 1 else { return nil }
    let page = try reader.load(entries[0], with: decoder, values: values)
    self.page = page
    return try held(page, slot, .all(wanted))
  }

  private func held(
    _ page: LoadedPage, _ slot: Int, _ wanted: WantedSlots
  ) throws(StoreError) -> (place: LoadedPage.Place, values: UnsafeBufferPointer<Double>) {
    let first = page.entry.firstSlot
    let inPage = wanted.within(page.entry.slotRange)
    do throws(CodecError) {
      try page.decode(inPage.lowerBound - first..<inPage.upperBound - first, with: decoder)
      return (try page.place(slot - first), page.values(slot - first))
    } catch {
      throw reader.region.damaged("page at \(page.entry.offset)", "\(error)")
    }
  }

  /// Calls `body` with those of the times at `place` that lie in `range`, and the rows
  /// that they are.
  func withTimes(
    _ place: LoadedPage.Place, in range: TimeRange,
    _ body: (_ rows: Range<Int>, UnsafeBufferPointer<Int64>) throws -> Void
  ) throws {
    let clock = try clockPage(holding: place.clock)
    let found: Void? = try clock.withTimes(place) { times in
      let inside = SegmentCursor.stretch(of: times, in: range)
      if !inside.isEmpty { try body(inside, UnsafeBufferPointer(rebasing: times[inside])) }
    }
    if found == nil {
      throw reader.region.damaged(
        "page at \(page?.entry.offset ?? 0)", "a series is longer than its clock")
    }
  }

  private func read(
    _ page: LoadedPage, _ slot: Int, _ wanted: WantedSlots, _ range: TimeRange,
    _ body: (UnsafeBufferPointer<Int64>, UnsafeBufferPointer<Double>) throws -> Void
  ) throws {
    let (place, values) = try held(page, slot, wanted)
    try withTimes(place, in: range) { rows, times in
      try body(times, UnsafeBufferPointer(rebasing: values[rows]))
    }
  }

  /// Decodes all of a page and checks that its times ascend within its range.
  func check(_ page: LoadedPage) throws(StoreError) {
    self.page = page
    let entry = page.entry
    for slot in entry.slotRange {
      var isRight = true
      do {
        try read(page, slot, .all(entry.slotRange), .all) { times, _ in
          isRight =
            entry.range.from <= times[0] && times[times.count - 1] <= entry.range.to
            && times.indices.dropFirst().allSatisfy { times[$0 - 1] < times[$0] }
        }
      } catch let error as StoreError {
        throw error
      } catch {
        preconditionFailure("BUG: a page threw \(error)")
      }
      if !isRight {
        throw reader.region.damaged("page at \(entry.offset)", "times out of order")
      }
    }
  }

  private func clockPage(holding id: Int) throws(StoreError) -> ClockPage {
    if let page = clocks.page(holding: id) { return page }
    let page = try reader.clockPage(holding: id, with: decoder)
    guard page.holds(id) else { throw reader.region.damaged("clocks", "there is no clock \(id)") }
    clocks.add(page)
    return page
  }

  /// The indices of ascending `times` that lie in `range`.
  static func stretch(of times: UnsafeBufferPointer<Int64>, in range: TimeRange) -> Range<Int> {
    guard let first = times.first, let last = times.last else { return 0..<0 }
    if range.from <= first, last <= range.to { return 0..<times.count }
    let low = lowerBound(times, range.from)
    let high = range.to == .max ? times.count : lowerBound(times, range.to + 1)
    return low..<max(low, high)
  }

  /// The number of timestamps before `time`.
  static func lowerBound(_ times: UnsafeBufferPointer<Int64>, _ time: Int64) -> Int {
    var low = 0
    var high = times.count
    while low < high {
      let middle = (low + high) / 2
      if times[middle] < time { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// The pages of clocks that were read last.
final class RecentClocks {
  /// The newest last. 32 pages are 4 MiB: a hundred targets of an hour each.
  private var pages: [ClockPage] = []
  private static let limit = 32

  func page(holding id: Int) -> ClockPage? { pages.last { $0.holds(id) } }

  func add(_ page: ClockPage) {
    if pages.count == RecentClocks.limit { pages.removeFirst() }
    pages.append(page)
  }
}
