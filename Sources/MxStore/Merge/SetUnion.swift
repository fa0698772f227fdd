import MxCodec
import MxFiles
import MxModel

/// The series that the inputs of a merge have together: one set as it is where
/// all share it, else a new one.
struct SetUnion {
  /// Per input: ref in its set -> ref in the union, nil where they are equal.
  let maps: [[UInt32]?]
  /// The shared set, nil where a new one is made.
  private let shared: SeriesSet?
  private let made: SeriesSetBytes?
  private let union: SeriesSet
  /// The metrics whose samples of one instant add up.
  let events: Set<String>

  init(_ store: Store, _ inputs: [SegmentMerge.Input]) throws(StoreError) {
    var sets: [SeriesSet] = []
    var refs: [[SeriesRefs]] = []
    var numbers: [Int] = []
    for input in inputs {
      let set = input.segment.set
      let number = sets.firstIndex { $0.id == set.id } ?? sets.count
      if number == sets.count {
        sets.append(set)
        refs.append([])
      }
      refs[number].append(input.segment.reader.series.refs)
      numbers.append(number)
    }
    if sets.count == 1 {
      maps = inputs.map { _ in nil }
      shared = sets[0]
      union = sets[0]
      made = nil
    } else {
      var writer = SeriesSetWriter()
      let found = try SeriesSetUnion.merge(
        zip(sets, refs).map { SeriesSetUnion.Input($0, SeriesRefs.union($1)) }, into: &writer)
      maps = numbers.map { found[$0] }
      shared = nil
      let bytes = writer.finish()
      made = bytes
      union = try SeriesSet(region: FileRegion(bytes: bytes.bytes, path: "series set of a merge"))
    }
    events = Set(try union.allMetadata().filter { $0.type == .event }.map(\.family))
  }

  func metrics() throws(StoreError) -> [MetricStretch] { try union.metrics() }

  /// Where the labels of the `written` series shall live, and which of them a
  /// slot names. A set of which little is left is written anew, smaller.
  func home(
    of written: [UInt32], in store: Store
  ) throws(StoreError) -> (series: SeriesList, set: ContentHash?, inline: [UInt8]?) {
    let isMostlyUsed = written.count * 2 >= union.count
    if let shared, isMostlyUsed, try store.has(shared.id) {
      return (SeriesList(written), shared.id, nil)
    }
    if let made, written.count == union.count {
      let home = try store.home(of: made)
      return (.stretch(0..<written.count), home.id, home.inline)
    }
    var writer = SeriesSetWriter()
    for entry in try union.allMetadata() { writer.add(entry) }
    try union.keys(SeriesRefs(written)) { _, key in writer.add(key) }
    let home = try store.home(of: writer.finish())
    return (.stretch(0..<written.count), home.id, home.inline)
  }
}

extension Store {
  /// Whether the set lies in a file (it may be inside a segment only).
  func has(_ set: ContentHash) throws(StoreError) -> Bool {
    try onDisk { () throws(FileError) in try files.status(setPath(set)) != nil }
  }
}

extension SeriesList {
  var refs: SeriesRefs {
    switch self {
    case .stretch(let refs): SeriesRefs(UInt32(refs.lowerBound)..<UInt32(refs.upperBound))
    case .list(let refs): SeriesRefs(refs)
    }
  }
}

extension SeriesRefs {
  /// All refs of any.
  static func union(_ all: [SeriesRefs]) -> SeriesRefs {
    if all.count == 1 { return all[0] }
    var result = SeriesRefs()
    var open: Range<UInt32>?
    for range in all.flatMap(\.ranges).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      guard let last = open else {
        open = range
        continue
      }
      if range.lowerBound <= last.upperBound {
        open = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        result.append(last)
        open = range
      }
    }
    if let open { result.append(open) }
    return result
  }
}
