/// The operators between two expressions.
package enum BinaryOperator: UInt8, Hashable, Sendable, CaseIterable {
  case add, subtract, multiply, divide, modulo, power, atan2
  case equal, notEqual, greater, less, greaterOrEqual, lessOrEqual
  case and, or, unless
  /// `</`: cuts the observations above a bound off a native histogram.
  case trimUpper
  /// `>/`: cuts those below.
  case trimLower

  /// As written between two operands.
  package var symbol: String {
    switch self {
    case .add: "+"
    case .subtract: "-"
    case .multiply: "*"
    case .divide: "/"
    case .modulo: "%"
    case .power: "^"
    case .atan2: "atan2"
    case .equal: "=="
    case .notEqual: "!="
    case .greater: ">"
    case .less: "<"
    case .greaterOrEqual: ">="
    case .lessOrEqual: "<="
    case .and: "and"
    case .or: "or"
    case .unless: "unless"
    case .trimUpper: "</"
    case .trimLower: ">/"
    }
  }

  /// How tightly it binds, from 1 (`or`) to 6 (`^`).
  package var precedence: Int {
    switch self {
    case .or: 1
    case .and, .unless: 2
    case .equal, .notEqual, .greater, .less, .greaterOrEqual, .lessOrEqual, .trimUpper, .trimLower:
      3
    case .add, .subtract: 4
    case .multiply, .divide, .modulo, .atan2: 5
    case .power: 6
    }
  }

  /// `2^3^2` is `2^(3^2)`; all others group from the left.
  package var isRightAssociative: Bool { self == .power }

  /// Those that filter, or answer 0 and 1 with `bool`.
  package var isComparison: Bool {
    switch self {
    case .equal, .notEqual, .greater, .less, .greaterOrEqual, .lessOrEqual: true
    default: false
    }
  }

  /// `and`, `or`, `unless`: on whole elements, not on their values.
  package var isSet: Bool { self == .and || self == .or || self == .unless }
}

/// `-x` and `+x`.
package enum UnaryOperator: UInt8, Hashable, Sendable {
  case plus, minus

  package var symbol: String { self == .plus ? "+" : "-" }

  /// Where a unary sign stands among binary operators: beside `*`, so that
  /// `-a ^ b` is `-(a ^ b)` and `-a * b` is `(-a) * b`.
  package static let precedence = 5
}

/// The aggregations over groups of series.
package enum AggregateOperator: UInt8, Hashable, Sendable, CaseIterable {
  case sum, avg, min, max, count, group, stddev, stdvar
  case topk, bottomk, quantile, countValues, limitk, limitRatio

  package var name: String {
    switch self {
    case .sum: "sum"
    case .avg: "avg"
    case .min: "min"
    case .max: "max"
    case .count: "count"
    case .group: "group"
    case .stddev: "stddev"
    case .stdvar: "stdvar"
    case .topk: "topk"
    case .bottomk: "bottomk"
    case .quantile: "quantile"
    case .countValues: "count_values"
    case .limitk: "limitk"
    case .limitRatio: "limit_ratio"
    }
  }

  /// The type of the argument before the vector, nil where there is none.
  package var parameterType: ValueType? {
    switch self {
    case .topk, .bottomk, .quantile, .limitk, .limitRatio: .scalar
    case .countValues: .string
    default: nil
    }
  }

  package var isExperimental: Bool { self == .limitk || self == .limitRatio }
}

/// How the elements of two vectors find each other.
package struct VectorMatching: Hashable, Sendable {
  package enum Cardinality: UInt8, Hashable, Sendable {
    case oneToOne
    /// `group_left`: many elements on the left for one on the right.
    case manyToOne
    /// `group_right`.
    case oneToMany
    /// The set operators.
    case manyToMany
  }

  package var cardinality: Cardinality
  /// `on (labels)`; else `ignoring (labels)`, also where nothing was written.
  package var isOn: Bool
  package var labels: [String]
  /// The labels in the parentheses of `group_left` or `group_right`.
  package var include: [String]
  /// The value of elements missing on the left (`fill_left`, `fill`), nil for none.
  package var fillLeft: Literal?
  package var fillRight: Literal?

  package init(
    cardinality: Cardinality = .oneToOne, isOn: Bool = false, labels: [String] = [],
    include: [String] = [], fillLeft: Literal? = nil, fillRight: Literal? = nil
  ) {
    self.cardinality = cardinality
    self.isOn = isOn
    self.labels = labels
    self.include = include
    self.fillLeft = fillLeft
    self.fillRight = fillRight
  }
}

/// A number as a constant of the query. NaN equals NaN, so that expressions
/// can be compared; 0 and -0 differ.
package struct Literal: Hashable, Sendable {
  package var value: Double

  package init(_ value: Double) { self.value = value }

  private var bits: UInt64 { value.isNaN ? .max : value.bitPattern }

  package static func == (left: Literal, right: Literal) -> Bool { left.bits == right.bits }
  package func hash(into hasher: inout Hasher) { hasher.combine(bits) }
}
