import MxCLI

/// The hand-written parts of mx-query's manual page.
enum QueryManual {
  static let formats = ManualSection(
    "Formats",
    """
    table prints a row a series: its value at an instant, what matters of its values and their \
    course over a range. csv and tsv print a row a sample and a column a label, between the columns time and value (a \
    label of such a name is label_time); of several expressions the first column, expr, names which. json is a document an expression with the \
    resolution that was read and all warnings; ndjson is a line a sample, which mx-ingest takes \
    back in. prom-json is the shape of Prometheus' HTTP API. openmetrics and influx call series \
    without a name 'value' (label_replace on __name__ gives one); openmetrics has one value of a \
    series at one time, so that of two expressions' only the first one's is there. plot draws lines over a range \
    and bars at an instant; svg is a picture.

    Times are RFC 3339 in table, json, ndjson and plot, Unix seconds in csv and tsv; --tz alone \
    asks for RFC 3339 in that zone. Numbers are the shortest that read back as the same, except \
    in range tables and plots, which round to six digits.
    """)

  static let sources = ManualSection(
    "Other sources",
    """
    The option --file reads a file of any format that mx-ingest knows, gzip or zstd too; - is stdin. Several \
    files and stores are asked as one: of two samples of one series at one instant the later \
    source's counts, and files come after stores.

    The option --source asks a server with Prometheus' HTTP API, instead of a store. query_series, \
    query_samples and query_timeout of mx.yml or --limit hold for its answers too. The URL may hold ${NAME} of the \
    environment, so that a password need not be an argument:

     mx-query --source 'https://alice:${PASSWORD}@thanos.example' 'sum by (job) (up)'

    The option --http-config names a file with Prometheus' http_config: basic_auth, authorization, \
    tls_config, proxy_url and the like, as promtool takes it.
    """)

  static let comparing = ManualSection(
    "Comparing",
    """
    diff takes the samples of each expression from --from to --to (default: the last hour) and \
    compares them, series by series, with those of the baseline: the same range so much earlier \
    (-7d), another range (FROM..TO), a file that --save wrote, a file of samples, another store, \
    or another expression (expr:EXPR; its metrics may be called otherwise). A plain selector gives its samples as ingested; anything \
    else is evaluated at steps no finer than the data. --by LABEL,... pools the samples of \
    series that agree in these labels, so that a label of the run does not part them.

    A series is worse where it changed by more than the tolerance, against --better, and by more \
    than it scatters: with --stat median the 95 % intervals of the medians are apart; with iqr \
    the median lies outside the quartiles before by 1.5 times their distance; with mann-whitney \
    the rank test finds it at 5 %. Intervals and tests allow for how many series are compared. \
    With fewer than --min-samples on a side nothing is said. Exit 1: something is worse, or \
    nothing could be judged; with --strict also where some series could not.

     mx-query diff --baseline main.ndjson --by test --markdown summary.md --junit diff.xml bench_seconds
    """)

  static let api = ManualSection(
    "HTTP API",
    """
    cgi answers one request: as CGI/1.1 where a web server started it, as HTTP/1.1 where systemd \
    gave it a socket. It knows query, query_range, series, labels, label/NAME/values, metadata, \
    format_query and status/buildinfo below any path that ends in /api/v1/, by GET and POST. It \
    has no users and no TLS: they are the web server's. Grafana's Prometheus data source and the \
    client libraries read a store through it.
    """)
}
