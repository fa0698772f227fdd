/// Finds what a receiver refuses of a request that it refuses as a whole.
///
/// One late sample, and Prometheus takes none of the 5,000 that came with it. So what was
/// refused is sent again in halves, down to the sample: 26 requests for one among 5,000.
/// Halves go in their order, because a series' later sample would make the earlier one late.
///
/// Where all is refused (a history older than the receiver keeps) this would be two requests
/// a sample. So they are bounded, and after a body of which nothing was taken the bound is
/// halved: what is left then goes in the large pieces that are left.
package struct ForwardSieve {
  /// Requests to look for what is refused of one body.
  private static let most = 1024
  private static let fewest = 16

  private var bound = most

  package init() {}

  /// Sends `body`; `send` says whether it was taken. `refuse` gets each part that was not.
  package mutating func pass(
    _ body: ForwardBodies.Body, send: (ForwardBodies.Body) throws -> Bool,
    refuse: (ForwardBodies.Body) -> Void
  ) throws {
    var waiting = [body]
    var left = bound
    var refused = 0
    while let part = waiting.popLast() {
      if try send(part) { continue }
      if left > 0, let (first, second) = part.halves() {
        left -= 2
        waiting += [second, first]
      } else {
        refused += part.samples
        refuse(part)
      }
    }
    bound = refused == body.samples ? max(Self.fewest, bound / 2) : Self.most
  }
}
