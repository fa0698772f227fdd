import MxModel
import MxStore
import Testing

@Suite struct SeriesSetMatchTests {
  /// Matchers of every operator and pattern shape over labels that some, all
  /// or no series have.
  private func randomMatcher(
    _ labels: [LabelSet], using generator: inout SetGenerator
  ) throws -> Matcher {
    let names = ["__name__", "pod", "node", "zone", "le", "odd", "Upper", "nowhere"]
    let name = names.randomElement(using: &generator) ?? "pod"
    let value = labels.randomElement(using: &generator)?[name] ?? ""
    let op: [MatchOperator] = [.equal, .notEqual, .regex, .notRegex]
    let chosen = op.randomElement(using: &generator) ?? .equal
    guard chosen == .regex || chosen == .notRegex else {
      return try Matcher(name, chosen, Bool.random(using: &generator) ? value : "other")
    }
    let word = value.unicodeScalars.allSatisfy { $0.value > 31 && $0 != "+" } ? value : "pod"
    let half = String(word.prefix((word.count + 1) / 2))
    let patterns = [
      word, "\(word)|other|", "(\(word)|x)", "\(half).*", "\(half).+", ".*\(half)",
      ".*\(half).*", ".*", ".+", "", "\(half)[0-9-]*", "[a-z]+.\(half)?.*", "(?i)\(word)",
      "pod-1.*", ".*-1", ".*1.*", "metric_1.*total",
    ]
    return try Matcher(name, chosen, patterns.randomElement(using: &generator) ?? ".*")
  }

  @Test(arguments: 0..<30 as Range<UInt64>)
  func anyMatchersFindWhatAWalkFinds(seed: UInt64) throws {
    var generator = SetGenerator(seed: seed &+ 1000)
    let count = [0, 1, 2, 40, 300, 1200][Int(seed % 6)]
    let labels = clusterLabels(count, seed: seed)
    let set = try opened(written(labels).bytes)
    try set.verify()
    for _ in 0..<60 {
      let matchers = try (0..<Int.random(in: 0...3, using: &generator)).map { _ in
        try randomMatcher(labels, using: &generator)
      }
      #expect(try set.match(matchers).array == naiveMatch(labels, matchers), "\(matchers)")
    }
  }

  @Test(arguments: [4095, 4096, 4097, 9000])
  func blockEdgesAreNoEdges(count: Int) throws {
    var generator = SetGenerator(seed: UInt64(count))
    let labels = clusterLabels(count, seed: UInt64(count))
    let set = try opened(written(labels).bytes)
    #expect(set.count == count)
    for _ in 0..<25 {
      let matchers = try (0..<Int.random(in: 1...3, using: &generator)).map { _ in
        try randomMatcher(labels, using: &generator)
      }
      #expect(try set.match(matchers).array == naiveMatch(labels, matchers), "\(matchers)")
    }
  }

  @Test func absentLabelsAndEmptyTextAreOne() throws {
    let labels = [
      LabelSet(name: "a", [("x", "1")]), LabelSet(name: "a"), LabelSet(name: "b", [("y", "2")]),
    ].sorted()
    let set = try opened(written(labels).bytes)
    func found(_ matcher: Matcher) throws -> [String] {
      try set.labels(try set.match([matcher])).map { $0.description }
    }
    #expect(try found(Matcher("x", .equal, "")) == ["a", #"b{y="2"}"#])
    #expect(try found(Matcher("x", .notEqual, "")) == [#"a{x="1"}"#])
    #expect(try found(Matcher("x", .regex, "1|")) == ["a", #"a{x="1"}"#, #"b{y="2"}"#])
    #expect(try found(Matcher("x", .notRegex, ".+")) == ["a", #"b{y="2"}"#])
    #expect(try found(Matcher("nowhere", .regex, ".*")).count == 3)
    #expect(try found(Matcher("nowhere", .notEqual, "")).isEmpty)
    #expect(try found(Matcher("nowhere", .equal, "z")).isEmpty)
  }

  /// Joined symbols are searched at once: a hit over an edge is none.
  @Test func containsDoesNotSeeAcrossValues() throws {
    let labels = ["xa", "xb", "ya", "ab", "ax"].map { LabelSet(name: "m", [("v", $0)]) }
    let set = try opened(written(labels).bytes)
    let found = try set.labels(try set.match([try Matcher("v", .regex, ".*ax.*")]))
    #expect(found.map { $0["v"] } == ["ax"])
    let both = try set.match([try Matcher("v", .regex, ".*a.*")])
    #expect(both.count == 4)
  }
}
