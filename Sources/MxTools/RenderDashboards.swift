import MxCLI
import MxFiles
import MxJSON
import MxModel
import MxRender
import MxStore
import MxTime

/// `mx-render DASHBOARD.json|DIR...`: dashboards as pages.
enum RenderDashboards {
  static func run(_ run: Run) throws -> ExitCode {
    if run.common.checksOnly { return try RenderCheck.run(run) }
    let source = try RenderSource(run)
    let job = try RenderJob(run, source)
    // 15 pages of 100 panels, one changed in each: 90 -> 69 ms (2026-11-29).
    ProcessMemory.keepFreed()
    let site = RenderSite(directory: run.arguments.string("out") ?? "reports/site")
    let memory =
      try job.isInline ? nil : RenderMemory(site, source.snapshot.manifest, program: job.program)
    source.lookForNews(memory?.news)
    var worst = ExitCode.success
    let files = try load(run, &worst) { memory?.summary(ofText: $0) }
    try RenderJob.checkVariables(files, run)
    let index = RenderIndex(site, run)
    let entries = try job.isInline ? [] : index.entries(files.map(\.summary.entry))
    let mark = SiteEntry.mark(of: entries)
    let alerts = try RenderAlerts(source.snapshot.store, run)
    for (number, file) in files.enumerated() {
      do {
        let place = RenderPlace(
          site: site, memory: memory, entries: entries, entriesMark: mark, alerts: alerts)
        let code =
          try place.standing(file.summary, job, source)
          ?? DashboardRendering(file, try file.dashboard(), job, source, place, run).carryOut()
        if worst == .success { worst = code }
      } catch let error as RenderError {
        run.output.error(RenderMessages.explain(error, file.path))
        worst = .input
      } catch let error as Diagnostic where error.exitCode == .input {
        run.output.error(error)
        worst = .input
      }
      run.output.progress.update(
        "dashboards", done: Int64(number + 1), of: Int64(files.count), unit: .items)
    }
    if !job.isInline { try index.write(entries, mark, alerts.alerts, memory) }
    try memory?.write(site)
    tell(site, files.count, source, job, run)
    if let banner = job.banner, worst == .success {
      run.output.warn(Diagnostic(.no, banner))
      worst = .no
    }
    let damage = StoreDamage.tell(source.report, run)
    return damage == .success ? worst : damage
  }

  /// Those that can be read; of the others it is said why not.
  static func load(
    _ run: Run, _ worst: inout ExitCode, known: (_ mark: String) -> DashboardSummary? = { _ in nil }
  ) throws -> [DashboardFile] {
    var files: [DashboardFile] = []
    var names: [String: String] = [:]
    for path in try dashboards(run.arguments.positionals) {
      do {
        let file = try DashboardFile(path, known: known)
        if let other = names.updateValue(path, forKey: file.name) {
          throw Diagnostic(
            .input, subject: path, "its pages would have the names of those of '\(other)'",
            hint: "give one of them another uid")
        }
        files.append(file)
      } catch let error as FileError {
        let told = Explanation.diagnostic(of: error)
        run.output.error(told)
        if worst == .success { worst = told.exitCode }
      } catch let error as RenderError {
        run.output.error(RenderMessages.explain(error, path))
        worst = .input
      } catch let error as Diagnostic where error.exitCode == .input {
        run.output.error(error)
        worst = .input
      }
    }
    if files.isEmpty, worst == .success {
      run.output.warn(
        Diagnostic(
          .no, "there are no dashboards in \(run.arguments.positionals.joined(separator: ", "))",
          hint: "their files end in .json"))
      worst = .no
    }
    return files
  }

  private static func tell(
    _ site: RenderSite, _ dashboards: Int, _ source: RenderSource, _ job: RenderJob, _ run: Run
  ) {
    run.report.set("dashboards", Double(dashboards), help: "Dashboards that could be read.")
    run.report.set("queries", Double(source.asked), help: "Queries evaluated.")
    if let newest = job.newest {
      run.report.set(
        "data_age_seconds", Double(run.common.now - newest) / 1000,
        help: "Age of the newest sample of the store.")
    }
    run.report.set("files_written", Double(site.written), help: "Files written.")
    run.report.set("bytes_written", Double(site.bytesWritten), help: "Bytes of these files.")
    run.output.summary(
      "\(site.written) files, \(site.bytesWritten) bytes written below \(site.directory)")
  }

