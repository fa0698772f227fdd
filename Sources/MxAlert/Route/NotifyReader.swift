package import MxConfig
import MxModel
package import MxTime

/// Reads Alertmanager's configuration as it is: unknown fields, undefined names and
/// missing secrets are problems with their line.
///
/// `zone` gives a time zone by its name: files come in as parameters.
package struct NotifyReader {
  package typealias ZoneSource = (String) throws -> Zone

  let problems: ConfigProblems
  let zone: ZoneSource

  /// Nil where the file says so little that nobody could be told.
  package static func read(
    _ bytes: [UInt8], file: String, problems: ConfigProblems,
    zone: @escaping ZoneSource
  ) -> NotifyConfig? {
    let root = YAML.document(bytes, file: file, problems: problems)
    let reader = NotifyReader(problems: problems, zone: zone)
    return ConfigMapping.read(root, "the file", problems) { reader.config($0) }
  }

  private func config(_ mapping: ConfigMapping) -> NotifyConfig? {
    let global = GlobalReader(problems: problems).read(mapping)
    let templates = mapping.strings("templates") ?? []
    let intervals = self.intervals(mapping)
    let rules = mapping.mappings("inhibit_rules") { inhibitRule($0) } ?? []
    let options = mapping.mapping("x-mx") { self.options($0) } ?? NotifyOptions()
    mapping.ignore("tracing")
    let receivers =
      mapping.mappings("receivers") { ReceiverReader(problems, global).read($0) } ?? []
    checkNames(receivers)
    let root = mapping.mapping("route") { RouteReader(problems: problems).root($0) }
    guard let root else {
      if mapping.node("route") == nil {
        problems.add(mapping.place, "no routes provided: field 'route' is missing")
      }
      return nil
    }
    guard let root else { return nil }
    let config = NotifyConfig(
      global: global, templates: templates, root: root, receivers: receivers,
      inhibitRules: rules, intervals: intervals, options: options)
    checkReferences(config)
    return config
  }

  private func options(_ mapping: ConfigMapping) -> NotifyOptions {
    var options = NotifyOptions()
    options.metaReceiver = mapping.string("meta_receiver")
    if let count = mapping.int("max_per_run", in: 1...100_000) { options.maxPerRun = Int(count) }
    if let time = mapping.duration("give_up_after") { options.giveUpAfter = time }
    return options
  }

  // MARK: - References

  private func checkNames(_ receivers: [Receiver]) {
    var seen: Set<String> = []
    for receiver in receivers where !seen.insert(receiver.name).inserted {
      problems.add(
        receiver.place, "notification config name '\(receiver.name)' is not unique")
    }
  }

  private func checkReferences(_ config: NotifyConfig) {
    let receivers = Set(config.receivers.map(\.name))
    func check(_ name: String?, _ place: ConfigPlace, _ what: String) {
      guard let name, !receivers.contains(name) else { return }
      let nearest = Suggestion.nearest(to: name, among: config.receivers.map(\.name))
      problems.add(
        place, "undefined receiver '\(name)' used in \(what)",
        hint: nearest.map { "did you mean '\($0)'?" })
    }
    for route in config.root.all {
      check(route.receiver, route.place, "route")
      for name in route.muteIntervals + route.activeIntervals
      where config.intervals[name] == nil {
        problems.add(route.place, "undefined time interval '\(name)' used in route")
      }
    }
    for receiver in config.receivers {
      check(receiver.policy.fallback, receiver.place, "fallback")
      check(receiver.policy.escalateTo, receiver.place, "escalate_to")
    }
    if let name = config.options.metaReceiver {
      check(name, config.root.place, "x-mx.meta_receiver")
    }
  }

  // MARK: - Inhibition

  private func inhibitRule(_ mapping: ConfigMapping) -> InhibitRule {
    mapping.ignore("name")
    var rule = InhibitRule(
      sources: mapping.matchers("source_matchers", old: "source_match"),
      targets: mapping.matchers("target_matchers", old: "target_match"),
      equal: mapping.strings("equal") ?? [], place: mapping.place)
    if let blocks = mapping.mappings("sources", { $0.matchers("matchers", old: nil) }) {
      rule.sources += blocks.joined()
    }
    for label in rule.equal where label.isEmpty {
      mapping.report("equal", "invalid label name '\(label)' in equal list")
    }
    return rule
  }

  // MARK: - Time intervals

  private func intervals(_ mapping: ConfigMapping) -> [String: [PlacedInterval]] {
    var all: [String: [PlacedInterval]] = [:]
    for (field, what) in [
      ("mute_time_intervals", "mute time interval"), ("time_intervals", "time interval"),
    ] {
      _ = mapping.mappings(field) { element -> Int? in
        let name = element.string("name") ?? ""
        let found = element.mappings("time_intervals") { interval($0) } ?? []
        if name.isEmpty {
          problems.add(element.place, "missing name in \(what)")
        } else if all[name] != nil {
          element.report("name", "\(what) '\(name)' is not unique")
        }
        all[name] = found
        return 0
      }
    }
    return all
  }

  private func interval(_ mapping: ConfigMapping) -> PlacedInterval {
    var spec = TimeIntervalSpec()
    spec.times =
      mapping.mappings("times") { element -> Range<Int>? in
        let start = element.string("start_time") ?? ""
        let end = element.string("end_time") ?? ""
        guard !start.isEmpty, !end.isEmpty else {
          problems.add(element.place, "both start and end times must be provided")
          return nil
        }
        do {
          return try TimeIntervalSpec.parseTimes(start: start, end: end)
        } catch {
          element.report("start_time", "\(error)")
          return nil
        }
      } ?? []
    spec.weekdays = mapping.parsedList("weekdays", TimeIntervalSpec.parseWeekdays) ?? []
    spec.daysOfMonth =
      mapping.parsedList("days_of_month", TimeIntervalSpec.parseDaysOfMonth) ?? []
    spec.months = mapping.parsedList("months", TimeIntervalSpec.parseMonths) ?? []
    spec.years = mapping.parsedList("years", TimeIntervalSpec.parseYears) ?? []
    let zone = mapping.parsed("location", zone) ?? .utc
    return PlacedInterval(spec: spec, zone: zone)
  }
}

