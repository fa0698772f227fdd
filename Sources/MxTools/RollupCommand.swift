package import MxCLI

/// `mx-rollup`: coarser tiers of old data, and recording rules.
package enum RollupCommand: Command {
  package static func run(_ run: Run) throws -> ExitCode {
    switch run.verb {
    default: throw Pending.refusal(run)
    }
  }

  package static let table = CommandTable(
    name: "mx-rollup",
    summary: "compute tiers and recording rules",
    description: """
      Computes every window of every tier that is due, once, and again where late data touched \
      it; then the recording rules of the files given. Over a range it does the same again, with \
      the same result however often.
      """,
    main: Verb(
      "", "every due window of every tier, then recording rules",
      options: [SharedOptions.rules, SharedOptions.from, SharedOptions.to],
      usage: ["[--rules FILE...]", "--from T --to T"]),
    verbs: [Verb("status", "what is computed up to where, and what is due", printsData: true)],
    common: CommonOptions.table(writer: true),
    example: "mx-rollup --rules jobs/rules/*.yml",
    sections: [
      ManualText.examples(
        """
        Everything due, every minute from cron:

         * * * * * mx-rollup --store /var/lib/mx --rules /etc/mx/rules/*.yml

        A day again, after its data was mended:

         mx-rollup --from 2026-11-20 --to 2026-11-21

        How far the tiers are:

         mx-rollup status
        """),
      ManualText.values, ManualText.files, ManualText.exitStatus,
    ])
}
