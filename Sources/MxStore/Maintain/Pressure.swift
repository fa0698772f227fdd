import MxCodec
import MxFiles
package import MxModel

/// How much room a store may take.
package struct SpaceLimits: Hashable, Sendable {
  /// All files of the store, bytes; nil for no bound.
  package var maxBytes: Int?
  /// What the file system shall have free, bytes.
  package var minFree: Int
  /// Whether data go for `minFree`, or only what waits for its grace.
  package var minFreeTakesData = true
  /// What some rule or dashboard reads: it goes last.
  package var uses: [[Matcher]]

  package init(maxBytes: Int? = nil, minFree: Int = 0, uses: [[Matcher]] = []) {
    self.maxBytes = maxBytes
    self.minFree = minFree
    self.uses = uses
  }
}

/// What is missing of the room that limits ask for, bytes.
package struct MissingSpace: Hashable, Sendable {
  /// By which the store is larger than it may be.
  package var own = 0
  /// By which less is free on the file system than there shall be.
  package var free = 0

  package var most: Int { max(own, free) }
}

/// What making room did.
package struct PressureResult: Hashable, Sendable {
  package var dropped: [SegmentInfo] = []
  /// Files removed, and their bytes.
  package var removal = RemovalResult()
  /// What is missing still, bytes.
  package var missing = 0
  /// Whether data stayed because all of them would not have been enough: something else
  /// fills the disk.
  package var isInVain = false
  /// Whether data stayed because `minFree` takes none.
  package var isKept = false

  package init() {}
}

extension Store {
  package func missingSpace(_ limits: SpaceLimits) throws(StoreError) -> MissingSpace {
    var missing = MissingSpace()
    if let maxBytes = limits.maxBytes { missing.own = max(0, try usedBytes() - maxBytes) }
    if limits.minFree > 0 {
      let space = try onDisk { () throws(FileError) in try files.freeSpace(path) }
      missing.free = max(0, limits.minFree - space.free)
    }
    return missing
  }

  /// All files of segments, sets and manifests, those waiting for their removal too.
  package func usedBytes() throws(StoreError) -> Int {
    var bytes = 0
    for directory in [path, segmentDirectory, setDirectory] {
      for name in try names(in: directory) {
        let status = try onDisk { () throws(FileError) in
          try files.status(FilePath.join(directory, name))
        }
        if let status, !status.isDirectory { bytes += status.size }
      }
    }
    return bytes
  }

  /// Makes room, oldest data first: removes what waits for its grace, then segments of
  /// which no rule or dashboard reads anything, then the others. Needs next to no room
  /// itself. The caller holds the maintenance lock.
  ///
  /// A disk that something else fills is not made room on: for `minFree` no data go where
  /// all of them would not be enough, and no more than twice of what was missing at first.
  package func makeRoom(
    _ limits: SpaceLimits, _ options: RetentionOptions, _ report: Report,
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) throws -> PressureResult {
    var random = random
    var result = PressureResult()
    let asked = try missingSpace(limits).most
    if asked == 0 { return result }
    try removeNow(options, &result.removal, report)
    var dropped = 0
    // A step may free less than its files' sizes promise: again until it is enough.
    while true {
      let missing = try missingSpace(limits)
      result.missing = missing.most
      if missing.most == 0 { break }
      let snapshot = try Snapshot(self, report)
      let all = snapshot.candidates(try snapshot.newestSamples(limits.uses, report))
      // The store's own bound holds whatever others do.
      let helps =
        limits.minFreeTakesData && dropped < 2 * asked
        && all.reduce(0) { $0 + $1.bytes } >= missing.free
      let victims = try snapshot.victims(
        helps ? missing.most : missing.own, of: all, limits.uses, report)
      result.isKept = victims.isEmpty && missing.free > 0 && !limits.minFreeTakesData
      result.isInVain = victims.isEmpty && !all.isEmpty && !result.isKept
      if victims.isEmpty { break }
      try drop(victims, options, report, random: &random)
      dropped += victims.reduce(0) { $0 + $1.bytes }
      result.dropped += victims
      try removeNow(options, &result.removal, report)
    }
    return result
  }

  /// Removal without grace; where the disk is so full that no manifest can be
  /// written, older manifests make the room for it.
  private func removeNow(
    _ options: RetentionOptions, _ result: inout RemovalResult, _ report: Report
  ) throws {
    do {
      try removeNowOnce(options, &result, report)
    } catch StoreError.file(.full) {
      try removeOldManifests(keeping: 1)
      try removeNowOnce(options, &result, report)
    }
  }

