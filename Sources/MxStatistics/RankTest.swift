import Glibc

/// The test of Mann and Whitney: do samples of one group tend to be greater than those of
/// the other? It looks at ranks alone, so outliers count no more than their place.
package enum RankTest {
  /// How likely two groups of one distribution differ at least so much, both sides counted.
  /// 1 where a group is empty.
  package static func pValue(_ a: OrderedSamples, _ b: OrderedSamples) -> Double {
    guard a.count > 0, b.count > 0 else { return 1 }
    let ranks = Ranks(a.values, b.values)
    // Up to here every order can be counted (160,000 steps); ties make orders unequal.
    if !ranks.hasTies, a.count <= 20, b.count <= 20 {
      return exact(Int(ranks.smaller.rounded()), a.count, b.count)
    }
    return approximate(ranks)
  }

  /// How much greater the values of `b` are, in the middle of all pairs (Hodges and
  /// Lehmann). Of large groups 500 quantiles of each stand for all.
  package static func shift(from a: OrderedSamples, to b: OrderedSamples) -> Double {
    let (left, right) = (thinned(a), thinned(b))
    var differences: [Double] = []
    differences.reserveCapacity(left.count * right.count)
    for x in left {
      for y in right { differences.append(y == x ? 0 : y - x) }
    }
    return OrderedSamples(differences).median
  }

  private static func thinned(_ samples: OrderedSamples) -> [Double] {
    guard samples.count > 500 else { return samples.values }
    return (0..<500).map { samples.quantile((Double($0) + 0.5) / 500) }
  }

  /// What the ranks of both groups together say.
  private struct Ranks {
    /// The smaller of the two U.
    var smaller = 0.0
    var hasTies = false
    /// Σ (t³ - t) over groups of t equal values.
    var tieSum = 0.0
    let first: Double
    let second: Double

    /// Both ascending.
    init(_ a: [Double], _ b: [Double]) {
      (first, second) = (Double(a.count), Double(b.count))
      var rankSum = 0.0
      var (i, j) = (0, 0)
      var place = 0
      while i < a.count || j < b.count {
        let value = j >= b.count || i < a.count && a[i] <= b[j] ? a[i] : b[j]
        var (ownTies, otherTies) = (0, 0)
        while i < a.count, a[i] == value {
          ownTies += 1
          i += 1
        }
        while j < b.count, b[j] == value {
          otherTies += 1
          j += 1
        }
        let ties = ownTies + otherTies
        rankSum += Double(ownTies) * (Double(place) + Double(ties + 1) / 2)
        place += ties
        if ties > 1 {
          hasTies = true
          tieSum += pow(Double(ties), 3) - Double(ties)
        }
      }
      let u = rankSum - first * (first + 1) / 2
      smaller = min(u, first * second - u)
    }
  }

  /// Counts the orders of two groups without ties whose U is at most `u`.
  private static func exact(_ u: Int, _ m: Int, _ n: Int) -> Double {
    // ways[j][k]: orders of i of one and j of the other whose U is k; i grows.
    var ways = [[Double]](repeating: [Double](repeating: 0, count: m * n + 1), count: n + 1)
    for j in 0...n { ways[j][0] = 1 }
    for i in 1...m {
      // With none of the other there is one order; else the greatest is of either group.
      for j in 1...n {
        for k in stride(from: i * j, through: 0, by: -1) {
          ways[j][k] = (k >= j ? ways[j][k - j] : 0) + ways[j - 1][k]
        }
      }
    }
    let all = ways[n].reduce(0, +)
    let extreme = ways[n][...u].reduce(0, +)
    return min(1, 2 * extreme / all)
  }

  /// By the normal distribution, ties and the jump between whole numbers corrected.
  private static func approximate(_ ranks: Ranks) -> Double {
    let (m, n) = (ranks.first, ranks.second)
    let total = m + n
    let middle = m * n / 2
    let spread = m * n / 12 * (total + 1 - ranks.tieSum / (total * (total - 1)))
    guard spread > 0 else { return 1 }
    let distance = max(0, middle - ranks.smaller - 0.5) / spread.squareRoot()
    return min(1, erfc(distance / 2.0.squareRoot()))
  }
}

/// Many tests at once find something by chance: Holm's correction.
package enum Multiplicity {
  /// The values that a single test would have to have, in the order of `pValues`.
  package static func holm(_ pValues: [Double]) -> [Double] {
    var adjusted = pValues
    var greatest = 0.0
    let order = pValues.indices.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
    for (place, index) in order.enumerated() {
      greatest = max(greatest, min(1, pValues[index] * Double(pValues.count - place)))
      adjusted[index] = greatest
    }
    return adjusted
  }
}
