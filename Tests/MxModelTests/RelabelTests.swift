import MxTestSupport
import Testing

@testable import MxModel

@Suite struct RelabelTests {
  private let labels = LabelSet(
    name: "up", [("job", "Node"), ("instance", "host-7:9100"), ("__meta_zone", "eu")])

  private func rule(
    _ action: RelabelAction, _ change: (inout RelabelSettings) -> Void
  ) throws -> RelabelRule {
    var settings = RelabelSettings(action)
    change(&settings)
    return try RelabelRule(settings)
  }

  private func check(
    _ action: RelabelAction, gives expected: String?,
    at location: SourceLocation = #_sourceLocation, _ change: (inout RelabelSettings) -> Void
  ) throws {
    let result = RelabelRules([try rule(action, change)]).apply(labels)
    #expect(result?.description == expected, sourceLocation: location)
  }

  @Test func replaceSetsAddsAndRemovesLabels() throws {
    try check(
      .replace,
      gives: #"up{__meta_zone="eu", host="7", instance="host-7:9100", job="Node"}"#
    ) {
      $0.sourceLabels = ["instance"]
      $0.regex = "host-([0-9]+):.*"
      $0.targetLabel = "host"
    }
    try check(
      .replace, gives: #"up{__meta_zone="eu", instance="host-7:9100", job="Node/host-7:9100"}"#
    ) {
      $0.sourceLabels = ["job", "instance"]
      $0.separator = "/"
      $0.targetLabel = "job"
    }
    try check(.replace, gives: #"up{__meta_zone="eu", instance="host-7:9100"}"#) {
      $0.targetLabel = "job"
      $0.replacement = ""
    }
    try check(.replace, gives: #"{__meta_zone="eu", instance="host-7:9100", job="Node"}"#) {
      $0.targetLabel = "__name__"
      $0.replacement = "$2"
    }
    try check(.replace, gives: labels.description) {
      $0.sourceLabels = ["instance"]
      $0.regex = "host"
      $0.targetLabel = "job"
    }
    try check(
      .replace,
      gives: #"up{__meta_zone="eu", host_7="9100", instance="host-7:9100", job="Node"}"#
    ) {
      $0.sourceLabels = ["instance"]
      $0.regex = "(?P<name>[a-z]+)-([0-9]):(.*)"
      $0.targetLabel = "${name}_$2"
      $0.replacement = "$3"
    }
    // A name that comes out empty changes nothing.
    try check(.replace, gives: labels.description) {
      $0.targetLabel = "$2"
      $0.replacement = "x"
    }
  }

  @Test func keepAndDropAskForTheWholeValue() throws {
    try check(.keep, gives: labels.description) {
      $0.sourceLabels = ["job", "none"]
      $0.regex = "Node;"
    }
    try check(.keep, gives: nil) {
      $0.sourceLabels = ["job"]
      $0.regex = "Nod"
    }
    try check(.drop, gives: nil) {
      $0.sourceLabels = ["__name__"]
      $0.regex = "up|down"
    }
    try check(.drop, gives: labels.description) {
      $0.sourceLabels = ["none"]
      $0.regex = ".+"
    }
    try check(.keepequal, gives: nil) {
      $0.sourceLabels = ["job"]
      $0.targetLabel = "instance"
    }
    try check(.dropequal, gives: nil) {
      $0.sourceLabels = ["job"]
      $0.targetLabel = "job"
    }
    try check(.dropequal, gives: labels.description) {
      $0.sourceLabels = ["job"]
      $0.targetLabel = "none"
    }
  }

