import MxCodec

/// Which segments of another store are to be taken over.
///
/// Each commit is to count once, however often the other store is taken over and
/// whatever it merges meanwhile. A segment's id is drawn at random and never used
/// again, so one that both know was made before they parted, and all commits up to
/// its last are common. By the ids that were taken, and by the last commit that was,
/// every segment is
///
/// - known: live here itself (a copy of this store), taken under its id, or of commits
///   that an id taken covers;
/// - fresh: of commits after all that were taken;
/// - unsure: some of its commits may be here. What adds up is taken from these
///   as far as the store holds less of it.
struct ImportPlan {
  /// In no particular order.
  private(set) var unsure: Set<UInt64> = []
  private(set) var fresh: Set<UInt64> = []
  /// What says of a commit that all of these segments are in it.
  private(set) var names: [ContentHash] = []
  /// What says of one that some of them may be in it.
  let begun: ContentHash

  var isEmpty: Bool { unsure.isEmpty && fresh.isEmpty }

  /// `held`: the inputs of `own`, by id.
  init(of other: Manifest, into own: Manifest?, held: Set<ContentHash>) {
    let identity = ImportIdentity(other.storeID)
    let segments = other.segments.filter { $0.kind == .samples }
    begun = identity.reach(segments.map(\.lastSequence).max() ?? 0)
    names = segments.map { identity.segment($0.id) } + [begun]
    let live = Set(own?.segments.map(\.id) ?? [])
    // Commits up to here were taken; up to there they may have been.
    let covered = identity.covered(of: other, held)
    let reached = max(identity.reached(held), own.map { $0.parting(from: other) } ?? 0)
    for segment in segments where !live.contains(segment.id) {
      if segment.lastSequence <= covered || held.contains(identity.segment(segment.id)) {
        continue
      }
      if segment.firstSequence <= reached {
        unsure.insert(segment.id)
      } else {
        fresh.insert(segment.id)
      }
    }
  }
}

/// Names what is taken over from one store. The names stand among the batch ids of the
/// commits, so they are there exactly if the samples are, and merges carry them.
private struct ImportIdentity {
  private let store: ContentHash
  private let reachMark: UInt64

  init(_ store: ContentHash) {
    self.store = store
    reachMark = ContentHash.of(Array("taken over up to".utf8) + store.bytes).high
  }

  /// The name of one segment, whichever copy of the store it comes from.
  func segment(_ id: UInt64) -> ContentHash {
    var bytes = Array("segment taken over".utf8)
    bytes += store.bytes
    bytes.append(littleEndian: id)
    return ContentHash.of(bytes)
  }

  /// The name that says how far it reached: the commit is its low half, so that it can be
  /// read from the name.
  func reach(_ sequence: UInt64) -> ContentHash { ContentHash(high: reachMark, low: sequence) }

  /// The newest commit that any run has reached, 0 where there was none.
  func reached(_ held: Set<ContentHash>) -> UInt64 {
    held.lazy.filter { $0.high == reachMark }.map(\.low).max() ?? 0
  }

  /// The newest commit of a segment that was taken under its id and that `other` still
  /// knows: live, or waiting for its removal.
  func covered(of other: Manifest, _ held: Set<ContentHash>) -> UInt64 {
    if reached(held) == 0 { return 0 }
    var newest: UInt64 = 0
    for info in other.segments where held.contains(segment(info.id)) {
      newest = max(newest, info.lastSequence)
    }
    for name in other.retired.segmentNames where held.contains(segment(name.id)) {
      newest = max(newest, name.last)
    }
    return newest
  }
}

extension Manifest {
  /// The last commit that this store and `other` made as one, where one is a copy of the
  /// other: 0 where none is, the largest number where that cannot be told any more.
  ///
  /// The grace keeps the ids of what was merged for a day: so long both know the next
  /// commit under an id of its own, or one of them has none.
  fileprivate func parting(from other: Manifest) -> UInt64 {
    if storeID != other.storeID { return 0 }
    let ours = sampleNames
    let theirs = other.sampleNames
    let ids = Set(ours.map(\.id))
    let common = theirs.lazy.filter { ids.contains($0.id) }.map(\.last).max() ?? 0
    func knows(_ names: [SegmentName], _ last: UInt64) -> Bool {
      last == common || names.contains { $0.first == common + 1 && $0.last == common + 1 }
    }
    return knows(ours, lastSequence) && knows(theirs, other.lastSequence) ? common : .max
  }

  /// The names of all segments of samples, also of those that wait for their removal (which
  /// do not say their kind).
  private var sampleNames: [SegmentName] {
    segments.filter { $0.kind == .samples }.map(\.name) + retired.segmentNames
  }
}
