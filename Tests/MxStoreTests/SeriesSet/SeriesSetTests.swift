import MxCodec
import MxModel
import MxStore
import Testing

@Suite struct SeriesSetTests {
  @Test(arguments: [0, 1, 2, 63, 1000, 4095, 4096, 4097, 9000])
  func everySeriesComesBackInOrder(count: Int) throws {
    let labels = clusterLabels(count, seed: UInt64(count) &+ 7)
    let made = written(labels)
    let set = try opened(made.bytes)
    #expect(set.count == count)
    #expect(made.count == count)
    #expect(set.id == made.id)
    #expect(try set.labels(set.allRefs) == labels)
    try set.verify()
    for ref in stride(from: 0, to: count, by: max(1, count / 17)) {
      #expect(try set.labels(UInt32(ref)) == labels[ref])
    }
    let names = Set(labels.flatMap { $0.pairs.map { $0.name } })
    #expect(Set(set.labelNames) == names)
    #expect(set.labelNames.count == names.count)
  }

  @Test func aSeriesWithoutLabelsIsASeries() throws {
    let set = try opened(written([.empty]).bytes)
    #expect(set.count == 1)
    #expect(try set.labels(0) == .empty)
    #expect(try set.match([]).array == [0])
    #expect(try set.match([Matcher(equal: "a", "")]).array == [0])
    #expect(try set.metrics() == [MetricStretch(name: "", series: 0..<1)])
    #expect(try opened(written([]).bytes).metrics().isEmpty)
  }

  @Test func hugeValuesAreKept() throws {
    let huge = (0..<5).map { number in
      LabelSet(
        name: "m",
        [("v", String(repeating: "x\(number)", count: 32768)), ("w", "\(number)")])
    }
    let labels = (huge + [LabelSet(name: "m", [("v", "short")])]).sorted()
    let set = try opened(written(labels).bytes)
    #expect(try set.labels(set.allRefs) == labels)
    let value = String(repeating: "x3", count: 32768)
    #expect(try set.labels(try set.match([Matcher(equal: "v", value)])).map { $0["w"] } == ["3"])
  }

  @Test func theSameSeriesMakeTheSameBytes() throws {
    let labels = clusterLabels(700, seed: 3)
    let metadata = [
      MetricMetadata(family: "b", type: .gauge, help: "B"),
      MetricMetadata(family: "a", type: .counter, help: "A", unit: "s"),
    ]
    let first = written(labels, metadata: metadata)
    let second = written(labels.shuffled(), metadata: metadata.reversed())
    #expect(first.bytes == second.bytes)
    #expect(first.id == second.id)
    let other = written(Array(labels.dropLast()), metadata: metadata)
    #expect(other.id != first.id)
    #expect(written(labels).id != first.id)
    #expect(first.fileName == "\(first.id).set")
    // From a merge of parts comes the same as from a walk.
    let parts = [Array(labels[..<400]), Array(labels[200...])].map { written($0) }
    var writer = SeriesSetWriter()
    let maps = try SeriesSetUnion.merge(
      try parts.map { SeriesSetUnion.Input(try opened($0.bytes)) }, into: &writer)
    for entry in metadata { writer.add(entry) }
    #expect(writer.finish().bytes == first.bytes)
    #expect(maps[0] == Array(0..<400))
    #expect(maps[1] == Array(200..<700))
  }

  @Test func aMergeKeepsWhatIsWantedAndLaterMetadata() throws {
    let labels = clusterLabels(100, seed: 9)
    let a = try opened(
      written(labels, metadata: [MetricMetadata(family: "m", type: .gauge, help: "old")]).bytes)
    let b = try opened(
      written(
        Array(labels[50...]), metadata: [MetricMetadata(family: "m", type: .gauge, help: "new")]
      ).bytes)
    var writer = SeriesSetWriter()
    let wanted = SeriesRefs([1, 5, 60, 61])
    let maps = try SeriesSetUnion.merge(
      [SeriesSetUnion.Input(a, wanted), SeriesSetUnion.Input(b, SeriesRefs(11..<13))],
      into: &writer)
    let merged = try opened(writer.finish().bytes)
    #expect(try merged.labels(merged.allRefs) == [1, 5, 60, 61, 62].map { labels[$0] })
    #expect(maps[0][1] == 0 && maps[0][61] == 3 && maps[0][2] == SeriesSet.unknown)
    #expect(maps[1][11] == 3 && maps[1][12] == 4 && maps[1][13] == SeriesSet.unknown)
    #expect(try merged.allMetadata().map { $0.help } == ["new"])
  }

