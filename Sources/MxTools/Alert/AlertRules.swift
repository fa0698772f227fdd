import MxAlert
import MxCLI
import MxConfig
import MxFiles
import MxModel
import MxRules
import MxStore
import MxTemplate

/// `mx-alert rules list|show|enable|disable`.
enum AlertRules {
  static func run(_ run: Run) throws -> ExitCode {
    let words = run.arguments.positionals
    switch words.first ?? "list" {
    case "show": return try show(try name(words), run)
    case "enable": return try turn(try name(words), isOn: true, run)
    case "disable": return try turn(try name(words), isOn: false, run)
    default: return try list(run)
    }
  }

  private static func name(_ words: [String]) throws -> String {
    guard words.count > 1 else {
      throw Diagnostic(.usage, "'rules \(words.first ?? "")' needs a rule's name")
    }
    return words[1]
  }

  /// The rules of the files, switches applied, with what their alerts are at.
  private struct Known {
    var groups: [RuleGroup]
    var instances: [String: [AlertInstance]] = [:]
    var keys: [String: String] = [:]
    var brokenFiles: Set<String>

    init(_ run: Run) throws {
      let loaded = try RuleFiles.load(run, orUsed: true)
      groups = loaded.groups
      brokenFiles = loaded.brokenFiles
      do {
        let ledger = try AlertListing.ledger(run)
        groups = RuleSwitch.apply(try ledger.switchedOff(), to: groups)
        instances = try ledger.instances()
      } catch AlertError.missing {
        // Nothing ever ran here: the files alone tell.
      }
      for (key, _, rule) in RuleKey.all(groups) { keys["\(rule.place)"] = key }
    }

    func state(_ rule: Rule) -> String {
      if !rule.isEnabled { return "off" }
      guard rule.isAlert else { return "-" }
      let own = keys["\(rule.place)"].flatMap { instances[$0] } ?? []
      let firing = own.count { $0.state == .firing }
      let pending = own.count { $0.state == .pending }
      if firing > 0 { return "firing \(firing)" }
      return pending > 0 ? "pending \(pending)" : "inactive"
    }
  }

  private static func list(_ run: Run) throws -> ExitCode {
    let known = try Known(run)
    let rows = known.groups.flatMap { group in
      group.rules.map { rule in
        [
          group.name, rule.isAlert ? "alert" : "record", rule.name, known.state(rule),
          DurationText.format(group.interval), DurationText.format(rule.holdFor),
          rule.place.description,
        ]
      }
    }
    _ = try AlertListing.show(
      rows, ["group", "kind", "name", "state", "interval", "for", "place"], run)
    return known.brokenFiles.isEmpty ? .success : .input
  }

  // MARK: - One rule

  private static func show(_ name: String, _ run: Run) throws -> ExitCode {
    let known = try Known(run)
    var isFound = false
    for group in known.groups {
      for rule in group.rules where rule.name == name || "\(group.name)/\(rule.name)" == name {
        if isFound { try run.output.write("\n") }
        isFound = true
        try run.output.write(text(rule, group, known.state(rule)))
      }
    }
    if isFound { return .success }
    throw unknown(name, known.groups)
  }

  static func unknown(_ name: String, _ groups: [RuleGroup]) -> Diagnostic {
    let names = groups.flatMap { $0.rules.map(\.name) }
    return Diagnostic(
      .no, "there is no rule '\(name)'", hint: Suggestion.hint(for: name, among: names))
  }

  /// A rule as its author would write it, and where it is and what it does now.
  static func text(_ rule: Rule, _ group: RuleGroup, _ state: String) -> String {
    var lines = [
      (rule.isAlert ? "alert" : "record", rule.name), ("state", state),
      ("place", rule.place.description),
      ("group", "\(group.name), every \(DurationText.format(group.interval))"),
      ("expr", rule.text.split(separator: "\n").joined(separator: "\n" + indent)),
    ]
    if rule.holdFor > 0 { lines.append(("for", DurationText.format(rule.holdFor))) }
    if rule.keepFiringFor > 0 {
      lines.append(("keep_firing_for", DurationText.format(rule.keepFiringFor)))
    }
    for label in rule.labels { lines.append(("label", "\(label.name): \(label.template.text)")) }
    for annotation in rule.annotations {
      lines.append(("annotation", "\(annotation.name): \(annotation.template.text)"))
    }
    lines += policies(rule)
    return lines.map { title, value in
      title + String(repeating: " ", count: max(1, indent.count - title.count)) + value + "\n"
    }.joined()
  }

  private static let indent = String(repeating: " ", count: 17)

  private static func policies(_ rule: Rule) -> [(String, String)] {
    let additions = rule.additions
    var lines: [(String, String)] = []
    switch additions.resolve {
    case .unless(_, let text): lines.append(("goes on while", text))
    case .when(_, let text): lines.append(("ends when", text))
    case nil: break
    }
    if let policy = additions.noData {
      let grace = DurationText.format(additions.grace ?? rule.holdFor)
      lines.append(("no_data", "\(policy.rawValue) after \(grace)"))
    }
    if rule.isAlert {
      switch additions.flap {
      case .off: lines.append(("flap", "off"))
      case .at(let changes, let window):
        if additions.flap != .standard {
          lines.append(("flap", "\(changes) changes in \(DurationText.format(window))"))
        }
      }
    }
    if let count = additions.maxNotifications { lines.append(("max_notifications", "\(count)")) }
    if !additions.receivers.isEmpty {
      lines.append(("notify", additions.receivers.joined(separator: ", ")))
    }
    if let timeout = additions.timeout { lines.append(("timeout", DurationText.format(timeout))) }
    if let short = rule.short { lines.append(("type", short.shape.rawValue)) }
    return lines
  }

  // MARK: - Switches

  private static func turn(_ name: String, isOn: Bool, _ run: Run) throws -> ExitCode {
    let store = Store(path: run.common.store, files: DiskFileSystem())
    guard try store.files.status(store.path) != nil else {
      throw StoreError.missing(path: store.path)
    }
    if run.arguments.has("rules") {
      let groups = try RuleFiles.load(run).groups
      let names = Set(
        groups.flatMap { group in
          group.rules.flatMap { [$0.name, "\(group.name)/\($0.name)"] }
        })
      guard names.contains(name) else { throw unknown(name, groups) }
    }
    let place = AlertPlace(store)
    let lock = try place.lock(run)
    defer { lock.release() }
    let ledger = try AlertLedger.open(place.ledger, wait: place.wait(run), run: run.output.runId)
    try ledger.begin()
    let isNews = try ledger.setSwitch(name, isOn: isOn, at: run.common.now)
    try ledger.commit()
    run.output.summary(
      "'\(name)' \(isNews ? "is" : "was already") switched \(isOn ? "on" : "off")")
    return .success
  }
}
