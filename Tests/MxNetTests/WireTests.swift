import Testing

@testable import MxNet

/// SplitMix64: the same sequence for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite struct WireTests {
  private var samples: [[UInt8]] {
    get throws {
      var http = HTTPRequest("https://example.org/é")
      http.method = "POST"
      http.headers = [NetHeader("A", "b"), NetHeader("C", "")]
      http.body = [0, 255, 10]
      http.redirects = 3
      http.tls.serverName = "x"
      http.auth = .basic(user: "u", password: "p")
      var mail = MailRequest("smtp://h", from: "a", recipients: ["b", "c"], message: [1])
      mail.auth = .login(user: "u", password: "p")
      mail.startTLS = .ifOffered
      var response = NetResponse(failure: .reset, status: 500, message: "m")
      response.headers = http.headers
      response.body = [9]
      response.url = "u"
      response.timings.total = .max
      return [
        try WireMessages.encode(.http(http), id: 1), try WireMessages.encode(.mail(mail), id: 2),
        try WireMessages.encode(response, id: 3),
      ]
    }
  }

  private func frame(_ bytes: [UInt8]) throws -> FrameBuffer.Frame? {
    var buffer = FrameBuffer(limit: 1 << 20)
    bytes.withUnsafeBytes { buffer.append($0) }
    return try buffer.next()
  }

  /// Reads and writes again; what was read must be what was written.
  private func rewritten(_ bytes: [UInt8]) throws -> [UInt8] {
    guard let frame = try frame(bytes) else { return [] }
    if frame.kind == Wire.Kind.response {
      let (id, response) = try WireMessages.response(frame)
      return try WireMessages.encode(response, id: id)
    }
    let (id, request) = try WireMessages.request(frame)
    return try WireMessages.encode(request, id: id)
  }

  @Test func bytesAreAsDocumented() throws {
    #expect(try WireMessages.encodeGo(milliseconds: 1000) == [5, 0, 0, 0, 3, 0xE8, 3, 0, 0])
    let go = try #require(try frame([5, 0, 0, 0, 3, 0xE8, 3, 0, 0]))
    #expect(try WireMessages.go(go) == 1000)
  }

  @Test func everyMessageRoundTrips() throws {
    for sample in try samples { #expect(try rewritten(sample) == sample) }
  }

  @Test func everyProperPrefixOfAPayloadIsRefused() throws {
    for sample in try samples {
      let whole = try #require(try frame(sample))
      for length in 0..<whole.payload.count {
        let cut = FrameBuffer.Frame(kind: whole.kind, payload: Array(whole.payload.prefix(length)))
        if cut.kind == Wire.Kind.response {
          #expect(throws: WireError.self) { try WireMessages.response(cut) }
        } else {
          #expect(throws: WireError.self) { try WireMessages.request(cut) }
        }
      }
      var longer = whole
      longer.payload.append(0)
      #expect(throws: WireError.self) {
        if longer.kind == Wire.Kind.response {
          _ = try WireMessages.response(longer)
        } else {
          _ = try WireMessages.request(longer)
        }
      }
    }
  }

  @Test(arguments: 0..<500 as Range<UInt64>)
  func damageIsNeverMoreThanAnError(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for sample in try samples {
      var bytes = sample
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
          [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0
      }
      _ = try? rewritten(bytes)
    }
  }

  @Test func framesComeOutHoweverTheStreamIsCut() throws {
    let stream = try samples.flatMap { $0 }
    for step in 1...40 {
      var buffer = FrameBuffer(limit: 1 << 20)
      var frames = 0
      for start in stride(from: 0, to: stream.count, by: step) {
        stream[start..<min(start + step, stream.count)].withUnsafeBytes { buffer.append($0) }
        while try buffer.next() != nil { frames += 1 }
      }
      #expect(frames == 3)
      #expect(buffer.isEmpty)
    }
  }

  @Test func aSizeBeyondTheLimitIsRefusedBeforeItIsBelieved() {
    #expect(throws: WireError.tooLong(size: 0xFFFF_FFFF, limit: 1 << 20)) {
      try frame([0xFF, 0xFF, 0xFF, 0xFF, 1])
    }
    #expect(throws: WireError.badValue(at: 0)) { try frame([0, 0, 0, 0]) }
    #expect(throws: WireError.self) {
      try WireMessages.request(
        FrameBuffer.Frame(
          kind: 2, payload: [UInt8](repeating: 0, count: 12) + [0xFF, 0xFF, 0xFF, 0x7F]))
    }
  }
}
