import MxCodec
package import MxModel

/// Whether a policy decides about anything that a store holds.
package enum PolicyReach: Hashable, Sendable {
  case some
  /// No series matches.
  case nothing
  /// The policy of that number matches all of its series first.
  case earlier(Int)
}

extension Store {
  package func reached(
    _ policies: [RetentionPolicy], _ report: Report
  ) throws -> [PolicyReach] {
    let manifest = try manifest(report)
    let snapshot = Snapshot(self, manifest)
    var matched = [Bool](repeating: false, count: policies.count)
    var decided = matched
    var owner = [Int?](repeating: nil, count: policies.count)
    var seen: Set<UInt64> = []
    for info in manifest.segments where info.kind == .samples {
      if let set = info.set, !seen.insert(set.low).inserted { continue }
      let set = try snapshot.segment(info).set
      var earlier: [SeriesRefs] = []
      for (number, policy) in policies.enumerated() {
        let refs = try set.match(policy.matchers)
        matched[number] = matched[number] || !refs.isEmpty
        for ref in refs.array where !decided[number] {
          let first = earlier.firstIndex { $0.contains(ref) }
          owner[number] = owner[number] ?? first
          if first == nil { decided[number] = true }
        }
        earlier.append(refs)
      }
    }
    return policies.indices.map { number in
      if decided[number] { return .some }
      return matched[number] ? .earlier(owner[number] ?? 0) : .nothing
    }
  }
}
