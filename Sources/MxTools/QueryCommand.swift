package import MxCLI

/// `mx-query`: questions in PromQL, answers as tables, files or pictures.
package enum QueryCommand: Command {
  package static func run(_ run: Run) throws -> ExitCode {
    // Scripts touch nothing but what they hold: running them is the check.
    if run.common.checksOnly, run.verb != "test" { return try QueryCheck.run(run) }
    switch run.verb {
    case "": return try QueryEvaluation.run(run)
    case "series": return try QueryListing.series(run)
    case "labels": return try QueryListing.labels(run)
    case "values": return try QueryListing.values(run)
    case "metrics": return try QueryListing.metrics(run)
    case "explain": return try QueryExplanation.run(run)
    case "why": return try QueryWhy.run(run)
    case "cardinality": return try QueryCardinality.run(run)
    case "diff": return try QueryDiff.run(run)
    case "test": return try QueryTesting.run(run)
    case "cgi": return try QueryCGI.run(run)
    default: throw Pending.refusal(run)
    }
  }

  package static let table = CommandTable(
    name: "mx-query",
    summary: "ask a store questions in PromQL",
    description: """
      Evaluates expressions at one instant, or over a range where --from is given, and prints \
      the results. No server is involved: what the question needs is read from the store.

      A first word that names a verb is the verb: write -- before an expression that is such a \
      word. The step of a range is (to-from)/250, rounded up to a round duration.
      """,
    main: Verb(
      "", "evaluate expressions", positionals: [.many("EXPR", required: true)],
      options: evaluation,
      usage: ["[--at T | --from T --to T --step D] EXPR..."], printsData: true),
    verbs: [
      Verb("series", "series and their labels", options: listing, printsData: true),
      Verb("metrics", "metric names, types and help", options: listing, printsData: true),
      Verb("labels", "label names", options: listing, printsData: true),
      Verb(
        "values", "values of one label", positionals: [.one("LABEL")], options: listing,
        printsData: true),
      Verb(
        "explain", "what a query would read: resolution, segments, series, samples, bytes",
        positionals: [.one("EXPR")], options: evaluation, printsData: true),
      Verb(
        "why", "last sample, source, rejects, relabel drops, limits, retention, deletes",
        positionals: [.one("SELECTOR")], printsData: true),
      Verb(
        "cardinality", "series, samples, bytes by metric and label; growth; users",
        options: listing + [
          .value("top", "N", "so many rows of each table, 0 for all", default: "20")
        ], printsData: true),
      Verb(
        "diff", "compare with an earlier range or a file; exit 1 on a regression",
        positionals: [.many("EXPR", required: true)],
        options: QueryDiff.options,
        usage: ["--baseline SPEC [--stat STAT] [--tolerance P] EXPR..."], printsData: true),
      Verb(
        "test", "run PromQL test scripts", positionals: [.many("FILE.test", required: true)],
        printsData: true),
      Verb(
        "cgi", "Prometheus' HTTP API, read-only, as CGI or socket program", printsData: true),
    ],
    shared: printing,
    common: CommonOptions.table(writer: false),
    example: "mx-query 'rate(node_cpu_seconds_total[5m])'",
    sections: [
      ManualText.examples(
        """
        The load now, as a table:

         mx-query node_load1

        Six hours of request rates as CSV:

         mx-query --from -6h --step 5m --format csv 'sum by (job) (rate(http_requests_total[5m]))'

        A file, without any store:

         mx-query --file metrics.prom 'up == 0'

        Is the build slower than a week ago? Exit 1 if so:

         mx-query diff --baseline -7d --from -1d 'build_seconds{branch="main"}'
        """),
      ManualText.values, QueryManual.formats, QueryManual.sources, QueryManual.comparing,
      QueryManual.api, ManualText.files, ManualText.exitStatus,
    ])

  private static let evaluation: [OptionSpec] = [
    .value("at", "TIME", "evaluate at this instant", default: "now"),
    SharedOptions.from,
    SharedOptions.to,
    .value("step", "DURATION", "distance of points", default: "a round 250th of the range"),
  ]

  private static let listing: [OptionSpec] = [
    SharedOptions.match, SharedOptions.from, SharedOptions.to,
  ]

  private static let printing: [OptionSpec] = [
    .value(
      "store", "DIR", "a store; several are asked as one", kind: .repeated,
      default: CommonOptions.defaultStore, env: "MX_STORE"),
    .choice(
      "format",
      [
        "table", "csv", "tsv", "json", "ndjson", "prom-json", "openmetrics", "influx", "plot",
        "svg",
      ], "how results are printed", default: "table"),
    .flag("no-header", "no column titles"),
    SharedOptions.timeZone,
    .choice("time-format", ["rfc3339", "unix", "unix-ms"], "how times are printed"),
    .value("lookback", "auto|DURATION", "how old the last sample may be", default: "auto"),
    .value("resolution", "auto|raw|DURATION", "what to read", default: "auto"),
    .flag("approximate", "let tiers answer what they cannot answer exactly, annotated"),
    .value("timeout", "DURATION", "give up after this long"),
    SharedOptions.requireFresh("exit 1"),
    .value(
      "file", "FILE", "query a file of any ingest format, without a store", kind: .repeated),
    .value("source", "URL", "a Prometheus-compatible API instead of a store"),
    .value("http-config", "FILE", "Prometheus' http_config for --source: who asks, TLS, proxy"),
  ]
}
