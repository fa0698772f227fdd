import MxCodec
import MxFiles
import MxModel
import MxStore
import Testing

@Suite struct SeriesSetFormatTests {
  private let labels = [
    LabelSet(name: "up", [("job", "a")]), LabelSet(name: "up", [("job", "b")]),
  ]
  private let metadata = MetricMetadata(family: "up", type: .gauge, help: "Is it?")

  /// The bytes are the format, and the document says what they are. If this
  /// fails, you changed the format: bump its version and keep the old reader.
  @Test func bytesAreAsDocumented() throws {
    let documented = try example()
    #expect(Hex.string(written(labels, metadata: [metadata]).bytes) == Hex.string(documented))
    let set = try opened(documented)
    try set.verify()
    #expect(try set.labels(set.allRefs) == labels)
    #expect(try set.allMetadata() == [metadata])
    #expect("\(set.id)" == "a886539b4ef4d836e10a957c8d2394ed")
  }

  /// A section that this version does not know: skipped, unless it is critical.
  @Test func unknownSectionsAreSkippedUnlessCritical() throws {
    for (kind, isCritical) in [(UInt8(60 << 1), false), (60 << 1 | 1, true)] {
      var bytes = try example()
      bytes.insert(contentsOf: [kind, 1, 3, 9, 9, 9], at: 48)
      bytes[12] += 6
      sign(&bytes, indexCount: Int(bytes[12]))
      if isCritical {
        #expect(throws: StoreError.newer(path: "s.set", needs: 2, have: 1)) { try opened(bytes) }
      } else {
        #expect(try opened(bytes).labels(1) == labels[1])
      }
    }
  }

  /// What `mx-compact inspect` lists.
  @Test func inspectionNamesEveryPart() throws {
    let made = written(clusterLabels(9000, seed: 1), metadata: [metadata])
    let inspection = try opened(made.bytes).inspect()
    #expect(inspection.series == 9000)
    #expect(inspection.fileBytes == made.bytes.count)
    let stored = inspection.parts.prefix(3).reduce(0) { $0 + $1.bytes }
    #expect(stored == made.bytes.count)
    for name in ["label 'pod': symbols", "block keys", "metadata: families"] {
      #expect(inspection.parts.contains { $0.name == name }, "\(name)")
    }
    var dumped = 0
    try opened(made.bytes).dump { ref, _ in
      #expect(Int(ref) == dumped)
      dumped += 1
    }
    #expect(dumped == 9000)
  }

  /// One look-up in a large set reads a small part of it.
  @Test func aLookUpReadsLittle() throws {
    var generator = SetGenerator(seed: 77)
    let labels = (0..<30_000).map { number in
      let id = String(UInt64.random(in: 0 ... .max, using: &generator), radix: 16)
      return LabelSet(name: "m\(number % 3)", [("id", id), ("node", "n\(number % 40)")])
    }.sorted()
    let bytes = written(labels).bytes
    let file = MemoryFile(bytes)
    let set = try SeriesSet(
      region: FileRegion(file: file, path: "s.set", base: 0, count: bytes.count))
    #expect(file.bytesRead < 1024)
    let matchers = [
      Matcher(equal: "__name__", "m2"), Matcher(equal: "id", labels[25_000]["id"] ?? ""),
    ]
    #expect(try set.labels(try set.match(matchers)) == [labels[25_000]])
    #expect(file.bytesRead < bytes.count / 4)
  }

  /// The hex of the document's fenced block, comments left out.
  private func example() throws -> [UInt8] {
    var parts = #filePath.utf8.split(separator: UInt8(ascii: "/"))
    parts.removeLast(4)
    let root = parts.map { "/" + (String($0) ?? "") }.joined()
    let text = try DiskFileSystem().contents(of: root + "/docs/format-sets.md", limit: 1 << 20)
    var bytes: [UInt8] = []
    var isInside = false
    for line in text.split(separator: UInt8(ascii: "\n")) {
      if line.starts(with: "```".utf8) {
        isInside.toggle()
      } else if isInside {
        let digits = line.prefix { $0 != UInt8(ascii: ";") }.filter { $0 != UInt8(ascii: " ") }
        for place in stride(from: 0, to: digits.count, by: 2) {
          let pair = String(decoding: digits[place..<(place + 2)], as: UTF8.self)
          bytes.append(try #require(UInt8(pair, radix: 16)))
        }
      }
    }
    return bytes
  }
}
