import MxModel
import MxNet
import MxTemplate
import MxTime

/// An alert as a mail: text and HTML, and a picture of how the value went.
enum MailMessage {
  static func build(
    _ notice: GroupNotice, _ settings: EmailSettings, _ context: MessageContext
  ) throws(MessageError) -> Message {
    var texts = MessageTexts(notice, context, drawsChart: settings.hasChart)
    let to = texts.text(settings.to, "to")
    let from = texts.text(settings.from, "from")
    let recipients = MailAddress.all(in: to)
    guard !recipients.isEmpty else { throw MessageError("'to' is '\(to)', no address") }
    guard let sender = MailAddress.all(in: from).first else {
      throw MessageError("'from' is '\(from)', no address")
    }
    let message = MIMEText.message(
      headers: headers(settings, from: from, to: to, sender, &texts), body(settings, &texts))
    switch settings.way {
    case .sendmail(let program):
      return Message(
        dispatch: .program(
          command: [program, "-i", "-f", sender, "--"] + recipients, input: message,
          timeout: 60_000), problems: texts.problems)
    case .smtp(let host, let port):
      let scheme = settings.isImplicitTLS ? "smtps" : "smtp"
      let name = host.contains(":") ? "[\(host)]" : host
      var request = MailRequest(
        "\(scheme)://\(name):\(port)", from: sender, recipients: recipients, message: message)
      if let refusal = settings.tls.refusal { throw MessageError(refusal) }
      request.hello = settings.hello
      request.startTLS = settings.requiresTLS && !settings.isImplicitTLS ? .required : .never
      request.tls = settings.tls.tls
      // A secret is for CRAM-MD5, a password for the others; the server says which.
      if let secret = settings.password ?? settings.secret, !settings.user.isEmpty {
        request.auth = .basic(
          user: settings.user, password: try context.secrets.reveal(secret))
      }
      return Message(dispatch: .mail(request), problems: texts.problems)
    }
  }

  private static func headers(
    _ settings: EmailSettings, from: String, to: String, _ sender: String,
    _ texts: inout MessageTexts
  ) -> [(name: String, value: String)] {
    let notice = texts.notice
    var headers: [(name: String, value: String)] = [("From", from), ("To", to)]
    let subject =
      settings.headers.first { $0.name == "Subject" }?.value
      ?? "{{ template \"email.default.subject\" . }}"
    headers.append(
      ("Subject", clipped(texts.text(subject, "subject", plain: .title), to: 250)))
    for header in settings.headers where header.name != "Subject" {
      let value = texts.text(header.value, "header '\(header.name)'")
      headers.removeAll { $0.name == header.name }
      headers.append((header.name, value))
    }
    let domain = sender.split(separator: "@").last.map(String.init) ?? "localhost"
    if !headers.contains(where: { $0.name == "Message-Id" }) {
      // The same news sent twice have the same id, by which mail programs know them.
      headers.append(("Message-Id", "<mx-\(notice.key)@\(domain)>"))
    }
    if settings.isThreaded {
      let day = PlainText.time(notice.alerts.map(\.startsAt).min() ?? notice.at).prefix(10)
      let group = Array(notice.groupKey.utf8).withUnsafeBytes { ByteHash.hash($0) }
      let thread = "<alert-\(Fingerprint.text(group))-\(day)@alertmanager>"
      headers += [("References", thread), ("In-Reply-To", thread)]
    }
    headers.append(("Date", MailDate.text(texts.context.now)))
    return headers
  }

  private static func body(
    _ settings: EmailSettings, _ texts: inout MessageTexts
  ) -> MIMEText.Part {
    let notice = texts.notice
    let chart = texts.chart
    let plain =
      settings.text.isEmpty
      ? PlainText.message(notice, chart: chart)
      : texts.text(settings.text, "text", plain: .message)
    var alternatives = [MIMEText.Part.text("text/plain", plain)]
    if !settings.html.isEmpty {
      let before = texts.problems.count
      let html = texts.text(settings.html, "html", html: true)
      if texts.problems.count == before { alternatives.append(.text("text/html", html)) }
    }
    let boundary = "mx-\(notice.key)"
    let body = MIMEText.Part.multi("alternative", boundary: boundary + "-a", alternatives)
    guard let picture = picture(chart) else { return body }
    return .multi("mixed", boundary: boundary + "-m", [body, picture])
  }

  private static func picture(_ chart: NoticeChart?) -> MIMEText.Part? {
    if let png = chart?.png { return .file("image/png", name: "chart.png", png) }
    if let svg = chart?.svg {
      return .file("image/svg+xml", name: "chart.svg", Array(svg.utf8))
    }
    return nil
  }
}

/// `Mon, 02 Jan 2006 15:04:05 +0000`.
enum MailDate {
  static func text(_ milliseconds: Int64) -> String {
    TemplateTime(milliseconds: milliseconds).formatted("Mon, 02 Jan 2006 15:04:05 -0700")
  }
}

/// Addresses in a list such as `Ops <ops@example.org>, "a, b" <c@example.org>`.
enum MailAddress {
  static func all(in text: String) -> [String] {
    var found: [String] = []
    var current: [UInt8] = []
    var isQuoted = false
    func finish() {
      let part = String(decoding: current, as: UTF8.self)
      current = []
      if let address = address(part) { found.append(address) }
    }
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if byte == UInt8(ascii: ","), !isQuoted { finish() } else { current.append(byte) }
    }
    finish()
    return found
  }

  private static func address(_ part: String) -> String? {
    var inner = part[...]
    if let open = part.lastIndex(of: "<"), let close = part.lastIndex(of: ">"), open < close {
      inner = part[part.index(after: open)..<close]
    }
    let trimmed = inner.utf8.filter { $0 > 0x20 }
    let address = String(decoding: trimmed, as: UTF8.self)
    // What could be taken for an option or another line is no address.
    guard address.contains("@"), !address.hasPrefix("-"), !address.hasSuffix("@") else {
      return nil
    }
    return address
  }
}
