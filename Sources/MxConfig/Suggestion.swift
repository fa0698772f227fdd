/// Finds what somebody meant who wrote something else.
package enum Suggestion {
  /// The candidate that is fewest edits away, if that is near enough.
  package static func nearest(to word: String, among candidates: [String]) -> String? {
    let limit = max(1, word.utf8.count / 3)
    let ranked = candidates.map { (distance: distance(word, $0), word: $0) }
      .filter { $0.distance <= limit && $0.distance < $0.word.utf8.count }
    return ranked.min { ($0.distance, $0.word) < ($1.distance, $1.word) }?.word
  }

  /// Insertions, deletions, replacements and swaps of neighbours; letters of
  /// either case are near, but not equal. Long words are far from everything.
  static func distance(_ first: String, _ second: String) -> Int {
    let left = Array(first.utf8)
    let right = Array(second.utf8)
    if left == right { return 0 }
    guard left.count <= 64, right.count <= 64 else { return .max }
    if first.lowercased() == second.lowercased() { return 1 }
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for i in 0..<left.count {
      var row = [i + 1]
      for j in 0..<right.count {
        var best = min(last[j + 1], row[j]) + 1
        best = min(best, last[j] + (left[i] == right[j] ? 0 : 1))
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
          best = min(best, beforeLast[j - 1] + 1)
        }
        row.append(best)
      }
      beforeLast = last
      last = row
    }
    return last[right.count]
  }
}
