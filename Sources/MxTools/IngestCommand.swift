package import MxCLI
import MxStore

/// `mx-ingest`: samples in, from files, pipes, exporters, this machine.
package enum IngestCommand: Command {
  package static func run(_ run: Run) throws -> ExitCode {
    do {
      return try carryOut(run)
    } catch StoreError.locked(let path) where run.common.lock == .skip {
      run.output.summary("nothing was taken: '\(path)' is held by another run")
      return .success
    }
  }

  private static func carryOut(_ run: Run) throws -> ExitCode {
    switch run.verb {
    case "": return try IngestFiles.run(run)
    case "scrape": return try IngestScrape.run(run)
    case "spool": return try IngestSpool.run(run)
    case "cgi": return try IngestServer.run(run)
    case "rejected": return try IngestRejected.run(run)
    case "host": return try IngestHost.run(run)
    case "forward": return try IngestForward.run(run)
    default: throw Pending.refusal(run)
    }
  }

  package static let table = CommandTable(
    name: "mx-ingest",
    summary: "put samples into a store",
    description: """
      Reads metrics in any of its formats and commits them to the store. Several inputs of one \
      run are one commit: exit code 0 means that all of it is on disk.

      Without files it reads stdin. The format is recognised; gzip and zstd are unpacked. \
      A first word that names a verb is the verb: write ./scrape for a file of that name.
      """,
    main: Verb(
      "", "read files or stdin", positionals: [.many("FILE|-")], options: input,
      usage: ["[--format FMT] [FILE|-]..."]),
    verbs: [
      Verb(
        "scrape", "fetch metrics from exporters", positionals: [.many("URL")],
        options: [
          .value("config", "FILE", "scrape targets", default: "jobs/scrape.yml"),
          .value("every", "DURATION", "scrape again and again at this interval"),
          .value("for", "DURATION", "with --every: stop after this long"),
        ] + writing,
        usage: ["[--config jobs/scrape.yml] [URL]... [--every 15s --for 60s]"]),
      Verb(
        "host", "this machine (/proc, /sys) under node_exporter's metric names",
        options: writing),
      Verb(
        "spool", "finished files in a drop folder, each taken exactly once",
        positionals: [.one("DIR")], options: input),
      Verb(
        "cgi", "one HTTP POST under a web server (CGI/1.1) or a systemd socket",
        options: input),
      Verb(
        "forward", "send what was not sent yet by Prometheus remote write",
        options: IngestForward.options),
      Verb(
        "rejected", "look at refused input, try it again or delete it",
        positionals: [.one("ACTION", choices: ["list", "retry", "purge"], required: false)],
        usage: ["[list|retry|purge]"]),
    ],
    common: CommonOptions.table(writer: true),
    example: "mx-ingest metrics.prom",
    sections: [
      ManualText.examples(
        """
        A file in the Prometheus text format:

         mx-ingest metrics.prom

        A wide CSV file; each value column becomes a metric:

         mx-ingest --format csv --csv-time time --csv-value power,voltage solar.csv

        This machine, every minute from cron:

         * * * * * mx-ingest --store /var/lib/mx/store host
        """),
      ManualText.values, ManualText.files, ManualText.exitStatus,
    ])

  package static let formats = [
    "auto", "prometheus", "openmetrics", "influx", "graphite", "json", "ndjson", "csv", "otlp",
    "remote-write",
  ]

  /// How samples are written, whatever they come from.
  private static let writing: [OptionSpec] = [
    .value("label", "NAME=VALUE", "add a label to every series", kind: .repeated),
    .flag("dry-run", "show the first rows as series, write nothing"),
    .value("batch-id", "ID", "the same id again changes nothing", default: "a file's hash"),
  ]

  private static let input: [OptionSpec] =
    [
      .value(
        "format", "FMT", "one of \(formats.joined(separator: ", "))", default: "auto"),
      .value(
        "timestamp", "TIME", "for samples without one",
        default: "a file's modification time, now for a pipe"),
      .choice("precision", ["s", "ms", "us", "ns"], "unit of numeric timestamps"),
      .value("scale", "NUMBER", "multiply every value"),
      .flag("events", "samples are events: several at one instant add up"),
      .value("csv-time", "COLUMN", "where the time stands"),
      .value("csv-name", "COLUMN", "where the name stands, or the name itself"),
      .value("csv-value", "COLUMN,...", "where values stand", kind: .repeated),
      .value("csv-label", "COLUMN,...", "columns that are labels", kind: .repeated),
    ] + writing
}
