import Glibc
import Synchronization

/// One piece of work on a thread of its own, while its owner does something else.
///
/// What it throws is thrown by `join`, which must be called once. Where the
/// system has no thread to give, the work is done at once.
package final class Background: Sendable {
  private struct State {
    var thread: pthread_t?
    var failure: (any Error)?
  }

  private let work: @Sendable () throws -> Void
  private let state = Mutex(State())

  package init(_ work: @escaping @Sendable () throws -> Void) {
    self.work = work
    var thread = pthread_t()
    let box = Unmanaged.passRetained(self)
    let result = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Background>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    if result == 0 {
      let started = thread
      state.withLock { $0.thread = started }
    } else {
      box.release()
      run()
    }
  }

  private func run() {
    do {
      try work()
    } catch {
      state.withLock { $0.failure = error }
    }
  }

  /// Waits for the end of the work.
  package func join() throws {
    let thread = state.withLock { state in
      let thread = state.thread
      state.thread = nil
      return thread
    }
    if let thread { pthread_join(thread, nil) }
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }
}
