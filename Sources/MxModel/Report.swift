import Synchronization

/// What a run has to say besides its answer: warnings, damage, notes.
///
/// Passed down instead of thrown, because what is good is still answered. Safe
/// to share between threads.
package final class Report: Sendable {
  /// Of each kind so many are kept and the rest counted: a bad input may hold
  /// a million bad lines.
  package static let limit = 1000

  private let state = Mutex(State())

  private struct State {
    var warnings = Said<String>()
    var infos = Said<String>()
    var damage = Said<Damage>()
  }

  /// Different things in the order in which they were first said.
  private struct Said<Thing: Hashable> {
    private var known: Set<Thing> = []
    private(set) var all: [Thing] = []
    private(set) var left = 0

    mutating func add(_ thing: Thing) {
      if known.contains(thing) { return }
      if all.count >= Report.limit {
        left += 1
      } else {
        known.insert(thing)
        all.append(thing)
      }
    }
  }

  package init() {}

  /// Something the user should know, once however often it is said.
  package func warn(_ text: String) { state.withLock { $0.warnings.add(text) } }

  package func inform(_ text: String) { state.withLock { $0.infos.add(text) } }

  /// A part of the store that cannot be read; the answer goes on without it.
  package func damaged(_ damage: Damage) { state.withLock { $0.damage.add(damage) } }

  package var warnings: [String] { state.withLock { Self.withRest($0.warnings) } }
  package var infos: [String] { state.withLock { Self.withRest($0.infos) } }
  package var damage: [Damage] { state.withLock { $0.damage.all } }

  /// How many damaged places are not in `damage`.
  package var damageLeft: Int { state.withLock { $0.damage.left } }

  private static func withRest(_ said: Said<String>) -> [String] {
    said.left == 0 ? said.all : said.all + ["\(said.left) more were left out"]
  }
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
