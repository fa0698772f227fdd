import Glibc
import MxTestSupport
import Testing

@testable import MxNet

@Suite struct HelperTests {
  private let request = NetRequest.http(HTTPRequest("http://127.0.0.1:1/"))

  @Test func aMissingHelperIsNamedWithWhatToDo() {
    #expect {
      try NetClient(helper: "/nowhere/mx-net").perform([request], within: 1000)
    } throws: {
      guard let error = $0 as? NetError else { return false }
      return error == .helperMissing(searched: ["/nowhere/mx-net"])
        && "\(error)" == "the network helper 'mx-net' is in none of /nowhere/mx-net"
        && error.hint != nil
    }
  }

  @Test func theHelperIsLookedForInItsPlaces() throws {
    func find(_ named: String?, _ existing: [String]) throws -> String {
      try HelperLocation.find(named: named, program: "/usr/mx/bin/mx-query") {
        existing.contains($0)
      }
    }
    let installed = "/usr/mx/bin/../libexec/mx-net"
    #expect(try find(nil, [installed, "/usr/mx/bin/mx-net"]) == installed)
    #expect(try find("", ["/usr/mx/bin/mx-net"]) == "/usr/mx/bin/mx-net")
    #expect(try find("/x/mine", ["/x/mine", installed]) == "/x/mine")
    #expect(throws: NetError.helperMissing(searched: ["/x/mine"])) {
      try find("/x/mine", [installed])
    }
    #expect(throws: NetError.helperMissing(searched: [installed, "/usr/mx/bin/mx-net"])) {
      try find(nil, [])
    }
  }

  @Test func aHelperThatEndsLeavesNoRequestWithoutAnswer() throws {
    for program in ["/bin/true", "/bin/false"] {
      let responses = try NetClient(helper: program).perform([request, request], within: 5000)
      #expect(responses.map(\.failure) == [.helperEnded, .helperEnded])
    }
  }

  /// `cat` sends our requests back, `yes` sends what is no frame.
  @Test func aHelperThatTalksNonsenseIsEnded() throws {
    for program in ["/bin/cat", "/usr/bin/yes"] where access(program, X_OK) == 0 {
      let responses = try NetClient(helper: program).perform([request], within: 20_000)
      #expect(responses.map(\.failure) == [.helperEnded])
    }
  }

  @Test func aHelperThatSleepsIsEndedWhenTheTimeIsUp() throws {
    let path = "/tmp/mx-net-sleeper-\(getpid())"
    let file = try #require(fopen(path, "w"))
    fputs("#!/bin/sh\nexec sleep 60\n", file)
    fclose(file)
    chmod(path, 0o755)
    defer { unlink(path) }
    let start = Clock.now()
    // More than a socket holds, which is never read.
    var large = HTTPRequest("http://127.0.0.1:1/")
    large.body = [UInt8](repeating: 1, count: 4_000_000)
    let responses = try NetClient(helper: path).perform([.http(large)], within: 300)
    #expect(responses.map(\.failure) == [.deadline])
    #expect(Clock.now() - start < 5000)
  }

  @Test func noRequestsStartNoHelper() throws {
    #expect(try NetClient(helper: "/nowhere").perform([], within: 1000).isEmpty)
    let many = [NetRequest](repeating: request, count: Wire.mostRequests + 1)
    #expect(throws: NetError.tooManyRequests(many.count, limit: Wire.mostRequests)) {
      try builtHelper().perform(many, within: 1000)
    }
  }

  /// What a helper reads may be anything: it must end by itself, with an error.
  @Test(arguments: 0..<30 as Range<UInt64>)
  func theHelperSurvivesNonsense(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var bytes = try WireMessages.encode(request, id: 1) + WireMessages.encodeGo(milliseconds: 300)
    if seed > 0 {
      for _ in 0..<3 {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
    }
    let process = try HelperProcess(path: try builtHelper().helper)
    defer { process.end(politely: false) }
    var sent = 0
    _ = process.send(bytes, &sent)
    var buffer = FrameBuffer()
    let deadline = Clock.now() + 20_000
    while Clock.now() < deadline {
      process.wait(toSend: false, milliseconds: 1000)
      if case .ended = process.receive(into: &buffer) { return }
    }
    Issue.record("the helper did not end")
  }
}

