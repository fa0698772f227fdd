import Glibc
import MxAlert
import MxCLI
import MxFiles
import MxJSON
import MxModel
import MxStore
import MxTime

/// `mx-alert silence` and `mx-alert ack`: what people keep back.
enum AlertHolding {
  /// A silence that comes again and again ends after so long, unless told.
  private static let longest: Int64 = 365 * 86_400_000

  // MARK: - silence

  static func silence(_ run: Run) throws -> ExitCode {
    let words = Array(run.arguments.positionals.dropFirst())
    switch run.arguments.positionals.first {
    case "add": return try add(words, run)
    case "expire": return try expire(words, run)
    default: return try list(words, run)
    }
  }

  /// What was typed, by itself: nothing is looked up.
  static func check(_ run: Run) throws -> ExitCode {
    let words = run.arguments.positionals
    if run.verb == "ack" {
      _ = try AlertWord(words.first ?? "")
    } else if words.first == "add" {
      _ = try silence(Array(words.dropFirst()), run)
    }
    return .success
  }

  private static func silence(_ words: [String], _ run: Run) throws -> Silence {
    let matchers = try matchers(words)
    if matchers.isEmpty {
      throw Diagnostic(
        .usage, "no matcher given", hint: "such as alertname=DiskFull host=~'db.*'")
    }
    guard let comment = run.arguments.string("comment"), !comment.isEmpty else {
      throw Diagnostic(.usage, "no '--comment' given", hint: "say why, for those who wonder")
    }
    let now = run.common.now
    let start = try run.arguments.time("from", now: now) ?? now
    let recurrence = try recurrence(run)
    let end = try end(run, start, recurrence != nil)
    let silence = Silence(
      id: newID(), matchers: matchers, startsAt: max(start, now), endsAt: end,
      recurrence: recurrence, receiver: run.arguments.string("receiver"), author: author(run),
      comment: comment, createdAt: now)
    try checkBreadth(silence, run)
    return silence
  }

  private static func add(_ words: [String], _ run: Run) throws -> ExitCode {
    let silence = try silence(words, run)
    let ledger = try openLedger(run)
    try transaction(ledger) {
      try ledger.save(silence)
      try ledger.record(
        .silence, at: run.common.now, receiver: silence.receiver,
        reason: "\(silence.id) added until \(TimeText.rfc3339(silence.endsAt)) for "
          + "\(silence.matcherText): \(silence.comment)", author: silence.author)
    }
    try run.output.write("\(silence.id)\n")
    return .success
  }

  private static func end(_ run: Run, _ start: Int64, _ recurs: Bool) throws -> Int64 {
    let until = try run.arguments.time("until", now: run.common.now)
    let length = try run.arguments.duration("for")
    if until != nil, length != nil, !recurs {
      throw Diagnostic(.usage, "'--for' and '--until' exclude each other")
    }
    let end = until ?? (recurs ? start + longest : length.map { start + $0 })
    guard let end else {
      throw Diagnostic(
        .usage, "a silence needs an end", hint: "--for 2h, or --until 2026-11-20T18:00:00Z")
    }
    if end <= run.common.now || end <= start {
      throw Diagnostic(.usage, "the silence would end at \(TimeText.rfc3339(end)), before it began")
    }
    return end
  }

  private static func recurrence(_ run: Run) throws -> Silence.Recurrence? {
    guard let text = run.arguments.string("cron") else { return nil }
    guard let length = try run.arguments.duration("for"), length > 0 else {
      throw Diagnostic(
        .usage, "'--cron' needs '--for': how long each time lasts",
        hint: "--cron '0 2 * * sun' --for 3h --tz Europe/Warsaw")
    }
    do {
      return Silence.Recurrence(
        schedule: try Cron(text), zone: try Zone.named(run.arguments.string("tz") ?? "UTC"),
        length: length)
    } catch {
      throw Diagnostic(.usage, "\(error)")
    }
  }

  /// What would keep back alerts that nobody thought of is to be meant, and short.
  /// Alertmanager refuses those that match an alert without labels; here they are as
  /// broad as others.
  private static func checkBreadth(_ silence: Silence, _ run: Run) throws {
    let isNarrow = silence.matchers.contains { matcher in
      switch matcher.op {
      case .equal: !matcher.value.isEmpty
      case .regex: !["anything", "nonEmpty"].contains(matcher.breadth)
      case .notEqual, .notRegex: false
      }
    }
    if isNarrow { return }
    guard run.arguments.has("broad") else {
      throw Diagnostic(
        .usage, "no matcher says what is meant: '\(silence.matcherText)' is very broad",
        hint: "--broad, for at most 4h, if that is what you want")
    }
    let length = silence.recurrence?.length ?? silence.endsAt - silence.startsAt
    if length > Silence.broadLimit {
      throw Diagnostic(
        .usage, "a broad silence lasts at most 4h, not \(MxCLI.DurationText.format(length))")
    }
  }

