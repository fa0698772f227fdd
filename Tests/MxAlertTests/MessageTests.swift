import Glibc
import MxAlert
import MxConfig
import MxModel
import MxNet
import MxTemplate
import Testing

@Suite struct MessageTests {
  static let now: Int64 = 1_795_132_800_000

  /// Two alerts that fire and one that is resolved.
  static var notice: GroupNotice {
    func alert(_ host: String, _ start: Int64, ends: Int64? = nil) -> NotifyAlert {
      NotifyAlert(
        labels: LabelSet([
          ("alertname", "DiskFull"), ("host", host), ("job", "node"), ("severity", "page"),
        ]),
        annotations: [
          .init(name: "description", value: "only 3 % <left> on \(host)"),
          .init(name: "summary", value: "disk almost full"),
        ], value: 3, startsAt: now - start * 60_000, endsAt: ends.map { now - $0 * 60_000 },
        arrivedAt: now, rule: "r")
    }
    var notice = GroupNotice(
      target: "ops/x/0", receiver: "ops.team",
      groupKey: "{}/{severity=\"page\"}:{alertname=\"DiskFull\"}",
      groupLabels: LabelSet([("alertname", "DiskFull")]), reason: .newAlerts, at: now,
      alerts: [alert("db1", 10), alert("db2", 5), alert("db3", 60, ends: 1)])
    notice.routeLabels = [.init(name: "team", value: "{{ .GroupLabels.alertname | toLower }}")]
    return notice
  }

  static let chart = {
    var chart = NoticeChart(
      times: (0..<8).map { now - Int64(8 - $0) * 60_000 }, values: [9, 8, 8, .nan, 6, 5, 4, 3],
      threshold: 5, title: "disk free, %")
    chart.svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"
    return chart
  }()

  private func build(
    _ receiver: String, _ notice: GroupNotice = Self.notice, site: String = "",
    chart: NoticeChart? = nil
  ) throws -> Message {
    let config = try Config.read("route: {receiver: ops}\nreceivers: [{name: ops, \(receiver)}]")
    var context = MessageContext.plain(
      now: Self.now, files: ["/run/key": "from-a-file\n"], chart: chart)
    context.siteURL = site
    return try MessageBuilder.build(notice, config.receivers[0].integrations[0], context)
  }

  private func body(_ message: Message) -> String {
    switch message.dispatch {
    case .http(let request, _): String(decoding: request.body, as: UTF8.self)
    case .mail(let request): String(decoding: request.message, as: UTF8.self)
    case .program(_, let input, _): String(decoding: input, as: UTF8.self)
    case .append(_, let bytes): String(decoding: bytes, as: UTF8.self)
    case .say(let text): text
    }
  }

  // MARK: - Golden files

