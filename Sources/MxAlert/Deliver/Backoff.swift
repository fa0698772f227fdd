/// How long to wait after a failure: twice as long each time, and not all at once.
package enum Backoff {
  package static let first: Int64 = 30_000
  package static let longest: Int64 = 3_600_000
  /// So much of the pause is left to chance, a fifth up and down.
  private static let jitter = 5

  /// `failures`: how many there were before this one.
  package static func pause(
    after failures: Int64, using random: inout some RandomNumberGenerator
  ) -> Int64 {
    let doubled = failures >= 7 ? longest : min(longest, first << max(0, failures))
    let spread = doubled / Int64(jitter)
    return doubled + Int64.random(in: -spread...spread, using: &random)
  }
}

extension ChannelState {
  /// A breaker opens after so many failures in a row.
  static let breaksAfter: Int64 = 5

  /// Takes a token: whether it was the last one; nil where there is none.
  mutating func takeToken(_ rate: RateLimit?, at now: Int64) -> Bool? {
    guard let rate else { return false }
    let earned = Double(max(0, now - tokensAt)) * Double(rate.burst) / Double(rate.per)
    let have = min(Double(rate.burst), (tokens ?? Double(rate.burst)) + earned)
    tokensAt = now
    tokens = have
    // A little less than one is one: sums of fractions.
    guard have > 1 - 1e-9 else { return nil }
    tokens = max(0, have - 1)
    return have < 2 - 1e-9
  }

  mutating func succeeded() {
    failures = 0
    openUntil = nil
    failingSince = nil
    error = nil
  }

  /// The channel is left alone for a while: as long as its server asks for, and longer
  /// and longer where it fails on and on.
  mutating func failed(
    _ error: String, retryAfter: Int64?, at now: Int64,
    using random: inout some RandomNumberGenerator
  ) {
    failures += 1
    failingSince = failingSince ?? now
    self.error = error
    openUntil = nil
    if let retryAfter { openUntil = now + min(retryAfter, 86_400_000) }
    if failures >= Self.breaksAfter {
      let pause = Backoff.pause(after: failures - Self.breaksAfter, using: &random)
      openUntil = max(openUntil ?? .min, now + pause)
    }
  }
}
