import MxCLI
package import MxConfig
import MxFiles
import MxIngest
import MxModel
import MxPromQL
import MxRules
import MxStore

/// What is wrong in a text of mx.yml, for programs that are no tool of ours.
package enum SettingsCheck {
  package static func read(_ bytes: [UInt8], file: String, problems: ConfigProblems) {
    _ = SettingsReader.read(bytes, file: file, problems: problems)
  }
}

/// Reads mx.yml: `--config FILE`, else the store's own where it has one.
enum SettingsReader {
  /// Larger files are no settings.
  private static let limit = 1 << 20

  /// The settings of a run, `--limit` applied. Every mistake is said with its
  /// line, the last one by what is thrown.
  static func load(_ run: Run) throws -> Settings {
    let files = DiskFileSystem()
    var settings = Settings()
    let own = FilePath.join(run.common.store, "mx.yml")
    let path = try run.common.config ?? (files.status(own) == nil ? nil : own)
    if let path {
      let problems = ConfigProblems()
      settings = read(
        try ConfigTelling.contents(of: path, limit: limit, files), file: path,
        problems: problems)
      try ConfigTelling.check(problems, run)
    }
    try override(&settings.limits, run.common.limits)
    return settings
  }

  static func read(_ bytes: [UInt8], file: String, problems: ConfigProblems) -> Settings {
    let root = YAML.document(bytes, file: file, problems: problems)
    var settings = ConfigMapping.read(root, "the file", problems) { self.settings($0) }
    settings.uses.directory = FilePath.parent(of: file)
    return settings
  }

  private static func override(
    _ limits: inout LimitSettings, _ pairs: [(name: String, value: String)]
  ) throws {
    for (name, value) in pairs {
      guard LimitSettings.names.contains(name) else {
        throw Diagnostic(
          .usage, subject: "--limit", "there is no limit '\(name)'",
          hint: Suggestion.hint(for: name, among: LimitSettings.names)
            ?? "one of \(LimitSettings.names.joined(separator: ", "))")
      }
      do throws(ValueError) {
        try limits.set(name, value)
      } catch {
        throw Diagnostic(.usage, subject: "--limit \(name)", error.message, hint: error.hint)
      }
    }
  }

  // MARK: - Sections

  private static func settings(_ mapping: ConfigMapping) -> Settings {
    var settings = Settings()
    settings.labels = labels(mapping)
    settings.siteURL = mapping.string("site_url")
    settings.conflict = mapping.choice(
      "on_conflict", [("last", .last), ("first", .first), ("max", .max), ("error", .error)])
    settings.retention = RetentionReader.policies(mapping)
    settings.storage = mapping.mapping("storage", storage) ?? settings.storage
    settings.limits = mapping.mapping("limits", limits) ?? settings.limits
    settings.rollup = mapping.mapping("rollup", rollup) ?? settings.rollup
    settings.alert = mapping.mapping("alert", alert) ?? settings.alert
    settings.relabel = RelabelReader.rules(mapping, "relabel")
    settings.uses = mapping.mapping("uses", uses) ?? settings.uses
    return settings
  }

  private static func labels(_ mapping: ConfigMapping) -> [(name: String, value: String)] {
    (mapping.stringMap("labels") ?? []).compactMap { label in
      if !label.name.isEmpty, !label.name.hasPrefix("__") { return (label.name, label.value) }
      mapping.problems.add(
        label.place, "'\(label.name)' cannot be a label: names that begin with '__' are reserved")
      return nil
    }
  }

  private static func storage(_ mapping: ConfigMapping) -> Settings.StorageSettings {
    var storage = Settings.StorageSettings()
    storage.maxBytes = size(mapping, "max_bytes")
    if let free = size(mapping, "min_free") {
      storage.minFree = free
      storage.isMinFreeSet = true
    }
    if let grace = duration(mapping, "grace") { storage.grace = grace }
    if case .bytes(let count)? = size(mapping, "rejected_bytes") { storage.rejectedBytes = count }
    return storage
  }

  private static func limits(_ mapping: ConfigMapping) -> LimitSettings {
    var limits = LimitSettings()
    for name in LimitSettings.names {
      guard let text = mapping.string(name) else { continue }
      do throws(ValueError) {
        try limits.set(name, text)
      } catch {
        mapping.report(name, "'\(name)': \(error.message)", hint: error.hint)
      }
    }
    return limits
  }

  private static func rollup(_ mapping: ConfigMapping) -> Settings.RollupSettings {
    var rollup = Settings.RollupSettings()
    if let tiers = mapping.list("tiers") {
      rollup.tiers = tiers.compactMap { tier($0, mapping) }.sorted()
    }
    if let lag = duration(mapping, "lag") { rollup.lag = lag }
    return rollup
  }

