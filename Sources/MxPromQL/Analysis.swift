import MxModel

/// A selector where it is used.
package struct SelectorUse: Hashable, Sendable {
  package var selector: Selector
  /// Nil for an instant selector.
  package var range: DurationValue?
  /// The function whose argument it is (parentheses aside), nil under an operator, an
  /// aggregation or at the top.
  package var function: FunctionID?
  /// The subqueries around it, from the outermost in.
  package var subqueries: [SubqueryFrame]
}

/// What a subquery does to the times of what is inside.
package struct SubqueryFrame: Hashable, Sendable {
  package var range: DurationValue
  package var step: DurationValue?
  package var offset: DurationValue
  package var at: AtModifier?
}

extension Expr {
  /// Every selector, in the order they are written. The labels that `info` is given
  /// pick what it adds, and count too.
  package var selectors: [SelectorUse] {
    var found: [SelectorUse] = []
    collect(into: &found, function: nil, subqueries: [])
    return found
  }

  private func collect(
    into found: inout [SelectorUse], function: FunctionID?, subqueries: [SubqueryFrame]
  ) {
    switch self {
    case .selector(let node):
      found.append(
        SelectorUse(selector: node, range: nil, function: function, subqueries: subqueries))
    case .range(let node):
      found.append(
        SelectorUse(
          selector: node.selector, range: node.range, function: function, subqueries: subqueries))
    case .subquery(let node):
      let frame = SubqueryFrame(
        range: node.range, step: node.step, offset: node.offset, at: node.at)
      node.inner.collect(into: &found, function: nil, subqueries: subqueries + [frame])
    case .parentheses(let node):
      node.inner.collect(into: &found, function: function, subqueries: subqueries)
    case .call(let node):
      for argument in node.arguments {
        argument.collect(into: &found, function: node.function, subqueries: subqueries)
      }
    default:
      for child in children { child.collect(into: &found, function: nil, subqueries: subqueries) }
    }
  }

  /// The metrics that are asked for by name (`=`), sorted. A selector that picks its
  /// metrics otherwise adds nothing here; see `selectsUnnamedMetrics`.
  package var metricNames: [String] {
    Set(selectors.compactMap(\.selector.metricName)).sorted()
  }

  /// Whether some selector may find metrics that `metricNames` does not list.
  package var selectsUnnamedMetrics: Bool {
    selectors.contains { $0.selector.metricName == nil }
  }

  /// Whether the value is the same at every step of one range query: everything that
  /// looks at data is fixed by `@`, and nothing looks at the clock.
  package var isStepInvariant: Bool {
    switch self {
    case .number, .string: return true
    case .selector(let node): return node.at != nil
    case .range(let node): return node.selector.at != nil
    // With `@` the inner times are fixed, whatever they are used for.
    case .subquery(let node): return node.at != nil
    case .call(let node):
      if node.readsClock { return false }
      return node.arguments.allSatisfy(\.isStepInvariant)
    default: return children.allSatisfy(\.isStepInvariant)
    }
  }

  /// Whether the query's own start, end, step or range is used: by `@`, in a duration
  /// or as a value. Such an expression means something else in another range query.
  package var dependsOnQueryTimes: Bool {
    contains { expr in
      switch expr {
      case .selector(let node): return node.dependsOnQueryTimes
      case .range(let node):
        return node.selector.dependsOnQueryTimes || node.range.isComputed
      case .subquery(let node):
        return node.range.isComputed || node.step?.isComputed == true || node.offset.isComputed
          || node.at == .start || node.at == .end
      case .call(let node):
        switch node.function {
        case .start, .end, .step, .range: return true
        default: return false
        }
      default: return false
      }
    }
  }
}

extension Selector {
  fileprivate var dependsOnQueryTimes: Bool {
    offset.isComputed || at == .start || at == .end
  }
}

extension DurationValue {
  fileprivate var isComputed: Bool { fixedMilliseconds == nil }
}

extension Call {
  /// Whether the result depends on the evaluation's own time even where the arguments
  /// do not.
  package var readsClock: Bool {
    switch function {
    case .time, .predictLinear: return true
    case .timestamp:
      // Of a selector it is the sample's time, of anything else the evaluation's.
      if case .selector? = arguments.first?.unwrapped { return false }
      return true
    case .minute, .hour, .dayOfWeek, .dayOfMonth, .dayOfYear, .daysInMonth, .month, .year:
      return arguments.isEmpty
    default: return false
    }
  }

  /// Why an `anchored` or `smoothed` range is no argument for this function, nil where
  /// there is none or it is. An error of evaluation in Prometheus, not of parsing.
  package var extendedRangeProblem: String? {
    for argument in arguments {
      guard case .range(let node) = argument.unwrapped else { continue }
      let allowed: [FunctionID]
      let word: String
      switch node.selector.extent {
      case .none: continue
      case .anchored:
        allowed = [.changes, .delta, .increase, .rate, .resets]
        word = "anchored"
      case .smoothed:
        allowed = [.delta, .increase, .rate]
        word = "smoothed"
      }
      if allowed.contains(function) { continue }
      let names = allowed.map(\.name).joined(separator: ", ")
      return "\(word) modifier can only be used with: \(names) - not with \(function.name)"
    }
    return nil
  }
}
