package import MxModel

/// How long samples of some series are kept; of several policies the first that
/// matches a series counts.
package struct RetentionPolicy: Hashable, Sendable {
  /// Empty: every series.
  package var matchers: [Matcher]
  /// Ages in ms by resolution in ms (0 is raw); a resolution that is not named is
  /// kept as long as the longest named one.
  package var ages: [Int64: Int64]

  package init(matchers: [Matcher], ages: [Int64: Int64]) {
    self.matchers = matchers
    self.ages = ages
  }

  /// Nil: for ever.
  package func age(of resolution: Int64) -> Int64? {
    ages[resolution] ?? ages.values.max()
  }
}
