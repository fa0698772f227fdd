import Glibc
import MxAlert
import MxModel
import MxNet
import MxTestSupport
import Testing

@Suite struct DeliveryTests {
  private static let minute: Int64 = 60_000
  private let folder = LedgerFolder()

  private static let config = """
    route: {receiver: a, group_by: ['...'], group_wait: 0s}
    receivers:
      - name: a
        webhook_configs: [{url: 'http://a/'}]
        x-mx: {fallback: b}
      - {name: b, webhook_configs: [{url: 'http://b/'}]}
      - {name: alone, webhook_configs: [{url: 'http://alone/'}]}
      - name: limited
        webhook_configs: [{url: 'http://limited/'}]
        x-mx: {rate_limit: 2/10m}
      - {name: pager, pagerduty_configs: [{routing_key: k}]}
    """

  private func ledger() throws -> AlertLedger { try AlertLedger.open(folder.ledger, wait: 0) }

  private func notice(_ name: String, _ target: String, ends: Int64? = nil, at: Int64 = 0)
    -> GroupNotice
  {
    let alert = NotifyAlert(
      labels: LabelSet([("alertname", name)]), value: 1, startsAt: 0, endsAt: ends, arrivedAt: at)
    return GroupNotice(
      target: target, receiver: String(target.prefix { $0 != "/" }),
      groupKey: "{}:{alertname=\"\(name)\"}", groupLabels: alert.labels,
      reason: ends == nil ? .first : .allResolved, at: at, alerts: [alert])
  }

  private func post(_ notices: [GroupNotice], _ ledger: AlertLedger) throws {
    try ledger.begin()
    for notice in notices { try ledger.post(notice, at: notice.at) }
    try ledger.commit()
  }

  private func deliver(
    _ ledger: AlertLedger, _ courier: ScriptedCourier, at minute: Double
  ) throws -> DeliveryReport {
    let now = Int64(minute * Double(Self.minute))
    return try Delivery.deliver(
      ledger, try Config.read(Self.config), courier, at: now, using: SeededGenerator(seed: 7)
    ) { MessageContext.plain(now: now) }
  }

  private func outcomes(_ ledger: AlertLedger) throws -> [String] {
    try ledger.history(.all, limit: 100_000).filter { $0.kind == .notice }.map {
      "\($0.receiver ?? "") \($0.outcomeText ?? "") \($0.attempts ?? 0)"
    }
  }

  @Test func theSameNewsArePostedOnce() throws {
    let ledger = try ledger()
    try post([notice("x", "a/webhook/0"), notice("x", "a/webhook/0")], ledger)
    #expect(try outcomes(ledger) == ["a/webhook/0 waiting 0"])
  }

  @Test func pausesGrowAndRetryAfterIsKept() throws {
    let ledger = try ledger()
    try post([notice("x", "alone/webhook/0")], ledger)
    let courier = ScriptedCourier { _ in .failed("HTTP 500", retryAfter: nil) }
    var tries: [Int] = []
    for second in stride(from: 0, to: 2000, by: 5) {
      let before = courier.carried.count
      _ = try deliver(ledger, courier, at: Double(second) / 60)
      if courier.carried.count > before { tries.append(second) }
    }
    // 30 s, a minute, two, four …, give or take a fifth.
    #expect(tries.count >= 6 && tries.count <= 8, "\(tries)")
    for (pause, expected) in zip(zip(tries, tries.dropFirst()).map { $1 - $0 }, [30, 60, 120, 240])
    {
      #expect(Double(pause) >= 0.8 * Double(expected) && pause <= Int(1.2 * Double(expected)) + 5)
    }
    #expect(try outcomes(ledger) == ["alone/webhook/0 retrying \(tries.count)"])
    courier.answer = { _ in .failed("HTTP 429", retryAfter: 7_200_000) }
    _ = try deliver(ledger, courier, at: 600)
    let count = courier.carried.count
    _ = try deliver(ledger, courier, at: 715)
    #expect(courier.carried.count == count)
    courier.answer = { _ in .sent }
    _ = try deliver(ledger, courier, at: 721)
    #expect(courier.carried.count == count + 1)
    #expect(try ledger.channels()["alone/webhook/0"]?.failures == 0)
  }

