import MxRender
import MxTestSupport
import MxTime
import Testing

@Suite struct TerminalTests {
  private func spark(_ values: [Double], width: Int = 8) -> String {
    let times = values.indices.map { Int64($0) * 1000 }
    let line = TextSparkline(
      from: 0, to: max(0, Int64(values.count - 1) * 1000), step: 1000, width: width)
    return times.withUnsafeBufferPointer { times in
      values.withUnsafeBufferPointer { line.text(times: times, values: $0) }
    }
  }

  @Test func aSparklineShowsTheFormOfASeries() {
    #expect(spark([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█")
    #expect(spark([7, 0]) == "█▁")
    #expect(spark([3, 3, 3]) == "▄▄▄")
    #expect(spark([1, .nan, 2]) == "▁ █")
    #expect(spark([.nan, .nan]) == "  ")
    #expect(spark([-.infinity, 0, .infinity]) == "▁▅█")
    #expect(spark([5]) == "▄")
    // Sixteen values on eight signs: each is the mean of two.
    #expect(spark((0..<16).map(Double.init)) == "▁▂▃▄▅▆▇█")
  }

  @Test(arguments: [
    (0.016666666666, "0.0166667"), (1234.5678, "1234.57"), (123_456_789, "123456789"),
    (-2.5, "-2.5"), (0, "0"), (1e-7, "1e-07"), (1.5e20, "1.5e+20"), (0.1 + 0.2, "0.3"),
    (999_999.96, "1000000"), (Double.nan, "NaN"), (Double.infinity, "+Inf"),
    (Double.leastNonzeroMagnitude, "5e-324"), (1e300, "1e+300"), (-0.00001234567, "-0.0000123457"),
  ])
  func numbersHaveSixDigitsAtMost(value: Double, text: String) {
    #expect(ShortNumber.text(value, digits: 6) == text)
  }

  /// Whatever the values, a picture has its size and does not trap.
  @Test(arguments: 0..<100 as Range<UInt64>)
  func everyPlotKeepsItsSize(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let hard = [0, .nan, .infinity, -.infinity, 1e308, -1e308, Double.leastNonzeroMagnitude, 1, -1]
    let width = Int.random(in: 1...120, using: &generator)
    let series = (0..<Int.random(in: 0...14, using: &generator)).map { number in
      let count = Int.random(in: 0...50, using: &generator)
      return TerminalPlot.Series(
        name: "s\(number)", times: (0..<count).map { Int64($0) * 60_000 },
        values: (0..<count).map { _ in
          Bool.random(using: &generator)
            ? hard.randomElement(using: &generator) ?? 0
            : Double.random(in: -5...5, using: &generator)
        })
    }
    let plot = TerminalPlot(
      from: 0, to: Int64.random(in: 0...3_000_000, using: &generator), gap: 60_000, zone: .utc,
      width: width
    ) { text, _ in text }
    let lines = plot.lines(series)
    let legend = min(series.count, 12) + (series.count > 12 ? 1 : 0)
    #expect(lines.count == 18 + legend)
    for line in lines.prefix(18) { #expect(line.count <= max(width, 40) + 14) }
  }

  @Test func barsAreAsLongAsTheirValues() {
    let bars = TerminalBars(width: 40) { text, _ in text }
    let lines = bars.lines([("a", 10), ("b", 5), ("c", -10), ("d", .nan), ("e", 0)])
    let lengths = lines.map { line in line.count { $0 == "█" } }
    #expect(lengths[0] == lengths[2])
    #expect(lengths[0] - lengths[1] * 2 <= 1)
    #expect(lengths[3] == 0 && lengths[4] == 0)
  }
}