// MARK: - Values that several places have

extension ConfigMapping {
  /// A duration as Prometheus writes it, in ms.
  func duration(_ name: String) -> Int64? {
    guard let text = string(name) else { return nil }
    if let value = DurationText.parse(text), value <= 100 * 365 * 86_400_000 { return value }
    report(
      name, "'\(name)' is '\(text)', not a valid duration", hint: "such as 30s, 5m, 1h30m")
    return nil
  }

  /// Matchers in the list `name`, and in the mappings `old` and `old_re` as they were
  /// written before.
  func matchers(_ name: String, old: String?) -> [Matcher] {
    var found = (parsedList(name, MatcherText.parse) ?? []).flatMap { $0 }
    guard let old else { return found }
    for (field, op) in [(old, MatchOperator.equal), (old + "_re", .regex)] {
      guard let node = node(field) else { continue }
      for entry in node.fields ?? [] {
        // Nothing behind the colon of a pattern is a slip, and would match everything.
        if op == .regex, entry.value.isNull {
          problems.add(entry.namePlace, "'\(entry.name)' in '\(field)' has no pattern")
        }
        guard LabelName.isPlainLabel(entry.name) || !entry.name.isEmpty else {
          problems.add(entry.namePlace, "invalid label name '\(entry.name)'")
          continue
        }
      }
      for entry in stringMap(field) ?? [] {
        do throws(ModelError) {
          found.append(try Matcher(entry.name, op, entry.value))
        } catch {
          problems.add(entry.place, "'\(entry.value)' is no regular expression: \(error)")
        }
      }
    }
    return found
  }

  /// A secret that is there; an empty one is none.
  func secretSource(_ name: String) -> SecretSource? {
    guard let source = secret(name) else { return nil }
    if case .written(let text) = source, text.isEmpty { return nil }
    return source
  }

  /// A URL of http or https with a host; as Alertmanager asks.
  func url(_ name: String) -> String? {
    guard let text = string(name), !text.isEmpty else { return nil }
    checkURL(name, text)
    return text
  }

  /// A URL that is a secret.
  func secretURL(_ name: String) -> SecretSource? {
    guard let source = secretSource(name) else { return nil }
    if case .written(let text) = source { checkURL(name, text.reveal()) }
    return source
  }

  private func checkURL(_ name: String, _ text: String) {
    // What the environment puts in its place is seen when it is used.
    if text.contains("${") { return }
    let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
    let scheme = parts.count == 2 ? parts[0].lowercased() : ""
    guard scheme == "http" || scheme == "https" else {
      report(name, "'\(name)' is no URL of http or https")
      return
    }
    let host = parts[1].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if host.isEmpty || host.hasPrefix(":") || host.hasSuffix("@") {
      report(name, "'\(name)' is a URL without a host")
    }
  }

  /// Knows whatever else stands here.
  func ignoreRest() {
    for name in names { ignore(name) }
  }
}
