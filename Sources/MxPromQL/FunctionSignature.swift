import Glibc

/// What a function takes and gives.
package struct FunctionSignature: Sendable {
  package let id: FunctionID
  private let staticName: StaticString
  /// One letter an argument; see `table`.
  private let letters: StaticString
  /// Negative where the letters say it.
  private let minimum: Int
  private let maximum: Int
  package let returnType: ValueType
  package let isExperimental: Bool

  package static let unlimited = Int.max

  /// Plain assignments: the whole table is then data in the program, and costs a
  /// process that asks one question nothing.
  @inline(__always)
  init(
    _ id: FunctionID, _ name: StaticString, _ letters: StaticString, _ returnType: ValueType,
    minimum: Int = -1, maximum: Int = -1, experimental: Bool = false
  ) {
    self.id = id
    self.staticName = name
    self.letters = letters
    self.minimum = minimum
    self.maximum = maximum
    self.returnType = returnType
    self.isExperimental = experimental
  }

  package var minimumArguments: Int { minimum < 0 ? letters.utf8CodeUnitCount : minimum }

  /// `unlimited` for `label_join` and its like.
  package var maximumArguments: Int { maximum < 0 ? letters.utf8CodeUnitCount : maximum }

  package var name: String { staticName.description }

  /// The type of argument `index`, which may be past the letters of a function
  /// with many arguments. Nil for a function without any.
  package func argumentType(_ index: Int) -> ValueType? {
    let count = letters.utf8CodeUnitCount
    guard count > 0 else { return nil }
    switch letters.utf8Start[min(index, count - 1)] {
    case UInt8(ascii: "v"): return .vector
    case UInt8(ascii: "m"): return .matrix
    case UInt8(ascii: "s"): return .scalar
    default: return .string
    }
  }

  /// The function of that name; names are case-sensitive. `holt_winters`, as it was
  /// called before Prometheus 3, still means `double_exponential_smoothing`: the rules
  /// and dashboards that people bring have it.
  package static func find(_ name: UnsafeBufferPointer<UInt8>) -> FunctionID? {
    if name.elementsEqual("holt_winters".utf8) { return .doubleExponentialSmoothing }
    var low = 0
    var high = table.count
    while low < high {
      let middle = (low + high) / 2
      let order = table[middle].compare(name)
      if order == 0 { return table[middle].id }
      if order < 0 { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  package static func find(_ name: String) -> FunctionID? {
    var name = name
    return name.withUTF8 { find($0) }
  }

  /// Negative where this function's name sorts before `name`.
  private func compare(_ name: UnsafeBufferPointer<UInt8>) -> Int {
    let count = staticName.utf8CodeUnitCount
    if let base = name.baseAddress {
      let order = memcmp(staticName.utf8Start, base, min(count, name.count))
      if order != 0 { return Int(order) }
    }
    return count - name.count
  }
}