  /// `MX_GOLDEN=write` writes them; read the diff.
  private func check(_ name: String, _ text: String) throws {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let path = "/\(folder)/Golden/\(name)"
    if let mode = getenv("MX_GOLDEN"), String(cString: mode) == "write" {
      let file = try #require(fopen(path, "w"))
      fputs(text, file)
      fclose(file)
      return
    }
    let file = try #require(fopen(path, "r"), "no golden file \(name)")
    defer { fclose(file) }
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&chunk, 1, chunk.count, file)
    #expect(String(decoding: chunk[..<count], as: UTF8.self) == text, "\(name)")
  }

  @Test func payloadsAreAsDocumented() throws {
    let site = "https://metrics.example.org"
    let receivers: [(file: String, text: String)] = [
      ("webhook.json", "webhook_configs: [{url: 'http://x/', max_alerts: 2}]"),
      (
        "slack.json",
        "slack_configs: [{api_url: 'http://x/', channel: '#ops', fields: [{title: Team, value: "
          + "'{{ routeLabels \"team\" }}', short: true}], actions: [{type: button, text: Runbook, "
          + "url: 'https://wiki/{{ .CommonLabels.alertname }}'}]}]"
      ),
      ("pagerduty.json", "pagerduty_configs: [{routing_key: k, details: {team: db}}]"),
      ("pagerduty-v1.json", "pagerduty_configs: [{service_key: k}]"),
      ("exec.json", "x-mx: {exec_configs: [{command: [/bin/notify]}]}"),
      ("file.txt", "x-mx: {file_configs: [{path: /var/log/alerts, format: text}]}"),
      ("telegram.json", "telegram_configs: [{bot_token: t, chat_id: -5}]"),
      ("discord.json", "discord_configs: [{webhook_url: 'http://x/'}]"),
      ("msteams.json", "msteams_configs: [{webhook_url: 'http://x/'}]"),
      ("msteamsv2.json", "msteamsv2_configs: [{webhook_url: 'http://x/'}]"),
      ("pushover.json", "pushover_configs: [{user_key: u, token: t}]"),
      (
        "opsgenie.json",
        "opsgenie_configs: [{api_key: k, responders: [{name: db, type: team}], tags: 'a, b'}]"
      ),
      ("victorops.json", "victorops_configs: [{api_key: k, routing_key: db}]"),
      ("mattermost.json", "mattermost_configs: [{webhook_url: 'http://x/', channel: ops}]"),
      ("rocketchat.json", "rocketchat_configs: [{token: t, token_id: i, channel: ops}]"),
      (
        "webex.json",
        "webex_configs: [{room_id: r, http_config: {authorization: {credentials: c}}}]"
      ),
    ]
    for receiver in receivers {
      let message = try build(receiver.text, site: site, chart: Self.chart)
      #expect(message.problems.isEmpty)
      try check(receiver.file, body(message))
    }
  }

  @Test func aMailHasTextAndPicture() throws {
    let email =
      "email_configs: [{to: 'Ops <ops@example.org>, \"b, c\" <b@example.org>', smarthost: "
      + "'mail:587', from: 'mx@example.org', auth_username: u, auth_password_file: /run/key, "
      + "headers: {reply-to: nobody@example.org, Subject: 'Größe {{ .Status }}'}, "
      + "threading: {enabled: true}}]"
    let message = try build(email, chart: Self.chart)
    try check("mail.eml", body(message))
    guard case .mail(let request) = message.dispatch else {
      Issue.record("no mail")
      return
    }
    #expect(request.url == "smtp://mail:587" && request.startTLS == .required)
    #expect(request.recipients == ["ops@example.org", "b@example.org"])
    #expect(request.auth == .basic(user: "u", password: "from-a-file"))
    #expect(!body(message).contains("from-a-file"))
  }

  @Test func aMailMayGoBySendmail() throws {
    let message = try build(
      "email_configs: [{to: a@b, from: c@d, x-mx: {sendmail: /usr/sbin/sendmail}}]")
    guard case .program(let command, let input, _) = message.dispatch else {
      Issue.record("no program")
      return
    }
    #expect(command == ["/usr/sbin/sendmail", "-i", "-f", "c@d", "--", "a@b"])
    #expect(String(decoding: input, as: UTF8.self).hasPrefix("From: c@d\r\nTo: a@b\r\nSubject: "))
  }

  /// A label must not make another header, nor markup in the HTML.
  @Test func labelsStayWhatTheyAre() throws {
    var notice = Self.notice
    notice.groupLabels = LabelSet([("alertname", "x\r\nBcc: eve@example.org")])
    let mail = body(
      try build(
        "email_configs: [{to: a@b, from: c@d, smarthost: 'h:25', headers: {x-a: \"b\\nc: d\"}}]",
        notice))
    #expect(!mail.contains("\nBcc:") && !mail.contains("\nc: d"))
    #expect(!mail.contains("<left>") || mail.contains("&lt;left&gt;"))
    let html = mail[(mail.range(ofText: "text/html") ?? mail.endIndex)...]
    #expect(html.contains("&lt;left&gt;") && !html.contains("<left>"))
  }

  @Test func withoutAPageThereIsNoLink() throws {
    let slack = body(try build("slack_configs: [{api_url: 'http://x/'}]"))
    #expect(!slack.contains("title_link") && !slack.contains("http"))
    #expect(slack.contains("\"fallback\":\"[FIRING:2] DiskFull (node page)\""))
  }

  // MARK: - Templates

  /// A notice is not lost by its template.
  @Test func aFailingTemplateGoesOutInPlainWords() throws {
    let message = try build(
      "slack_configs: [{api_url: 'http://x/', text: '{{ template \"nope\" . }}', title: '{{ .No }}'}]"
    )
    #expect(message.problems.count == 2)
    #expect(body(message).contains("\"title\":\"[FIRING:2] DiskFull\""))
    #expect(body(message).contains("FIRING DiskFull{host=\\\"db1\\\""))
    let mail = try build(
      "email_configs: [{to: a@b, from: c@d, smarthost: 'h:25', html: '{{ .Nope.Nope }}'}]")
    #expect(mail.problems.count == 1 && !body(mail).contains("text/html"))
    #expect(body(mail).contains("FIRING DiskFull"))
  }

  /// Our texts of the names that Alertmanager documents give what its own give.
  @Test func defaultTemplatesGiveWhatAlertmanagersGive() throws {
    guard let theirs = NotifyCorpus.text("default.tmpl") else {
      print("skipped: no corpora")
      return
    }
    let names = theirs.split(separator: "\n").compactMap { line -> String? in
      let words = line.split(separator: "\"")
      return words.count > 2 && words[0].hasPrefix("{{") && words[0].contains("define")
        ? String(words[1]) : nil
    }
    #expect(names.count > 60)
    var resolved = Self.notice
    resolved.alerts = resolved.resolved
    for notice in [Self.notice, resolved] {
      for name in names {
        let isOfAlerts = name.hasPrefix("__text") || name == "pagerduty.default.instances"
        let call = "{{ template \"\(name)\" \(isOfAlerts ? ".Alerts" : ".") }}"
        let texts = try [[], [("theirs", theirs)]].map { files in
          var context = MessageContext.plain(now: Self.now)
          context.templates = try NoticeTemplates(files)
          context.siteURL = "https://metrics.example.org"
          return try rendered(call, notice, context)
        }
        #expect(texts[0] == texts[1], "\(name)")
      }
    }
  }

  private func rendered(
    _ text: String, _ notice: GroupNotice, _ context: MessageContext
  ) throws -> String {
    let config = try Config.read(
      "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'http://x/'}]}]")
    var notice = notice
    notice.routeLabels = [.init(name: "x", value: text)]
    let message = try MessageBuilder.build(
      notice, config.receivers[0].integrations[0], context)
    #expect(message.problems.isEmpty, "\(message.problems)")
    let body = body(message)
    let start = try #require(body.range(ofText: "\"routeLabels\":"))
    return String(body[start...])
  }

  @Test func manyAlertsAreCutShort() throws {
    var notice = Self.notice
    notice.alerts = (0..<5000).map { index in
      NotifyAlert(
        labels: LabelSet([("alertname", "A"), ("i", "\(index)")]), startsAt: 0, arrivedAt: 0)
    }
    let mail = try build(
      "email_configs: [{to: a@b, from: c@d, smarthost: 'h:25'}]", notice)
    #expect(mail.problems.isEmpty && body(mail).contains("and 4800 more"))
    let event = body(try build("pagerduty_configs: [{routing_key: k}]", notice))
    #expect(event.utf8.count < 512_000)
  }
}

extension String {
  /// Where a text begins in this one.
  func range(ofText text: String) -> String.Index? {
    var place = startIndex
    while place < endIndex {
      if self[place...].hasPrefix(text) { return place }
      place = index(after: place)
    }
    return nil
  }
}
