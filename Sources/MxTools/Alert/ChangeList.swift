import MxAlert
import MxCLI
import MxModel

/// How alerts changed, as data: `--format json` and `csv` of `run` and `replay`.
final class ChangeList {
  private let output: Output
  private let format: String
  private var rows = 0

  private static let titles = [
    "at", "kind", "alert", "labels", "from", "to", "value", "notice", "reason",
  ]

  init(_ run: Run) {
    output = run.output
    format = run.arguments.string("format") ?? "text"
  }

  /// It is told in words: nothing is listed.
  var isText: Bool { format == "text" }

  func begin() throws {
    switch format {
    case "text", "json": break
    case "csv": try SeparatedWriter(.csv).write(Self.titles, to: output)
    default: throw AlertListing.refusal(of: format)
    }
  }

  func write(_ transition: AlertTransition) throws {
    if isText { return }
    let row: [ListCell] = [
      .time(transition.at), .text(transition.kind.rawValue),
      .text(transition.labels["alertname"]),
      .labels(transition.labels.removing(["alertname"])), .text(transition.from.rawValue),
      .text(transition.to.rawValue), .number(transition.value),
      .text(NotifyAlert(transition, rule: "", delay: 0) == nil ? "no" : "yes"),
      .text(transition.reasonText),
    ]
    if format == "csv" { return try SeparatedWriter(.csv).write(row.map(\.plain), to: output) }
    try output.write(rows == 0 ? "[" : ",")
    try output.write(JSONText.object(zip(Self.titles, row).map { ($0, $1.json) }).text)
    rows += 1
  }

  func end() throws {
    if format == "json" { try output.write(rows == 0 ? "[]\n" : "]\n") }
  }
}
