/// How a channel fares: what its failures and its limit ask for.
package struct ChannelState: Hashable, Sendable {
  package var target: String
  /// Of the token bucket; nil: full.
  package var tokens: Double?
  package var tokensAt: Int64 = 0
  /// In a row.
  package var failures: Int64 = 0
  /// Nothing is sent before; ms.
  package var openUntil: Int64?
  package var failingSince: Int64?
  package var error: String?
  /// The alerts of its digests that fire still.
  package var digest: Set<UInt64> = []

  package init(target: String) { self.target = target }

  /// So many failures in a row are trouble that people are told of.
  package static let failingAfter: Int64 = 3

  package var isFailing: Bool { failures >= Self.failingAfter && failingSince != nil }
}

extension AlertLedger {
  package func channels() throws(AlertError) -> [String: ChannelState] {
    let statement = try database.prepare(
      """
      SELECT target, tokens, tokens_at, failures, open_until, failing_since, error, digest
      FROM channels
      """)
    var all: [String: ChannelState] = [:]
    while try statement.step() {
      var state = ChannelState(target: statement.text(0) ?? "")
      state.tokens = statement.double(1)
      state.tokensAt = statement.int(2) ?? 0
      state.failures = statement.int(3) ?? 0
      state.openUntil = statement.int(4)
      state.failingSince = statement.int(5)
      state.error = statement.text(6)
      state.digest = Set(
        (statement.text(7) ?? "").split(separator: ",").compactMap {
          Fingerprint.parse(String($0))
        })
      all[state.target] = state
    }
    return all
  }

  package func save(_ state: ChannelState) throws(AlertError) {
    let statement = try database.prepare(
      "INSERT OR REPLACE INTO channels VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
    let digest = state.digest.sorted().map(Fingerprint.text).joined(separator: ",")
    try statement.run([
      .text(state.target), state.tokens.map { .real($0) } ?? .null, .int(state.tokensAt),
      .int(state.failures), .init(state.openUntil), .init(state.failingSince),
      .init(state.error), digest.isEmpty ? .null : .text(digest),
    ])
  }
}
