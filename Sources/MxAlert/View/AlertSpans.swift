package import MxModel

extension AlertView {
  /// A stretch of time in which an alert fired.
  package struct Span: Hashable, Sendable {
    package var rule: String
    package var labels: LabelSet
    package var annotations: [AlertInstance.Annotation]
    package var from: Int64
    /// Nil: it still fires.
    package var to: Int64?
  }

  /// From the lines of history, oldest first, and what is known of alerts now: one whose
  /// beginning is no longer in the history fired before it.
  static func spans(
    _ history: [HistoryEntry], _ instances: [String: [AlertInstance]]
  ) -> [Span] {
    struct Key: Hashable {
      var rule: String
      var labels: LabelSet
    }
    var known: [Key: AlertInstance] = [:]
    for (rule, all) in instances {
      for instance in all { known[Key(rule: rule, labels: instance.labels)] = instance }
    }
    var open: [Key: Int] = [:]
    var spans: [Span] = []
    func begin(_ key: Key, _ at: Int64) {
      open[key] = spans.count
      spans.append(
        Span(
          rule: key.rule, labels: key.labels, annotations: known[key]?.annotations ?? [], from: at,
          to: nil))
    }
    for entry in history where entry.kind == .transition {
      let key = Key(rule: entry.rule, labels: entry.labels)
      if entry.to == .firing, open[key] == nil { begin(key, entry.at) }
      if entry.from == .firing, entry.to != .firing {
        if open[key] == nil { begin(key, history.first?.at ?? entry.at) }
        if let index = open.removeValue(forKey: key) { spans[index].to = entry.at }
      }
    }
    for (key, instance) in known where instance.state == .firing && open[key] == nil {
      begin(key, instance.firedAt ?? instance.activeAt)
    }
    // What the history lost track of ended when the alert was last seen.
    for (key, index) in open where known[key]?.state != .firing {
      spans[index].to = known[key]?.resolvedAt ?? spans[index].from
    }
    return spans.sorted { ($0.from, $0.labels) < ($1.from, $1.labels) }
  }
}
