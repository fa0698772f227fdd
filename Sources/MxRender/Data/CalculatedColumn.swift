import Glibc

/// The `calculateField` transformation: one more column, made of the others.
enum CalculatedColumn {
  static func add(_ field: TransformOptions.CalculatedField, to frame: Frame) -> Frame {
    guard let cells = cells(field.work, frame) else { return frame }
    var result = frame
    if field.replacesFields { result.columns.removeAll { !$0.isTime } }
    result.columns.append(
      Frame.Column(name: field.alias, refID: frame.refID, cells: cells))
    return result
  }

  /// Nil where a column that is asked for is not there.
  private static func cells(
    _ work: TransformOptions.CalculatedField.Work, _ frame: Frame
  ) -> [Frame.Cell]? {
    let rows = 0..<frame.rowCount
    switch work {
    case .binary(let left, let sign, let right):
      guard let one = values(left, frame), let other = values(right, frame) else { return nil }
      return rows.map { .number(calculate(one[$0], sign, other[$0])) }
    case .reduceRow(let calculation, let names):
      let columns = frame.columns.filter {
        $0.isNumber && (names.isEmpty || names.contains($0.name))
      }
      return rows.map { row in
        Reduction.reduce(columns.map { $0.cells[row].number }, calculation).map { .number($0) }
          ?? .none
      }
    case .unary(let function, let name):
      return values(.field(name), frame)?.map { .number(apply(function, $0)) }
    case .index(let isShare):
      let count = Double(max(frame.rowCount, 1))
      return rows.map { .number(isShare ? Double($0) / count : Double($0)) }
    case .cumulative(let calculation, let name):
      return values(.field(name), frame).map { running($0, calculation) }
    case .window(let window, let name):
      return values(.field(name), frame).map { moving($0, window) }
    }
  }

  private static func values(
    _ operand: TransformOptions.CalculatedField.Operand, _ frame: Frame
  ) -> [Double]? {
    switch operand {
    case .constant(let value): [Double](repeating: value, count: frame.rowCount)
    case .field(let name): frame.column(name).map { frame.columns[$0].cells.map(\.number) }
    }
  }

  private static func calculate(_ one: Double, _ sign: Character, _ other: Double) -> Double {
    switch sign {
    case "-": one - other
    case "*": one * other
    case "/": one / other
    case "%": fmod(one, other)
    case "^": pow(one, other)
    default: one + other
    }
  }

  private static func apply(_ function: String, _ value: Double) -> Double {
    switch function {
    case "exp": exp(value)
    case "ln": log(value)
    case "floor": value.rounded(.down)
    case "ceil": value.rounded(.up)
    case "round": value.rounded()
    default: abs(value)
    }
  }

  /// The sum, or the mean, of what is there up to each row.
  private static func running(_ values: [Double], _ calculation: Calculation) -> [Frame.Cell] {
    var (sum, count) = (0.0, 0.0)
    return values.map { value in
      if !value.isNaN {
        sum += value
        count += 1
      }
      return .number(calculation == .mean ? count > 0 ? sum / count : .nan : sum)
    }
  }

  /// At the ends the window has fewer rows.
  private static func moving(
    _ values: [Double], _ window: TransformOptions.CalculatedField.Window
  ) -> [Frame.Cell] {
    let share = window.isShare ? (window.size * Double(values.count)).rounded(.up) : window.size
    let size = Int(min(max(share, 1), Double(max(values.count, 1))))
    // Of an even number of rows one more lies before than behind.
    let before = window.isCentered ? size / 2 : size - 1
    let behind = size - 1 - before
    return values.indices.map { row in
      let part = values[max(0, row - before)...min(values.count - 1, row + behind)]
      return Reduction.reduce(Array(part), window.calculation).map { .number($0) } ?? .none
    }
  }
}
