/// Where the asked runs of a column lie, from lengths that came from outside.
struct RunSpan {
  /// Values, and runs that hold any, in the whole column.
  var values = 0
  var filled = 0
  /// The same before the first asked run and inside the asked ones.
  var valuesBefore = 0
  var filledBefore = 0
  var valuesInside = 0
  var filledInside = 0

  init(_ runs: UnsafeBufferPointer<Int32>, asked: Range<Int>) throws(CodecError) {
    guard runs.count <= ColumnFormat.maxValues else {
      throw .tooLarge(limit: ColumnFormat.maxValues)
    }
    // No overflow: at most 65,536 runs of under 2^31 values.
    var lowest: Int32 = 0
    for index in 0..<runs.count {
      if index == asked.lowerBound { (valuesBefore, filledBefore) = (values, filled) }
      if index == asked.upperBound { markEnd() }
      let length = runs[index]
      lowest = min(lowest, length)
      values &+= Int(length)
      filled &+= length > 0 ? 1 : 0
    }
    if asked.lowerBound == runs.count { (valuesBefore, filledBefore) = (values, filled) }
    if asked.upperBound == runs.count { markEnd() }
    guard lowest >= 0 else { throw .malformed("run length", at: 0) }
    guard values <= ColumnFormat.maxValues else { throw .tooLarge(limit: ColumnFormat.maxValues) }
  }

  /// One run of `count` values.
  init(single count: Int) {
    values = count
    valuesInside = count
    filled = count > 0 ? 1 : 0
    filledInside = filled
  }

  private mutating func markEnd() {
    valuesInside = values &- valuesBefore
    filledInside = filled &- filledBefore
  }
}
