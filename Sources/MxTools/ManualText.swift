import MxCLI

/// The hand-written parts of man pages that several tools share.
enum ManualText {
  static let files = ManualSection(
    "Files",
    """
    The store is a directory: $MX_STORE, else ./mx-store. In it:

     mx.yml         settings, all optional
     MANIFEST-*     what is live; the last eight are kept
     state/         alert ledger, scrape state, forward cursor
     rejected/      input that was refused, with reasons
     quarantine/    damaged files that repair took out of use

    Nothing outside the store is written but what an option names.
    """)

  /// The exit codes of all tools.
  static let exitStatus = ManualSection(
    "Exit status",
    """
     0    yes, done
     1    the answer is no, or only partly
     2    usage
     3    bad input or configuration: nothing of it was used
     4    damage in the store: what is good was answered or kept
     5    the system refused: disk full, permission, network, clock
     75   a lock is held by another run

    A reader that closes the pipe ends the tool quietly (SIGPIPE).
    """)

  static let values = ManualSection(
    "Times, durations, sizes",
    """
    Times: RFC 3339, 2026-11-20, Unix seconds (fractions allowed), now, now-6h, -6h. \
    Durations: 1h30m, 15s, 7d, 100ms, with the units y w d h m s ms. \
    Sizes: bytes, KiB, MiB, GiB, TiB, or % of the file system. \
    They read the same in every locale. A - for a file is stdin or stdout.
    """)

  static func examples(_ text: String) -> ManualSection {
    ManualSection("Examples", text)
  }
}

/// Options that mean the same for several tools.
enum SharedOptions {
  static let from = OptionSpec.value("from", "TIME", "start of the range")
  static let to = OptionSpec.value("to", "TIME", "end of the range", default: "now")
  static let match = OptionSpec.value(
    "match", "SELECTOR", "only series that match", kind: .repeated)
  static let requiredMatch = OptionSpec.value(
    "match", "SELECTOR", "the series that match", kind: .repeated, required: true)
  static let dryRun = OptionSpec.flag("dry-run", "say what would be done, and write nothing")
  static let timeZone = OptionSpec.value(
    "tz", "ZONE", "time zone of printed times", default: "UTC")
  static let rules = OptionSpec.value(
    "rules", "FILE", "Prometheus rule files", kind: .list)
  static let usedRules = OptionSpec.value(
    "rules", "FILE", "Prometheus rule files", kind: .list, default: "uses.rules of mx.yml")
  static let notify = OptionSpec.value(
    "notify", "FILE", "Alertmanager configuration", default: "notices go to stdout")

  static func requireFresh(_ effect: String) -> OptionSpec {
    .value("require-fresh", "DURATION", "data older than this: \(effect)")
  }
}
