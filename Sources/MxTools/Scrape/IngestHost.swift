import Glibc
import MxCLI
import MxFiles
import MxFormats
import MxIngest
import MxModel
import MxStore

/// `mx-ingest host`: this machine as a target of its own, under node_exporter's
/// names.
enum IngestHost {
  static func run(_ run: Run) throws -> ExitCode {
    if run.common.checksOnly {
      _ = try SettingsReader.load(run)
      return .success
    }
    let clock = MonotonicClock()
    let store = Store(path: run.common.store, files: DiskFileSystem())
    let page =
      HostCollector.page(root(now: Double(run.common.now) / 1000))
      + Array(RunFigures.page(store).utf8)
    let seconds = Double(clock.elapsed) / 1000
    let memory = ScrapeMemory(
      FilePath.join(store.stateDirectory, "scrape"), configuration: "mx-ingest host",
      files: store.files)
    try memory.load()
    let target = try target(run)
    let known = memory.targets[target.key]?.trace ?? SeriesTrace()
    let round = ScrapeRound()
    let result = round.take(
      ScrapeAnswer(body: page, format: .prometheus, time: run.common.now, seconds: seconds),
      of: target, ScrapeJob(name: job), trace: known,
      previous: { memory.series(of: target.key) })
    let series = known == result.series ? nil : round.keys(of: result.series)
    let writer = BatchWriter("host", run)
    try writer.take(&round.batch, now: run.common.now)
    let figures = [
      ("duration_seconds", Double(clock.elapsed) / 1000, "How long the last run took."),
      (
        "end_timestamp_seconds", Double(run.common.now + clock.elapsed) / 1000,
        "When the last run ended."
      ),
    ]
    try writer.commit(figures, refused: result.refused, now: run.common.now)
    if !writer.isDry { try remember(result, series, target, memory, run) }
    run.output.summary("\(writer.samples) samples of this machine")
    return result.isUp && result.refused == 0 && !writer.hasRefused ? .success : .no
  }

  private static let job = "node"

  private static func remember(
    _ result: TargetResult, _ series: [[UInt8]]?, _ target: ScrapeTarget,
    _ memory: ScrapeMemory, _ run: Run
  ) throws {
    var state = TargetMemory()
    state.name = target.name
    state.job = job
    state.labels = target.labels
    state.last = run.common.now
    state.trace = result.series
    // Another name of the machine, or other labels, are another target's.
    memory.targets = [target.key: state]
    try memory.prepare()
    if let series { try memory.saveSeries(series, of: target.key) }
    try memory.save()
  }

  /// As a scrape of node_exporter would be labelled, unless `--label` says otherwise.
  private static func target(_ run: Run) throws -> ScrapeTarget {
    let given = try run.arguments.pairs("label").map(\.name)
    let labels = [("job", job), ("instance", system().node)].filter { !given.contains($0.0) }
    return ScrapeTarget(
      job: 0, labels: LabelSet(labels), url: "host", interval: nil, timeout: 10_000, key: 1)
  }

  private static func root(now: Double) -> HostRoot {
    HostRoot(
      files: DiskFileSystem(), now: now, system: system(), space: { MountSpace(of: $0) },
      resolve: { path in
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
      })
  }

  private static func system() -> HostSystem {
    var info = utsname()
    // Fails for no reason but a bad address.
    _ = uname(&info)
    func text<Field>(_ field: Field) -> String {
      withUnsafeBytes(of: field) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
    }
    return HostSystem(
      name: text(info.sysname), node: text(info.nodename), release: text(info.release),
      version: text(info.version), machine: text(info.machine), domain: text(info.__domainname))
  }
}
