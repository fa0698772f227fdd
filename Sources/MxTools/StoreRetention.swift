import MxCLI
import MxConfig
import MxFiles
import MxModel
import MxStore

/// `mx-compact retention`, and the part of the bare run: what is too old goes, then
/// what there is no room for.
enum StoreRetention {
  /// The present, and whether someone vouches for it.
  struct Present {
    var now: Int64
    var isForced: Bool

    init(_ run: Run) {
      now = run.common.now
      isForced = false
    }

    /// `retention --now[=TIME]`.
    init(retention run: Run) throws {
      isForced = run.arguments.has("now")
      now = try run.arguments.time("now", now: run.common.now) ?? run.common.now
    }
  }

  struct Outcome {
    var code = ExitCode.success
    var told: [String] = []
  }

  static func run(_ run: Run) throws -> ExitCode {
    let settings = try SettingsReader.load(run)
    let store = StoreAccess.store(run)
    if run.common.checksOnly { return try check(store, settings, run) }
    let present = try Present(retention: run)
    return try StoreAccess.maintaining(store, run) {
      let report = Report()
      let removed = try store.removeRetired(
        now: present.now, grace: settings.storage.grace, lockWait: run.common.lock.seconds, report)
      let outcome = try work(
        store, settings, present, report, Interruption.oversight(run), run)
      run.report.set("removed_bytes", Double(removed.bytes), help: "Bytes of files removed.")
      let told = ["\(removed.files) files removed"] + outcome.told
      run.output.summary(told.joined(separator: ", "))
      let damage = StoreDamage.tell(report, run)
      return damage == .success ? outcome.code : damage
    }
  }

  /// By age, then by size. The caller holds the maintenance lock.
  static func work(
    _ store: Store, _ settings: Settings, _ present: Present, _ report: Report,
    _ oversight: Oversight, _ run: Run
  ) throws -> Outcome {
    var outcome = Outcome()
    var options = RetentionOptions(now: present.now)
    options.grace = settings.storage.grace
    options.lockWait = run.common.lock.seconds
    options.isExact = present.isForced
    if !settings.retention.isEmpty {
      try byAge(store, settings, present, options, report, oversight, run, &outcome)
    }
    try bySize(store, settings, options, report, run, &outcome)
    return outcome
  }

  private static func byAge(
    _ store: Store, _ settings: Settings, _ present: Present, _ options: RetentionOptions,
    _ report: Report, _ oversight: Oversight, _ run: Run, _ outcome: inout Outcome
  ) throws {
    let manifest = try store.manifest(report)
    if !present.isForced,
      let problem = RetentionPlan.clockProblem(manifest, now: present.now)
    {
      run.output.error(
        Diagnostic(
          .system, "retention waits: the clock (\(TimeText.rfc3339(present.now))) \(problem)",
          hint: "where the clock is right: mx-compact retention --now"))
      outcome.code = .system
      return
    }
    let rules = RetentionRules(
      settings.retention.map(\.policy), tiers: settings.rollup.tiers, lag: settings.rollup.lag)
    let plan = RetentionPlan(manifest, rules, now: present.now)
    if let waiting = plan.waiting { report.warn(text(waiting)) }
    warnOfUses(settings, store, plan, report)
    let result = try store.retain(plan, rules, options, report, oversight)
    if result.isPartial {
      run.output.error(
        Diagnostic(.system, "the disk is too full to write shorter segments: they wait"))
      outcome.code = .system
    }
    run.report.set("expired_bytes", Double(result.bytes), help: "Bytes that retention took out.")
    if result.dropped + result.rewritten > 0 {
      outcome.told.append(
        CountText.format(result.dropped, "segment") + " expired, \(result.rewritten) shortened")
    }
  }

  private static func text(_ waiting: (wanted: Int64, allowed: Int64, tier: Int64)) -> String {
    let tier = DurationText.format(waiting.tier)
    let since =
      waiting.allowed == .min ? "" : " after \(TimeText.rfc3339(waiting.allowed))"
    return "raw samples\(since) wait: their \(tier) windows are not computed yet (mx-rollup)"
  }

