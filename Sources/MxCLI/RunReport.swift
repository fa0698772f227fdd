/// What a run did, for machines: the object of `--report` and the metrics of
/// `--stats-file`.
///
/// Commands count into it as they go; a figure is one member of the object
/// and one metric `mx_run_NAME`.
package final class RunReport {
  private var figures: [(name: String, value: Double, help: String)] = []
  private var details: [(String, JSONText)] = []

  package init() {}

  /// Sets a figure. `name` as in a metric: `samples`, `read_bytes`, `lag_seconds`.
  package func set(_ name: String, _ value: Double, help: String) {
    if let index = figures.firstIndex(where: { $0.name == name }) {
      figures[index].value = value
    } else {
      figures.append((name, value, help))
    }
  }

  /// Adds to a figure that counts.
  package func add(_ name: String, _ value: Double, help: String) {
    let before = figures.first { $0.name == name }?.value ?? 0
    set(name, before + value, help: help)
  }

  /// Something that is not one number; only the JSON object has it.
  package func detail(_ name: String, _ value: JSONText) {
    details.removeAll { $0.0 == name }
    details.append((name, value))
  }

  /// What is known of every run when it ends.
  package struct Ending: Sendable {
    package let tool: String
    package let verb: String
    package let runId: String
    package let exitCode: ExitCode
    /// Milliseconds since 1970.
    package let started: Int64
    /// Milliseconds the run took.
    package let elapsed: Int64

    package init(
      tool: String, verb: String, runId: String, exitCode: ExitCode, started: Int64,
      elapsed: Int64
    ) {
      self.tool = tool
      self.verb = verb
      self.runId = runId
      self.exitCode = exitCode
      self.started = started
      self.elapsed = elapsed
    }
  }

  /// One JSON object and a line end.
  package func json(
    _ end: Ending, told: [(severity: Diagnostic.Severity, diagnostic: Diagnostic)]
  ) -> String {
    var members: [(String, JSONText)] = [
      ("tool", .string(end.tool)), ("verb", .string(end.verb)),
      ("version", .string(Version.text)), ("run", .string(end.runId)),
      ("started", .string(TimeText.rfc3339(end.started))),
      ("seconds", .number(Double(end.elapsed) / 1000)),
      ("exit", .integer(Int64(end.exitCode.rawValue))),
    ]
    members += figures.map { ($0.name, .number($0.value)) }
    members += details
    for severity in [Diagnostic.Severity.error, .warning] {
      let list = told.filter { $0.severity == severity }.map { RunReport.json($0.diagnostic) }
      members.append(("\(severity.rawValue)s", .array(list)))
    }
    return JSONText.object(members).text + "\n"
  }

  private static func json(_ diagnostic: Diagnostic) -> JSONText {
    var members: [(String, JSONText)] = [("kind", .string(diagnostic.kind.rawValue))]
    if let subject = diagnostic.subject { members.append(("subject", .string(subject))) }
    members.append(("message", .string(diagnostic.message)))
    if let hint = diagnostic.hint { members.append(("hint", .string(hint))) }
    return .object(members)
  }

  /// Prometheus text for node_exporter's textfile collector, without
  /// timestamps, which that collector refuses.
  package func prometheus(_ end: Ending) -> String {
    let always: [(name: String, value: Double, help: String)] = [
      ("exit_code", Double(end.exitCode.rawValue), "Exit code of the last run."),
      ("duration_seconds", Double(end.elapsed) / 1000, "How long the last run took."),
      (
        "end_timestamp_seconds", Double(end.started + end.elapsed) / 1000,
        "When the last run ended."
      ),
    ]
    let info = "mx_run_info"
    // The run's name is for logs: as a label it would be a new series each minute.
    var text = "# HELP \(info) The version that ran last.\n# TYPE \(info) gauge\n"
    text += "\(info){tool=\"\(end.tool)\",verb=\"\(end.verb)\",version=\"\(Version.text)\"} 1\n"
    for figure in always + figures {
      let name = "mx_run_\(figure.name)"
      text += "# HELP \(name) \(figure.help)\n# TYPE \(name) gauge\n"
      text += "\(name){tool=\"\(end.tool)\",verb=\"\(end.verb)\"} "
      text += "\(NumberText.shortest(figure.value))\n"
    }
    return text
  }
}
