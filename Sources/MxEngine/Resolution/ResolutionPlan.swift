import MxModel

/// Which resolutions a query may use.
package enum ResolutionChoice: Hashable, Sendable {
  /// The coarsest that answers exactly.
  case automatic
  case raw
  /// Windows of this width in ms, and samples where they do not suffice.
  case tier(Int64)
}

/// Where a selector reads what: stretches of time, one after the other, each from
/// samples or from the windows of a tier.
struct ResolutionPlan: Hashable, Sendable {
  struct Stretch: Hashable, Sendable {
    /// The width of its windows, 0 for samples.
    var tier: Int64
    /// The samples at these times (of windows: those inside).
    var range: TimeRange
  }

  private(set) var stretches: [Stretch] = []
  /// Where a window of the query begins or ends amid a tier's, that one counts whole or
  /// not at all: there is nothing finer.
  private(set) var movesBorders = false
  /// Up to when samples that would be needed are gone, nil where none are.
  private(set) var missing: Int64?

  var usesTiers: Bool { stretches.contains { $0.tier > 0 } }

  /// How many windows of tiers it reads of a series that has all; 0 for more than time has.
  var windowCount: Int {
    stretches.filter { $0.tier > 0 }.reduce(0) { count, stretch in
      let (length, overflow) = stretch.range.to.subtractingReportingOverflow(stretch.range.from)
      return overflow ? count : count + Int(length / stretch.tier)
    }
  }

  var coarsest: Int64 { stretches.map(\.tier).max() ?? 0 }

  /// More pieces of samples than this between windows cost more than all samples do:
  /// each is a page at least.
  private static let maximumPieces = 16

  /// The plan for `query`; nil where samples alone are the best there is, and are there.
  static func choose(
    _ query: ResolutionQuery, _ offered: Resolutions, _ choice: ResolutionChoice,
    approximates: Bool
  ) -> ResolutionPlan? {
    var tiers = offered.tiers.filter { $0.width <= query.reach }
    switch choice {
    case .automatic: break
    case .raw: tiers = []
    case .tier(let width): tiers.removeAll { $0.width != width }
    }
    let hasAllSamples = offered.rawAfter < query.span.from
    if tiers.isEmpty, hasAllSamples { return nil }
    var planner = Planner(query: query, offered: offered, tiers: tiers, approximates: approximates)
    planner.cover(query.span.from - 1, query.span.to, tiers.count - 1)
    let plan = planner.plan
    if plan.missing == nil, hasAllSamples, plan.isNotWorthIt(query.span) { return nil }
    return plan
  }

  /// All from one tier, or (0) from samples.
  static func only(_ tier: Int64, _ span: TimeRange) -> ResolutionPlan {
    var plan = ResolutionPlan()
    plan.add(tier, span.from - 1, span.to)
    return plan
  }

  private func isNotWorthIt(_ span: TimeRange) -> Bool {
    let pieces = stretches.count { $0.tier == 0 }
    let fromTiers = stretches.reduce(Int64(0)) {
      $0 + ($1.tier == 0 ? 0 : $1.range.to - $1.range.from + 1)
    }
    return pieces > ResolutionPlan.maximumPieces || fromTiers < (span.to - span.from) / 2
  }

  /// Adds (from, to], going on from the stretch before where it is of the same kind.
  private mutating func add(_ tier: Int64, _ from: Int64, _ to: Int64) {
    if let last = stretches.last, last.tier == tier, last.range.to == from {
      stretches[stretches.count - 1].range.to = to
    } else {
      stretches.append(Stretch(tier: tier, range: TimeRange(from: from + 1, to: to)))
    }
  }

  /// Cuts the time into stretches: from the coarsest tier on down.
  private struct Planner {
    let query: ResolutionQuery
    let offered: Resolutions
    let tiers: [TierSpan]
    let approximates: Bool
    var plan = ResolutionPlan()

