import MxTestSupport
import Testing

@testable import MxModel

/// What a stream needs of the model: lines, and an order that grows.
@Suite struct StreamTests {
  @Test func everyRowKnowsItsLine() {
    var marks = LineMarks()
    #expect(marks.line(of: 0) == 0)
    // A comment, a row a line, a line without rows, a line of three, a row a line.
    let rowsOfLine = [0, 1, 1, 1, 0, 3, 1, 1, 0, 2]
    var row = 0
    var expected: [Int] = []
    for (index, rows) in rowsOfLine.enumerated() {
      marks.mark(line: index + 1, row: row)
      expected += repeatElement(index + 1, count: rows)
      row += rows
    }
    #expect(expected.indices.map { marks.line(of: $0) } == expected)
    marks.removeAll()
    marks.mark(line: 11, row: 0)
    #expect(marks.line(of: 0) == 11)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func linesOfAnyShapeAreFound(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var marks = LineMarks()
    var expected: [Int] = []
    for line in 1...200 {
      marks.mark(line: line, row: expected.count)
      let rows = Int.random(in: 0...9, using: &random)
      expected += repeatElement(line, count: rows < 7 ? 1 : rows - 7)
    }
    #expect(expected.indices.map { marks.line(of: $0) } == expected)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func anOrderThatGrowsIsThatOfAll(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = SeriesTable()
    for _ in 0..<10 {
      for _ in 0..<Int.random(in: 0...40, using: &random) {
        let number = Int.random(in: 0...500, using: &random)
        _ = table.intern(LabelSet(name: "m", [("n", "\(number)")]))
      }
      let sorted = (0..<UInt32(table.count)).sorted { table.labels($0) < table.labels($1) }
      #expect(table.sortedRefs() == sorted)
      table.arrange()
      #expect(table.sortedRefs() == sorted)
    }
  }

  @Test func workInTheBackgroundThrowsWhereItIsJoined() throws {
    struct Failure: Error {}
    try Background {}.join()
    let failing = Background { throw Failure() }
    #expect(throws: Failure.self) { try failing.join() }
  }
}
