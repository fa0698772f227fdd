import MxModel
import MxPromQL

extension Evaluator {
  /// `timestamp(v)`: when each sample was taken; for anything but a plain selector
  /// that is the evaluation time.
  func timestamp(_ node: Call, _ grid: Grid) throws -> VectorStream {
    if case .selector(let selector) = node.arguments[0].unwrapped, selector.extent == .none {
      return try droppingName(selectorStream(selector, grid, aspect: .time))
    }
    let stream = try vector(node.arguments[0], grid).mapping { _, row in
      for step in row.indices where Absent.isPresent(row[step]) {
        row[step] = Double(grid.time(step)) / 1000
      }
    }
    return try droppingName(stream)
  }

  /// `start_timestamp(v)`: known of selected samples alone.
  func startTimestamp(_ node: Call, _ grid: Grid) throws -> VectorStream {
    guard case .selector(let selector) = node.arguments[0].unwrapped, selector.extent == .none,
      options.usesStartTimes
    else { return .empty(steps: grid.count) }
    return try droppingName(selectorStream(selector, grid, aspect: .startTime))
  }

  /// `hour()` and its like: of the evaluation time, or of each element's value.
  func calendar(_ node: Call, _ grid: Grid) throws -> VectorStream {
    let function = node.function
    let argument: VectorStream
    if let expr = node.arguments.first {
      argument = try vector(expr, grid)
    } else {
      argument = constant(
        ScalarColumn(values: (0..<grid.count).map { Double(grid.time($0)) / 1000 }), grid)
    }
    let stream = argument.mapping { _, row in
      for step in row.indices where Absent.isPresent(row[step]) {
        row[step] = Calendar.part(function, row[step])
      }
    }
    return try droppingName(stream)
  }
}

/// Parts of UTC dates.
private enum Calendar {
  /// Beyond this many seconds (a million years) the calendar is not computed.
  private static let limit = 31_556_952e6

  static func part(_ function: FunctionID, _ seconds: Double) -> Double {
    guard seconds.magnitude <= limit else { return OrdinaryNaN.value }
    let whole = Int64(seconds.rounded(.towardZero))
    let day = CivilDay(milliseconds: whole * 1000)
    let inDay = whole - day.number * 86_400
    switch function {
    case .minute: return Double(inDay / 60 % 60)
    case .hour: return Double(inDay / 3600)
    case .dayOfWeek: return Double(day.weekday)
    case .dayOfMonth: return Double(day.day)
    case .dayOfYear: return Double(day.dayOfYear)
    case .daysInMonth: return Double(day.daysInMonth)
    case .month: return Double(day.month)
    default: return Double(day.year)
    }
  }
}
