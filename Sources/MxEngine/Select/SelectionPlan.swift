import MxModel
import MxPromQL

/// When a selector looks, once `@` and `offset` are applied.
struct Reference {
  /// The shifted evaluation times; one alone where `@` fixes it.
  var grid: Grid
  var isPinned: Bool
}

/// What the times of the whole query are: `start()`, `end()`, `step()`, `range()`.
struct QueryTimes: Sendable {
  var start: Int64
  var end: Int64
  var step: Int64

  var durations: DurationContext { DurationContext(step: step, range: end - start) }

  /// Of an offset, or (`isWidth`) of a range or step, which must be more than zero.
  func milliseconds(
    _ duration: DurationValue, isWidth: Bool = true, at place: SourceRange = .none
  ) throws -> Int64 {
    SafeTime.bounded(try duration.milliseconds(durations, mustBePositive: isWidth, at: place))
  }

  func reference(
    _ grid: Grid, at: AtModifier?, offset: DurationValue, place: SourceRange = .none
  ) throws -> Reference {
    let offset = try milliseconds(offset, isWidth: false, at: place)
    guard let at else {
      let first = SafeTime.shifted(grid.first, by: offset)
      return Reference(
        grid: Grid(first: first, step: grid.step, count: grid.count), isPinned: false)
    }
    let pinned: Int64
    switch at {
    case .time(let time): pinned = time
    case .start: pinned = start
    case .end: pinned = end
    }
    let time = SafeTime.shifted(pinned, by: offset)
    return Reference(grid: Grid(first: time, step: 0, count: 1), isPinned: true)
  }
}

/// The times at which a subquery evaluates what is inside, and its windows.
struct SubqueryTimes {
  /// Absolute multiples of the step.
  var inner: Grid
  var windows: Reference
  var range: Int64

  init(_ node: Subquery, _ grid: Grid, _ times: QueryTimes, _ options: EngineOptions) throws {
    let place = node.position
    range = try times.milliseconds(node.range, at: place)
    windows = try times.reference(grid, at: node.at, offset: node.offset, place: place)
    var step = try node.step.map { try times.milliseconds($0, at: place) } ?? options.subqueryStep
    if step <= 0 { step = max(1, options.subqueryStep) }
    let start = windows.grid.first - range
    var first = step * (start / step)
    if first <= start { first += step }
    let last = windows.grid.last
    let count = first > last ? 0 : (last - first) / step + 1
    guard count <= Int64(options.maximumSteps) else {
      throw EngineError.limit(
        "subquery needs \(count) steps, at most \(options.maximumSteps) are allowed; widen its "
          + "step or shorten its range")
    }
    inner = Grid(first: first, step: step, count: Int(count))
  }
}

/// Which selectors a query has and what each reads, found before anything is read
/// so that the source is asked once.
struct SelectionPlan {
  struct Key: Hashable {
    var matchers: [Matcher]
    var range: TimeRange
  }

  private(set) var keys: [Key: Int] = [:]
  private(set) var requests: [SelectRequest] = []
  private let times: QueryTimes
  private let options: EngineOptions

  init(_ expr: Expr, _ grid: Grid, _ times: QueryTimes, _ options: EngineOptions) throws {
    self.times = times
    self.options = options
    try visit(expr, grid, SelectHints())
  }

  /// What an instant selector may look at.
  static func range(
    _ selector: Selector, _ grid: Grid, _ times: QueryTimes, _ options: EngineOptions
  ) throws -> TimeRange {
    let reference = try times.reference(
      grid, at: selector.at, offset: selector.offset, place: selector.position
    ).grid
    if selector.extent == .smoothed {
      let reach = options.lookback.base
      return TimeRange(from: reference.first - reach + 1, to: reference.last + reach)
    }
    let oldest =
      switch options.lookback {
      case .fixed(let reach): reference.first - reach + 1
      // At most so old, and that is still old enough.
      case .automatic: reference.first - options.lookback.longest
      }
    return TimeRange(from: oldest, to: reference.last)
  }

  /// What a range selector may look at.
  static func range(
    _ node: RangeSelector, _ grid: Grid, _ times: QueryTimes, _ options: EngineOptions
  ) throws -> TimeRange {
    let selector = node.selector
    let reference = try times.reference(
      grid, at: selector.at, offset: selector.offset, place: selector.position
    ).grid
    let width = try times.milliseconds(node.range, at: node.position)
    var range = TimeRange(from: reference.first - width + 1, to: reference.last)
    if selector.extent != .none { range.from -= options.lookback.base }
    if selector.extent == .smoothed { range.to += options.lookback.base }
    // The window before stands in for one that does not fit.
    if options.approximates { range.from -= SelectionPlan.widestWindow }
    return range
  }

  /// Of a tier, ms.
  private static let widestWindow: Int64 = 86_400_000

  private mutating func add(_ matchers: [Matcher], _ range: TimeRange, _ hints: SelectHints) {
    let key = Key(matchers: matchers, range: range)
    if let known = keys[key] {
      // Wanted twice for different ends: the source may presume nothing.
      if requests[known].hints != hints { requests[known].hints = SelectHints() }
      return
    }
    keys[key] = requests.count
    requests.append(SelectRequest(matchers, range: range, hints: hints))
  }

  private mutating func visit(_ expr: Expr, _ outer: Grid, _ hints: SelectHints) throws {
    let grid = Evaluator.gridNeeded(expr, outer)
    var hints = hints
    hints.step = grid.step
    hints.firstStep = grid.first
    hints.lastStep = grid.last
    switch expr {
    case .number, .string: return
    case .selector(let node):
      hints.window = 0
      add(node.matchers, try SelectionPlan.range(node, grid, times, options), hints)
    case .range(let node):
      hints.window = try times.milliseconds(node.range, at: node.position)
      add(node.selector.matchers, try SelectionPlan.range(node, grid, times, options), hints)
    case .subquery(let node):
      let inner = try SubqueryTimes(node, grid, times, options).inner
      if inner.count > 0 { try visit(node.inner, inner, SelectHints()) }
    case .unary(let node): try visit(node.operand, grid, SelectHints())
    case .parentheses(let node): try visit(node.inner, grid, hints)
    case .binary(let node):
      try visit(node.left, grid, SelectHints())
      try visit(node.right, grid, SelectHints())
    case .call(let node):
      try visit(node, grid, hints.grouping)
    case .aggregate(let node):
      var below = SelectHints()
      if case .by(let labels) = node.grouping { below.grouping = labels }
      if case .all = node.grouping { below.grouping = [] }
      if node.op.keepsSeries { below.grouping = nil }
      if let parameter = node.parameter { try visit(parameter, grid, SelectHints()) }
      try visit(node.argument, grid, below)
    }
  }

  private mutating func visit(_ node: Call, _ grid: Grid, _ grouping: [String]?) throws {
    for (index, argument) in node.arguments.enumerated() {
      if node.function == .info, index == 1 { continue }
      var hints = SelectHints()
      hints.function = node.function.name
      // Only a function of ranges directly below an aggregation loses the labels too.
      if case .range = argument.unwrapped { hints.grouping = grouping }
      try visit(argument, grid, hints)
    }
    if node.function == .info {
      let request = try InfoSelector(node, grid, times)
      add(request.matchers, try request.range(times, options), SelectHints())
    }
  }
}

extension AggregateOperator {
  /// Those whose results are some of their inputs, with all labels.
  var keepsSeries: Bool {
    switch self {
    case .topk, .bottomk, .limitk, .limitRatio: true
    default: false
    }
  }
}
