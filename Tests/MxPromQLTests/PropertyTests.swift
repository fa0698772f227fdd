import MxModel
import MxPromQL
import Testing

@Suite struct PropertyTests {
  /// 20 seeds of 250 trees.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func anyTreeIsPrintedSoThatItReadsBack(seed: UInt64) {
    var trees = RandomTrees(seed: seed)
    for number in 0..<250 {
      let tree = trees.expr(number % 6)
      let printed = tree.description
      do throws(PromQLError) {
        let read = try PromQL.parse(printed)
        #expect(read.withoutParentheses == tree, "\(printed)")
        // What was read has all its parentheses, and prints as it was.
        #expect(read.description == printed)
        let pretty = tree.prettified(width: 30)
        #expect(try PromQL.parse(pretty).withoutParentheses == tree, "\(pretty)")
        let normal = tree.normalized
        #expect(normal.normalized == normal, "\(printed)")
        #expect(try PromQL.parse(normal.description).normalized == normal, "\(printed)")
      } catch {
        Issue.record("\(error)\n\(printed)")
      }
    }
  }

  /// Every byte of a printed tree that is taken away, doubled or replaced gives a tree or
  /// an error with a place inside the text; nothing else.
  @Test(arguments: 0..<10 as Range<UInt64>)
  func mutatedQueriesNeverCrash(seed: UInt64) {
    var trees = RandomTrees(seed: 1000 + seed)
    var generator = SeededGenerator(seed: seed)
    for number in 0..<100 {
      let original = Array(trees.expr(number % 5).description.utf8)
      for _ in 0..<10 {
        var bytes = original
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
          mutate(&bytes, &generator)
        }
        survive(bytes)
      }
    }
  }

  private static let alphabet = Array(
    "abe_:05.xmsh(){}[],=!~<>+-*/%^@#\"'`\\ \n\u{e9}".utf8)
  private static let words = [
    "sum", "by", "(", ")", "[5m]", "[1h:]", " offset ", "-", "rate(", "{a=\"b\"}", "on(x)", "bool ",
    "group_left", " @ ", "start()", "5m", "1e", "0x", "\\", " and ", "^", "fill(", "anchored",
    "inf",
  ]

  private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    let at = Int.random(in: 0..<bytes.count, using: &generator)
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: bytes.remove(at: at)
    case 1: bytes[at] = UInt8.random(in: 0...255, using: &generator)
    case 2: bytes[at] = Self.alphabet[Int.random(in: 0..<Self.alphabet.count, using: &generator)]
    case 3: bytes.insert(bytes[at], at: at)
    case 4:
      let word = Self.words[Int.random(in: 0..<Self.words.count, using: &generator)]
      bytes.insert(contentsOf: Array(word.utf8), at: at)
    default: bytes.removeSubrange(at...)
    }
  }

  private func survive(_ bytes: [UInt8]) {
    do throws(PromQLError) {
      let tree = try PromQL.parse(bytes: bytes)
      let printed = tree.description
      #expect(try PromQL.parse(printed) == tree, "\(printed)")
    } catch {
      let place = error.range
      #expect(place.start >= 0 && place.start <= place.end && Int(place.end) <= bytes.count)
      #expect(error.position != nil || bytes.isEmpty)
      #expect(!error.render(source: String(decoding: bytes, as: UTF8.self)).isEmpty)
    }
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func randomBytesNeverCrash(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<400 {
      let length = Int.random(in: 0...60, using: &generator)
      survive((0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) })
      survive(
        (0..<length).map { _ in
          Self.alphabet[Int.random(in: 0..<Self.alphabet.count, using: &generator)]
        })
      var words: [UInt8] = []
      for _ in 0..<(length / 4) {
        words += Array(Self.words[Int.random(in: 0..<Self.words.count, using: &generator)].utf8)
      }
      survive(words)
    }
  }

  @Test func walkingAndTransformingKeepTheTree() {
    var trees = RandomTrees(seed: 77)
    for number in 0..<300 {
      let tree = trees.expr(number % 6)
      #expect(tree.transform { $0 } == tree)
      var visited = 0
      tree.walk { _ in
        visited += 1
        return true
      }
      var counted = 0
      _ = tree.transform {
        counted += 1
        return $0
      }
      #expect(visited == counted)
      #expect(tree.hashValue == tree.transform { $0 }.hashValue)
    }
  }
}
