import MxModel

/// Puts a target's labels onto what it exposes, key by key.
///
/// Both are sorted, so where no name stands in both (nearly always) the new key
/// is one merge of bytes. Where one does, `honor_labels` says who gives way: the
/// target, or the sample, whose label is then called `exported_…`.
struct TargetLabels {
  private let key: [UInt8]
  private let pairs: [(name: String, value: String)]
  private let honors: Bool

  init(_ labels: LabelSet, honors: Bool) {
    key = labels.key
    pairs = labels.pairs
    self.honors = honors
  }

  /// The key of a sample's series as it is stored, into `out`.
  func merge(_ sample: UnsafeRawBufferPointer, into out: inout [UInt8]) {
    out.removeAll(keepingCapacity: true)
    let hasMerged = key.withUnsafeBytes { target -> Bool in
      var left = LabelCursor(sample)
      var right = LabelCursor(target)
      var mine = left.next()
      var theirs = right.next()
      while let first = mine, let second = theirs {
        let order = LabelKey.compare(first.name, second.name)
        if order == 0 { return false }
        if order < 0 {
          append(first, to: &out)
          mine = left.next()
        } else {
          append(second, to: &out)
          theirs = right.next()
        }
      }
      while let pair = mine {
        append(pair, to: &out)
        mine = left.next()
      }
      while let pair = theirs {
        append(pair, to: &out)
        theirs = right.next()
      }
      return true
    }
    if !hasMerged { out = mergeWithConflict(LabelSet(key: Array(sample))).key }
  }

  @inline(__always)
  private func append(
    _ pair: (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer), to out: inout [UInt8]
  ) {
    // The two parts lie behind each other, each with its zero.
    let bytes = UnsafeRawBufferPointer(
      start: pair.name.baseAddress, count: pair.name.count + pair.value.count + 2)
    out.append(contentsOf: bytes)
  }

  private func mergeWithConflict(_ sample: LabelSet) -> LabelSet {
    var result = sample.pairs
    func has(_ name: String) -> Bool { result.contains { $0.name == name } }
    var moved: [(name: String, value: String)] = []
    for pair in pairs {
      guard let index = result.firstIndex(where: { $0.name == pair.name }) else {
        result.append(pair)
        continue
      }
      if honors { continue }
      moved.append(result[index])
      result[index].value = pair.value
    }
    // The shortest first, so that `exported_a` makes way for what `a` becomes.
    for pair in moved.sorted(by: { $0.name.utf8.count < $1.name.utf8.count }) {
      var name = "exported_" + pair.name
      while has(name) { name = "exported_" + name }
      result.append((name, pair.value))
    }
    return LabelSet(result.map { ($0.name, $0.value) })
  }
}
