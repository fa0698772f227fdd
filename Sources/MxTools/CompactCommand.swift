package import MxCLI

/// `mx-compact`: the store's upkeep.
package enum CompactCommand: Command {
  package static func run(_ run: Run) throws -> ExitCode {
    switch run.verb {
    case "": return try StoreUpkeep.run(run)
    case "verify": return try StoreChecks.verify(run)
    case "repair": return try StoreChecks.repair(run)
    case "upgrade": return try StoreChecks.upgrade(run)
    case "inspect": return try StoreInspection.inspect(run)
    case "stats": return try StoreStats.run(run)
    case "health": return try StoreHealth.run(run)
    case "rewrite": return try StoreRewriting.run(run)
    case "retention": return try StoreRetention.run(run)
    case "delete": return try StoreDeletion.delete(run)
    case "undelete": return try StoreDeletion.undelete(run)
    case "snapshot": return try StoreCopying.snapshot(run)
    case "merge": return try StoreCopying.merge(run)
    case "export": return try StoreExport.run(run)
    default: throw Pending.refusal(run)
    }
  }

  package static let table = CommandTable(
    name: "mx-compact",
    summary: "merge, check, repair and copy a store",
    description: """
      Without a verb it does everything that is due: removal past grace, retention, deletions, \
      merges. Writers and readers go on meanwhile; a store killed in the middle is as good as \
      before.
      """,
    main: Verb("", "everything due", usage: [""]),
    verbs: [
      Verb(
        "verify", "read everything and name damage; exit 4 where there is some",
        options: [.flag("deep", "decode every page, not only checksums")]),
      Verb("repair", "quarantine damage, rebuild the manifest; deletes nothing"),
      Verb(
        "inspect", "what a file of the store holds", positionals: [.one("FILE")],
        options: [.flag("dump", "its samples too")], printsData: true),
      Verb(
        "stats", "files, series, samples, bytes per sample",
        options: [.choice("format", ["text", "json"], "how it is printed", default: "text")],
        usage: ["[--format text|json]"], printsData: true),
      Verb("upgrade", "write the store in this version's format"),
      Verb(
        "delete", "delete samples; undone by undelete until the grace is over",
        options: [
          SharedOptions.requiredMatch, SharedOptions.from, SharedOptions.to,
          SharedOptions.dryRun,
        ],
        usage: ["--match SELECTOR [--from T] [--to T] [--dry-run]"]),
      Verb("undelete", "take a deletion back", positionals: [.one("ID")]),
      Verb(
        "rewrite", "apply relabel rules to what is stored",
        options: [
          .value("relabel", "FILE", "Prometheus metric_relabel_configs", required: true)
        ]),
      Verb(
        "retention", "retention alone; frees space first, needs no free space itself",
        options: [
          .value(
            "now", "TIME", "do it now, also where the clock looks wrong; as of TIME",
            kind: .optional)
        ]),
      Verb("merge", "take over another store's data", positionals: [.one("OTHER-STORE")]),
      Verb("snapshot", "a consistent copy by hard links", positionals: [.one("DIR")]),
      Verb(
        "export", "samples as text",
        options: [
          SharedOptions.requiredMatch, SharedOptions.from, SharedOptions.to,
          .value(
            "format", "FMT", "one of \(StoreExport.formats.joined(separator: ", "))",
            default: "openmetrics"),
        ],
        usage: ["--match SELECTOR [--format FMT]"], printsData: true),
      Verb(
        "health", "catalogue, locks, free space, freshness; each ok, degraded or failed",
        printsData: true),
    ],
    common: CommonOptions.table(writer: true),
    example: "mx-compact --store mx-store verify",
    sections: [
      ManualText.examples(
        """
        Upkeep, hourly from cron:

         7 * * * * mx-compact --store /var/lib/mx/store

        Is the store sound, and how large?

         mx-compact verify --deep && mx-compact stats

        See what a deletion would take, then do it:

         mx-compact delete --match '{job="test"}' --dry-run
         mx-compact delete --match '{job="test"}'
        """),
      ManualText.values, ManualText.files, ManualText.exitStatus,
    ])
}
