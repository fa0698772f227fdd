import MxModel
import MxTestSupport
import Testing

@Suite struct LabelTests {
  @Test func theKeyIsAsDocumented() {
    let labels = LabelSet(name: "up", [("node", ""), ("job", "node"), ("instance", "a:9100")])
    let text = "__name__\0up\0instance\0a:9100\0job\0node\0"
    #expect(labels.key == Array(text.utf8))
    #expect(labels["job"] == "node")
    #expect(labels["node"] == nil)
    #expect(labels["jo"] == nil)
    #expect(labels.metricName == "up")
    #expect(LabelSet([("a", "\u{0}\u{1}\u{2}")]).key == [97, 0, 1, 1, 1, 2, 2, 0])
  }

  @Test func theLastValueOfANameWinsAndAnEmptyOneIsNoLabel() {
    #expect(LabelSet([("a", "1"), ("b", "2"), ("a", "3")]).pairs.map(\.value) == ["3", "2"])
    #expect(LabelSet([("a", "1"), ("a", "")]) == .empty)
    #expect(LabelSet([("a", ""), ("a", "1")]).pairs.count == 1)
    let labels = LabelSet([("a", "1"), ("b", "2"), ("c", "3")])
    #expect(labels.setting("b", to: "").description == #"{a="1", c="3"}"#)
    #expect(labels.setting("b", to: "x").description == #"{a="1", b="x", c="3"}"#)
    #expect(labels.removing(["a", "z"]).description == #"{b="2", c="3"}"#)
    #expect(labels.keeping(["a", "z"]).description == #"{a="1"}"#)
  }

  /// A line of input may hold any number of labels: their number must not cost its square.
  @Test func manyLabelsAreCollectedQuickly() {
    var builder = LabelSetBuilder()
    for index in 0..<50_000 { builder.add("label_\(index % 40_000)", "\(index)") }
    let before = ContinuousClock.now
    #expect(builder.finish().pairs.count == 40_000)
    #expect(ContinuousClock.now - before < .seconds(20))
  }

  @Test func textIsAsPrometheusPrintsIt() {
    #expect(LabelSet.empty.description == "{}")
    #expect(LabelSet(name: "up").description == "up")
    #expect(LabelSet(name: "up", [("a", "x\"y\\\n")]).description == #"up{a="x\"y\\\n"}"#)
    #expect(LabelSet(name: "a b", [("c.d", "e")]).description == #"{"a b", "c.d"="e"}"#)
    #expect(
      LabelKey.quoted("\u{1}\u{7f}\u{a0}\u{e0001}é😀\u{b}") == #""\x01\x7f\u00a0\U000e0001é😀\v""#)
  }

  /// Naive order: pair by pair, name before value, bytes; a shorter set first.
  private func precedes(_ left: [(String, String)], _ right: [(String, String)]) -> Bool {
    for (a, b) in zip(left, right) {
      if a.0 != b.0 { return a.0.utf8.lexicographicallyPrecedes(b.0.utf8) }
      if a.1 != b.1 { return a.1.utf8.lexicographicallyPrecedes(b.1.utf8) }
    }
    return left.count < right.count
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func orderIsThatOfPairsAndEverythingReadsBack(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let alphabet = ["\u{0}", "\u{1}", "\u{2}", "a", "b", "\u{7f}", "ü"]
    func word(_ minimum: Int) -> String {
      let count = Int.random(in: minimum...3, using: &generator)
      return (0..<count).map { _ in alphabet[Int.random(in: 0..<7, using: &generator)] }.joined()
    }
    let sets = (0..<60).map { _ in
      let count = Int.random(in: 0...3, using: &generator)
      var pairs: [String: String] = [:]
      for _ in 0..<count { pairs[word(1)] = word(1) }
      return pairs.map { ($0.key, $0.value) }
        .sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    }
    for left in sets {
      let labels = LabelSet(left.shuffled(using: &generator))
      #expect(labels.pairs.map(\.name) == left.map(\.0))
      #expect(labels.pairs.map(\.value) == left.map(\.1))
      for pair in left { #expect(labels[pair.0] == pair.1) }
      for right in sets {
        #expect((labels < LabelSet(right)) == precedes(left, right), "\(left) \(right)")
      }
    }
  }
}

@Suite struct SeriesTableTests {
  @Test(arguments: 0..<10 as Range<UInt64>)
  func numbersAreDenseAndStay(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var table = SeriesTable()
    var known: [[UInt8]: UInt32] = [:]
    for _ in 0..<20_000 {
      // Short keys of few letters come again often; long ones hardly.
      let count =
        Int.random(in: 0...40, using: &generator) / Int.random(in: 1...10, using: &generator)
      let key = (0..<count).map { _ in
        [0, 1, 97, 98][Int.random(in: 0..<4, using: &generator)] as UInt8
      }
      let expected = known[key] ?? UInt32(known.count)
      #expect(key.withUnsafeBytes { table.find($0) } == known[key])
      #expect(key.withUnsafeBytes { table.intern($0) } == expected)
      known[key] = expected
    }
    #expect(table.count == known.count)
    #expect(table.keyBytes == known.keys.reduce(0) { $0 + $1.count })
    for (key, ref) in known {
      #expect(table.labels(ref).key == key)
      #expect(table.withKey(ref) { Array($0) } == key)
    }
    let sorted = table.sortedRefs().map { table.labels($0) }
    #expect(sorted == sorted.sorted())
    #expect(sorted.count == known.count)
  }

  /// A hash that ignored a bit would make one long chain of these.
  @Test func neighbouringKeysHaveDifferentHashes() {
    for length in 1...40 {
      for place in 0..<length {
        var hashes: Set<UInt64> = []
        for seed in [0, 0x1234_5678_9abc_def1] as [UInt64] {
          for bit in 0..<8 {
            var key = [UInt8](repeating: 0, count: length)
            key[place] = 1 << bit
            hashes.insert(key.withUnsafeBytes { ByteHash.hash($0, seed: seed) })
          }
        }
        #expect(hashes.count == 16, "length \(length) place \(place)")
      }
    }
  }
}