  /// While the breaker is open nothing is tried; then one is, and all follow.
  @Test func theBreakerSparesAChannelThatIsDown() throws {
    let ledger = try ledger()
    try post((0..<6).map { notice("x\($0)", "alone/webhook/0") }, ledger)
    let courier = ScriptedCourier { _ in .failed("refused", retryAfter: nil) }
    var time = 0.0
    for _ in 0..<5 {
      _ = try deliver(ledger, courier, at: time)
      time += 0.05
    }
    #expect(courier.carried.count == 5)
    #expect(try ledger.channels()["alone/webhook/0"]?.openUntil != nil)
    _ = try deliver(ledger, courier, at: time)
    #expect(courier.carried.count == 5)
    courier.answer = { _ in .sent }
    _ = try deliver(ledger, courier, at: 120)
    #expect(courier.carried.count == 11)
    #expect(try outcomes(ledger).allSatisfy { $0.contains(" sent ") })
  }

  @Test func rejectedCredentialsAreToldToTheFallbackAtOnce() throws {
    let ledger = try ledger()
    try post([notice("x", "a/webhook/0")], ledger)
    let courier = ScriptedCourier { dispatch in
      if case .http(let request, _) = dispatch, request.url == "http://a/" {
        return .rejected("HTTP 401", credentials: true)
      }
      return .sent
    }
    let report = try deliver(ledger, courier, at: 0)
    #expect(courier.bodies.map(\.url) == ["http://a/", "http://b/"])
    #expect(report.dead.count == 1 && report.sent == 1)
    #expect(try outcomes(ledger) == ["a/webhook/0 failed 1", "b/webhook/0 sent 1"])
    let reasons = try ledger.history(.all, limit: 10).map(\.reason)
    #expect(reasons.contains("first notification, instead of a"))
  }

  @Test func afterSomeTriesTheFallbackIsTold() throws {
    let ledger = try ledger()
    try post([notice("x", "a/webhook/0")], ledger)
    let courier = ScriptedCourier { dispatch in
      if case .http(let request, _) = dispatch, request.url == "http://a/" {
        return .failed("timeout", retryAfter: nil)
      }
      return .sent
    }
    for minute in [0.0, 1, 3] { _ = try deliver(ledger, courier, at: minute) }
    #expect(courier.bodies.map(\.url) == ["http://a/", "http://a/", "http://a/", "http://b/"])
  }

  @Test func whatIsRejectedIsDead() throws {
    let ledger = try ledger()
    try post([notice("x", "alone/webhook/0"), notice("y", "alone/webhook/0")], ledger)
    var isFirst = true
    let courier = ScriptedCourier { _ in
      defer { isFirst = false }
      return isFirst ? .rejected("HTTP 400", credentials: false) : .sent
    }
    let report = try deliver(ledger, courier, at: 0)
    #expect(report.dead.map(\.error) == ["HTTP 400"] && report.sent == 1)
    #expect(try ledger.outboxCounts() == (waiting: 0, dead: 1))
  }

  @Test func whatIsTooOldIsGivenUp() throws {
    let ledger = try ledger()
    try post([notice("x", "alone/webhook/0")], ledger)
    let courier = ScriptedCourier { _ in .failed("no", retryAfter: nil) }
    _ = try deliver(ledger, courier, at: 0)
    let report = try deliver(ledger, courier, at: 3 * 1440 + 1)
    #expect(report.dead.count == 1 && courier.carried.count == 1)
  }

  @Test func theBucketLetsSoManyThrough() throws {
    let ledger = try ledger()
    let courier = ScriptedCourier()
    try post([notice("x", "limited/webhook/0")], ledger)
    _ = try deliver(ledger, courier, at: 0)
    // The last token takes all that wait, as one.
    try post((0..<3).map { notice("y\($0)", "limited/webhook/0", at: 1) }, ledger)
    _ = try deliver(ledger, courier, at: 0.1)
    #expect(courier.carried.count == 2)
    #expect(courier.bodies.last?.body.contains("digest of many notices") ?? false)
    try post([notice("z", "limited/webhook/0", at: 2)], ledger)
    _ = try deliver(ledger, courier, at: 1)
    #expect(courier.carried.count == 2)
    _ = try deliver(ledger, courier, at: 6)
    #expect(courier.carried.count == 3)
    #expect(try outcomes(ledger).allSatisfy { $0.contains(" sent ") })
  }

