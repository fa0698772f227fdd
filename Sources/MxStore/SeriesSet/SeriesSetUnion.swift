import MxModel

/// Series of several sets as one: what a merge of segments writes.
package enum SeriesSetUnion {
  /// One set, and the series of it that are wanted.
  package struct Input: Sendable {
    package var set: SeriesSet
    package var refs: SeriesRefs

    package init(_ set: SeriesSet, _ refs: SeriesRefs? = nil) {
      self.set = set
      self.refs = refs ?? set.allRefs
    }
  }

  /// Adds the wanted series of all `inputs`, each once, to an empty `writer`,
  /// and the metadata of all sets, of which later inputs' win.
  ///
  /// Returns per input the new ref of each old one, `SeriesSet.unknown` for
  /// series that were not wanted.
  package static func merge(
    _ inputs: [Input], into writer: inout SeriesSetWriter
  ) throws(StoreError) -> [[UInt32]] {
    precondition(writer.count == 0, "BUG: the writer has series already")
    for input in inputs {
      for entry in try input.set.allMetadata() { writer.add(entry) }
    }
    var maps: [[UInt32]] = []
    var cursors: [KeyCursor] = []
    var live: [Int] = []
    for (number, input) in inputs.enumerated() {
      maps.append([UInt32](repeating: SeriesSet.unknown, count: input.set.count))
      let cursor = try KeyCursor(input.set, input.refs)
      cursors.append(cursor)
      if try cursor.advance() { live.append(number) }
    }
    var least: [Int] = []
    while let first = live.first {
      // The inputs are few (a fold's eight, a merge's dozens): looking at each
      // costs less than keeping a heap of keys.
      least.removeAll(keepingCapacity: true)
      least.append(first)
      for number in live.dropFirst() {
        let order = LabelKey.compare(cursors[number].key, cursors[least[0]].key)
        if order > 0 { continue }
        if order < 0 { least.removeAll(keepingCapacity: true) }
        least.append(number)
      }
      let ref = UInt32(writer.count)
      try writer.add(cursors[least[0]].key, readFrom: inputs[least[0]].set)
      for number in least {
        maps[number][Int(cursors[number].ref)] = ref
        if try !cursors[number].advance() { live.removeAll { $0 == number } }
      }
    }
    return maps
  }
}
