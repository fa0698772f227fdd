import Synchronization

/// What a run has to say besides its answer: warnings, damage, notes.
///
/// Passed down instead of thrown, because what is good is still answered. Safe
/// to share between threads.
package final class Report: Sendable {
  private let state = Mutex(State())

  private struct State {
    var warnings: [String] = []
    var infos: [String] = []
    var damage: [Damage] = []
  }

  package init() {}

  /// Something the user should know, once however often it is said.
  package func warn(_ text: String) {
    state.withLock { if !$0.warnings.contains(text) { $0.warnings.append(text) } }
  }

  package func inform(_ text: String) {
    state.withLock { if !$0.infos.contains(text) { $0.infos.append(text) } }
  }

  /// A part of the store that cannot be read; the answer goes on without it.
  package func damaged(_ damage: Damage) {
    state.withLock { if !$0.damage.contains(damage) { $0.damage.append(damage) } }
  }

  package var warnings: [String] { state.withLock { $0.warnings } }
  package var infos: [String] { state.withLock { $0.infos } }
  package var damage: [Damage] { state.withLock { $0.damage } }
}

/// One damaged place: a file, the part of it, and what is wrong.
package struct Damage: Hashable, Sendable, CustomStringConvertible {
  package var path: String
  /// `page 17`, `footer`; "" for the whole file.
  package var part: String
  package var reason: String

  package init(path: String, part: String, reason: String) {
    self.path = path
    self.part = part
    self.reason = reason
  }

  package var description: String {
    part.isEmpty ? "\(path): \(reason)" : "\(path): \(part): \(reason)"
  }
}