  /// 5,000 alerts at once: one digest a receiver, all of them in history.
  @Test func aStormIsOneDigestForEachReceiver() throws {
    let ledger = try ledger()
    let targets = ["alone/webhook/0", "pager/pagerduty/0"]
    try post((0..<5000).flatMap { i in targets.map { notice("x\(i)", $0) } }, ledger)
    let courier = ScriptedCourier()
    let report = try deliver(ledger, courier, at: 0)
    #expect(courier.carried.count == 2 && report.sent == 10_000)
    #expect(try outcomes(ledger).count == 10_000)
    #expect(try ledger.channels()["pager/pagerduty/0"]?.digest.count == 5000)
    // When the last of them is over, so is the incident.
    try post((0..<4990).map { notice("x\($0)", targets[1], ends: 1, at: 1) }, ledger)
    try post((4990..<5000).map { notice("x\($0)", targets[1], ends: 2, at: 2) }, ledger)
    _ = try deliver(ledger, courier, at: 1)
    #expect(try ledger.channels()["pager/pagerduty/0"]?.digest.isEmpty ?? false)
  }

  @Test func newsOfAGroupKeepTheirOrder() throws {
    let ledger = try ledger()
    try post([notice("x", "alone/webhook/0")], ledger)
    let courier = ScriptedCourier { _ in .failed("no", retryAfter: nil) }
    _ = try deliver(ledger, courier, at: 0)
    try post([notice("x", "alone/webhook/0", ends: 1, at: 1)], ledger)
    courier.answer = { _ in .sent }
    // Its elder waits for its next try: so does it.
    _ = try deliver(ledger, courier, at: 0.1)
    #expect(courier.carried.count == 1)
    _ = try deliver(ledger, courier, at: 1)
    #expect(
      courier.bodies.dropFirst().map { $0.body.contains("\"status\":\"firing\"") } == [true, false])
  }

  // MARK: - Answers

  @Test(arguments: [
    (200, "", DispatchOutcome.sent), (204, "", .sent),
    (500, "oops", .failed("HTTP 500: oops", retryAfter: nil)),
    (429, "", .failed("HTTP 429", retryAfter: 7000)),
    (400, "bad", .rejected("HTTP 400: bad", credentials: false)),
    (401, "", .rejected("HTTP 401", credentials: true)),
    (302, "", .rejected("HTTP 302", credentials: false)),
  ])
  func statusesMeanWhatTheyMean(status: Int, body: String, expected: DispatchOutcome) {
    var response = NetResponse(status: status)
    response.body = Array(body.utf8)
    if status == 429 { response.headers = [NetHeader("Retry-After", "7")] }
    #expect(Reply.outcome(response, .status, at: 0) == expected)
  }

  @Test func slackSaysNoWithStatus200() {
    func outcome(_ body: String) -> DispatchOutcome {
      var response = NetResponse(status: 200)
      response.body = Array(body.utf8)
      return Reply.outcome(response, .slack, at: 0)
    }
    #expect(outcome("ok") == .sent && outcome("{\"ok\":true}") == .sent)
    #expect(
      outcome("{\"ok\":false,\"error\":\"invalid_auth\"}")
        == .rejected("Slack: invalid_auth", credentials: true))
    #expect(
      outcome("{\"ok\":false,\"error\":\"channel_not_found\"}")
        == .rejected("Slack: channel_not_found", credentials: false))
  }

  @Test func aDateMayBeARetryAfter() {
    var response = NetResponse(status: 503)
    response.headers = [NetHeader("Retry-After", "Thu, 01 Jan 1970 00:02:00 GMT")]
    #expect(
      Reply.outcome(response, .status, at: 60_000) == .failed("HTTP 503", retryAfter: 60_000))
  }
}
