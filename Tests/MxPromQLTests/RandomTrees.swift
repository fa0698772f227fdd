import MxModel
import MxPromQL

/// Makes well-typed trees, without parentheses: the printer must find where they are
/// needed.
struct RandomTrees {
  var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  private mutating func pick<T>(_ choices: [T]) -> T {
    choices[Int.random(in: 0..<choices.count, using: &generator)]
  }

  private mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &generator) < percent
  }

  mutating func expr(_ depth: Int) -> Expr {
    switch Int.random(in: 0..<20, using: &generator) {
    case 0: scalar(depth)
    case 1: matrix(depth)
    case 2: .string(string())
    default: vector(depth)
    }
  }

  mutating func vector(_ depth: Int) -> Expr {
    if depth <= 0 { return .selector(selector()) }
    switch Int.random(in: 0..<10, using: &generator) {
    case 0, 1, 2: return binary(depth)
    case 3: return .unary(UnaryExpr(pick([.plus, .minus]), vector(depth - 1)))
    case 4, 5: return aggregation(depth)
    case 6, 7, 8: return call(returning: .vector, depth)
    default: return .selector(selector())
    }
  }

  mutating func scalar(_ depth: Int) -> Expr {
    if depth <= 0 { return .number(number()) }
    switch Int.random(in: 0..<6, using: &generator) {
    case 0, 1:
      let op = pick(BinaryOperator.allCases.filter { !$0.isSet })
      return .binary(
        BinaryExpr(op, scalar(depth - 1), scalar(depth - 1), returnsBool: op.isComparison))
    case 2: return .unary(UnaryExpr(pick([.plus, .minus]), call(returning: .scalar, depth)))
    case 3: return call(returning: .scalar, depth)
    default: return .number(number())
    }
  }

  mutating func matrix(_ depth: Int) -> Expr {
    if depth <= 0 || chance(60) {
      return .range(RangeSelector(selector(), range: duration(positive: true)))
    }
    return .subquery(
      Subquery(
        vector(depth - 1), range: duration(positive: true),
        step: chance(50) ? duration(positive: true) : nil,
        offset: chance(30) ? duration(positive: false) : .zero, at: chance(30) ? at() : nil))
  }

  private mutating func number() -> NumberLiteral {
    switch Int.random(in: 0..<8, using: &generator) {
    case 0:
      NumberLiteral(pick([.infinity, -.infinity, .nan, 0, -0.0, 1e300, .leastNonzeroMagnitude]))
    case 1:
      NumberLiteral(
        Double(Int64.random(in: -9_000_000...9_000_000, using: &generator)) / 1000,
        isDuration: true)
    case 2: NumberLiteral(Double.random(in: -1e6...1e6, using: &generator))
    case 3:
      NumberLiteral(
        Double(bitPattern: UInt64.random(in: 0...0x7FE0_0000_0000_0000, using: &generator)))
    default: NumberLiteral(Double(Int.random(in: -5...20, using: &generator)))
    }
  }

  private mutating func text() -> String {
    let pieces = [
      "a", "b.c", " ", "\"", "'", "`", "\\", "\n", "\t", "é", "日", "😀", "{", "#", "\u{7}",
      "\u{200B}",
      "1", "_", "$x", "\u{0}",
    ]
    return (0..<Int.random(in: 0...4, using: &generator)).map { _ in pick(pieces) }.joined()
  }

  private mutating func string() -> StringLiteral {
    if chance(80) { return StringLiteral(text()) }
    return StringLiteral(
      bytes: (0..<3).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }

  private mutating func name() -> String {
    if chance(10) { return "x" + text() }
    return pick([
      "up", "a", "job:x:y", "sum", "on", "bool", "offset", "start", "inf", "NaN", "fill", "rate",
      "group_left", "step", "a_total", ":",
    ])
  }

  private mutating func label() -> String {
    if chance(10) { return "l" + text() }
    return pick(["job", "by", "on", "inf", "nan", "le", "x_y", "without", "fill", "A9"])
  }

  private mutating func labels() -> [String] {
    (0..<Int.random(in: 0...3, using: &generator)).map { _ in label() }
  }

  private mutating func matcher() -> Matcher {
    let op: MatchOperator = pick([.equal, .notEqual, .regex, .notRegex])
    let isRegex = op == .regex || op == .notRegex
    let value = isRegex ? pick(["a.*", ".+", "a|b", "", "[x\"]", "\\\\d"]) : text()
    do {
      return try Matcher(label(), op, value)
    } catch {
      return Matcher(equal: "bad", "regex")
    }
  }

  mutating func selector() -> Selector {
    var matchers: [Matcher] = [Matcher(equal: LabelName.metric, name())]
    if chance(15) { matchers = [Matcher(equal: "job", "x")] }
    if chance(50) {
      matchers += (0..<Int.random(in: 1...3, using: &generator)).map { _ in matcher() }
    }
    if chance(5), let more = try? Matcher(LabelName.metric, .notRegex, "b.*") {
      matchers.append(more)
    }
    var result = Selector(matchers)
    if chance(20) { result.offset = duration(positive: false) }
    if chance(15) { result.at = at() }
    if chance(10) { result.extent = pick([.anchored, .smoothed]) }
    return result
  }

  private mutating func at() -> AtModifier {
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: .start
    case 1: .end
    default: .time(Int64.random(in: -2_000_000_000_000...2_000_000_000_000, using: &generator))
    }
  }

  private mutating func duration(positive: Bool) -> DurationValue {
    if chance(80) {
      let size: Int64 = pick([10, 1000, 100_000, 10_000_000, 50_000_000_000])
      return .fixed(Int64.random(in: (positive ? 1 : -size)...size, using: &generator))
    }
    var expr = durationExpr(3)
    while expr.isConstant { expr = durationExpr(3) }
    return .computed(expr)
  }

  private mutating func durationExpr(_ depth: Int) -> DurationExpr {
    switch depth <= 0 ? 0 : Int.random(in: 0..<6, using: &generator) {
    case 0:
      return .seconds(
        Literal(Double(Int.random(in: -5...5000, using: &generator)) / pick([1, 10, 1000])),
        isDuration: chance(50))
    case 1: return .step
    case 2: return .range
    case 3:
      let inner = durationExpr(depth - 1)
      // The parser makes a negative number of a sign and a number.
      if case .seconds = inner { return inner }
      return .unary(.minus, inner)
    default:
      let op = pick(DurationExpr.Operator.allCases)
      let right = durationExpr(depth - 1)
      if case .seconds(let literal, _) = right, literal.value == 0 { return .step }
      return .binary(op, durationExpr(depth - 1), right)
    }
  }

  private mutating func binary(_ depth: Int) -> Expr {
    let op = pick(BinaryOperator.allCases)
    let returnsBool = op.isComparison && chance(30)
    if !op.isSet, chance(30) {
      let (left, right) =
        chance(50)
        ? (vector(depth - 1), scalar(depth - 1)) : (scalar(depth - 1), vector(depth - 1))
      return .binary(BinaryExpr(op, left, right, returnsBool: returnsBool))
    }
    var matching = VectorMatching(isOn: chance(40), labels: chance(60) ? labels() : [])
    if !op.isSet {
      matching.cardinality = pick([.oneToOne, .oneToOne, .manyToOne, .oneToMany])
      if matching.cardinality != .oneToOne {
        let used = Set(matching.labels)
        matching.include = labels().filter { !used.contains($0) }
      }
      if chance(15) { matching.fillLeft = Literal(pick([0, -1.5, .nan, .infinity])) }
      if chance(15) { matching.fillRight = Literal(pick([0, -1.5, .nan, -.infinity])) }
    }
    return .binary(
      BinaryExpr(
        op, vector(depth - 1), vector(depth - 1), returnsBool: returnsBool, matching: matching))
  }

  private mutating func aggregation(_ depth: Int) -> Expr {
    let op = pick(AggregateOperator.allCases)
    let parameter: Expr? =
      switch op.parameterType {
      case .scalar: scalar(depth - 1)
      case .string: .string(string())
      default: nil
      }
    let grouping: Aggregation.Grouping =
      chance(40) ? .all : chance(50) ? .by(labels()) : .without(labels())
    return .aggregate(
      Aggregation(op, parameter: parameter, vector(depth - 1), grouping: grouping))
  }

  private mutating func call(returning type: ValueType, _ depth: Int) -> Expr {
    let function = pick(FunctionID.allCases.filter { $0.signature.returnType == type })
    let signature = function.signature
    let most = min(signature.maximumArguments, signature.minimumArguments + 3)
    let count = Int.random(in: signature.minimumArguments...most, using: &generator)
    var arguments: [Expr] = []
    for index in 0..<count {
      if function == .info, index == 1 {
        arguments.append(.selector(Selector([matcher(), matcher()])))
        continue
      }
      switch signature.argumentType(index) {
      case .vector: arguments.append(vector(depth - 1))
      case .matrix: arguments.append(matrix(depth - 1))
      case .scalar: arguments.append(scalar(depth - 1))
      default: arguments.append(.string(string()))
      }
    }
    return .call(Call(function, arguments))
  }
}
