/// "Did you mean": the closest of the words that would have been right.
package enum Suggestion {
  /// The candidate nearest to `word`, or nil when none is near enough.
  ///
  /// The only candidate that `word` is the start of is nearest of all.
  /// Near enough is one edit for three letters, two for up to eight, three
  /// beyond: more would suggest words that have nothing to do with it.
  package static func nearest(to word: String, among candidates: [String]) -> String? {
    let continued = candidates.filter { $0.hasPrefix(word) }
    if word.utf8.count > 2, continued.count == 1 { return continued.first }
    let typed = Array(word.utf8.prefix(maximumLength))
    let allowed = typed.count <= 3 ? 1 : typed.count <= 8 ? 2 : 3
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
      let found = distance(typed, Array(candidate.utf8.prefix(maximumLength)))
      if found <= allowed, found < best?.distance ?? .max { best = (found, candidate) }
    }
    return best?.candidate
  }

  /// The candidates near enough to `word`, nearest first, at most `count`; words that
  /// contain what was typed count as near, too.
  package static func nearest(
    to word: String, among candidates: [String], count: Int
  ) -> [String] {
    let typed = Array(word.utf8.prefix(maximumLength))
    let allowed = typed.count <= 4 ? 1 : typed.count <= 8 ? 2 : 3
    var near: [(distance: Int, candidate: String)] = []
    for candidate in candidates {
      let bytes = Array(candidate.utf8.prefix(maximumLength))
      // Lengths alone rule most of a hundred thousand names out.
      if abs(bytes.count - typed.count) <= allowed {
        let found = distance(typed, bytes)
        if found <= allowed {
          near.append((found, candidate))
          continue
        }
      }
      if typed.count >= 4, candidate.utf8.count > typed.count, candidate.contains(word) {
        near.append((allowed + 1, candidate))
      }
    }
    return near.sorted { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }
      .prefix(count).map(\.candidate)
  }

  /// `did you mean 'a', 'b' or 'c'?`, nil where nothing is near.
  package static func hint(for word: String, among candidates: [String], count: Int) -> String? {
    let near = nearest(to: word, among: candidates, count: count).map { "'\($0)'" }
    guard let last = near.last else { return nil }
    if near.count == 1 { return "did you mean \(last)?" }
    return "did you mean \(near.dropLast().joined(separator: ", ")) or \(last)?"
  }

  /// `did you mean 'x'?`, ready to be a hint.
  package static func hint(for word: String, among candidates: [String]) -> String? {
    nearest(to: word, among: candidates).map { "did you mean '\($0)'?" }
  }

  /// Words are compared up to this many bytes: the cost is quadratic and a
  /// megabyte may be pasted as an option.
  static let maximumLength = 64

  /// Insertions, deletions, replacements and swaps of neighbours between two words.
  static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforePrevious = [Int](repeating: 0, count: b.count + 1)
    var previous = Array(0...b.count)
    for i in 1...a.count {
      var row = [i] + [Int](repeating: 0, count: b.count)
      for j in 1...b.count {
        let replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        var cost = min(previous[j] + 1, row[j - 1] + 1, replaced)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          cost = min(cost, beforePrevious[j - 2] + 1)
        }
        row[j] = cost
      }
      beforePrevious = previous
      previous = row
    }
    return previous[b.count]
  }
}