@Suite struct MailTests {
  /// A mail server that keeps what it is told, and says `no` to what it is told to.
  private func sink(
    _ log: Shared<String>, offers: [String] = [], refuses: String = "nothing"
  ) -> TestServer {
    TestServer { connection in
      connection.send("220 sink\r\n")
      var isData = false
      while let line = connection.readLine() {
        log.append(line)
        if isData {
          if line == "." {
            isData = false
            connection.send("250 kept\r\n")
          }
        } else if line.hasPrefix(refuses) {
          connection.send(
            refuses.hasPrefix("AUTH") ? "535 5.7.8 wrong\r\n" : "550 5.1.1 no such user\r\n")
        } else if line.hasPrefix("EHLO") {
          connection.send((offers.map { "250-\($0)\r\n" } + ["250 SIZE 1000000\r\n"]).joined())
        } else if line == "DATA" {
          isData = true
          connection.send("354 go on\r\n")
        } else if line == "QUIT" {
          connection.send("221 bye\r\n")
        } else if line.hasPrefix("AUTH LOGIN") {
          connection.send("334 VXNlcm5hbWU6\r\n")
          log.append(connection.readLine() ?? "")
          connection.send("334 UGFzc3dvcmQ6\r\n")
          log.append(connection.readLine() ?? "")
          connection.send("235 in\r\n")
        } else if line == "AUTH PLAIN" {
          connection.send("334 \r\n")
          log.append(connection.readLine() ?? "")
          connection.send("235 in\r\n")
        } else {
          connection.send("250 ok\r\n")
        }
      }
    }
  }

  private func mail(_ server: TestServer) -> MailRequest {
    var mail = MailRequest(
      server.url("", scheme: "smtp"), from: "mx@example.org",
      recipients: ["a@example.org", "b@example.org"],
      message: Array("Subject: hi\n\nline\n.dot\r\nend".utf8))
    mail.startTLS = .never
    mail.hello = "here.example"
    return mail
  }

  private func send(_ mail: MailRequest) throws -> NetResponse {
    try builtHelper().perform([.mail(mail)], within: 20_000)[0]
  }

  @Test func aMessageArrivesWhole() throws {
    let log = Shared<String>()
    let server = sink(log)
    let response = try send(mail(server))
    #expect(response.failure == nil)
    #expect(response.status == 250)
    #expect(
      Array(log.all.prefix(11)) == [
        "EHLO here.example", "MAIL FROM:<mx@example.org> SIZE=32", "RCPT TO:<a@example.org>",
        "RCPT TO:<b@example.org>", "DATA", "Subject: hi", "", "line", "..dot", "end", ".",
      ])
    #expect(log.all.last == "QUIT")
  }

  @Test func aPersonNobodyKnowsIsRefusedWithTheServersWords() throws {
    let log = Shared<String>()
    let server = sink(log, refuses: "RCPT TO:<b@")
    let response = try send(mail(server))
    #expect(response.failure == .refused)
    #expect(response.status == 550)
    #expect(response.message == "the mail server answered '550 5.1.1 no such user'")
  }

  @Test func loggingInUsesTheWayThatIsWanted() throws {
    let log = Shared<String>()
    let server = sink(log, offers: ["AUTH PLAIN LOGIN"])
    var request = mail(server)
    request.auth = .plain(user: "u", password: "p")
    #expect(try send(request).failure == nil)
    #expect(log.all.contains("AHUAcA=="))
    request.auth = .login(user: "u", password: "p")
    #expect(try send(request).failure == nil)
    #expect(log.all.contains { $0.hasPrefix("AUTH LOGIN") })
    #expect(log.all.contains("cA=="))
    let strict = sink(Shared<String>(), offers: ["AUTH PLAIN"], refuses: "AUTH")
    request.url = strict.url("", scheme: "smtp")
    request.auth = .basic(user: "u", password: "wrong")
    #expect(try send(request).failure == .login)
  }

  @Test func aServerWithoutTLSGetsNothingWhereTLSIsRequired() throws {
    let log = Shared<String>()
    let server = sink(log)
    var request = mail(server)
    request.startTLS = .required
    #expect(try send(request).failure == .tls)
    #expect(!log.all.contains { $0.hasPrefix("MAIL") })
    request.startTLS = .ifOffered
    #expect(try send(request).failure == nil)
  }

  @Test func addressesCannotSmuggleCommands() throws {
    let server = sink(Shared<String>())
    for address in ["a@b\r\nRCPT TO:<c@d>", "a> <b", "a b@c"] {
      var request = mail(server)
      request.recipients = [address]
      #expect(try send(request).failure == .badRequest)
      request = mail(server)
      request.from = address
      #expect(try send(request).failure == .badRequest)
    }
    var request = mail(server)
    request.recipients = []
    #expect(try send(request).failure == .badRequest)
    request = mail(server)
    request.url = "http://127.0.0.1:1/"
    #expect(try send(request).failure == .badRequest)
  }
}