  private static func list(_ words: [String], _ run: Run) throws -> ExitCode {
    let now = run.common.now
    let silences = try ledger(run).silences().filter {
      $0.state(at: now) != .expired && isMeant($0, words)
    }
    let rows = silences.map { silence in
      [
        .text(silence.id), .text(silence.state(at: now).rawValue), .text(silence.matcherText),
        .time(silence.startsAt), .time(silence.endsAt),
        .text(
          silence.recurrence.map {
            "\($0.schedule.text) for \(MxCLI.DurationText.format($0.length)) \($0.zone.name)"
          }),
        .text(silence.receiver), .text(silence.author), .text(silence.comment),
      ] as [ListCell]
    }
    return try AlertListing.show(
      rows,
      [
        "id", "state", "matchers", "starts", "ends", "schedule", "receiver", "author", "comment",
      ], run)
  }

  private static func expire(_ words: [String], _ run: Run) throws -> ExitCode {
    if words.isEmpty {
      throw Diagnostic(
        .usage, "no silence named", hint: "its id or its matchers: mx-alert silence list")
    }
    let now = run.common.now
    let ledger = try openLedger(run)
    let author = author(run)
    var count = 0
    try transaction(ledger) {
      for var silence in try ledger.silences()
      where silence.state(at: now) != .expired && isMeant(silence, words) {
        silence.endsAt = now
        silence.startsAt = min(silence.startsAt, now)
        count += 1
        try ledger.save(silence)
        try ledger.record(
          .silence, at: now, receiver: silence.receiver,
          reason: "\(silence.id) ended, for \(silence.matcherText)", author: author)
      }
    }
    run.output.summary(CountText.format(count, "silence") + " ended")
    if count > 0 { return .success }
    throw Diagnostic(
      .no, "no silence is '\(words.joined(separator: " "))'",
      hint: "mx-alert silence list shows them")
  }

  /// By its id, or by all of the matchers given.
  private static func isMeant(_ silence: Silence, _ words: [String]) -> Bool {
    if words.isEmpty || words.contains(silence.id) { return true }
    do {
      let wanted = try matchers(words)
      return wanted.allSatisfy { silence.matchers.contains($0) }
    } catch {
      return false
    }
  }

  // MARK: - ack

  static func ack(_ run: Run) throws -> ExitCode {
    let word = run.arguments.positionals.first ?? ""
    let comment = run.arguments.string("comment") ?? ""
    let now = run.common.now
    let until = try run.arguments.duration("for").map { now + $0 }
    let author = author(run)
    // What was typed is checked before anything is locked.
    let meant = try AlertWord(word)
    let ledger = try openLedger(run)
    var count = 0
    try transaction(ledger) {
      for (rule, instances) in try ledger.instances() {
        for instance in instances where instance.state == .firing {
          guard meant.names(instance.labels) else { continue }
          count += 1
          try ledger.save(
            Acknowledgement(
              labels: instance.labels, startsAt: instance.firedAt ?? instance.activeAt, at: now,
              until: until, author: author, comment: comment))
          try ledger.record(
            .ack, at: now, alert: instance.labels["alertname"] ?? "", labels: instance.labels,
            rule: rule,
            reason: comment + (until.map { " (until \(TimeText.rfc3339($0)))" } ?? ""),
            author: author)
        }
      }
    }
    run.output.summary(CountText.format(count, "alert") + " acknowledged")
    if count > 0 { return .success }
    throw Diagnostic(
      .no, "no alert that fires is '\(word)'", hint: "mx-alert status shows those that do")
  }

  // MARK: - What both need

  private static func matchers(_ words: [String]) throws -> [Matcher] {
    try words.flatMap(AlertWord.matchers)
  }

  /// `--author`, or who runs it.
  private static func author(_ run: Run) -> String {
    if let author = run.arguments.string("author"), !author.isEmpty { return author }
    for name in ["SUDO_USER", "LOGNAME", "USER"] {
      if let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty { return value }
    }
    if let entry = getpwuid(getuid()) { return String(cString: entry.pointee.pw_name) }
    return "uid \(getuid())"
  }

  private static func newID() -> String {
    let digits = String(UInt32.random(in: 0...UInt32.max), radix: 16)
    return String(repeating: "0", count: 8 - digits.utf8.count) + digits
  }

  private static func openLedger(_ run: Run) throws -> AlertLedger {
    let store = Store(path: run.common.store, files: DiskFileSystem())
    guard try store.files.status(store.path) != nil else {
      throw StoreError.missing(path: store.path)
    }
    let place = AlertPlace(store)
    try place.make()
    return try AlertLedger.open(place.ledger, wait: place.wait(run), run: run.output.runId)
  }

  private static func ledger(_ run: Run) throws -> AlertLedger {
    let place = AlertPlace(Store(path: run.common.store, files: DiskFileSystem()))
    return try AlertLedger.read(place.ledger, wait: place.wait(run))
  }

  private static func transaction(_ ledger: AlertLedger, _ body: () throws -> Void) throws {
    try ledger.begin()
    do {
      try body()
      try ledger.commit()
    } catch {
      try ledger.rollback()
      throw error
    }
  }
}

extension Matcher {
  /// The word for how much its pattern takes.
  fileprivate var breadth: String {
    switch shape {
    case .anything?: "anything"
    case .nonEmpty?: "nonEmpty"
    default: ""
    }
  }
}