  private static func bySize(
    _ store: Store, _ settings: Settings, _ options: RetentionOptions, _ report: Report,
    _ run: Run, _ outcome: inout Outcome
  ) throws {
    var limits = try limits(settings, store, isForced: options.isExact)
    let missing = try store.missingSpace(limits).most
    if missing == 0 { return }
    limits.uses = UsedSelectors.load(settings.uses, store.files, report).map(\.matchers)
    let before = try store.manifest(report)
    let result = try store.makeRoom(limits, options, report)
    if result.removal.files > 0, settings.storage.grace > 0 {
      run.output.warn(
        Diagnostic(
          .no,
          "room is short by \(ByteSize.format(Int64(missing))): files go before their grace ends"))
    }
    warnOfWindows(result, before, settings, run)
    if !result.dropped.isEmpty {
      let through = result.dropped.map(\.range.to).max() ?? 0
      run.output.warn(
        Diagnostic(
          .no,
          CountText.format(result.dropped.count, "segment")
            + " with data up to \(TimeText.rfc3339(through)) went for room"
        ))
    }
    run.report.set("missing_bytes", Double(result.missing), help: "Room that is short still.")
    guard result.missing > 0 else { return }
    run.output.error(
      Diagnostic(
        .no, "room is short by \(ByteSize.format(Int64(result.missing))) still",
        hint: hint(result)))
    if outcome.code == .success { outcome.code = .no }
  }

  private static func hint(_ result: PressureResult) -> String {
    if result.removal.isDeferred { return "a long reader keeps files: run it again" }
    if result.isKept {
      return
        "storage.min_free is not set, so no data go for it: set it, max_bytes or a retention in "
        + "mx.yml, or make room elsewhere"
    }
    if result.isInVain {
      return "something else fills the disk: removing data would not help, make room there"
    }
    return "only the newest samples are left"
  }

  /// By size nothing waits for the rollup; it is said, though.
  private static func warnOfWindows(
    _ result: PressureResult, _ before: Manifest, _ settings: Settings, _ run: Run
  ) {
    let raw = result.dropped.filter { $0.kind == .samples }
    guard let through = raw.map(\.range.to).max() else { return }
    let late = settings.rollup.tiers.filter { TierState(before, tier: $0).horizon < through }
    guard !late.isEmpty, before.segments.contains(where: { $0.kind == .windows }) else { return }
    let names = late.map(DurationText.format).joined(separator: ", ")
    run.output.warn(
      Diagnostic(.no, "raw samples went before their \(names) windows were computed"))
  }

  /// `isForced`: someone wants room now. What mx-ingest keeps free without a word in the
  /// settings holds then as well, but takes no data: without such a word everything is kept.
  static func limits(
    _ settings: Settings, _ store: Store, isForced: Bool = false
  ) throws -> SpaceLimits {
    let space = try store.files.freeSpace(store.path)
    func bytes(_ size: ByteSize) -> Int {
      switch size {
      case .bytes(let count): Int(count)
      case .percent(let share): Int(Double(space.total) * share / 100)
      }
    }
    let isSet = settings.storage.isMinFreeSet
    var limits = SpaceLimits(
      maxBytes: settings.storage.maxBytes.map(bytes),
      minFree: isSet || isForced ? bytes(settings.storage.minFree) : 0)
    limits.minFreeTakesData = isSet
    return limits
  }

  // MARK: - What the settings mean

  /// `--check`.
  static func check(_ store: Store, _ settings: Settings, _ run: Run) throws -> ExitCode {
    let report = Report()
    _ = UsedSelectors.load(settings.uses, store.files, report)
    if try store.files.status(store.path) != nil { try tellUnreached(store, settings, report) }
    return StoreDamage.tell(report, run)
  }

  /// Policies that no series of the store reaches, with their lines.
  private static func tellUnreached(
    _ store: Store, _ settings: Settings, _ report: Report
  ) throws {
    if settings.retention.isEmpty { return }
    let reached = try store.reached(settings.retention.map(\.policy), report)
    for (policy, reach) in zip(settings.retention, reached) {
      switch reach {
      case .some: continue
      case .nothing:
        report.warn("\(policy.place): the policy's 'match' selects no series of the store")
      case .earlier(let number):
        report.warn(
          "\(policy.place): the policy is never reached: line "
            + "\(settings.retention[number].place.line) matches all of its series first")
      }
    }
  }

  /// Rules and dashboards that look further back than their series are kept.
  private static func warnOfUses(
    _ settings: Settings, _ store: Store, _ plan: RetentionPlan, _ report: Report
  ) {
    if plan.segments.isEmpty || settings.uses.rules.isEmpty && settings.uses.dashboards.isEmpty {
      return
    }
    for use in UsedSelectors.load(settings.uses, store.files, report) {
      for policy in settings.retention {
        guard let age = policy.policy.ages.values.max(), use.reach > age,
          policy.policy.matchers.allSatisfy({ use.mayMeet($0) })
        else { continue }
        report.warn(
          "\(use.place) reads \(DurationText.format(use.reach)) back, "
            + "\(policy.place) keeps \(DurationText.format(age))")
        break
      }
    }
  }
}

extension UsedSelector {
  /// Whether a series can satisfy both, as far as equal labels tell.
  fileprivate func mayMeet(_ matcher: Matcher) -> Bool {
    matchers.allSatisfy { own in
      own.name != matcher.name || own.op != .equal || matcher.matches(own.value)
    }
  }
}