  @Test(arguments: [1, 300, 4097, 9000])
  func findingKeysIsTheInverseOfListingThem(count: Int) throws {
    let labels = clusterLabels(count, seed: 21)
    let set = try opened(written(labels).bytes)
    var generator = SetGenerator(seed: 5)
    for share in [1.0, 0.5, 0.01] {
      var table = SeriesTable()
      var expected: [LabelSet: UInt32] = [:]
      for (ref, label) in labels.enumerated()
      where Double.random(in: 0..<1, using: &generator) < share {
        _ = table.intern(label)
        expected[label] = UInt32(ref)
        if ref % 3 == 0 { _ = table.intern(label.setting("pod", to: "unseen-\(ref)")) }
      }
      _ = table.intern(LabelSet([("zzz", "after all")]))
      _ = table.intern(LabelSet([("AAA", "before all")]))
      _ = table.intern(LabelSet.empty)
      let order = table.sortedRefs()
      let found = try set.find(order, of: table)
      for (place, ref) in order.enumerated() {
        #expect(found[place] == expected[table.labels(ref)] ?? SeriesSet.unknown)
      }
    }
    #expect(try set.find([], of: SeriesTable()).isEmpty)
  }

  @Test(arguments: [0, 1, 500, 5000])
  func columnsSayWhatLabelsSay(count: Int) throws {
    let labels = clusterLabels(count, seed: 33)
    let set = try opened(written(labels).bytes)
    for name in ["pod", "__name__", "zone", "odd", "Upper", "nowhere"] {
      for refs in [
        set.allRefs, try set.match([Matcher(equal: "node", "node-3")]),
        SeriesRefs(count > 0 ? [UInt32(count - 1)] : []),
      ] {
        let column = try set.column(name, refs)
        #expect(column.values[0] == "")
        #expect(
          column.values
            == column.values.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        let texts = column.ids.map { column.values[Int($0)] }
        #expect(texts == refs.array.map { labels[Int($0)][name] ?? "" })
        let expected = Set(texts).subtracting([""])
        #expect(Set(column.values.dropFirst()) == expected)
        #expect(try Set(set.values(of: name, refs)) == expected)
      }
      #expect(try Set(set.values(of: name)) == Set(labels.compactMap { $0[name] }))
    }
  }

  @Test func metricsAreStretches() throws {
    let labels = clusterLabels(6000, seed: 41)
    let set = try opened(written(labels).bytes)
    let metrics = try set.metrics()
    var next: UInt32 = 0
    for metric in metrics {
      #expect(metric.series.lowerBound == next)
      next = metric.series.upperBound
      for ref in metric.series { #expect(labels[Int(ref)].metricName ?? "" == metric.name) }
    }
    #expect(next == 6000)
    #expect(Set(metrics.map { $0.name }).count == 15)
    #expect(try set.metricBoundaries().last == 6000)
  }

  @Test func metadataIsFoundByFamily() throws {
    let all = (0..<300).map {
      MetricMetadata(
        family: "family_\($0)", type: $0 % 2 == 0 ? .counter : .histogram,
        help: "What \($0) is, and why.", unit: $0 % 5 == 0 ? "seconds" : "")
    }
    let newer = MetricMetadata(family: "family_7", type: .event, help: "newer")
    let set = try opened(written([], metadata: all + [newer]).bytes)
    #expect(try set.metadata(of: "family_299") == all[299])
    #expect(try set.metadata(of: "family_7") == newer)
    #expect(try set.metadata(of: "family_") == nil)
    #expect(try set.metadata(of: "zzz") == nil)
    #expect(try set.allMetadata().count == 300)
    #expect(try opened(written([]).bytes).metadata(of: "x") == nil)
  }

  /// Many labels, each on few series, must not cost per label and series.
  @Test func sparseLabelsCostLittle() throws {
    let labels = (0..<9000).map { LabelSet(name: "m", [("id", "\($0)"), ("l\($0 % 900)", "x")]) }
    let made = written(labels)
    let set = try opened(made.bytes)
    #expect(set.labelNames.count == 902)
    #expect(made.bytes.count < 9000 * 12)
    #expect(try set.match([Matcher(equal: "l17", "x")]).count == 10)
  }
}
