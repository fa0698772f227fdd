import MxCLI
import MxConfig
import MxFiles
import MxIngest
import MxModel
import MxStore

/// `mx-ingest forward --to URL`: what was not sent yet, by Prometheus remote write.
enum IngestForward {
  static func run(_ run: Run) throws -> ExitCode {
    let client = try client(run)
    if run.common.checksOnly { return .success }
    Interruption.expect()
    let store = Store(path: run.common.store, files: DiskFileSystem())
    let state = ForwardState(store.stateDirectory, url: client.url, files: store.files)
    // A store that is not there is said before anything is made.
    _ = try store.manifest(Report())
    try state.prepare()
    guard let lock = try lock(state, store, run) else { return .success }
    defer { lock.release() }
    let report = Report()
    let sender = ForwardSender(
      client.requests.request(client.url), patience: try run.arguments.duration("patience"), run)
    let forward = ForwardRun(store, state, sender, run, report)
    defer { tell(forward, sender, run) }
    try forward.sendAll()
    if Interruption.isAsked { return Interruption.exitCode }
    let code = StoreDamage.tell(report, run)
    return code != .success ? code : sender.refused > 0 ? .no : .success
  }

  static let options: [OptionSpec] = [
    .value("to", "URL", "the remote-write endpoint; ${NAME} is a variable", required: true),
    .value("user", "NAME", "log in as this user"),
    .value("password-file", "FILE", "where the user's password stands"),
    .value("token-file", "FILE", "where a bearer token stands"),
    .value("ca-file", "FILE", "trust this certificate authority"),
    .value("patience", "DURATION", "give up when nothing is taken for so long", default: "1m"),
  ]

  private static func client(_ run: Run) throws -> (url: String, requests: ClientRequests) {
    let arguments = run.arguments
    var settings = ClientSettings()
    settings.tls.caFile = arguments.string("ca-file") ?? ""
    settings.followsRedirects = false
    let token = arguments.string("token-file")
    let user = arguments.string("user")
    if token != nil, user != nil {
      throw Diagnostic(.usage, "'--user' and '--token-file' are both given, at most one allowed")
    }
    if let token { settings.authorization = .token(type: "Bearer", .file(token)) }
    if let user {
      let password = arguments.string("password-file").map { SecretSource.file($0) }
      settings.authorization = .basic(
        user: .written(Secret(user)), password: password ?? .written(Secret("")))
    }
    do throws(SecretSource.Failure) {
      let url = try SecretSource.written(Secret(arguments.string("to") ?? "")).resolve(
        environment: ClientRequests.variable, read: { _ in nil }
      ).reveal()
      guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
        throw SecretSource.Failure.noFile("")
      }
      return (url, try ClientRequests(settings))
    } catch .noFile("") {
      throw Diagnostic(
        .usage, subject: "--to", "is no http:// or https:// URL",
        hint: "such as http://localhost:8428/api/v1/write")
    } catch {
      throw Diagnostic(.input, "\(error)")
    }
  }

  private static func lock(
    _ state: ForwardState, _ store: Store, _ run: Run
  ) throws -> (any FileLock)? {
    let wait = run.common.lock.seconds
    if let lock = try store.files.lock(state.lockPath, .exclusive, wait: wait) { return lock }
    if run.common.lock == .skip {
      run.output.summary("another run sends to this receiver: skipped")
      return nil
    }
    throw StoreError.locked(path: state.lockPath)
  }

  private static func tell(_ forward: ForwardRun, _ sender: ForwardSender, _ run: Run) {
    run.report.set("samples", Double(sender.sent), help: "Samples taken by the receiver.")
    run.report.set("refused", Double(sender.refused), help: "Samples it will never take.")
    run.report.set("retries", Double(sender.retries), help: "Requests sent again.")
    run.report.set(
      "unsent_commits", Double(forward.behind), help: "Commits that are still to be sent.")
    run.output.summary(
      "\(sender.sent) samples sent, \(sender.refused) refused, \(sender.retries) retries")
  }
}
