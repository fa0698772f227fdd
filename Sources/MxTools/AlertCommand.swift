package import MxCLI

/// `mx-alert`: alert rules, their states, and who is told.
package enum AlertCommand: Command {
  package static func run(_ run: Run) throws -> ExitCode {
    if run.common.checksOnly { return try AlertPreflight.run(run) }
    switch run.verb {
    case "run": return try AlertRunning.run(run)
    case "status": return try AlertListing.status(run)
    case "history": return try AlertListing.history(run)
    case "silence": return try AlertHolding.silence(run)
    case "ack": return try AlertHolding.ack(run)
    case "notify-test": return try AlertNotifyTest.run(run)
    case "test": return try AlertTesting.run(run)
    case "check": return try AlertChecking.run(run)
    case "replay": return try AlertReplaying.run(run)
    case "rules": return try AlertRules.run(run)
    case "explain": return try AlertExplaining.run(run)
    case "lint": return try AlertLinting.run(run)
    default: throw Pending.refusal(run)
    }
  }

  package static let table = CommandTable(
    name: "mx-alert",
    summary: "evaluate alert rules and notify",
    description: """
      Reads Prometheus rule files and Alertmanager configuration as they are. A run catches up \
      on every evaluation that was missed, so cron may start it as it likes; states, history and \
      unsent notices are kept in the store.
      """,
    main: nil,
    verbs: running + looking + changing + trying,
    shared: [
      .choice(
        "format", ["text", "json", "csv", "junit", "github"], "how results are printed",
        default: "text"),
      SharedOptions.requireFresh("an error"),
    ],
    common: CommonOptions.table(writer: true),
    example: "mx-alert run --rules jobs/rules/*.yml --notify jobs/notify.yml",
    sections: [
      ManualText.examples(
        """
        Every minute from cron:

         * * * * * mx-alert run --rules /etc/mx/rules/*.yml --notify /etc/mx/notify.yml

        As a Nagios plugin, on one expression:

         mx-alert check 'node_load1' --warning 4 --critical 8

        Quiet for two hours of maintenance:

         mx-alert silence add host=db1 --for 2h --comment 'new disks'
        """),
      ManualText.values, ManualText.files, exitStatus,
    ])

  private static let running: [Verb] = [
    Verb(
      "run", "evaluate what became due, notify, remember",
      options: [
        requiredRules, SharedOptions.notify,
        .value("max-catchup", "DURATION", "how far back missed evaluations are made up for"),
        .value("delay", "DURATION", "evaluate this long behind the present"),
        .flag("exit-code", "exit 10 while something fires"),
      ],
      usage: ["--rules FILE... [--notify FILE] [--max-catchup D] [--delay D]"]),
    Verb(
      "check", "evaluate without state; Nagios output and exit code",
      positionals: [.one("EXPR", required: false)],
      options: [
        SharedOptions.rules,
        .value("warning", "RANGE", "WARNING outside this range", short: "w"),
        .value("critical", "RANGE", "CRITICAL outside this range", short: "c"),
        .choice(
          "empty", EmptyState.words, "what no data, or no rule, counts as", default: "unknown"),
      ],
      usage: ["--rules FILE...", "EXPR --warning RANGE --critical RANGE"], printsData: true,
      failure: .nagios),
  ]

  private static let looking: [Verb] = [
    Verb(
      "status", "what is pending, firing, silenced",
      options: [
        .value("notify", "FILE", "Alertmanager configuration: what inhibits and mutes")
      ], printsData: true),
    Verb(
      "history", "what fired, resolved and was sent",
      options: [SharedOptions.from, SharedOptions.to], printsData: true),
    Verb(
      "explain", "why an alert is in its state", positionals: [.one("ALERT")],
      options: [
        SharedOptions.usedRules,
        .value("notify", "FILE", "Alertmanager configuration: who is told, or is not"),
      ], printsData: true),
    Verb(
      "rules", "rules, and switching them on and off",
      positionals: [
        .one("ACTION", choices: ["list", "show", "enable", "disable"], required: false),
        .one("NAME", required: false),
      ],
      options: [SharedOptions.usedRules], usage: ["[list|show|enable|disable NAME]"],
      printsData: true),
  ]

  private static let changing: [Verb] = [
    Verb(
      "ack", "acknowledge an alert", positionals: [.one("ALERT")],
      options: [
        .value("for", "DURATION", "for this long", default: "until it resolves"),
        .value("comment", "TEXT", "who and why", required: true), author,
      ],
      usage: ["ALERT [--for D] --comment TEXT"]),
    Verb(
      "silence", "keep notices back",
      positionals: [.one("ACTION", choices: ["add", "list", "expire"]), .many("MATCHER")],
      options: [
        .value("for", "DURATION", "for this long"),
        .value("until", "TIME", "until then"),
        .value("cron", "SPEC", "again and again, with --for as the length"),
        .value("comment", "TEXT", "who and why"),
        .value("receiver", "NAME", "only notices of this receiver"),
        .value("from", "TIME", "from then on", default: "now"),
        .value("tz", "ZONE", "time zone of --cron", default: "UTC"),
        .flag("broad", "it may keep back nearly everything, for at most 4h"), author,
      ],
      usage: [
        "add MATCHER... --for D|--until T|--cron SPEC --comment TEXT",
        "list|expire [MATCHER...]",
      ], printsData: true),
  ]

  private static let trying: [Verb] = [
    Verb(
      "test", "promtool's rule unit tests", positionals: [.many("FILE", required: true)],
      options: [
        .value("junit", "FILE", "results as JUnit XML"),
        .value("run", "TEXT", "only tests with this in their names", kind: .repeated),
      ], printsData: true),
    Verb(
      "replay", "what would have been sent over a range, by the live code",
      options: [SharedOptions.usedRules, SharedOptions.notify, requiredFrom, SharedOptions.to],
      usage: ["--from T --to T [--rules FILE...] [--notify FILE]"], printsData: true),
    Verb(
      "lint", "check rule and notification files", positionals: [.many("FILE", required: true)],
      printsData: true),
    Verb(
      "notify-test", "send a test notice",
      options: [
        .value("receiver", "NAME", "to this receiver", required: true), SharedOptions.notify,
      ],
      usage: ["--receiver NAME [--notify FILE]"]),
  ]

  private static let author = OptionSpec.value(
    "author", "NAME", "who does it", default: "the user who runs it")
  private static let requiredRules = OptionSpec.value(
    "rules", "FILE", "Prometheus rule files", kind: .list, required: true)
  private static let requiredFrom = OptionSpec.value(
    "from", "TIME", "start of the range", required: true)

  private static let exitStatus = ManualSection(
    "Exit status",
    ManualText.exitStatus.text + """


      run exits 0 whatever fires and 1 where a rule or a notice failed; with --exit-code 10 \
      while something fires. check follows the Nagios plugin rules instead:

       0    OK
       1    WARNING
       2    CRITICAL
       3    UNKNOWN, also for usage errors and stale data
      """)
}
