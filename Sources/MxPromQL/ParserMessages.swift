extension Parser {
  /// The error about the token at hand: what it is, inside what, and what should
  /// stand there.
  @inline(never)
  func unexpected(in place: String? = nil, expected: String? = nil) -> PromQLError {
    var message = "unexpected \(description(token))"
    if let place = place ?? (context == .aggregation ? "aggregation" : nil) {
      message += " in \(place)"
    }
    if let expected { message += ", expected \(expected)" }
    return PromQLError(message, token.range)
  }

  private func description(_ token: Token) -> String {
    switch token.kind {
    case .end: return "end of input"
    case .identifier: return "identifier \(Quoting.text(text(token)))"
    case .metricIdentifier: return "metric identifier \(Quoting.text(text(token)))"
    case .string: return "string \(shortened(token))"
    case .number: return "number \(shortened(token))"
    case .duration: return "duration \(shortened(token))"
    case .leftParen, .rightParen, .leftBrace, .rightBrace, .leftBracket, .rightBracket, .comma,
      .colon, .assign, .start, .finish, .step, .range, .minOf, .maxOf:
      return Quoting.text(text(token))
    case .regex, .notRegex, .atSign: return "<op:\(string(token))>"
    default:
      if token.kind.binaryOperator != nil { return "<op:\(string(token))>" }
      if token.kind.aggregateOperator != nil { return "<aggr:\(string(token))>" }
      return "<\(string(token))>"
    }
  }

  /// At most ten characters of a literal.
  private func shortened(_ token: Token) -> String {
    let found = string(token)
    if found.utf8.count <= 10 { return Quoting.text(found) }
    return Quoting.text(String(found.unicodeScalars.prefix(10))) + "..."
  }

  @inline(never)
  func unknownFunction(_ name: Token) -> PromQLError {
    let found = string(name)
    var error = PromQLError("unknown function with name \(Quoting.text(found))", name.range)
    if let near = NearNames.function(like: found) { error.hint = "did you mean '\(near)'?" }
    return error
  }
}

/// Which known name a misspelt one may stand for.
enum NearNames {
  /// Functions that have another name now.
  private static let renamed = [
    "count_scalar": "count",
    "drop_common_labels": "sum without",
    "median_over_time": "quantile_over_time",
    "median": "quantile",
    "mean": "avg",
    "average": "avg",
    "distinct": "group",
  ]

  /// The nearest function or aggregator, nil if none is near.
  static func function(like name: String) -> String? {
    if let known = renamed[name.lowercased()] { return known }
    let names = FunctionSignature.table.map(\.name) + AggregateOperator.allCases.map(\.name)
    return nearest(to: name, among: names)
  }

  /// Of `candidates`, the one that the fewest edits make of `name`: at most a third
  /// of its letters, at most three. Case does not count; of equals the one that goes on
  /// from what was typed is nearer: `rat` is `rate` cut short, not `rad`.
  static func nearest(to name: String, among candidates: [String]) -> String? {
    guard name.utf8.count <= 64 else { return nil }
    let wanted = Array(name.lowercased().utf8)
    var best: String?
    var fewest = min(3, max(1, wanted.count / 3)) + 1
    for candidate in candidates {
      let bytes = Array(candidate.lowercased().utf8)
      let edits = distance(wanted, bytes)
      if edits < fewest || edits == fewest && best != nil && bytes.starts(with: wanted) {
        fewest = edits
        best = candidate
      }
    }
    return best
  }

  /// Insertions, deletions, replacements and swaps of neighbours.
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    if left.isEmpty || right.isEmpty { return left.count + right.count }
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for i in 1...left.count {
      var row = [i]
      row.reserveCapacity(right.count + 1)
      for j in 1...right.count {
        var cost = min(last[j], row[j - 1]) + 1
        cost = min(cost, last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1))
        if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
          cost = min(cost, beforeLast[j - 2] + 1)
        }
        row.append(cost)
      }
      (beforeLast, last) = (last, row)
    }
    return last[right.count]
  }
}
