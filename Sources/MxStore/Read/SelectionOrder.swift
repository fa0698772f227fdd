import MxModel

/// Collects what the segments of a snapshot hold for one request.
struct SelectionSearch {
  private let manifest: Manifest
  private let request: SelectRequest
  private(set) var parts: [StoreSelection.Part] = []
  private(set) var sets: [SeriesSet] = []
  private var matched: [SeriesRefs] = []
  private var present: [Presence] = []

  init(_ manifest: Manifest, _ request: SelectRequest) {
    self.manifest = manifest
    self.request = request
  }

  /// Per set, the matched series that any segment holds.
  var found: [SeriesRefs] { zip(matched, present).map { $1.refs(among: $0) } }

  /// Takes in one more segment; damage is reported and the segment left out.
  mutating func add(_ segment: Snapshot.OpenSegment, _ report: Report) throws(StoreError) {
    do throws(StoreError) {
      let number = try number(of: segment.set)
      if matched[number].isEmpty { return }
      let hidden = try hidden(in: segment)
      present[number].add(segment.reader.series, of: matched[number])
      parts.append(StoreSelection.Part(segment: segment, set: number, hidden: hidden))
    } catch .damaged(let damage) {
      report.damaged(damage)
    }
  }

  /// Counts in the series of a segment of a tier, which is read otherwise: where samples
  /// are gone it alone knows of them.
  mutating func addPresence(
    of segment: Snapshot.OpenSegment, _ report: Report
  ) throws(StoreError) {
    do throws(StoreError) {
      let number = try number(of: segment.set)
      if !matched[number].isEmpty {
        present[number].add(segment.reader.series, of: matched[number])
      }
    } catch .damaged(let damage) {
      report.damaged(damage)
    }
  }

  /// Drops the sets that lie in the file `path`, with their segments; false
  /// where there is none.
  mutating func leaveOut(setAt path: String) -> Bool {
    let kept = sets.indices.filter { sets[$0].region.path != path }
    if kept.count == sets.count { return false }
    let numbers = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    sets = kept.map { sets[$0] }
    matched = kept.map { matched[$0] }
    present = kept.map { present[$0] }
    parts = parts.compactMap { part in
      numbers[part.set].map {
        StoreSelection.Part(segment: part.segment, set: $0, hidden: part.hidden)
      }
    }
    return true
  }

  private mutating func number(of set: SeriesSet) throws(StoreError) -> Int {
    if let known = sets.firstIndex(where: { $0.id == set.id }) { return known }
    matched.append(try set.match(request.matchers))
    sets.append(set)
    present.append(Presence())
    return sets.count - 1
  }

  private func hidden(
    in segment: Snapshot.OpenSegment
  ) throws(StoreError) -> [(refs: SeriesRefs, range: TimeRange)] {
    var hidden: [(refs: SeriesRefs, range: TimeRange)] = []
    let info = segment.reader.info
    for tombstone in manifest.tombstones
    where tombstone.sequence > info.lastSequence && tombstone.range.overlaps(request.range)
      && tombstone.range.overlaps(info.range)
    {
      hidden.append((try segment.set.match(tombstone.matchers), tombstone.range))
    }
    return hidden
  }
}

/// Which of the matched series of a set any segment really holds.
struct Presence {
  private var isWhole = false
  private var slots: [UInt32] = []

  /// Counts in the series of one more segment.
  mutating func add(_ list: SeriesList, of matched: SeriesRefs) {
    if isWhole { return }
    switch list {
    case .stretch(let refs):
      isWhole =
        matched.ranges.first.map { Int($0.lowerBound) >= refs.lowerBound } ?? true
        && matched.ranges.last.map { Int($0.upperBound) <= refs.upperBound } ?? true
      if !isWhole {
        for range in matched.ranges {
          let shared = Range(
            uncheckedBounds: (Int(range.lowerBound), Int(range.upperBound))
          ).clamped(to: refs)
          for ref in shared { slots.append(UInt32(ref)) }
        }
      }
    case .list(let refs):
      for ref in refs where matched.contains(ref) { slots.append(ref) }
    }
  }

  func refs(among matched: SeriesRefs) -> SeriesRefs {
    if isWhole { return matched }
    var last: UInt32?
    var result = SeriesRefs()
    for ref in slots.sorted() where ref != last {
      result.append(ref..<ref + 1)
      last = ref
    }
    return result
  }
}

/// Puts the series of several sets in one label order.
enum SelectionOrder {
  /// Per set the ref of each series of the union, `.max` where it has none.
  static func merge(_ sets: [SeriesSet], _ found: [SeriesRefs]) throws(StoreError) -> [[UInt32]] {
    if sets.count == 1 { return [found[0].array] }
    var result = [[UInt32]](repeating: [], count: sets.count)
    var cursors: [KeyCursor] = []
    var live: [Int] = []
    for (number, set) in sets.enumerated() {
      let cursor = try KeyCursor(set, found[number])
      cursors.append(cursor)
      if try cursor.advance() { live.append(number) }
    }
    var least: [Int] = []
    while let first = live.first {
      least = [first]
      for number in live.dropFirst() {
        let order = LabelKey.compare(cursors[number].key, cursors[least[0]].key)
        if order > 0 { continue }
        if order < 0 { least.removeAll(keepingCapacity: true) }
        least.append(number)
      }
      for number in sets.indices { result[number].append(.max) }
      for number in least {
        result[number][result[number].count - 1] = cursors[number].ref
        if try !cursors[number].advance() { live.removeAll { $0 == number } }
      }
    }
    return result
  }
}