  /// Files as named, and the `.json` files of directories.
  static func dashboards(_ names: [String]) throws -> [String] {
    let files = DiskFileSystem()
    return try names.flatMap { name -> [String] in
      guard try files.status(name)?.isDirectory ?? false else { return [name] }
      return try files.list(name).filter { $0.name.hasSuffix(".json") && !$0.isDirectory }
        .map { FilePath.join(name, $0.name) }
    }
  }
}

/// Where pages go, and what is beside them.
struct RenderPlace {
  let site: RenderSite
  /// Nil for pages that have nothing beside them.
  let memory: RenderMemory?
  let entries: [SiteEntry]
  let entriesMark: String
  let alerts: RenderAlerts

  /// Equal while nothing changed that the dashboard is made from besides its answers.
  func key(_ dashboard: DashboardSummary, _ job: RenderJob) -> String {
    let beside =
      (dashboard.tellsOfAlerts ? alerts.mark : "") + (dashboard.namesOthers ? entriesMark : "")
    return ContentMark.of(Array("\(dashboard.mark) \(job.mark) \(beside)".utf8))
  }

  /// What the last run answered, where all that it made stands: the same question about
  /// nearly the same range, and no news of what it read.
  func standing(
    _ dashboard: DashboardSummary, _ job: RenderJob, _ source: RenderSource
  ) throws -> ExitCode? {
    let name = dashboard.entry.name
    guard let memory, var state = memory[name], state.key == key(dashboard, job),
      state.isNear(job.plan.now, isFixed: job.hasFixedNow), try site.stood("\(name).html")
    else { return nil }
    let generation = Int64(clamping: source.snapshot.manifest.generation)
    if state.generation != generation {
      guard memory.isCurrent(name),
        try !memory.selectors.contains(state.reads, where: source.hasNews)
      else { return nil }
      state.generation = generation
      memory.remember(name, state)
    }
    return state.code == 0 ? .success : .no
  }

  func surroundings(isDefault: Bool) -> Surroundings {
    var beside = Surroundings()
    beside.alerts = alerts.alerts
    beside.spans = alerts.spans
    beside.entries = entries
    beside.entriesMark = entriesMark
    beside.isAlone = memory == nil
    beside.root = beside.isAlone || isDefault ? "" : "../"
    return beside
  }
}

/// A dashboard's file. Its text is only taken apart where nobody knows what it says.
final class DashboardFile {
  let path: String
  let summary: DashboardSummary
  private let bytes: [UInt8]
  private var decoded: Dashboard?

  init(_ path: String, known: (_ mark: String) -> DashboardSummary? = { _ in nil }) throws {
    self.path = path
    bytes = try DiskFileSystem().contents(of: path, limit: 64 << 20)
    let mark = ContentMark.of(bytes)
    if let summary = known(mark) {
      self.summary = summary
    } else {
      let dashboard = try Dashboard.decode(bytes)
      decoded = dashboard
      summary = DashboardSummary(dashboard, mark: mark)
    }
  }

  var name: String { summary.entry.name }
  var mark: String { summary.mark }

  func dashboard() throws -> Dashboard {
    if let decoded { return decoded }
    let dashboard = try Dashboard.decode(bytes)
    decoded = dashboard
    return dashboard
  }
}

/// What the command line says, read once for all dashboards.
struct RenderJob {
  let ranges: [String]
  let budget: Int
  let isInline: Bool
  let plan: PlanOptions
  let options: RenderOptions
  /// Set where the store's data are older than `--require-fresh` allows.
  let banner: String?
  let freshness: Int64
  let newest: Int64?
  let hasFixedNow: Bool
  /// How a page says it was made, for what it lacks.
  let command: String
  /// All that changes what is made, besides dashboard and store.
  let mark: String
  /// Which build of mx-render makes it.
  let program: String

