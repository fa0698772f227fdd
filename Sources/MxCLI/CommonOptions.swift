/// The options every tool takes, read and typed.
package struct CommonOptions: Sendable {
  /// What to do while another run holds the lock; writers only.
  package enum LockPolicy: Equatable, Sendable {
    /// Wait for so many milliseconds, then exit 75.
    case wait(Int64)
    /// Leave the work to the other run and exit 0.
    case skip
    /// Exit 75 at once.
    case fail
  }

  /// Where the store is; several only for `mx-query`.
  package let stores: [String]
  /// Settings named on the command line, else the store's `mx.yml` counts.
  package let config: String?
  /// Validate and do nothing else.
  package let checksOnly: Bool
  /// The present, milliseconds since 1970.
  package let now: Int64
  /// The present was given, not read from the clock.
  package let hasFixedNow: Bool
  package let threads: Int
  /// `--limit NAME=VALUE`, in order; names are those of `limits:` in mx.yml.
  package let limits: [(name: String, value: String)]
  package let settings: Output.Settings
  package let report: String?
  package let statsFile: String?
  package let lock: LockPolicy
  package let ping: String?

  /// The first store: the only one for every tool but `mx-query`.
  package var store: String { stores.first ?? CommonOptions.defaultStore }

  package static let defaultStore = "./mx-store"
  /// Waiting longer than this for a minute's job would only queue the jobs up.
  package static let defaultWait: Int64 = 60_000
  /// Threads beyond it are refused, not allocated.
  package static let maximumThreads: Int64 = 256

  /// `clock` is the real present, asked once; `cores` what the machine has.
  package init(_ arguments: Arguments, clock: Int64, cores: Int) throws(Diagnostic) {
    let stores = arguments.strings("store")
    self.stores = stores.isEmpty ? [CommonOptions.defaultStore] : stores
    config = arguments.isCommon("config") ? arguments.string("config") : nil
    checksOnly = arguments.has("check")
    let given = arguments.isCommon("now") ? try arguments.time("now", now: clock) : nil
    now = given ?? clock
    hasFixedNow = given != nil
    let threads = try arguments.integer("threads", in: 1...CommonOptions.maximumThreads)
    self.threads = threads.map { Int($0) } ?? min(max(1, cores), 4)
    limits = try arguments.pairs("limit")
    settings = CommonOptions.settings(arguments)
    report = arguments.string("report")
    statsFile = arguments.string("stats-file")
    lock = try CommonOptions.lock(arguments)
    ping = arguments.string("ping")
    if report == "-", arguments.verb?.printsData ?? false {
      throw Diagnostic(
        .usage, "'--report -' cannot share standard output with data",
        hint: "write the report to a file: --report FILE")
    }
  }

  private static func settings(_ arguments: Arguments) -> Output.Settings {
    var settings = Output.Settings()
    settings.isQuiet = arguments.has("quiet")
    settings.isVerbose = arguments.has("verbose")
    settings.logsJSON = arguments.string("log") == "json"
    settings.color = arguments.string("color").flatMap(Output.Choice.init) ?? .auto
    settings.progress = arguments.string("progress").flatMap(Output.Choice.init) ?? .auto
    return settings
  }

  private static func lock(_ arguments: Arguments) throws(Diagnostic) -> LockPolicy {
    guard arguments.table.common.contains(where: { $0.name == "lock" }),
      let text = arguments.string("lock")
    else { return .wait(defaultWait) }
    switch text {
    case "wait": return .wait(defaultWait)
    case "skip": return .skip
    case "fail": return .fail
    default: break
    }
    guard text.hasPrefix("wait=") else {
      throw Diagnostic(
        .usage, subject: "--lock", "'\(text)' is not one of wait, wait=60s, skip, fail",
        hint: Suggestion.hint(for: text, among: ["wait", "skip", "fail"]))
    }
    do throws(ValueError) {
      return .wait(try DurationText.milliseconds(String(text.dropFirst(5))))
    } catch {
      throw Diagnostic(.usage, subject: "--lock", error.message, hint: error.hint)
    }
  }

  // MARK: the table

  /// The options of all tools; `writer` tools also take a lock.
  package static func table(writer: Bool) -> [OptionSpec] {
    writer ? beforeLock + [lockOption] + afterLock : beforeLock + afterLock
  }

  private static let beforeLock: [OptionSpec] = [
    .value("store", "DIR", "the store", default: defaultStore, env: "MX_STORE"),
    .value("config", "FILE", "settings", default: "DIR/mx.yml where it exists"),
    .flag("check", "validate configuration and inputs, do nothing; exit 0 or 3"),
    .value("now", "TIME", "take TIME as the present (tests, replays, backfills)"),
    .value("threads", "N", "work on so many cores", default: "all, at most 4"),
    .value("limit", "NAME=VALUE", "override a limit of mx.yml for this run", kind: .repeated),
    .flag("quiet", short: "q", "no warnings, errors only"),
    .flag("verbose", short: "v", "a summary on stderr"),
    .choice("log", ["text", "json"], "how messages are written", default: "text"),
    .choice("color", ["auto", "always", "never"], "auto: a terminal, and NO_COLOR unset"),
    .choice(
      "progress", ["auto", "always", "never"], "auto: on a terminal, after one second"),
    .value("report", "FILE|-", "write one JSON object on what the run did; '-' is stdout"),
    .value("stats-file", "FILE", "the run's own metrics as Prometheus text, replaced at once"),
  ]

  private static let lockOption: OptionSpec = .value(
    "lock", "wait[=60s]|skip|fail", "what to do while another run writes", default: "wait=60s")

  private static let afterLock: [OptionSpec] = [
    .value("ping", "URL", "GET URL/start, then URL on success or URL/fail on failure")
  ]
}
