import MxModel
import MxRules

/// Which alerts of the ledger have no rule any more, and why they end.
struct RuleEndings {
  /// A group that other runs evaluate may be theirs; one that nobody has evaluated for so
  /// long, while this one went on, is nobody's: its file is not among the rules any more.
  /// Longer than a day, since jobs may be daily; ms.
  static let abandoned: Int64 = 26 * 3_600_000

  private let files: Set<String>
  private let present: Set<String>
  private let off: Set<String>
  private let isFileGone: @Sendable (String) -> Bool
  /// By the ledger's key of a group: when somebody evaluated it last.
  private let lastRuns: [String: Int64]
  /// When these groups were last evaluated; nil where they never were.
  private let lastOwn: Int64?

  init(_ groups: [RuleGroup], _ lastRuns: [String: Int64], _ settings: AlertSettings) {
    func prefixes(_ isEnabled: Bool) -> Set<String> {
      Set(
        groups.flatMap { group in
          group.rules.filter { $0.isEnabled == isEnabled }.map { RuleKey.prefix($0, in: group) }
        })
    }
    files = Set(groups.map(\.file)).subtracting(settings.brokenFiles)
    (present, off) = (prefixes(true), prefixes(false))
    isFileGone = settings.isFileGone
    self.lastRuns = lastRuns
    lastOwn = groups.compactMap { lastRuns[$0.key] }.max()
  }

  /// Why alerts of this key end; nil where their rule may be another run's, or broken today.
  func reason(_ key: String) -> String? {
    if files.contains(where: { key.hasPrefix($0 + ";") }) {
      if off.contains(where: key.hasPrefix) { return "rule was switched off" }
      return present.contains(where: key.hasPrefix) ? "rule was changed" : "rule was removed"
    }
    if RuleKey.file(key).map(isFileGone) ?? false { return "rule was removed" }
    guard let lastOwn, let group = lastRuns.first(where: { key.hasPrefix($0.key + ";") }) else {
      return nil
    }
    return lastOwn - group.value > Self.abandoned ? "rule is not evaluated any more" : nil
  }
}

extension AlertKeeper {
  /// Ends the alerts without a rule, which says so; what is to be written of their series.
  func endOrphans(
    _ before: [String: [AlertInstance]], awaited: RuleSuccession, at now: Int64,
    _ endings: RuleEndings
  ) -> SampleBatch {
    var batch = SampleBatch()
    let known = ruleKeys
    for (key, instances) in before.sorted(by: { $0.key < $1.key })
    where !known.contains(key) && awaited.heirs[key] == nil {
      guard let reason = endings.reason(key) else { continue }
      for sample in end(key, instances, at: now, reason: reason) {
        batch.append(sample.name.labels, now, sample.value)
      }
    }
    return batch
  }
}
