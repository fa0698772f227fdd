import MxModel
import MxPromQL

extension Evaluator {
  /// `sort` and `sort_by_label`: an order for instant queries; a range query's
  /// result is ordered by labels whatever was asked.
  func sorted(_ node: Call, _ grid: Grid) throws -> VectorStream {
    let stream = try vector(node.arguments[0], grid)
    if isRangeQuery {
      notes.warn(
        "sort is ineffective for range queries since results are always ordered by labels",
        node.position)
      return stream
    }
    guard grid.count == 1 else { return stream }
    let table = try table(stream)
    let order: [Int32]
    switch node.function {
    case .sort, .sortDesc:
      let isDescending = node.function == .sortDesc
      order = Array(0..<Int32(table.count)).sorted { left, right in
        ValueOrder.precedes(
          table.row(Int(left))[0], table.row(Int(right))[0], isDescending: isDescending)
          ?? (left < right)
      }
    default: order = try labelOrder(node, table)
    }
    return table.picking(order).stream
  }

  private func labelOrder(_ node: Call, _ table: Table) throws -> [Int32] {
    let names = node.arguments.dropFirst().map { argument -> String in
      if case .string(let literal) = argument.unwrapped { return literal.value }
      preconditionFailure("BUG: sort_by_label without a string literal")
    }
    let columns = try names.map { try table.roster.column($0) }
    let labels = try table.roster.allLabels()
    let isDescending = node.function == .sortByLabelDesc
    return Array(0..<Int32(table.count)).sorted { left, right in
      for column in columns {
        let a = column.values[Int(column.ids[Int(left)])]
        let b = column.values[Int(column.ids[Int(right)])]
        if a == b { continue }
        return NaturalOrder.precedes(a, b) != isDescending
      }
      return (labels[Int(left)] < labels[Int(right)]) != isDescending
    }
  }
}

/// The order of values in results: NaN last whichever way.
enum ValueOrder {
  /// Whether `left` stands before `right`; nil where it does not matter.
  static func precedes(_ left: Double, _ right: Double, isDescending: Bool) -> Bool? {
    if left.isNaN || right.isNaN {
      return left.isNaN && right.isNaN ? nil : right.isNaN
    }
    if left == right { return nil }
    return isDescending ? left > right : left < right
  }
}

/// Text as people number it: `2` before `10`.
enum NaturalOrder {
  static func precedes(_ left: String, _ right: String) -> Bool {
    let a = Array(left.utf8)
    let b = Array(right.utf8)
    var i = 0
    var j = 0
    while i < a.count, j < b.count {
      let x = run(a, i)
      let y = run(b, j)
      if x.isNumber, y.isNumber {
        let p = a[i..<x.end].drop { $0 == UInt8(ascii: "0") }
        let q = b[j..<y.end].drop { $0 == UInt8(ascii: "0") }
        if p.count != q.count { return p.count < q.count }
        if !p.elementsEqual(q) { return p.lexicographicallyPrecedes(q) }
        if x.end - i != y.end - j { return x.end - i < y.end - j }
      } else if !a[i..<x.end].elementsEqual(b[j..<y.end]) {
        return a[i...].lexicographicallyPrecedes(b[j...])
      }
      i = x.end
      j = y.end
    }
    return a.count - i < b.count - j
  }

  /// Where the digits, or what is none, that begin at `start` end.
  private static func run(_ bytes: [UInt8], _ start: Int) -> (end: Int, isNumber: Bool) {
    func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    let isNumber = isDigit(bytes[start])
    var end = start
    while end < bytes.count, isDigit(bytes[end]) == isNumber { end += 1 }
    return (end, isNumber)
  }
}
