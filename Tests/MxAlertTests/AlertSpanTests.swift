import MxModel
import Testing

@testable import MxAlert

/// When alerts fired, from what the ledger remembers.
@Suite struct AlertSpanTests {
  private let labels = LabelSet([("alertname", "Hot"), ("host", "a")])

  private func entry(_ at: Int64, _ from: AlertState, _ to: AlertState) -> HistoryEntry {
    HistoryEntry(
      at: at, rule: "g/Hot", alert: "Hot", labels: labels, kind: .transition, from: from, to: to,
      value: 1)
  }

  private func instance(_ state: AlertState, firedAt: Int64?) -> AlertInstance {
    var instance = AlertInstance(labels: labels, state: state, activeAt: 1, value: 1)
    instance.firedAt = firedAt
    instance.annotations = [AlertInstance.Annotation(name: "summary", value: "hot")]
    return instance
  }

  @Test func aSpanLastsFromFiringToItsEnd() {
    let history = [
      entry(10, .inactive, .pending), entry(20, .pending, .firing), entry(50, .firing, .inactive),
      entry(70, .inactive, .firing),
    ]
    let spans = AlertView.spans(history, ["g/Hot": [instance(.firing, firedAt: 70)]])
    #expect(spans.map(\.from) == [20, 70])
    #expect(spans.map(\.to) == [50, nil])
    #expect(spans.first?.annotations.first?.value == "hot")
  }

  @Test func whatBeganBeforeTheHistoryIsNotLost() {
    let ended = AlertView.spans([entry(50, .firing, .inactive)], [:])
    #expect(ended.map { [$0.from, $0.to ?? -1] } == [[50, 50]])
    let lasting = AlertView.spans([], ["g/Hot": [instance(.firing, firedAt: 5)]])
    #expect(lasting.map(\.from) == [5])
    #expect(lasting.map(\.to) == [nil])
  }

  /// Its rule was taken away: nobody will ever write an end.
  @Test func whatIsNoLongerKnownHasEnded() {
    let spans = AlertView.spans([entry(20, .pending, .firing)], [:])
    #expect(spans.map { [$0.from, $0.to ?? -1] } == [[20, 20]])
  }
}
