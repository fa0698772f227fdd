/// One thing a tool does: `mx-compact verify`, or with the empty name what
/// the bare tool does.
package struct Verb: Equatable, Sendable {
  /// How a failure is told.
  package enum Failure: Equatable, Sendable {
    /// As a diagnostic on stderr and the exit codes of all tools.
    case diagnostic
    /// As Nagios plugins do: `UNKNOWN - …` on stdout and exit 3, also for
    /// usage errors, since exit 2 would read as CRITICAL.
    case nagios
  }

  package let name: String
  package let help: String
  package let positionals: [PositionalSpec]
  package let options: [OptionSpec]
  /// Usage lines after the tool's and verb's name; made from the specs where empty.
  package let usage: [String]
  /// Its data goes to stdout, so `--report -` cannot.
  package let printsData: Bool
  package let failure: Failure

  package init(
    _ name: String, _ help: String, positionals: [PositionalSpec] = [],
    options: [OptionSpec] = [], usage: [String] = [], printsData: Bool = false,
    failure: Failure = .diagnostic
  ) {
    self.name = name
    self.help = help
    self.positionals = positionals
    self.options = options
    self.usage = usage
    self.printsData = printsData
    self.failure = failure
  }
}

/// A hand-written part of a man page, in plain text.
///
/// A line that starts with a space is printed as it stands (a command, a
/// file's contents); others are filled into paragraphs; an empty line parts them.
package struct ManualSection: Equatable, Sendable {
  package let title: String
  package let text: String

  package init(_ title: String, _ text: String) {
    self.title = title
    self.text = text
  }
}

/// All a tool understands: the one table behind its parser, `--help`, man
/// page and completions.
package struct CommandTable: Sendable {
  package let name: String
  /// One line: what the tool is for.
  package let summary: String
  /// Paragraphs of the man page's DESCRIPTION, plain text as in `ManualSection`.
  package let description: String
  /// What the bare tool does; nil where a verb must be named.
  package let main: Verb?
  package let verbs: [Verb]
  /// Options of this tool under every verb.
  package let shared: [OptionSpec]
  /// Options of all mx tools.
  package let common: [OptionSpec]
  /// A command line that works, for the hint of a usage error.
  package let example: String
  package let sections: [ManualSection]

  package init(
    name: String, summary: String, description: String, main: Verb?, verbs: [Verb],
    shared: [OptionSpec] = [], common: [OptionSpec], example: String,
    sections: [ManualSection] = []
  ) {
    self.name = name
    self.summary = summary
    self.description = description
    self.main = main
    self.verbs = verbs
    self.shared = shared
    self.common = common
    self.example = example
    self.sections = sections
  }

  func verb(named name: String) -> Verb? {
    verbs.first { $0.name == name }
  }

  /// What `verb` understands. A nearer table hides a name of a farther one:
  /// `mx-ingest scrape --config` is not the `--config` of all tools.
  package func options(of verb: Verb?) -> [OptionSpec] {
    var found: [OptionSpec] = []
    for list in [verb?.options ?? [], shared, common, CommandTable.builtIn] {
      for option in list where !found.contains(where: { $0.name == option.name }) {
        found.append(option)
      }
    }
    return found
  }

  /// The options that end the run by telling about the tool itself.
  package static let builtIn: [OptionSpec] = [
    .flag("help", short: "h", "show this help"),
    .flag("version", "show the version"),
    .flag("man", "print the manual page (roff: pipe it to 'man -l -')"),
    .choice("completions", ["bash", "zsh", "fish"], "print shell completions"),
  ]
}
