import MxStatistics
import MxTestSupport
import Testing

@Suite struct StatisticsTests {
  private func samples(_ values: Double...) -> OrderedSamples { OrderedSamples(values) }

  @Test func quantilesLieBetweenSamples() {
    let some = samples(4, 1, .nan, 3, 2)
    #expect(some.values == [1, 2, 3, 4])
    #expect(some.median == 2.5)
    #expect(some.quantile(0.25) == 1.75)
    #expect(some.interquartileRange == 1.5)
    #expect(samples().median.isNaN)
    #expect(samples(.infinity, .infinity).median == .infinity)
  }

  /// The ranks of the usual tables: of 8 samples the 1st and 8th at 95 %, of 20 the 6th
  /// and 15th, of 100 the 40th and 61st.
  @Test(arguments: [(5, 1, 5), (8, 1, 8), (20, 6, 15), (100, 40, 61)])
  func theMediansIntervalIsThatOfTheTables(count: Int, low: Double, high: Double) {
    let all = OrderedSamples((1...count).map(Double.init))
    #expect(all.medianInterval(confidence: 0.95) == low...high)
  }

  /// Values of R's wilcox.test, exact without ties, with continuity correction else.
  @Test func rankTestsAgreeWithR() {
    func p(_ a: [Double], _ b: [Double]) -> Double {
      RankTest.pValue(OrderedSamples(a), OrderedSamples(b))
    }
    #expect(abs(p([1, 2, 3], [4, 5, 6]) - 0.1) < 1e-12)
    #expect(abs(p([1, 2, 3, 4], [5, 6, 7, 8]) - 0.028571428571428571) < 1e-12)
    #expect(abs(p([1, 3, 5, 7], [2, 4, 6, 8]) - 0.68571428571428572) < 1e-12)
    // Ties: U = 0.5, σ² = 25/12·(11 - 30/90), z = (12.5 - 0.5 - 0.5)/σ = 2.4395.
    #expect(abs(p([1, 1, 2, 2, 3], [3, 4, 4, 5, 5]) - 0.014707) < 1e-5)
    #expect(p([5, 5, 5], [5, 5, 5]) == 1)
    #expect(p([], [1]) == 1)
  }

  /// Counting all orders by hand must give what the recursion gives.
  @Test(arguments: 0..<30 as Range<UInt64>)
  func exactRankTestsCountOrders(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let m = Int.random(in: 1...5, using: &generator)
    let n = Int.random(in: 1...5, using: &generator)
    let all = (0..<m + n).map { Double($0) }.shuffled(using: &generator)
    let (a, b) = (Array(all[..<m]), Array(all[m...]))
    func u(_ a: [Double], _ b: [Double]) -> Int {
      let wins = a.reduce(0) { sum, x in sum + b.count { $0 < x } }
      return min(wins, m * n - wins)
    }
    let found = u(a, b)
    var extreme = 0.0
    var orders = 0.0
    for mask in 0..<1 << (m + n) where mask.nonzeroBitCount == m {
      let left = (0..<m + n).filter { mask >> $0 & 1 == 1 }.map(Double.init)
      let right = (0..<m + n).filter { mask >> $0 & 1 == 0 }.map(Double.init)
      let wins = left.reduce(0) { sum, x in sum + right.count { $0 < x } }
      orders += 1
      if wins <= found { extreme += 1 }
    }
    let p = RankTest.pValue(OrderedSamples(a), OrderedSamples(b))
    #expect(abs(p - min(1, 2 * extreme / orders)) < 1e-9)
  }

  @Test func manyTestsAreCorrectedTogether() {
    #expect(Multiplicity.holm([0.01, 0.04, 0.03]) == [0.03, 0.06, 0.06])
    #expect(Multiplicity.holm([0.9, 0.9]) == [1, 1])
    #expect(Multiplicity.holm([]) == [])
  }

  private func verdict(
    _ statistic: Comparison.Statistic, _ before: [Double], _ now: [Double],
    better: Comparison.Better = .lower
  ) -> Comparison.Verdict {
    var rule = Comparison.Rule()
    rule.statistic = statistic
    rule.better = better
    return Comparison.all([(OrderedSamples(before), OrderedSamples(now))], rule)[0].verdict
  }

  @Test(arguments: Comparison.Statistic.allCases)
  func regressionsAreToldFromNoise(statistic: Comparison.Statistic) {
    var generator = SeededGenerator(seed: 7)
    func noisy(_ middle: Double) -> [Double] {
      (0..<40).map { _ in middle * Double.random(in: 0.95...1.05, using: &generator) }
    }
    let before = noisy(100)
    #expect(verdict(statistic, before, noisy(150)) == .worse)
    #expect(verdict(statistic, before, noisy(150), better: .higher) == .better)
    #expect(verdict(statistic, before, noisy(150), better: .equal) == .worse)
    #expect(verdict(statistic, before, noisy(60)) == .better)
    #expect(verdict(statistic, before, noisy(100)) == .same)
    // Within the tolerance, however sure it is.
    #expect(verdict(statistic, before, noisy(102)) == .same)
    #expect(verdict(statistic, Array(before.prefix(7)), noisy(150)) == .unclear)
    #expect(verdict(statistic, before, []) == .unclear)
    // One outlier is no regression: a mean would say so.
    var outlier = noisy(100)
    outlier[3] = 1e9
    #expect(verdict(statistic, before, outlier) == .same)
    // No scatter at all.
    let steady = [Double](repeating: 5, count: 10)
    #expect(verdict(statistic, steady, steady) == .same)
    #expect(verdict(statistic, steady, [Double](repeating: 6, count: 10)) == .worse)
    #expect(verdict(statistic, [Double](repeating: 0, count: 10), steady) == .worse)
  }

  /// A hundred comparisons of nothing but noise must rarely cry wolf.
  @Test(arguments: [Comparison.Statistic.median, .mannWhitney])
  func manyComparisonsOfNoiseFindNothing(statistic: Comparison.Statistic) {
    var generator = SeededGenerator(seed: 11)
    var alarms = 0
    for _ in 0..<20 {
      let pairs = (0..<100).map { _ in
        let all = (0..<60).map { _ in Double.random(in: 0...1, using: &generator) }
        return (OrderedSamples(all[..<30]), OrderedSamples(all[30...]))
      }
      var rule = Comparison.Rule()
      rule.statistic = statistic
      rule.tolerance = 0
      rule.better = .equal
      if Comparison.all(pairs, rule).contains(where: { $0.verdict == .worse }) { alarms += 1 }
    }
    #expect(alarms <= 3)
  }
}