  @Test func labelActionsAskForNames() throws {
    try check(
      .labelmap, gives: #"up{__meta_zone="eu", instance="host-7:9100", job="Node", zone="eu"}"#
    ) { $0.regex = "__meta_(.+)" }
    try check(.labeldrop, gives: #"up{instance="host-7:9100"}"#) { $0.regex = "__meta_.*|job" }
    try check(.labelkeep, gives: #"{job="Node"}"#) { $0.regex = "job" }
  }

  @Test func caseIsChangedLetterByLetter() throws {
    try check(.lowercase, gives: #"up{__meta_zone="eu", instance="host-7:9100", job="node"}"#) {
      $0.sourceLabels = ["job"]
      $0.targetLabel = "job"
    }
    try check(.uppercase, gives: #"up{__meta_zone="EU", instance="host-7:9100", job="Node"}"#) {
      $0.sourceLabels = ["__meta_zone"]
      $0.targetLabel = "__meta_zone"
    }
    #expect(LetterCase.upper("straße éœ") == "STRAßE ÉŒ")
  }

  @Test func hashesAreThoseOfPrometheus() throws {
    // md5sum of "" is d41d8cd98f00b204 e9800998ecf8427e, of "abc" 900150983cd24fb0 d6963f7d28e17f72.
    #expect(MD5.secondHalf([]) == 0xe980_0998_ecf8_427e)
    #expect(MD5.secondHalf(Array("abc".utf8)) == 0xd696_3f7d_28e1_7f72)
    // 80 digits: two blocks; md5sum 57edf4a22be3c955 ac49da2e2107b67a.
    let digits = String(repeating: "1234567890", count: 8)
    #expect(MD5.secondHalf(Array(digits.utf8)) == 0xac49_da2e_2107_b67a)
    try check(
      .hashmod,
      gives: #"up{__meta_zone="eu", instance="host-7:9100", job="Node", shard="0"}"#
    ) {
      $0.sourceLabels = ["instance"]
      $0.targetLabel = "shard"
      $0.modulus = 1
    }
  }

  @Test func dropsAreCountedByRule() throws {
    let rules = RelabelRules([
      try rule(.replace) {
        $0.targetLabel = "job"
        $0.replacement = "x"
      },
      try rule(.drop) {
        $0.sourceLabels = ["job"]
        $0.regex = "x"
      },
    ])
    #expect(rules.outcome(labels) == .dropped(rule: 1))
    #expect(rules.apply(labels) == nil)
    #expect(RelabelRules([]).outcome(labels) == .kept(labels))
  }

  @Test func rulesThatCannotWorkAreRefused() {
    func refuse(
      _ action: RelabelAction, _ reason: String, _ change: (inout RelabelSettings) -> Void
    ) {
      #expect(throws: ModelError.badRelabelRule(reason)) { try rule(action, change) }
    }
    refuse(.hashmod, "relabel configuration for hashmod requires non-zero modulus") {
      $0.targetLabel = "a"
    }
    for action in [RelabelAction.replace, .lowercase, .uppercase, .keepequal, .dropequal] {
      refuse(
        action,
        "relabel configuration for \(action.rawValue) action requires 'target_label' value"
      ) { _ in }
    }
    refuse(.lowercase, "'replacement' can not be set for lowercase action") {
      $0.targetLabel = "a"
      $0.replacement = "x"
    }
    refuse(
      .keepequal,
      "keepequal action requires only 'source_labels' and 'target_label', and no other fields"
    ) {
      $0.targetLabel = "a"
      $0.regex = "x"
    }
    for action in [RelabelAction.labeldrop, .labelkeep] {
      refuse(
        action, "\(action.rawValue) action requires only 'regex', and no other fields"
      ) { $0.sourceLabels = [] }
    }
    refuse(.labelmap, "\"\" is invalid 'replacement' for labelmap action") { $0.replacement = "" }
    #expect(throws: ModelError.self) { try rule(.keep) { $0.regex = "(" } }
    #expect(throws: ModelError.badRelabelRule("unknown relabel action \"kep\"")) {
      try RelabelAction(word: "kep")
    }
    #expect(throws: Never.self) { try RelabelAction(word: "LabelMap") }
  }
}
