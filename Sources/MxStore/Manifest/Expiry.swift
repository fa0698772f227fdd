import MxCodec
package import MxModel

/// Up to when retention has taken samples away, and how far it has got with that.
///
/// Below it a window of a tier cannot be computed from samples again: the rollup
/// folds late ones into what is stored. It is known before the first sample goes, from
/// a record of its own, so that a rebuild knows it as well.
package struct Expiry: Hashable, Sendable {
  /// Of several rules the first that matches a series counts.
  package struct Rule: Hashable, Sendable {
    package var matchers: [Matcher]
    /// Samples at this time and before may be gone; `.min`: none are.
    package var through: Int64
    /// Tiers are kept longer, so they still tell of what is gone.
    package var hasTiers: Bool

    package init(matchers: [Matcher], through: Int64, hasTiers: Bool) {
      self.matchers = matchers
      self.through = through
      self.hasTiers = hasTiers
    }
  }

  /// The record that keeps it for a rebuild, and its commit.
  package var record: UInt64
  package var sequence: UInt64
  /// When retention ran, ms.
  package var made: Int64
  /// A hash of the policies: other ones begin anew.
  package var policies: UInt64
  /// The present as of which all segments up to commit `appliedSequence` have lost
  /// what they should.
  package var applied = Int64.min
  package var appliedSequence: UInt64 = 0
  package var rules: [Rule]

  package init(
    record: UInt64 = 0, sequence: UInt64 = 0, made: Int64, policies: UInt64, rules: [Rule]
  ) {
    self.record = record
    self.sequence = sequence
    self.made = made
    self.policies = policies
    self.rules = rules
  }
}

extension Manifest {
  /// The newest time of which any sample may be gone, `.min` for none.
  var oldestWhole: Int64 { expiries.flatMap(\.rules).map(\.through).max() ?? .min }

  /// The newest time of which any sample is gone that tiers still tell of.
  var newestTold: Int64 {
    expiries.flatMap(\.rules).filter(\.hasTiers).map(\.through).max() ?? .min
  }
}

/// The bytes of an expiry.
///
///     size   field
///     8      record
///     1…10   sequence, varint
///     1…10   made, zigzag varint
///     8      hash of the policies
///     1…10   applied, zigzag varint; then its commit, varint
///     1…10   number of rules, varint; for each:
///       1…10   through, zigzag varint
///       1      1 where tiers are kept longer
///       …      matchers (see Tombstone)
extension Expiry {
  func append(to out: inout [UInt8]) {
    out.append(littleEndian: record)
    out.append(varint: sequence)
    out.append(signedVarint: made)
    out.append(littleEndian: policies)
    out.append(signedVarint: applied)
    out.append(varint: appliedSequence)
    out.append(varint: rules.count)
    for rule in rules {
      out.append(signedVarint: rule.through)
      out.append(rule.hasTiers ? 1 : 0)
      Tombstone.append(rule.matchers, to: &out)
    }
  }

  init(from reader: inout ByteReader) throws(CodecError) {
    record = try reader.uint64()
    sequence = try reader.varint()
    made = try reader.signedVarint()
    policies = try reader.uint64()
    applied = try reader.signedVarint()
    appliedSequence = try reader.varint()
    rules = []
    for _ in 0..<(try reader.count(atMost: reader.remaining)) {
      let through = try reader.signedVarint()
      let hasTiers = try reader.uint8() != 0
      rules.append(
        Rule(
          matchers: try Tombstone.matchers(from: &reader), through: through, hasTiers: hasTiers))
    }
  }
}
