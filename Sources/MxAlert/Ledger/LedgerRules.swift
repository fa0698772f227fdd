import MxJSON
package import MxModel

/// What the policies of a rule remember of an alert: a JSON object, `{}` for nothing.
///
///     {"noDataSince": 1, "changes": [1, 2], "flapping": {"since": 2, "next": 3, "pause": 1}}
enum LedgerMemory {
  static func text(_ instance: AlertInstance) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    if let since = instance.noDataSince {
      writer.name("noDataSince")
      writer.int(since)
    }
    if !instance.flap.changes.isEmpty {
      writer.name("changes")
      writer.beginArray()
      for change in instance.flap.changes { writer.int(change) }
      writer.endArray()
    }
    if let since = instance.flap.since {
      writer.name("flapping")
      writer.beginObject()
      for (name, value) in [
        ("since", since), ("next", instance.flap.nextReminder), ("pause", instance.flap.pause),
      ] {
        writer.name(name)
        writer.int(value)
      }
      writer.endObject()
    }
    writer.endObject()
    return writer.text
  }

  static func restore(_ instance: inout AlertInstance, _ text: String) {
    let members = LedgerJSON.members(text) ?? []
    func value(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }
    instance.noDataSince = value("noDataSince")?.int
    instance.flap.changes = (value("changes")?.array ?? []).compactMap(\.int)
    guard let flapping = value("flapping") else { return }
    instance.flap.since = flapping["since"]?.int
    instance.flap.nextReminder = flapping["next"]?.int ?? 0
    instance.flap.pause = flapping["pause"]?.int ?? 0
  }
}

extension AlertLedger {
  // MARK: - Series that are watched over

  /// By rule, and by what does not change with their values.
  package func knownSeries() throws(AlertError) -> [String: [LabelSet: KnownSeries]] {
    let statement = try database.prepare("SELECT rule, labels, alert, missing_since FROM series")
    var all: [String: [LabelSet: KnownSeries]] = [:]
    while try statement.step() {
      guard let rule = statement.text(0), let labels = LedgerJSON.labels(statement.text(1) ?? ""),
        let alert = LedgerJSON.labels(statement.text(2) ?? "")
      else {
        throw .damaged(path: database.path, reason: "a series that cannot be read")
      }
      all[rule, default: [:]][labels] = KnownSeries(
        alert: alert, missingSince: statement.int(3))
    }
    return all
  }

  package func save(
    _ series: KnownSeries, _ labels: LabelSet, rule: String
  ) throws(AlertError) {
    let statement = try database.prepare(
      "INSERT OR REPLACE INTO series (rule, labels, alert, missing_since) VALUES (?1, ?2, ?3, ?4)")
    try statement.run([
      .text(rule), .text(LedgerJSON.text(labels)), .text(LedgerJSON.text(series.alert)),
      .init(series.missingSince),
    ])
  }

  package func removeSeries(_ labels: LabelSet, rule: String) throws(AlertError) {
    let statement = try database.prepare("DELETE FROM series WHERE rule = ?1 AND labels = ?2")
    try statement.run([.text(rule), .text(LedgerJSON.text(labels))])
  }

  // MARK: - Rules that are switched off

  package func switchedOff() throws(AlertError) -> Set<String> {
    let statement = try database.prepare("SELECT name FROM switches")
    var names: Set<String> = []
    while try statement.step() { names.insert(statement.text(0) ?? "") }
    return names
  }

  /// True where that was news.
  package func setSwitch(
    _ name: String, isOn: Bool, at time: Int64
  ) throws(AlertError) -> Bool {
    let before = try switchedOff().contains(name)
    if isOn {
      try database.prepare("DELETE FROM switches WHERE name = ?1").run([.text(name)])
    } else {
      try database.prepare("INSERT OR IGNORE INTO switches (name, at) VALUES (?1, ?2)").run([
        .text(name), .int(time),
      ])
    }
    return before == isOn
  }

  // MARK: - Runs

  /// What a run evaluated: everything up to an instant, over the store's commits up to
  /// a number.
  package struct EvaluatedRun: Hashable, Sendable {
    package var upTo: Int64
    package var sequence: Int64
  }

  package func record(_ evaluated: EvaluatedRun) throws(AlertError) {
    let statement = try database.prepare(
      "INSERT OR REPLACE INTO runs (upto, sequence, run) VALUES (?1, ?2, ?3)")
    try statement.run([.int(evaluated.upTo), .int(evaluated.sequence), .init(run)])
  }

  /// The runs that end in `range`, and the one before them, oldest first.
  package func runs(_ range: TimeRange) throws(AlertError) -> [EvaluatedRun] {
    let statement = try database.prepare(
      """
      SELECT upto, sequence FROM runs
      WHERE upto >= coalesce((SELECT max(upto) FROM runs WHERE upto < ?1), ?1) AND upto <= ?2
      ORDER BY upto
      """)
    try statement.bind([.int(range.from), .int(range.to)])
    var runs: [EvaluatedRun] = []
    while try statement.step() {
      runs.append(EvaluatedRun(upTo: statement.int(0) ?? 0, sequence: statement.int(1) ?? 0))
    }
    return runs
  }

  package func forgetRuns(before time: Int64) throws(AlertError) {
    try database.prepare("DELETE FROM runs WHERE upto < ?1").run([.int(time)])
  }
}