  private static func tier(_ node: YAMLNode, _ mapping: ConfigMapping) -> Int64? {
    guard let text = node.string, let width = MxModel.DurationText.parse(text), width > 0,
      86_400_000 % width == 0
    else {
      mapping.problems.add(
        node.place, "'\(node.string ?? "")' is no tier: expected a duration that divides a day",
        hint: "such as 1m, 5m, 1h")
      return nil
    }
    return width
  }

  private static func alert(_ mapping: ConfigMapping) -> Settings.AlertDefaults {
    var alert = Settings.AlertDefaults()
    if let history = duration(mapping, "history") { alert.history = history }
    let policies = NoDataPolicy.allCases.map { ($0.rawValue, $0) }
    if let policy = mapping.choice("no_data", policies) { alert.noData = policy }
    if let delay = duration(mapping, "delay") { alert.delay = delay }
    if let catchup = duration(mapping, "max_catchup") { alert.maxCatchup = catchup }
    return alert
  }

  private static func uses(_ mapping: ConfigMapping) -> Settings.Uses {
    var uses = Settings.Uses()
    uses.rules = mapping.stringOrList("rules") ?? []
    uses.dashboards = mapping.stringOrList("dashboards") ?? []
    return uses
  }

  // MARK: - Values

  static func duration(_ mapping: ConfigMapping, _ name: String) -> Int64? {
    value(mapping, name) { text throws(ValueError) in
      try MxCLI.DurationText.milliseconds(text)
    }
  }

  private static func size(_ mapping: ConfigMapping, _ name: String) -> ByteSize? {
    value(mapping, name) { text throws(ValueError) in try ByteSize(parsing: text) }
  }

  private static func value<Value>(
    _ mapping: ConfigMapping, _ name: String, _ parse: (String) throws(ValueError) -> Value
  ) -> Value? {
    guard let text = mapping.string(name) else { return nil }
    do throws(ValueError) {
      return try parse(text)
    } catch {
      mapping.report(name, "'\(name)': \(error.message)", hint: error.hint)
      return nil
    }
  }
}

/// `retention:` of mx.yml.
enum RetentionReader {
  static func policies(_ mapping: ConfigMapping) -> [Settings.PlacedPolicy] {
    var catchAll: ConfigPlace?
    return mapping.mappings("retention") { policy -> Settings.PlacedPolicy? in
      if let catchAll {
        mapping.problems.add(
          policy.place, "this policy is never reached: line \(catchAll.line) matches every series",
          hint: "policies are tried in order, the first that matches counts")
      }
      let matchers = matchers(policy)
      if matchers?.isEmpty ?? false { catchAll = policy.place }
      let ages = ages(policy)
      guard let matchers, let ages else { return nil }
      return Settings.PlacedPolicy(
        policy: RetentionPolicy(matchers: matchers, ages: ages), place: policy.place)
    } ?? []
  }

  /// Empty where every series is meant; nil where the selector is wrong.
  private static func matchers(_ policy: ConfigMapping) -> [Matcher]? {
    guard let text = policy.string("match") else { return policy.has("match") ? nil : [] }
    do throws(PromQLError) {
      return try PromQL.parseSelector(text)
    } catch {
      policy.report("match", "'match': \(error)", hint: error.hint)
      return nil
    }
  }

  private static func ages(_ policy: ConfigMapping) -> [Int64: Int64]? {
    var ages: [Int64: Int64] = [:]
    for name in policy.names where name != "match" {
      let width = name == "raw" ? 0 : MxModel.DurationText.parse(name)
      // Not asked for, so `finish` says that the field is unknown.
      guard let width else { continue }
      guard let age = SettingsReader.duration(policy, name) else { return nil }
      if age <= 0 { policy.report(name, "'\(name)' is 0: nothing would ever be kept") }
      ages[width] = age
    }
    checkOrder(ages, policy)
    return ages
  }

  /// A coarser tier that goes before a finer one contradicts its purpose.
  private static func checkOrder(_ ages: [Int64: Int64], _ policy: ConfigMapping) {
    if ages.isEmpty {
      policy.problems.add(
        policy.place, "the policy names no resolution", hint: "such as raw: 15d, 1h: 2y")
    }
    let ordered = ages.sorted { $0.key < $1.key }
    for (finer, coarser) in zip(ordered, ordered.dropFirst()) where coarser.value < finer.value {
      let name = { $0 == 0 ? "raw" : MxModel.DurationText.print($0) } as (Int64) -> String
      policy.problems.add(
        policy.place,
        "\(name(coarser.key)) is kept for \(MxModel.DurationText.print(coarser.value)), less than "
          + "\(name(finer.key)) with \(MxModel.DurationText.print(finer.value))",
        hint: "a coarser resolution is kept at least as long as a finer one")
    }
  }
}
