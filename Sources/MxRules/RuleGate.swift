import MxEngine
import Synchronization

/// One question of the store at a time: rules that are evaluated side by side wait for
/// each other here. An engine uses all threads by itself.
final class RuleGate: Sendable {
  private let lock = Mutex(())

  func pass<Answer>(_ body: () throws -> Answer) throws -> Answer {
    var result: Result<Answer, any Error>?
    lock.withLock { _ in result = Result { try body() } }
    guard let result else { preconditionFailure("BUG: a lock that ran nothing") }
    return try result.get()
  }
}

/// What asking for an expression takes.
struct RuleAsking {
  /// Makes the engine of one evaluation: its time limit begins with it.
  let engine: () -> Engine
  let gate: RuleGate
}