  private func removeNowOnce(
    _ options: RetentionOptions, _ result: inout RemovalResult, _ report: Report
  ) throws {
    let removed = try removeRetired(
      now: options.now, grace: 0, sweepGrace: options.grace, lockWait: options.lockWait, report)
    result.files += removed.files
    result.bytes += removed.bytes
    result.isDeferred = removed.isDeferred
  }

  private func drop(
    _ victims: [SegmentInfo], _ options: RetentionOptions, _ report: Report,
    random: inout any RandomNumberGenerator
  ) throws {
    do {
      try dropOnce(victims, options, report, random: &random)
    } catch StoreError.file(.full) {
      try removeOldManifests(keeping: 1)
      try dropOnce(victims, options, report, random: &random)
    }
  }

  /// One commit: the segments go, and up to when samples are gone is known.
  private func dropOnce(
    _ victims: [SegmentInfo], _ options: RetentionOptions, _ report: Report,
    random: inout any RandomNumberGenerator
  ) throws {
    let lock = try lockCommit(wait: options.lockWait)
    defer { lock.release() }
    var manifest = try manifestForWriting(report, random: &random)
    let ids = Set(victims.map(\.id))
    let gone = manifest.segments.filter { ids.contains($0.id) }
    if gone.isEmpty { return }
    manifest.retire(gone, now: options.now)
    guard let through = gone.filter({ $0.kind == .samples }).map(\.range.to).max() else {
      try commitRecord(
        random.next(), &manifest, replaces: gone.map(\.id).sorted(), now: options.now)
      return
    }
    // Policies come last in the list: what they took is told by the newest of theirs.
    let policies = manifest.expiries.last
    var expiry = Expiry(
      made: options.now, policies: 0,
      rules: [Expiry.Rule(matchers: [], through: through, hasTiers: true)])
    if let old = manifest.expiries.first(where: { $0.policies == 0 }) {
      expiry.rules[0].through = max(through, old.rules.map(\.through).max() ?? .min)
    }
    manifest.expiries.removeAll { $0.policies == 0 }
    try commit(
      expiry, &manifest, replacing: gone.map(\.id),
      isLast: policies == nil || policies?.policies == 0,
      now: options.now, random: &random)
  }
}

extension Snapshot {
  /// What may go, oldest first. The newest segment of samples stays whatever is asked.
  fileprivate func candidates(_ newest: SegmentInfo?) -> [SegmentInfo] {
    manifest.segments.filter {
      $0.kind != .record && $0.samples > 0 && $0.id != newest?.id && !isLastOfTier($0)
    }.sorted { ($0.range.to, $0.id) < ($1.range.to, $1.id) }
  }

  /// Whole segments of `bytes` in sum, those that nothing reads first, oldest first; `all`
  /// are those that may go.
  fileprivate func victims(
    _ bytes: Int, of all: [SegmentInfo], _ uses: [[Matcher]], _ report: Report
  ) throws -> [SegmentInfo] {
    var victims: [SegmentInfo] = []
    var used: [SegmentInfo] = []
    var sum = 0
    for info in all where sum < bytes {
      if try !uses.isEmpty && holds(uses, in: info, report) {
        used.append(info)
        continue
      }
      victims.append(info)
      sum += info.bytes
    }
    for info in used where sum < bytes {
      victims.append(info)
      sum += info.bytes
    }
    return victims
  }

  /// The segment of samples that ends last; of several such one that is read, so that
  /// what is read goes last of all.
  fileprivate func newestSamples(
    _ uses: [[Matcher]], _ report: Report
  ) throws -> SegmentInfo? {
    let samples = manifest.segments.filter { $0.kind == .samples && $0.samples > 0 }
    let end = samples.map(\.range.to).max()
    let last = samples.filter { $0.range.to == end }.sorted { $0.id < $1.id }
    if uses.isEmpty || last.count < 2 { return last.last }
    return try last.last { try holds(uses, in: $0, report) } ?? last.last
  }

  /// Whether it alone says how far its tier is.
  private func isLastOfTier(_ info: SegmentInfo) -> Bool {
    guard info.kind == .windows else { return false }
    var rest = manifest
    rest.segments.removeAll { $0.id == info.id }
    return TierState(rest, tier: info.tier) != TierState(manifest, tier: info.tier)
  }

  private func holds(
    _ uses: [[Matcher]], in info: SegmentInfo, _ report: Report
  ) throws -> Bool {
    do {
      let segment = try segment(info)
      let series = segment.reader.series.refs
      return try uses.contains { matchers in
        try segment.set.match(matchers).ranges.contains { series.overlaps($0) }
      }
    } catch StoreError.damaged(let damage) {
      // Damage is for `repair`; it must not go as what nobody reads.
      report.damaged(damage)
      return true
    }
  }
}