    /// Covers (from, to] by windows of tier `level`, and what is left by finer ones.
    mutating func cover(_ from: Int64, _ to: Int64, _ level: Int) {
      if from >= to { return }
      if level < 0 { return samples(from, to) }
      let tier = tiers[level]
      let start = TierGrid.end(of: from, tier.width)
      let end = TierGrid.floor(to, tier.width)
      if start >= end { return cover(from, to, level - 1) }
      cover(from, start, level - 1)
      if isFree(tier, start, end) {
        plan.add(tier.width, start, end)
      } else {
        pick(tier, start, end, level)
      }
      cover(end, to, level - 1)
    }

    /// Whether all windows of (start, end] can be used, without looking at each.
    private func isFree(_ tier: TierSpan, _ start: Int64, _ end: Int64) -> Bool {
      query.isAligned(tier.width) && start >= tier.from && end <= tier.to
        && !tier.dirty.contains { $0.from <= end && $0.to > start }
    }

    /// Looks at each window.
    private mutating func pick(_ tier: TierSpan, _ start: Int64, _ end: Int64, _ level: Int) {
      var from = start
      var unused = start
      while from < end {
        let to = from + tier.width
        let isUsable =
          from >= tier.from && to <= tier.to && query.nextBorder(after: from) >= to
          && !tier.dirty.contains { $0.from <= to && $0.to > from }
        if isUsable {
          cover(unused, from, level - 1)
          plan.add(tier.width, from, to)
          unused = to
        }
        from = to
      }
      cover(unused, end, level - 1)
    }

    private mutating func samples(_ from: Int64, _ to: Int64) {
      if !query.needs(from, to) || to <= offered.oldest { return }
      guard from < offered.rawAfter else { return plan.add(0, from, to) }
      let lost = min(to, offered.rawAfter)
      if approximates, let finest = tiers.first(where: { $0.from <= from }) {
        plan.movesBorders = true
        plan.add(finest.width, from, lost)
      } else {
        plan.missing = max(plan.missing ?? .min, lost)
      }
      if lost < to { plan.add(0, lost, to) }
    }
  }
}

/// When a selector looks: the windows (end - range, end] of a function of ranges, or
/// what an instant selector sees at each time.
struct ResolutionQuery: Hashable, Sendable {
  var ends: Grid
  var range: Int64
  /// An instant selector looks for the newest sample: where its window begins does not
  /// cut a tier's.
  var isInstant = false

  /// Windows that are wider answer nothing.
  var reach: Int64 { isInstant ? .max : range }

  var span: TimeRange { TimeRange(from: ends.first - range + 1, to: ends.last) }

  /// Whether all borders lie between windows of this width.
  func isAligned(_ width: Int64) -> Bool {
    ends.first % width == 0 && (ends.count == 1 || ends.step % width == 0)
      && (isInstant || range % width == 0)
  }

  /// The first border after `time`, `.max` for none.
  func nextBorder(after time: Int64) -> Int64 {
    let end = next(ends.first, after: time)
    return isInstant ? end : min(end, next(ends.first - range, after: time))
  }

  private func next(_ first: Int64, after time: Int64) -> Int64 {
    if first > time { return first }
    if ends.count == 1 || ends.step == 0 { return .max }
    let index = (time - first) / ends.step + 1
    return index < Int64(ends.count) ? first + index * ends.step : .max
  }

  /// Whether any window of the query has anything of (from, to].
  func needs(_ from: Int64, _ to: Int64) -> Bool {
    // The first window that ends after `from`.
    let end = next(ends.first, after: from)
    return end != .max && end - range < to
  }
}

/// Window arithmetic of tiers: window k of width w covers (k·w - w, k·w].
enum TierGrid {
  /// The end of the window that holds `time`.
  @inline(__always)
  static func end(of time: Int64, _ width: Int64) -> Int64 {
    let below = floor(time, width)
    return below == time ? below : below + width
  }

  /// The newest end at or before `time`.
  @inline(__always)
  static func floor(_ time: Int64, _ width: Int64) -> Int64 {
    let rest = time % width
    return rest >= 0 ? time - rest : time - rest - width
  }
}
