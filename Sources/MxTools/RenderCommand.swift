package import MxCLI

/// `mx-render`: dashboards as static pages.
package enum RenderCommand: Command {
  package static func run(_ run: Run) throws -> ExitCode {
    switch run.verb {
    case "": return try RenderDashboards.run(run)
    case "panel": return try RenderPanel.run(run)
    case "new": return try RenderNew.run(run)
    case "lint": return try RenderLint.run(run)
    case "mail": return try RenderMail.run(run)
    default: throw Pending.refusal(run)
    }
  }

  /// Of the verbs that show alerts.
  private static let notify = OptionSpec.value(
    "notify", "FILE", "the notification settings: what inhibits and mutes alerts")

  package static let table = CommandTable(
    name: "mx-render",
    summary: "draw dashboards as static pages",
    description: """
      Reads Grafana dashboards as exported and writes HTML and SVG that need no server and no \
      script. Pages whose data did not change are not written again.
      """,
    main: Verb(
      "", "draw dashboards", positionals: [.many("DASHBOARD.json|DIR", required: true)],
      options: [
        .value("out", "DIR", "where pages are written", default: "reports/site"),
        .value("max-pages", "N", "at most so many pages from variables"),
        .flag("inline", "one HTML file, nothing beside it"),
        notify,
      ],
      usage: ["[--out DIR] DASHBOARD.json|DIR..."]),
    verbs: [
      Verb(
        "panel", "one picture", positionals: [.one("EXPR")],
        options: [.value("svg", "FILE", "write it here", default: "stdout")], printsData: true),
      Verb(
        "new", "a dashboard of what the store holds", options: [SharedOptions.match],
        printsData: true),
      Verb(
        "lint", "check a dashboard's queries against the store; what will not be drawn",
        positionals: [.many("DASHBOARD", required: true)], printsData: true),
      Verb(
        "mail", "a MIME message with the pictures, for sendmail",
        positionals: [.one("DASHBOARD")],
        options: [.value("to", "ADDRESS", "who gets it", required: true), notify],
        printsData: true),
    ],
    shared: [
      .value("from", "TIME", "start of the range", default: "the dashboard's"),
      .value("to", "TIME", "end of the range", default: "the dashboard's"),
      .value("ranges", "DURATION,...", "pages for several ranges: 24h,7d,30d,1y"),
      .value("var", "NAME=VALUE", "set a dashboard variable", kind: .repeated),
      .choice("theme", ["auto", "light", "dark"], "colours of the page", default: "auto"),
      .value("tz", "ZONE", "time zone of the page", default: "the dashboard's"),
      SharedOptions.requireFresh("a red banner on the page, exit 1"),
    ],
    common: CommonOptions.table(writer: false),
    example: "mx-render reports/host.json",
    sections: [
      ManualText.examples(
        """
        All dashboards, every five minutes from cron:

         */5 * * * * mx-render --store /var/lib/mx/store --out /var/www/mx /etc/mx/reports

        One file to send around:

         mx-render --inline --from -7d --out /tmp host.json

        A first dashboard from what is there:

         mx-render new > reports/first.json
        """),
      ManualText.values, ManualText.files, ManualText.exitStatus,
    ])
}
