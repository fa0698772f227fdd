import MxCodec
import MxModel

/// What the store is told about keeping samples.
package struct RetentionRules: Sendable {
  /// First match wins; a series that none matches is kept.
  package var policies: [RetentionPolicy]
  /// The tiers that the rollup computes, ms.
  package var tiers: [Int64]
  /// After which the rollup computes a window, ms.
  package var lag: Int64

  package init(_ policies: [RetentionPolicy], tiers: [Int64], lag: Int64) {
    self.policies = policies
    self.tiers = tiers
    self.lag = lag
  }

  /// Tells policies from others: an expiry that others made begins anew.
  var fingerprint: UInt64 {
    var bytes: [UInt8] = []
    for policy in policies {
      Tombstone.append(policy.matchers, to: &bytes)
      for (resolution, age) in policy.ages.sorted(by: { $0.key < $1.key }) {
        bytes.append(signedVarint: resolution)
        bytes.append(signedVarint: age)
      }
      bytes.append(littleEndian: UInt64.max)
    }
    for tier in tiers { bytes.append(signedVarint: tier) }
    return XXH64.hash(bytes)
  }
}

/// Up to when the samples and windows of one policy's series go.
package struct RetentionCutoff: Hashable, Sendable {
  /// Raw samples at this time and before, `.min` for none.
  package var raw: Int64
  /// By tier: windows that end at this time and before.
  package var tiers: [Int64: Int64]
  /// Tiers that the policy names and keeps longer than raw: where one of them does not
  /// store a window, raw stays in its place, until then.
  package var standIns: [Int64: Int64]

  /// The times that may have passed a segment of that resolution.
  func times(_ resolution: Int64) -> [Int64] {
    resolution == 0 ? [raw] + standIns.values : [tiers[resolution] ?? .min]
  }
}

/// What retention is due: pure, decided from the manifest.
package struct RetentionPlan: Sendable {
  /// The present as retention sees it.
  package var present: Int64
  /// One a policy.
  package var cutoffs: [RetentionCutoff]
  /// Segments of which samples or windows may go, oldest first.
  package var segments: [SegmentInfo]
  /// Raw samples that would go but for windows that are not computed yet: up to when
  /// they would, up to when they do, and the tier that is waited for.
  package var waiting: (wanted: Int64, allowed: Int64, tier: Int64)?

  package init(_ manifest: Manifest, _ rules: RetentionRules, now: Int64) {
    present = Removal.present(manifest, now: now)
    let needed = RetentionPlan.needed(manifest, rules, now: present)
    cutoffs = []
    for policy in rules.policies {
      let wanted = RetentionPlan.through(policy.age(of: 0), present)
      var cutoff = RetentionCutoff(raw: wanted, tiers: [:], standIns: [:])
      for tier in rules.tiers {
        let through = RetentionPlan.through(policy.age(of: tier), present)
        cutoff.tiers[tier] = through
        guard through < wanted else { continue }
        if policy.ages[tier] != nil { cutoff.standIns[tier] = through }
        if let limit = needed[tier], limit < cutoff.raw { cutoff.raw = limit }
      }
      cutoffs.append(cutoff)
      guard cutoff.raw < wanted, RetentionPlan.holds(manifest, after: cutoff.raw, wanted) else {
        continue
      }
      let tier =
        rules.tiers.filter { cutoff.tiers[$0] ?? .min < wanted }.min {
          needed[$0] ?? .max < needed[$1] ?? .max
        } ?? 0
      if waiting.map({ cutoff.raw < $0.allowed }) ?? true {
        waiting = (wanted, cutoff.raw, tier)
      }
    }
    segments = []
    segments = due(manifest, rules, cutoffs)
  }

  /// The newest time that is older than `age`.
  private static func through(_ age: Int64?, _ present: Int64) -> Int64 {
    guard let age else { return .min }
    let (limit, overflow) = present.subtractingReportingOverflow(age)
    return overflow || limit == .min ? .min : limit - 1
  }

  /// By tier: up to when no window is due that needs samples.
  private static func needed(
    _ manifest: Manifest, _ rules: RetentionRules, now: Int64
  ) -> [Int64: Int64] {
    var limits: [Int64: Int64] = [:]
    for tier in rules.tiers { limits[tier] = TierState(manifest, tier: tier).horizon }
    let due = RollupPlan.due(manifest, now: now, lag: rules.lag, tiers: rules.tiers)
    for job in due {
      for one in job.due {
        let first = one.ends.map { WindowGrid.samples(of: $0, one.tier).from }.min() ?? .max
        limits[one.tier] = min(limits[one.tier] ?? .max, first == .min ? .min : first - 1)
      }
    }
    return limits
  }

  /// Whether any raw samples lie between the two.
  private static func holds(_ manifest: Manifest, after allowed: Int64, _ wanted: Int64) -> Bool {
    manifest.segments.contains {
      $0.kind == .samples && $0.samples > 0 && $0.range.from <= wanted && $0.range.to > allowed
    }
  }

  /// The segments that some cutoff passes which has not been applied to them yet.
  private func due(
    _ manifest: Manifest, _ rules: RetentionRules, _ cutoffs: [RetentionCutoff]
  ) -> [SegmentInfo] {
    let last = manifest.expiries.last.flatMap {
      $0.policies == rules.fingerprint && $0.applied != .min ? $0 : nil
    }
    // How far all cutoffs moved since: their distance to the present is fixed, but for
    // raw that waited.
    return manifest.segments.filter { info in
      guard info.kind != .record, info.samples > 0 else { return false }
      return cutoffs.indices.contains { policy in
        let times = cutoffs[policy].times(info.tier)
        guard let newest = times.max(), newest >= info.range.from else { return false }
        guard let last, info.lastSequence <= last.appliedSequence else { return true }
        let before = RetentionPlan.times(rules, policy, info.tier, last)
        return zip(times.sorted(), before.sorted()).contains { new, old in
          new >= info.range.from && old < info.range.to && new > old
        }
      }
    }.sorted { ($0.range.to, $0.id) < ($1.range.to, $1.id) }
  }

  /// The cutoffs of a policy as they were applied last.
  private static func times(
    _ rules: RetentionRules, _ number: Int, _ resolution: Int64, _ last: Expiry
  ) -> [Int64] {
    let policy = rules.policies[number]
    if resolution > 0 { return [through(policy.age(of: resolution), last.applied)] }
    let wanted = through(policy.age(of: 0), last.applied)
    let standIns = rules.tiers.filter { policy.ages[$0] != nil }
      .map { through(policy.age(of: $0), last.applied) }.filter { $0 < wanted }
    let raw = number < last.rules.count ? last.rules[number].through : wanted
    return [min(raw, wanted)] + standIns
  }

}

extension RetentionPlan {
  /// Why a clock is not trusted; nil where it is. `isForced`: someone said so.
  package static func clockProblem(_ manifest: Manifest, now: Int64) -> String? {
    let last = manifest.expiries.last?.made ?? manifest.lastRun
    if last == .min { return nil }
    // A step of a minute is what time services make.
    let (back, far) = last.subtractingReportingOverflow(now)
    if now < last, far || back > 60_000 { return "is before the last run" }
    let (month, overflow) = last.addingReportingOverflow(31 * 86_400_000)
    return !overflow && now > month ? "is over a month after the last run" : nil
  }
}
