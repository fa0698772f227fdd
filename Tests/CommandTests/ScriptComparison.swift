import _StringProcessing

/// Compares what a command printed with a script's block.
enum ScriptComparison {
  /// Nil where they agree, else a diff: `-` expected, `+` found.
  static func difference(_ expected: [String], _ found: String) -> String? {
    let foundLines = Script.block(of: found)
    let same = expected.count == foundLines.count
    if same, zip(expected, foundLines).allSatisfy({ matches($0, $1) }) { return nil }
    return diff(expected, foundLines).joined(separator: "\n")
  }

  static func matches(_ expected: String, _ found: String) -> Bool {
    guard expected.hasPrefix("~"), found != "~" else { return expected == found }
    let line = found.hasPrefix("\\") ? String(found.dropFirst()) : found
    // A pattern that cannot be read matches nothing; the diff shows it.
    guard let regex = try? Regex(String(expected.dropFirst())) else { return false }
    return line.wholeMatch(of: regex) != nil
  }

  /// By the longest common subsequence; texts here are a few hundred lines.
  static func diff(_ expected: [String], _ found: [String]) -> [String] {
    var longest = [[Int]](
      repeating: [Int](repeating: 0, count: found.count + 1), count: expected.count + 1)
    for i in expected.indices.reversed() {
      for j in found.indices.reversed() {
        longest[i][j] =
          matches(expected[i], found[j])
          ? longest[i + 1][j + 1] + 1 : max(longest[i + 1][j], longest[i][j + 1])
      }
    }
    var lines: [String] = []
    var (i, j) = (0, 0)
    while i < expected.count || j < found.count {
      if i < expected.count, j < found.count, matches(expected[i], found[j]) {
        lines.append("    \(found[j])")
        (i, j) = (i + 1, j + 1)
      } else if i < expected.count, j == found.count || longest[i + 1][j] >= longest[i][j + 1] {
        lines.append("  - \(expected[i])")
        i += 1
      } else {
        lines.append("  + \(found[j])")
        j += 1
      }
    }
    return lines
  }
}
