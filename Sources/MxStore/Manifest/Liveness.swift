import MxModel

/// Which segments of a store are live, decided from what they say of each other.
///
/// 1. What a live segment names as replaced is dead. A segment that is itself
///    dead has no say: a fold whose commit died is an orphan, and its inputs live on.
/// 2. A part of a commit of several segments counts only if the commit was
///    acknowledged. It was if all its parts are there, each as a file or inside a
///    segment that was merged since; or if anything sealed later does not name it:
///    whatever is sealed names all orphans that lie there (see `Orphans`), and the
///    other parts are gone because they expired or were quarantined.
///
/// A segment can only name what was there before it, so there are no circles; in
/// footers that claim one all members stay live, since nothing is dropped on doubt.
struct Liveness {
  private var live: [Bool]
  private var replaced: [Int64?]

  /// `claimed`: commits of files that cannot be read; they are there, though.
  init(_ footers: [SegmentFooter], claimed: [ClosedRange<UInt64>]) {
    live = [Bool](repeating: true, count: footers.count)
    replaced = [Int64?](repeating: nil, count: footers.count)
    let numbers = Dictionary(
      footers.enumerated().map { ($1.info.id, $0) }, uniquingKeysWith: { first, _ in first })
    let targets = footers.map { footer in
      Set(footer.replaces).compactMap { numbers[$0] }
    }
    var waiting = [Int](repeating: 0, count: footers.count)
    for target in targets.joined() { waiting[target] += 1 }
    // From those that none names downwards: each is decided after all that name it.
    var decided = waiting.indices.filter { waiting[$0] == 0 }
    var next = 0
    while next < decided.count {
      let number = decided[next]
      next += 1
      live[number] =
        replaced[number] == nil
        && Liveness.isAcknowledged(footers[number], among: footers, claimed)
      for target in targets[number] {
        if live[number] {
          replaced[target] = max(replaced[target] ?? .min, footers[number].made)
        }
        waiting[target] -= 1
        if waiting[target] == 0 { decided.append(target) }
      }
    }
  }

  func isLive(_ number: Int) -> Bool { live[number] }

  /// When a live segment took this one's place; nil where none did.
  func replacedAt(_ number: Int) -> Int64? { live[number] ? nil : replaced[number] }

  private static func isAcknowledged(
    _ footer: SegmentFooter, among all: [SegmentFooter], _ claimed: [ClosedRange<UInt64>]
  ) -> Bool {
    if footer.parts == 1 { return true }
    let commit = footer.commitSequences
    let isWhole = commit.allSatisfy { sequence in
      claimed.contains { $0.contains(sequence) }
        || all.contains {
          $0.info.firstSequence <= sequence && sequence <= $0.info.lastSequence
        }
    }
    return isWhole
      || all.contains {
        $0.info.lastSequence > commit.upperBound && !$0.replaces.contains(footer.info.id)
      }
  }
}

extension SegmentFooter {
  /// The sequences of all parts of its commit; its own where it is merged.
  var commitSequences: ClosedRange<UInt64> {
    if parts == 1 { return info.firstSequence...info.lastSequence }
    let first = info.firstSequence - min(UInt64(part), info.firstSequence)
    return first...first + UInt64(parts - 1)
  }
}
