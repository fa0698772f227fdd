package import MxModel

/// Which instants of recording rules a run evaluates, and in which pieces.
///
/// A piece is what is held in memory and committed at once; the next sees what those
/// before wrote, so that pieces change nothing in what comes out.
package enum RecordingPlan {
  /// What became due since each group's last run, however long ago that was.
  package static func live(
    _ groups: [RuleGroup], _ lastRuns: [String: Int64], now: Int64
  ) -> [GroupDue] {
    groups.map { group in
      let last = lastRuns[group.key]
      let steps = DueSteps.plan(
        lastRun: last, now: now, interval: group.interval, maxCatchup: .max / 2)
      return GroupDue(group, steps, previous: last)
    }
  }

  /// All instants in `range`, whether they were evaluated before or not.
  package static func again(_ groups: [RuleGroup], _ range: TimeRange) -> [GroupDue] {
    groups.map { group in
      let last = DueSteps.floor(range.to, group.interval)
      var first = DueSteps.floor(range.from, group.interval)
      if first < range.from { first += group.interval }
      let count = first > last ? 0 : Int((last - first) / group.interval) + 1
      return GroupDue(
        group, DueSteps(first: first, interval: group.interval, count: count),
        previous: first - group.interval)
    }
  }

  /// The due instants cut at multiples of `width`, oldest first; groups of which
  /// nothing is due in a piece are not in it.
  package static func pieces(_ due: [GroupDue], width: Int64 = 86_400_000) -> [[GroupDue]] {
    let open = due.filter { $0.steps.count > 0 }
    guard var from = open.map(\.steps.first).min(), let end = open.map(\.steps.last).max() else {
      return []
    }
    var pieces: [[GroupDue]] = []
    while from <= end {
      let to = DueSteps.floor(from, width) + width - 1
      let piece = open.compactMap { $0.part(from: from, to: to) }
      if !piece.isEmpty { pieces.append(piece) }
      from = to + 1
    }
    return pieces
  }
}

extension GroupDue {
  /// Its instants in a stretch; the one before is what `previous` was for all.
  fileprivate func part(from: Int64, to: Int64) -> GroupDue? {
    let skipped = from <= steps.first ? 0 : Int((from - steps.first - 1) / steps.interval) + 1
    guard skipped < steps.count, steps[skipped] <= to else { return nil }
    let last = min(steps.count - 1, Int((to - steps.first) / steps.interval))
    let part = DueSteps(
      first: steps[skipped], interval: steps.interval, count: last - skipped + 1)
    return GroupDue(group, part, previous: skipped == 0 ? previous : steps[skipped - 1])
  }
}
