/// What the gate did with the rows of one input or of a whole run.
package struct GateTally: Sendable {
  /// Rows that came and rows that passed.
  package var rows = 0
  package var passed = 0
  /// Lines that could not be read.
  package var problems = 0
  /// Rows refused, by reason class: `limits`, `time`, `labels`, `counter`, `histogram`.
  package var refused: [String: Int] = [:]
  /// Rows dropped by relabel rules, by the rule's number from 0.
  package var dropped: [Int: Int] = [:]
  /// Decreases of counters.
  package var resets = 0
  /// Rows of series that a cardinality limit refused.
  package var limited = 0
  /// Declarations of types and helps.
  package var declared = 0

  package init() {}

  package var refusedRows: Int { refused.values.reduce(0, +) }
  package var droppedRows: Int { dropped.values.reduce(0, +) }

  package static func += (left: inout GateTally, right: GateTally) {
    left.rows += right.rows
    left.passed += right.passed
    left.problems += right.problems
    left.resets += right.resets
    left.limited += right.limited
    left.declared += right.declared
    for (reason, count) in right.refused { left.refused[reason, default: 0] += count }
    for (rule, count) in right.dropped { left.dropped[rule, default: 0] += count }
  }
}
