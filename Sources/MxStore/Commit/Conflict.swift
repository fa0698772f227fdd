import MxModel

/// What one series holds at one instant when two samples claim it.
///
/// `earlier` and `later` are in the order of commits (rows, inside one batch).
/// An identical value is no conflict. Series of type event add up instead.
struct ConflictRule: Sendable {
  var policy: ConflictPolicy
  var adds = false

  @inline(__always)
  func resolve(earlier: Double, later: Double) -> Double {
    if adds { return earlier + later }
    switch policy {
    case .last, .error: return later
    case .first: return earlier
    // A NaN or a marker never wins over a number.
    case .max: return later > earlier || earlier.isNaN ? later : earlier
    }
  }
}

/// What a commit or merge found twice.
package struct DuplicateCounts: Hashable, Sendable {
  /// The same value again: dropped without loss.
  package var identical = 0
  /// Another value: the policy decided.
  package var conflicting = 0

  package init() {}

  package static func += (left: inout DuplicateCounts, right: DuplicateCounts) {
    left.identical += right.identical
    left.conflicting += right.conflicting
  }
}
