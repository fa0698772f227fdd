package import MxModel
package import MxTime

/// People's word that notices of some alerts are to be kept back for a while.
package struct Silence: Sendable, Identifiable {
  /// Again and again: `length` ms from each time the schedule names.
  package struct Recurrence: Sendable {
    package var schedule: Cron
    package var zone: Zone
    package var length: Int64

    package init(schedule: Cron, zone: Zone, length: Int64) {
      self.schedule = schedule
      self.zone = zone
      self.length = length
    }
  }

  package enum State: String, Sendable {
    case pending, active, expired
    /// Between two of its times.
    case waiting
  }

  package var id: String
  /// All of them must match.
  package var matchers: [Matcher]
  package var startsAt: Int64
  /// Not in it.
  package var endsAt: Int64
  package var recurrence: Recurrence?
  /// Only notices to this receiver; nil: to all.
  package var receiver: String?
  package var author: String
  package var comment: String
  package var createdAt: Int64
  /// The end that people were reminded of.
  package var remindedFor: Int64?

  package init(
    id: String, matchers: [Matcher], startsAt: Int64, endsAt: Int64,
    recurrence: Recurrence? = nil, receiver: String? = nil, author: String, comment: String,
    createdAt: Int64, remindedFor: Int64? = nil
  ) {
    self.id = id
    self.matchers = matchers
    self.startsAt = startsAt
    self.endsAt = endsAt
    self.recurrence = recurrence
    self.receiver = receiver
    self.author = author
    self.comment = comment
    self.createdAt = createdAt
    self.remindedFor = remindedFor
  }

  package func isActive(at time: Int64) -> Bool { state(at: time) == .active }

  package func state(at time: Int64) -> State {
    if time >= endsAt { return .expired }
    if time < startsAt { return .pending }
    guard let recurrence else { return .active }
    return recurrence.start(before: time) == nil ? .waiting : .active
  }

  /// When the time that it is active at `time` ends.
  package func end(at time: Int64) -> Int64 {
    guard let recurrence, let start = recurrence.start(before: time) else { return endsAt }
    return min(endsAt, start + recurrence.length)
  }

  package func matches(_ labels: LabelSet) -> Bool { matchers.allMatch(labels) }

  package var matcherText: String { matchers.map(\.description).joined(separator: ", ") }

  /// The most that a broad silence may last.
  package static let broadLimit: Int64 = 4 * 3_600_000
  /// How long before its end people are reminded of what it keeps back; silences
  /// shorter than four times that have none.
  package static let reminder: Int64 = 15 * 60_000
  package static let kept: Int64 = 120 * 3_600_000
}

extension Silence.Recurrence {
  /// The newest time at or before `time` that began it and still holds.
  func start(before time: Int64) -> Int64? {
    guard let start = schedule.next(after: time - length, in: zone), start <= time else {
      return nil
    }
    // Times that overlap: the last one holds longest.
    var last = start
    while let next = schedule.next(after: last, in: zone), next <= time { last = next }
    return last
  }
}

/// Somebody knows of an alert: no repeats and no escalation while it fires on.
package struct Acknowledgement: Hashable, Sendable {
  package var labels: LabelSet
  /// Of the alert: when it fires again, it is another one.
  package var startsAt: Int64
  package var at: Int64
  /// Nil: until it resolves.
  package var until: Int64?
  package var author: String
  package var comment: String

  package init(
    labels: LabelSet, startsAt: Int64, at: Int64, until: Int64?, author: String, comment: String
  ) {
    self.labels = labels
    self.startsAt = startsAt
    self.at = at
    self.until = until
    self.author = author
    self.comment = comment
  }

  package func holds(_ alert: NotifyAlert, at time: Int64) -> Bool {
    alert.startsAt == startsAt && (until.map { time < $0 } ?? true)
  }
}
