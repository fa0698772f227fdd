/// A problem told to a person: what failed, why, and what to do about it.
///
///     mx-alert: error: jobs/rules/cpu.yml:14: unknown field 'fro'
///     mx-alert: hint: did you mean 'for'?
///
/// Lower case, no full stop, the failed thing first, names in single quotes,
/// found and expected both named.
package struct Diagnostic: Error, Equatable, Sendable {
  /// What a caller can do about it; each kind is one exit code.
  package enum Kind: String, Equatable, Sendable {
    /// The answer is no, or only partly (exit 1).
    case no
    /// The command line makes no sense (exit 2).
    case usage
    /// Input or configuration is bad (exit 3).
    case input
    /// The store is damaged (exit 4).
    case damage
    /// The system refused (exit 5).
    case system
    /// Another run holds a lock (exit 75).
    case locked
  }

  package enum Severity: String, Equatable, Sendable {
    case error, warning, info
  }

  package let kind: Kind
  /// The file, file:line, option or URL it is about.
  package let subject: String?
  package let message: String
  package let hint: String?
  /// Lines of the input with marks under what is wrong, shown below the message.
  package let excerpt: [String]

  package init(
    _ kind: Kind, subject: String? = nil, _ message: String, hint: String? = nil,
    excerpt: [String] = []
  ) {
    self.excerpt = excerpt
    self.kind = kind
    self.subject = subject
    self.message = message
    self.hint = hint
  }

  package var exitCode: ExitCode {
    switch kind {
    case .no: .no
    case .usage: .usage
    case .input: .input
    case .damage: .damage
    case .system: .system
    case .locked: .locked
    }
  }

  /// `subject: message` without tool name, for one-line contexts.
  package var line: String {
    guard let subject else { return message }
    return "\(subject): \(message)"
  }
}
