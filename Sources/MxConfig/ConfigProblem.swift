/// Where something was written.
package struct ConfigPlace: Equatable, Hashable, Sendable, CustomStringConvertible {
  package var file: String
  /// Both from 1.
  package var line: Int
  package var column: Int

  package init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// `rules/cpu.yml:14`: what editors and people jump to.
  package var description: String { "\(file):\(line)" }
}

/// One mistake in a file, ready to be shown: `rules/cpu.yml:14: unknown field 'fro'`.
package struct ConfigProblem: Equatable, Sendable, CustomStringConvertible {
  package var place: ConfigPlace
  package var message: String
  /// What to do: `did you mean 'for'?`.
  package var hint: String?

  package init(_ place: ConfigPlace, _ message: String, hint: String? = nil) {
    self.place = place
    self.message = message
    self.hint = hint
  }

  package var description: String { "\(place): \(message)" }
}

/// A file that cannot be used, with everything that is wrong in it.
package enum ConfigError: Error, Equatable, CustomStringConvertible {
  case invalid([ConfigProblem])

  package var problems: [ConfigProblem] {
    switch self {
    case .invalid(let problems): problems
    }
  }

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Collects what is wrong while a file is read, so that one run shows all of it.
///
/// Passed down by reference; reading goes on after a problem with what is good.
package final class ConfigProblems {
  /// A file with more mistakes than this is the wrong file.
  package static let limit = 200

  /// In the order of the file, once `sort` was called; else as found.
  package private(set) var all: [ConfigProblem] = []

  package init() {}

  package var isEmpty: Bool { all.isEmpty }

  package func add(_ place: ConfigPlace, _ message: String, hint: String? = nil) {
    guard all.count < Self.limit else { return }
    all.append(ConfigProblem(place, message, hint: hint))
  }

  package func sort() {
    all.sort {
      ($0.place.file, $0.place.line, $0.place.column) < (
        $1.place.file, $1.place.line, $1.place.column
      )
    }
  }

  /// Throws all that was found, in the order of the file.
  package func check() throws(ConfigError) {
    if all.isEmpty { return }
    sort()
    throw .invalid(all)
  }
}
