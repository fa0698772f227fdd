import Glibc
import MxTestSupport
import Testing

@testable import MxNet

/// Against openssl's own server, with a certificate made for the occasion.
@Suite struct TLSTests {
  /// A process that is ended when nobody needs it any more.
  private final class Program {
    private let pipe: UnsafeMutablePointer<FILE>
    private let process: pid_t

    init?(_ command: String) {
      guard let pipe = popen("echo $$; exec \(command)", "r") else { return nil }
      var line = [CChar](repeating: 0, count: 100)
      fgets(&line, 100, pipe)
      let digits = line.prefix { $0 >= 0x30 && $0 <= 0x39 }.map { UInt8(bitPattern: $0) }
      guard let process = pid_t(String(decoding: digits, as: UTF8.self)) else { return nil }
      self.pipe = pipe
      self.process = process
    }

    deinit {
      kill(process, SIGKILL)
      pclose(pipe)
    }
  }

  /// A port nobody listens on, most likely.
  private func freePort() -> UInt16 { TestServer { _ in }.port }

  private func waitFor(_ url: String) throws {
    var request = HTTPRequest(url)
    request.tls.insecure = true
    for _ in 0..<100 {
      let failure = try builtHelper().perform([.http(request)], within: 5000)[0].failure
      if failure != .connect { return }
      pause(milliseconds: 50)
    }
  }

  @Test func certificatesAreCheckedAsAsked() throws {
    let directory = "/tmp/mx-tls-\(getpid())"
    mkdir(directory, 0o700)
    defer { system("rm -r \(directory)") }
    let certificate = "\(directory)/cert.pem"
    let key = "\(directory)/key.pem"
    let made = system(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        + "-subj /CN=metrics.internal -addext subjectAltName=DNS:metrics.internal "
        + "-keyout \(key) -out \(certificate) >/dev/null 2>&1")
    guard made == 0 else {
      print("skipped: no openssl")
      return
    }
    let plain = freePort()
    let strict = freePort()
    let serve = "openssl s_server -cert \(certificate) -key \(key) -www -quiet"
    let first = Program("\(serve) -accept 127.0.0.1:\(plain) 2>/dev/null </dev/null")
    let second = Program(
      "\(serve) -Verify 1 -verify_return_error -CAfile \(certificate) "
        + "-accept 127.0.0.1:\(strict) 2>/dev/null </dev/null")
    try withExtendedLifetime((first, second)) {
      try check("https://127.0.0.1:\(plain)/", "https://127.0.0.1:\(strict)/", certificate, key)
    }
  }

  private func check(
    _ plain: String, _ strict: String, _ certificate: String, _ key: String
  ) throws {
    try waitFor(plain)
    try waitFor(strict)
    func get(_ url: String, _ configure: (inout NetTLS) -> Void) throws -> NetResponse {
      var request = HTTPRequest(url)
      configure(&request.tls)
      return try builtHelper().perform([.http(request)], within: 20_000)[0]
    }
    #expect(try get(plain) { _ in }.failure == .tls)
    #expect(try get(plain) { $0.insecure = true }.status == 200)
    #expect(try get(plain) { $0.caFile = certificate }.failure == .tls)
    #expect(try get(plain) { $0.caFile = "/nowhere.pem" }.failure == .tls)
    let named = try get(plain) {
      $0.caFile = certificate
      $0.serverName = "metrics.internal"
    }
    #expect(named.status == 200, "\(named.message)")
    #expect(named.timings.secured > 0)
    let wrong = try get(plain) {
      $0.caFile = certificate
      $0.serverName = "other.internal"
    }
    #expect(wrong.failure == .tls)
    let stranger = try get(strict) { $0.insecure = true }
    #expect(stranger.status != 200)
    let known = try get(strict) {
      $0.insecure = true
      $0.certificateFile = certificate
      $0.keyFile = key
    }
    #expect(known.status == 200, "\(known.message)")
  }
}
