package import MxCodec
import MxFiles
package import MxModel

/// What retention by age did.
package struct RetentionResult: Hashable, Sendable {
  package var dropped = 0
  package var rewritten = 0
  /// Of the files that were retired and shrunk.
  package var bytes = 0
  /// Some segments could not be written again: the disk is full.
  package var isPartial = false

  package init() {}
}

/// What a run of retention is told besides its rules.
package struct RetentionOptions: Sendable {
  package var now: Int64
  package var grace = Removal.defaultGrace
  package var lockWait: Double = 60
  package var effort = Effort.merged
  /// Also writes large segments again of which little goes.
  package var isExact = false

  package init(now: Int64) { self.now = now }
}

extension Store {
  /// Takes what is too old: whole segments by a record, parts by writing the rest
  /// again. Up to when samples may be gone is committed first. The caller holds the
  /// maintenance lock.
  package func retain(
    _ plan: RetentionPlan, _ rules: RetentionRules, _ options: RetentionOptions,
    _ report: Report, _ oversight: Oversight = Oversight(),
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) throws -> RetentionResult {
    var random = random
    var result = RetentionResult()
    if plan.segments.isEmpty { return result }
    let found = zip(rules.policies, plan.cutoffs).map { policy, cutoff in
      Expiry.Rule(
        matchers: policy.matchers, through: cutoff.raw,
        hasTiers: cutoff.tiers.values.contains { $0 < cutoff.raw })
    }
    try setExpiry(
      found, rules.fingerprint, applied: nil, options, report, random: &random)
    let snapshot = try Snapshot(self, report)
    let sequence = snapshot.manifest.lastSequence
    var run = RetentionRun(snapshot, plan, rules, options, report)
    for info in plan.segments {
      try oversight.check()
      guard snapshot.manifest.segment(info.id) == info else { continue }
      do {
        switch try run.fate(of: info) {
        case .stays: continue
        case .goes: run.dropped.append(info)
        case .shrinks(let hides):
          let output = try execute(
            MergeJob(inputs: [info.id], level: info.level), now: options.now,
            grace: options.grace, effort: options.effort, lockWait: options.lockWait, report,
            oversight, hides: hides, random: SeededIds(&random))
          result.rewritten += 1
          result.bytes += info.bytes - (output?.bytes ?? 0)
        }
      } catch StoreError.damaged(let damage) {
        report.damaged(damage)
      } catch StoreError.file(.full) {
        // Whole segments go all the same; the rest waits for the space that gives.
        result.isPartial = true
      }
    }
    let gone = try drop(
      Set(run.dropped.map(\.id)), now: options.now, lockWait: options.lockWait, report,
      random: SeededIds(&random))
    result.dropped = gone.count
    result.bytes += gone.reduce(0) { $0 + $1.bytes }
    if !result.isPartial {
      try setExpiry(
        found, rules.fingerprint, applied: (plan.present, sequence), options, report,
        random: &random)
    }
    return result
  }

  /// Commits up to when samples may be gone, or that they are.
  private func setExpiry(
    _ rules: [Expiry.Rule], _ policies: UInt64, applied: (present: Int64, sequence: UInt64)?,
    _ options: RetentionOptions, _ report: Report, random: inout any RandomNumberGenerator
  ) throws {
    let lock = try lockCommit(wait: options.lockWait)
    defer { lock.release() }
    var manifest = try manifestForWriting(report, random: &random)
    var new = Expiry(made: options.now, policies: policies, rules: rules)
    if let last = manifest.expiries.last, last.policies == policies {
      // What is gone is gone, also where a clock went back.
      for index in new.rules.indices where index < last.rules.count {
        new.rules[index].through = max(new.rules[index].through, last.rules[index].through)
      }
      (new.applied, new.appliedSequence) = (last.applied, last.appliedSequence)
      new.made = max(new.made, last.made)
      new.record = last.record
      manifest.expiries.removeLast()
    }
    if let applied {
      (new.applied, new.appliedSequence) = applied
    }
    try commit(new, &manifest, now: options.now, random: &random)
  }

