import MxCLI
import MxConfig
import MxNet

/// `--ping URL`: tells a watcher (healthchecks.io and its like) that a run began
/// and how it ended. Whatever becomes of that, the run goes on and ends as it does.
struct Ping {
  private let url: String
  private let output: Output

  /// Milliseconds; a watcher that is away must not hold a minute's job.
  private static let patience: UInt32 = 3000

  /// Nil where none was asked for. The URL is a secret to some, so it may be
  /// `${NAME}`.
  init?(_ text: String?, _ output: Output) throws(Diagnostic) {
    guard let text else { return nil }
    self.output = output
    do throws(SecretSource.Failure) {
      url = try SecretSource.written(Secret(text)).resolve(
        environment: ClientRequests.variable, read: { _ in nil }
      ).reveal()
    } catch {
      throw Diagnostic(.usage, subject: "--ping", "\(error)")
    }
    guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
      throw Diagnostic(.usage, subject: "--ping", "is no http:// or https:// URL")
    }
  }

  func start() { send("/start") }

  func end(_ code: ExitCode) { send(code == .success || code == .firing ? "" : "/fail") }

  private func send(_ event: String) {
    var request = HTTPRequest(Self.url(url, event))
    request.limits.total = Self.patience
    request.limits.connect = Self.patience
    request.limits.body = 1 << 16
    request.redirects = 3
    request.headers = [NetHeader("User-Agent", "mx/\(Version.text)")]
    do {
      let response = try NetClient().perform([.http(request)], within: Int(Self.patience) + 500)[0]
      if let problem = FetchProblem.sentence(response) {
        output.summary("the ping was not heard: \(problem)")
      }
    } catch {
      output.summary("the ping was not heard: \(error)")
    }
  }

  /// The event belongs to the path, before what asks.
  static func url(_ url: String, _ event: String) -> String {
    if event.isEmpty { return url }
    let path = url.prefix { $0 != "?" && $0 != "#" }
    let stem = path.hasSuffix("/") ? path.dropLast() : path
    return stem + event + url.dropFirst(path.count)
  }
}
