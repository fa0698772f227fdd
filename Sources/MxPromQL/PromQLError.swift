/// Why a query is no PromQL, and where.
package struct PromQLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// As Prometheus words it, without the place.
  package var message: String
  /// The offending part of the query.
  package var range: SourceRange
  /// Line and column of its start; nil where the query is empty.
  package var position: SourcePosition?
  /// What may have been meant: `did you mean 'rate'?`
  package var hint: String?

  package init(
    _ message: String, _ range: SourceRange, position: SourcePosition? = nil, hint: String? = nil
  ) {
    self.message = message
    self.range = range
    self.position = position
    self.hint = hint
  }

  /// Prometheus' own line: `1:14: parse error: unexpected end of input`.
  package var description: String {
    "\(position?.description ?? "unknown position"): parse error: \(message)"
  }
}