  /// Adds an expiry; older ones that it covers are forgotten. `replacing`: segments that
  /// go with the same commit. `isLast`: it is that of the policies in force.
  func commit(
    _ new: Expiry, _ manifest: inout Manifest, replacing: [UInt64] = [], isLast: Bool = true,
    now: Int64, random: inout any RandomNumberGenerator
  ) throws(StoreError) {
    let least = new.rules.map(\.through).min() ?? .min
    let covers = new.rules.contains { $0.matchers.isEmpty }
    var kept = manifest.expiries.filter { old in
      !(isLast && covers && old.rules.allSatisfy { $0.through <= least })
    }
    kept.insert(new, at: isLast ? kept.count : 0)
    let old = Set(manifest.expiries.map(\.record)).union([new.record])
    let spent = manifest.records(saidAgainWith: old)
    let record = random.next()
    let sequence = try nextSequence(manifest)
    for index in kept.indices {
      kept[index].record = record
      kept[index].sequence = sequence
    }
    manifest.retire(spent, now: now)
    manifest.expiries = kept
    try commitRecord(
      record, &manifest, expiries: kept, replaces: (spent.map(\.id) + replacing).sorted(), now: now)
  }
}

extension Manifest {
  /// The records of which one that takes the place of `old` leaves nothing to say: those,
  /// and others that only keep dead what is dead. Cron would pile up two an hour.
  fileprivate func records(saidAgainWith old: Set<UInt64>) -> [SegmentInfo] {
    let deletions = Set(tombstones.map(\.record))
    return segments.filter { info in
      info.kind == .record && !deletions.contains(info.id)
        && (old.contains(info.id)
          || !info.hasBatches && info.range == TimeRange(from: 0, to: 0))
    }
  }
}

/// Decides what becomes of segments, series by series.
struct RetentionRun {
  enum Fate {
    case stays
    case goes
    /// What to leave out, by series.
    case shrinks(hides: SegmentHiding)
  }

  private let snapshot: Snapshot
  private let plan: RetentionPlan
  private let rules: RetentionRules
  private let options: RetentionOptions
  private let report: Report
  var dropped: [SegmentInfo] = []

  /// Smaller segments are always written again to the millisecond.
  private static let smallBytes = 4 << 20
  /// Larger ones where this part of them goes: a week is rewritten daily.
  private static let worthShare = 0.125

  init(
    _ snapshot: Snapshot, _ plan: RetentionPlan, _ rules: RetentionRules,
    _ options: RetentionOptions, _ report: Report
  ) {
    self.snapshot = snapshot
    self.plan = plan
    self.rules = rules
    self.options = options
    self.report = report
  }

  func fate(of info: SegmentInfo) throws -> Fate {
    let segment = try snapshot.segment(info)
    let owners = try owners(segment)
    let counts = owners.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
    var share = 0.0
    var isWholePolicy = false
    var isAll = true
    var mayStand = false
    for (policy, count) in counts {
      let through = policy < 0 ? Int64.min : plan.cutoffs[policy].times(info.tier)[0]
      let part = RetentionRun.share(of: info.range, through: through)
      share += part * Double(count)
      if part == 1 { isWholePolicy = true } else { isAll = false }
      if policy >= 0, part > 0, info.tier == 0, !plan.cutoffs[policy].standIns.isEmpty {
        mayStand = true
      }
    }
    if share == 0 { return .stays }
    if isAll, !mayStand { return isLastOfTier(info) ? .shrinks(hides: { _ in [.all] }) : .goes }
    let isWorth =
      options.isExact || isWholePolicy || info.bytes < RetentionRun.smallBytes
      || share >= RetentionRun.worthShare * Double(owners.count)
    guard isWorth else { return .stays }
    return try shrink(segment, owners, isAll: isAll)
  }

  /// The part of `range` that goes with `through`, 0…1.
  private static func share(of range: TimeRange, through: Int64) -> Double {
    if through < range.from { return 0 }
    if through >= range.to { return 1 }
    return (Double(through) - Double(range.from) + 1) / (Double(range.to) - Double(range.from) + 1)
  }

  /// A segment that alone says how far its tier is must leave one that says so.
  private func isLastOfTier(_ info: SegmentInfo) -> Bool {
    guard info.kind == .windows else { return false }
    let gone = Set(dropped.map(\.id))
    var rest = snapshot.manifest
    rest.segments.removeAll { $0.id == info.id || gone.contains($0.id) }
    let (all, left) = (
      TierState(snapshot.manifest, tier: info.tier), TierState(rest, tier: info.tier)
    )
    return all != left
  }

