import MxEngine
import MxModel
import MxPromQL
import MxTestSupport
import Testing

/// Queries with something wrong in them: each is refused, fails or is answered, whatever
/// the data, and none traps or runs away.
@Suite struct MutatedQueryTests {
  private static let pieces = [
    "rate", "sum", "by", "(", ")", "[", "]", "{", "}", "offset", "@", "start()", "5m", "-", "+",
    "^", "/", "%", "bool", "on", "ignoring", "group_left", "without", "topk", "quantile", "0",
    "1e308", "-Inf", "NaN", "9223372036854775807", "\"", "'", "`", "=~", "!=", "==", ",", ":",
    "anchored", "smoothed", "1y", "-1y", "[1ms:1ms]", "label_replace", "histogram_quantile",
    "count_values", "limit_ratio", "\u{0}", "é", "fill(1)", "step()", "absent_over_time", "\n",
  ]

  private func mutated(_ query: String, _ generator: inout SeededGenerator) -> String {
    var bytes = Array(query.utf8)
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let place = Int.random(in: 0...bytes.count, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: bytes.insert(contentsOf: " \(piece(&generator)) ".utf8, at: place)
      case 1 where place < bytes.count:
        let end = min(bytes.count, place + Int.random(in: 1...6, using: &generator))
        bytes.removeSubrange(place..<end)
      case 2 where place < bytes.count:
        bytes[place] = UInt8.random(in: 0...255, using: &generator)
      default:
        // Part of itself again: nested, doubled, cut short.
        let end = min(bytes.count, place + Int.random(in: 1...20, using: &generator))
        if place < end { bytes.insert(contentsOf: Array(bytes[place..<end]), at: place) }
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func piece(_ generator: inout SeededGenerator) -> String {
    Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &generator)]
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func everyMutantEnds(seed: UInt64) throws {
    let data = RandomData(seed: seed)
    let source = data.source
    var generator = SeededGenerator(seed: seed)
    var options = EngineOptions()
    // A mutant may ask for a year by milliseconds: refused, not carried out.
    options.maximumSteps = 2000
    options.maximumSamples = 200_000
    var answered = 0
    for number in 0..<150 {
      var random = RandomQuery(seed: seed * 1000 + UInt64(number))
      let text = mutated(random.query(), &generator)
      guard let tree = try? PromQL.parse(text) else { continue }
      let again = try PromQL.parse(tree.description)
      #expect(again.description == tree.description, "\(text)")
      let window: QueryWindow =
        number % 2 == 0 ? .instant(600_000) : .range(start: 0, end: 600_000, step: 60_000)
      let engine = Engine(options)
      _ = try? engine.requests(tree, window)
      if (try? engine.evaluate(
        tree, text: text, window, source: source, report: Report())) != nil
      {
        answered += 1
      }
    }
    #expect(answered > 0)
  }
}
