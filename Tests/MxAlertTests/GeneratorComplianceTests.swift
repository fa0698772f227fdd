import Glibc
import MxAlert
import MxConfig
import MxEngine
import MxModel
import MxRules
import Testing

/// The rules of the alert generator compliance suite, over series that drive each of its
/// cases through the states that the specification tells of.
@Suite struct GeneratorComplianceTests {
  private static let path =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    + "/../shared/corpora/compliance/alert_generator/rules.yaml"

  private static let metric = "alert_generator_test_suite"

  private func text() -> String? {
    guard let file = fopen(Self.path, "rb") else { return nil }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&buffer, 1, buffer.count, file)
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  private func scenario(_ rules: String) throws -> AlertScenario {
    var scenario = try AlertScenario(rules, file: "rules.yaml")
    scenario.settings.rules.engine.lookback = .fixed(300_000)
    func add(_ rule: String, _ values: String, _ more: String = "") throws {
      let group = rule.split(separator: "_").dropLast().joined(separator: "_")
      try scenario.add(
        "\(Self.metric){alertname=\"\(rule)\", rulegroup=\"\(group)\"\(more)}", values,
        interval: 15_000)
    }
    // Quarter minutes: quiet, 8 minutes above the threshold, quiet.
    try add("PendingAndFiringAndResolved_SimpleAlert", "5x15 15x31 5x40")
    // Two minutes above it, which is less than its three.
    try add("PendingAndResolved_AlwaysInactive_PendingAlert", "5x15 15x7 5x40")
    try add("PendingAndResolved_AlwaysInactive_InactiveAlert", "5x15 15x7 5x40")
    try add("ZeroFor_SmallFor_ZeroFor", "5x15 15x7 5x40")
    try add("ZeroFor_SmallFor_SmallFor", "5x15 15x7 5x40")
    // The second variant comes two minutes after the first.
    try add("NewAlerts_OrderCheck_Rule1", "5x15 15x31 5x40", ", variant=\"one\"")
    try add("NewAlerts_OrderCheck_Rule1", "5x23 15x31 5x40", ", variant=\"two\"")
    return scenario
  }

  private static let expected = [
    "4:00 NewAlerts_OrderCheck_Rule1 one inactive>pending",
    "4:00 PendingAndFiringAndResolved_SimpleAlert inactive>pending",
    "4:00 PendingAndResolved_AlwaysInactive_PendingAlert inactive>pending",
    "4:00 ZeroFor_SmallFor_SmallFor inactive>pending",
    "4:00 ZeroFor_SmallFor_ZeroFor inactive>firing",
    "4:30 ZeroFor_SmallFor_SmallFor pending>firing",
    "6:00 NewAlerts_OrderCheck_Rule1 two inactive>pending",
    "6:00 PendingAndResolved_AlwaysInactive_PendingAlert pending>inactive",
    "6:00 ZeroFor_SmallFor_SmallFor firing>inactive",
    "6:00 ZeroFor_SmallFor_ZeroFor firing>inactive",
    "7:00 NewAlerts_OrderCheck_Rule1 one pending>firing",
    "9:00 NewAlerts_OrderCheck_Rule1 two pending>firing",
    // The second rule sees in the same evaluation what the first one wrote.
    "9:00 NewAlerts_OrderCheck_Rule2 inactive>firing",
    "10:00 PendingAndFiringAndResolved_SimpleAlert pending>firing",
    "12:00 NewAlerts_OrderCheck_Rule1 one firing>inactive",
    "12:00 NewAlerts_OrderCheck_Rule2 firing>inactive",
    "12:00 PendingAndFiringAndResolved_SimpleAlert firing>inactive",
    "14:00 NewAlerts_OrderCheck_Rule1 two firing>inactive",
  ]

  @Test(arguments: [1.0, 5, 100])
  func theCasesGoThroughTheirStates(everyMinutes: Double) throws {
    guard let rules = text() else {
      print("skipped: no corpora")
      return
    }
    let scenario = try scenario(rules)
    var times = Array(stride(from: 0.0, through: 20, by: everyMinutes))
    times.append(20)
    let ledger = try AlertLedger.open(scenario.folder.ledger, wait: 0)
    var lines: [String] = []
    var notices: [NotifyAlert] = []
    var written: [(LabelSet, Int64, Double)] = []
    for minute in times {
      var batch = scenario.batch
      for one in written { batch.append(one.0, one.1, one.2) }
      let sink = MemorySink()
      let report = try AlertRun.execute(
        scenario.groups, ledger: ledger, source: MemorySource(batch), sink: sink,
        now: Int64(minute * 60_000), settings: scenario.settings, report: Report())
      #expect(report.rules.failures.isEmpty)
      lines += report.transitions.map(line)
      notices += report.transitions.compactMap { NotifyAlert($0, rule: "", delay: 0) }
      for row in 0..<sink.committed.count {
        written.append(
          (
            sink.committed.series.labels(sink.committed.refs[row]), sink.committed.times[row],
            sink.committed.values[row]
          ))
      }
    }
    #expect(lines.sorted() == Self.expected.sorted())
    check(notices)
  }

  private func line(_ change: AlertTransition) -> String {
    let (minutes, rest) = (change.at / 1000).quotientAndRemainder(dividingBy: 60)
    let variant = change.labels["variant"].map { " \($0)" } ?? ""
    return
      "\(minutes):\(rest == 0 ? "00" : "\(rest)") \(change.labels["alertname"] ?? "")\(variant) "
      + "\(change.from.rawValue)>\(change.to.rawValue)"
  }

  /// Who is told what: firing and resolved alerts only, with the labels and texts of
  /// the specification.
  private func check(_ notices: [NotifyAlert]) {
    #expect(notices.count == 12)
    let second = notices.first { $0.name == "NewAlerts_OrderCheck_Rule2" }
    #expect(
      second?.labels.description
        == "{alertname=\"NewAlerts_OrderCheck_Rule2\", alertstate=\"firing\", ba_dum=\"tss\", "
        + "foo=\"baz\", rulegroup=\"NewAlerts_OrderCheck\"}")
    #expect(
      second?.annotations.first?.value
        == "Based on ALERTS. Old alertname was NewAlerts_OrderCheck_Rule1. foo was bar.")
    let simple = notices.filter { $0.name == "PendingAndFiringAndResolved_SimpleAlert" }
    #expect(simple.map(\.isFiring) == [true, false])
    #expect(simple.map(\.startsAt) == [600_000, 600_000])
    #expect(simple.map(\.endsAt) == [nil, 720_000])
    #expect(simple.first?.annotations.last?.value == "The value is 15 15")
    let small = notices.first { $0.name == "ZeroFor_SmallFor_SmallFor" }
    #expect(
      small?.annotations.last?.value
        == "This Part IS TESTING the strings. ::1 127.0.0.1. 7815. replaced text. .")
  }
}