  init(_ run: Run, _ source: RenderSource) throws {
    let arguments = run.arguments
    isInline = arguments.has("inline")
    hasFixedNow = run.common.hasFixedNow
    budget = Int(try arguments.integer("max-pages", in: 0...100_000) ?? 0)
    ranges = try Self.ranges(arguments.string("ranges"))
    plan = try Self.planOptions(run)
    newest = try source.newest()
    freshness = try arguments.duration("require-fresh") ?? 300_000
    banner = try source.staleness(run, newest)
    var options = RenderOptions()
    options.theme = Theme(rawValue: arguments.string("theme") ?? "auto") ?? .auto
    options.footer = "mx-render \(Version.text)"
    options.banner = banner
    self.options = options
    command = Self.command(arguments)
    let own = try DiskFileSystem().status("/proc/self/exe")
    program = "\(Version.text) \(own?.size ?? 0) \(own?.modified ?? 0)"
    let words = [
      program, command, "\(ranges)",
      "\(budget) \(freshness)", "\(try arguments.pairs("var"))", arguments.string("from") ?? "",
      arguments.string("to") ?? "", banner ?? "",
    ]
    mark = ContentMark.of(Array(words.joined(separator: "\n").utf8))
  }

  static func planOptions(_ run: Run) throws -> PlanOptions {
    var plan = PlanOptions(now: run.common.now)
    plan.from = try time("from", run)
    plan.to = try time("to", run)
    plan.snaps = !run.common.hasFixedNow
    plan.zone = try zone(run)
    for (name, value) in try run.arguments.pairs("var") {
      plan.variables[name, default: []].append(value)
    }
    return plan
  }

  static func zone(_ run: Run) throws -> Zone? {
    guard let name = run.arguments.string("tz") else { return nil }
    do { return try Zone.named(name) } catch {
      throw Diagnostic(.usage, "--tz: \(error)", hint: "try: --tz UTC, --tz Europe/Berlin")
    }
  }

  /// A variable that no dashboard has sets nothing.
  static func checkVariables(_ files: [DashboardFile], _ run: Run) throws {
    let known = files.flatMap(\.summary.variables)
    for (name, _) in try run.arguments.pairs("var") where !known.contains(name) && !files.isEmpty {
      throw Diagnostic(
        .usage, "--var: no variable is called '\(name)'",
        hint: Suggestion.hint(for: name, among: known)
          ?? (known.isEmpty ? nil : "there are: " + Set(known).sorted().joined(separator: ", ")))
    }
  }

  /// As dashboards write times: `now-6h` stays, everything else is milliseconds.
  static func time(_ name: String, _ run: Run) throws -> String? {
    guard let text = run.arguments.string(name) else { return nil }
    if text.hasPrefix("-") { return "now" + text }
    if text.hasPrefix("now") { return text }
    return try run.arguments.time(name, now: run.common.now).map { String($0) }
  }

  static func ranges(_ text: String?) throws -> [String] {
    var seen: Set<String> = []
    return try (text ?? "").split(separator: ",").map { part in
      let range = String(part)
      guard let last = range.last, "smhdwMy".contains(last), let count = Int(range.dropLast()),
        count > 0
      else {
        throw Diagnostic(
          .usage, "--ranges: '\(range)' is no range", hint: "try: --ranges 24h,7d,30d,1y")
      }
      return range
    }.filter { seen.insert($0).inserted }
  }

  private static func command(_ arguments: Arguments) -> String {
    var words = ["mx-render"]
    for name in ["store", "out", "theme", "tz"] where arguments.has(name) {
      if let value = arguments.string(name) { words += ["--\(name)", quoted(value)] }
    }
    if arguments.has("inline") { words.append("--inline") }
    return words.joined(separator: " ")
  }

  static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 26 || "@%+=:,./-_".utf8.contains(byte)
    }
    if plain && !word.isEmpty { return word }
    return "'"
      + word.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "'\\''") + "'"
  }
}

/// What went wrong, with file, panel and field.
enum RenderMessages {
  static func explain(_ problem: Problem, _ path: String) -> Diagnostic {
    let place = [problem.panel, problem.field].filter { !$0.isEmpty }.joined(separator: ": ")
    let file = problem.line > 0 ? "\(path):\(problem.line):\(problem.column)" : path
    return Diagnostic(
      .no, subject: file, place.isEmpty ? problem.message : "\(place): \(problem.message)",
      hint: problem.hint)
  }

  static func explain(_ error: RenderError, _ path: String) -> Diagnostic {
    switch error {
    case .notJSON(let line, let column, _), .notADashboard(let line, let column, _):
      Diagnostic(.input, subject: "\(path):\(line):\(column)", "\(error)")
    case .emptyRange(let from, let to):
      Diagnostic(
        .input, subject: path, "\(error)", hint: "try: --from '\(to)' --to '\(from)'")
    default: Diagnostic(.input, subject: path, "\(error)")
    }
  }
}
