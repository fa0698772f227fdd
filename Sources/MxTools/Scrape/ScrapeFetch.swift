import MxCLI
import MxIngest
import MxJSON
import MxModel
import MxNet

/// Asks targets for their metrics, all at once, and hands each answer on as it
/// comes.
struct ScrapeFetch {
  /// One request of a round.
  struct Item {
    var target: ScrapeTarget
    /// Milliseconds after the round's begin.
    var delay: Int64
    /// It was well at its last scrape: worth a second try.
    var mayRetry: Bool
  }

  /// How a request ended: an answer, or why there is none.
  enum Outcome {
    case answer(NetResponse)
    case failure(String)
  }

  let plan: ScrapePlan
  /// The most an answer may have where the job says nothing.
  let bodyLimit: Int64

  /// Waits before a second try, so that whoever restarts has restarted.
  private static let pause: Int64 = 300

  /// Gives each item's outcome to `receive`, once, with the seconds it took.
  func perform(
    _ items: [Item], _ receive: (Item, Outcome, Double) -> Void
  ) throws {
    var again: [(item: Item, left: UInt32)] = []
    var requests: [(item: Item, request: HTTPRequest)] = []
    for item in items {
      if let refusal = item.target.refusal {
        receive(item, .failure(refusal), 0)
      } else if let request = request(item) {
        requests.append((item, request))
      } else {
        receive(item, .failure("a secret of its job is missing"), 0)
      }
    }
    try send(requests) { index, response in
      let (item, request) = requests[index]
      let spent = response.timings.total / 1000
      let left = Int64(request.limits.total) - Int64(spent) - Self.pause
      if item.mayRetry, Self.isWorthATry(response), left > 100, !Interruption.isAsked {
        again.append((item, UInt32(left)))
      } else {
        finish(item, response, receive)
      }
    }
    if again.isEmpty { return }
    let second = again.compactMap { entry -> (item: Item, request: HTTPRequest)? in
      guard var request = request(entry.item) else { return nil }
      request.delay = UInt32(Self.pause)
      request.limits.total = entry.left
      return (entry.item, request)
    }
    try send(second) { index, response in finish(second[index].item, response, receive) }
  }

  private func send(
    _ requests: [(item: Item, request: HTTPRequest)], _ receive: (Int, NetResponse) -> Void
  ) throws {
    if requests.isEmpty { return }
    let longest = requests.map { Int($0.request.delay) + Int($0.request.limits.total) }.max() ?? 0
    try NetClient().perform(
      requests.map { .http($0.request) }, within: longest + 2000,
      stops: { Interruption.isAsked }, receive)
  }

  /// Only what fails at once and may be over in a moment: a second wait for one
  /// that hangs would cost the others theirs.
  private static func isWorthATry(_ response: NetResponse) -> Bool {
    switch response.failure {
    case .resolve?, .connect?, .reset?: true
    default: response.failure == nil && [502, 503, 504].contains(response.status)
    }
  }

  private func finish(
    _ item: Item, _ response: NetResponse, _ receive: (Item, Outcome, Double) -> Void
  ) {
    let seconds = Double(response.timings.total) / 1_000_000
    if let problem = FetchProblem.sentence(response) {
      receive(item, .failure(problem), seconds)
    } else {
      receive(item, .answer(response), seconds)
    }
  }

  private func request(_ item: Item) -> HTTPRequest? {
    let job = plan.jobs[item.target.job]
    guard var request = plan.clients[item.target.job]?.request(item.target.url) else { return nil }
    request.delay = UInt32(clamping: item.delay)
    request.limits.total = UInt32(clamping: item.target.timeout)
    request.limits.connect = request.limits.total
    let limit = job.limits.bodyBytes > 0 ? min(job.limits.bodyBytes, bodyLimit) : bodyLimit
    request.limits.body = UInt32(clamping: limit)
    request.acceptsGzip = job.acceptsGzip
    request.headers.append(NetHeader("Accept", ScrapeProtocol.accept(job.protocols)))
    request.headers.append(
      NetHeader(
        "X-Prometheus-Scrape-Timeout-Seconds",
        MxJSON.NumberText.general(Double(item.target.timeout) / 1000)))
    return request
  }
}