  /// The policy of each slot, -1 for none.
  private func owners(_ segment: Snapshot.OpenSegment) throws -> [Int] {
    let series = segment.reader.series
    var owners = [Int](repeating: -1, count: series.count)
    for (number, policy) in rules.policies.enumerated().reversed() {
      let refs = try segment.set.match(policy.matchers)
      for slot in owners.indices where refs.contains(UInt32(series.ref(slot))) {
        owners[slot] = number
      }
    }
    return owners
  }

  private func shrink(
    _ segment: Snapshot.OpenSegment, _ owners: [Int], isAll: Bool
  ) throws -> Fate {
    let info = segment.reader.info
    let series = segment.reader.series
    let cutoffs = plan.cutoffs
    if info.tier > 0 {
      return .shrinks(hides: { ref in
        guard let slot = series.slot(of: Int(ref)), owners[slot] >= 0 else { return [] }
        return [TimeRange(from: .min, to: cutoffs[owners[slot]].tiers[info.tier] ?? .min)]
      })
    }
    let stand = try StandIns(snapshot, segment, report)
    if isAll,
      try owners.indices.allSatisfy({ slot in
        try stand.hidden(slot, cutoffs[owners[slot]]).contains { $0.contains(info.range) }
      })
    {
      return .goes
    }
    return .shrinks(hides: { ref in
      guard let slot = series.slot(of: Int(ref)), owners[slot] >= 0 else { return [] }
      return try stand.hidden(slot, cutoffs[owners[slot]])
    })
  }
}

/// Where raw samples stand in for windows that no tier stores.
///
/// A tier leaves out windows that would weigh more than their samples, and promises
/// that these are kept as long as it is.
private struct StandIns {
  private let segment: Snapshot.OpenSegment
  private let selection: StoreSelection
  /// Slot -> series of the selection.
  private let numbers: [Int: Int]

  init(_ snapshot: Snapshot, _ segment: Snapshot.OpenSegment, _ report: Report) throws {
    self.segment = segment
    selection = try StoreSelection(
      snapshot, SelectRequest([], range: segment.reader.info.range), report)
    var numbers: [Int: Int] = [:]
    if let set = selection.sets.firstIndex(where: { $0.id == segment.set.id }) {
      for (number, ref) in selection.refs[set].enumerated() where ref != .max {
        if let slot = segment.reader.series.slot(of: Int(ref)) { numbers[slot] = number }
      }
    }
    self.numbers = numbers
  }

  /// What goes of a series, as ascending stretches.
  func hidden(_ slot: Int, _ cutoff: RetentionCutoff) throws -> [TimeRange] {
    var gone = [TimeRange(from: .min, to: cutoff.raw)]
    let range = segment.reader.info.range
    guard let number = numbers[slot] else { return [] }
    for (tier, through) in cutoff.standIns where through < cutoff.raw {
      let first = max(through == .min ? .min : through + 1, range.from)
      let last = min(cutoff.raw, range.to)
      if first > last { continue }
      // What a window stores need not stay; the rest of the stretch stays.
      var kept = [TimeRange(from: first, to: last)]
      let ends = TimeRange(
        from: WindowGrid.end(of: first, tier), to: WindowGrid.end(of: last, tier))
      try selection.readStored(number..<number + 1, tier: tier, ends: ends, worker: 0) {
        for window in $1 where !window.flags.contains(.void) {
          kept = StandIns.without(
            WindowGrid.samples(of: TimeRange(from: window.end, to: window.end), tier), kept)
        }
      }
      for stretch in kept { gone = StandIns.without(stretch, gone) }
    }
    return gone
  }

  /// `ranges` without `hole`, which lies behind all holes before.
  private static func without(_ hole: TimeRange, _ ranges: [TimeRange]) -> [TimeRange] {
    var result: [TimeRange] = []
    result.reserveCapacity(ranges.count + 1)
    for range in ranges {
      guard range.overlaps(hole) else {
        result.append(range)
        continue
      }
      if range.from < hole.from { result.append(TimeRange(from: range.from, to: hole.from - 1)) }
      if range.to > hole.to { result.append(TimeRange(from: hole.to + 1, to: range.to)) }
    }
    return result
  }
}
