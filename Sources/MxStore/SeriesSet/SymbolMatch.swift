import MxModel

/// Which symbols of a label a matcher accepts.
///
/// `=`, lists of literals and prefixes are looked up: the directory and one
/// item each. Only what looks into the middle of values (`.*x.*`, true
/// regular expressions) walks the symbols, within the pattern's literal prefix.
/// Id 0, the missing label, stands for the empty text.
struct SymbolMatch {
  let table: SymbolTable
  let hasEscapes: Bool

  /// The ids, 0…count, whose text `matcher` accepts.
  func ids(_ matcher: Matcher) throws(StoreError) -> IdSet {
    var set = IdSet(limit: table.count + 1)
    switch matcher.shape {
    case nil: try insert(literal: matcher.value, into: &set)
    case .literals(let words)?:
      for word in words { try insert(literal: word, into: &set) }
    case .anything?: set.insert(0..<(table.count + 1))
    case .nonEmpty?: set.insert(1..<(table.count + 1))
    case .prefix(let prefix, let orMore)?:
      let range = try range(prefix: prefix)
      set.insert(range)
      if prefix.isEmpty, !orMore { set.insert(0) }
      if orMore, !prefix.isEmpty, !range.isEmpty {
        var exact = IdSet(limit: table.count + 1)
        try insert(literal: prefix, into: &exact)
        exact.invert()
        set.intersect(exact)
      }
    case .contains(let part)? where !part.isEmpty && !hasEscapes:
      try walk(1..<(table.count + 1)) { (item, range, first) in
        Self.search(part, in: item, range, first: first, into: &set)
      }
    case .suffix?, .contains?:
      try insert(1..<(table.count + 1), matcher, into: &set)
    case .engine(let prefix)?:
      try insert(try range(prefix: prefix), matcher, into: &set)
    }
    if matcher.op.isNegative { set.invert() }
    // One rule for the missing label, whatever the shape said.
    if matcher.matchesEmpty { set.insert(0) } else { set.remove(0) }
    return set
  }

  private func insert(literal: String, into set: inout IdSet) throws(StoreError) {
    if literal.isEmpty {
      set.insert(0)
      return
    }
    let hit = try lowerBound(LabelKey.escaped(Array(literal.utf8)))
    if hit.isEqual { set.insert(hit.place + 1) }
  }

  /// The ids of all symbols that begin with `prefix`.
  private func range(prefix: String) throws(StoreError) -> Range<Int> {
    var bytes = LabelKey.escaped(Array(prefix.utf8))
    if bytes.isEmpty { return 1..<(table.count + 1) }
    let low = try lowerBound(bytes).place + 1
    // The first text after all that begin so; UTF-8 has no byte 255.
    bytes[bytes.count - 1] += 1
    let high = try lowerBound(bytes).place + 1
    return low..<max(low, high)
  }

  private func lowerBound(_ bytes: [UInt8]) throws(StoreError) -> (place: Int, isEqual: Bool) {
    var found: Result<(place: Int, isEqual: Bool), StoreError> = .success((0, false))
    bytes.withUnsafeBytes { buffer in
      do throws(StoreError) {
        found = .success(try table.lowerBound(buffer))
      } catch {
        found = .failure(error)
      }
    }
    return try found.get()
  }

  /// Asks `matcher` about every symbol of `range`.
  private func insert(
    _ range: Range<Int>, _ matcher: Matcher, into set: inout IdSet
  ) throws(StoreError) {
    let isNegative = matcher.op.isNegative
    try walk(range) { (item, range, first) in
      for index in range {
        let symbol = item[index]
        let accepted: Bool
        if hasEscapes {
          accepted = LabelKey.unescaped(symbol).withUnsafeBytes { matcher.matches($0) }
        } else {
          accepted = matcher.matches(symbol)
        }
        if accepted != isNegative { set.insert(first + index) }
      }
    }
  }

  /// Unpacks the items that hold ids of `range`; `body` gets the item, the part
  /// of it inside `range`, and the id of its first symbol.
  private func walk(
    _ range: Range<Int>, _ body: (SymbolItem, Range<Int>, Int) -> Void
  ) throws(StoreError) {
    if range.isEmpty { return }
    let last = (range.upperBound - 2) >> table.shift
    for index in (range.lowerBound - 1) >> table.shift...last {
      let item = try table.unpack(index, keep: false)
      let first = index << table.shift + 1
      let inside = max(0, range.lowerBound - first)..<min(item.count, range.upperBound - first)
      body(item, inside, first)
    }
  }

  /// Finds `part` in the joined symbols at once; hits over an edge don't count.
  private static func search(
    _ part: String, in item: SymbolItem, _ range: Range<Int>, first: Int, into set: inout IdSet
  ) {
    var part = part
    part.withUTF8 { text in
      let wanted = UnsafeRawBufferPointer(text)
      var index = range.lowerBound
      var offset = index == 0 ? 0 : Int(item.ends[index - 1])
      let end = range.isEmpty ? offset : Int(item.ends[range.upperBound - 1])
      while offset + wanted.count <= end,
        let hit = ByteSearch.find(
          wanted, in: UnsafeRawBufferPointer(start: item.bytes + offset, count: end - offset))
      {
        let start = offset + hit
        while Int(item.ends[index]) <= start { index += 1 }
        if start + wanted.count <= Int(item.ends[index]) {
          set.insert(first + index)
          offset = Int(item.ends[index])
        } else {
          offset = start + 1
        }
      }
    }
  }
}
