/// How long work tells how far it is, and is told to stop.
///
/// A run that is stopped keeps what it has committed and throws `WorkStopped`; what was
/// under way is discarded, and the next run begins it anew.
package struct Oversight {
  /// What is being done, how much of it is done, of how much.
  package var progress: (_ what: String, _ done: Int, _ total: Int) -> Void
  /// Whether to stop as soon as may be.
  package var isStopped: () -> Bool

  package init(
    progress: @escaping (_ what: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in },
    isStopped: @escaping () -> Bool = { false }
  ) {
    self.progress = progress
    self.isStopped = isStopped
  }

  package func check() throws(WorkStopped) {
    if isStopped() { throw WorkStopped() }
  }
}

/// Someone asked for an early end.
package struct WorkStopped: Error {
  package init() {}
}
