import MxModel
import MxStore
import Testing

@Suite struct SeriesSetDamageTests {
  private let labels = clusterLabels(60, seed: 2)
  private let metadata = [MetricMetadata(family: "metric_1", type: .counter, help: "One")]

  /// All that a set can be asked, as one value to compare.
  private func answers(_ bytes: [UInt8]) throws -> [String] {
    let set = try opened(bytes)
    var result = try set.labels(set.allRefs).map { $0.description }
    result += try set.match([Matcher(equal: "node", "node-3")]).array.map { "\($0)" }
    result += try set.match([try Matcher("pod", .regex, ".*-1.*")]).array.map { "\($0)" }
    result += try set.column("zone", set.allRefs).values
    result += try set.metrics().map { "\($0)" }
    result += try set.allMetadata().map { "\($0)" }
    result.append("\(set.id)")
    return result
  }

  @Test func everyProperPrefixIsRefused() {
    let bytes = written(labels, metadata: metadata).bytes
    for length in 0..<bytes.count {
      #expect(throws: StoreError.self, "prefix of \(length) bytes") {
        try answers(Array(bytes.prefix(length)))
      }
    }
    #expect(throws: StoreError.self) { try answers(bytes + [0]) }
  }

  @Test func everyFlippedBitIsNamed() throws {
    let bytes = written(labels, metadata: metadata).bytes
    let right = try answers(bytes)
    for place in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[place] ^= 1 << UInt8(bit)
        do {
          let wrong = try answers(damaged)
          #expect(wrong == right, "byte \(place) bit \(bit)")
        } catch let error as StoreError {
          guard case .damaged(let damage) = error else {
            Issue.record("byte \(place) bit \(bit): \(error)")
            continue
          }
          #expect(damage.path == "s.set")
          #expect(!damage.part.isEmpty)
        }
      }
    }
  }

  /// Behind a correct checksum nothing may crash either: the index is
  /// rewritten with each byte changed, as a buggy writer might.
  @Test func aWrongIndexBehindARightChecksumIsHarmless() throws {
    let bytes = written(labels, metadata: metadata).bytes
    let count = Int(bytes[12]) | Int(bytes[13]) << 8
    for place in 48..<(48 + count) {
      for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff, bytes[place] ^ 1] {
        var forged = bytes
        forged[place] = value
        sign(&forged, indexCount: count)
        do { _ = try answers(forged) } catch is StoreError {}
      }
    }
  }

  /// The same for the pages, which a set this small has one of.
  @Test func aWrongPageBehindARightChecksumIsHarmless() throws {
    let bytes = written(labels, metadata: metadata).bytes
    let count = Int(bytes[12]) | Int(bytes[13]) << 8
    for place in (48 + count)..<bytes.count {
      for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff, bytes[place] ^ 1] {
        var forged = bytes
        forged[place] = value
        let table = try #require(pageChecksum(forged))
        write(hash(forged[(48 + count)...]), at: table, of: &forged)
        sign(&forged, indexCount: count)
        do { _ = try answers(forged) } catch is StoreError {}
      }
    }
  }

  @Test func foreignAndNewerFilesAreCalledSo() throws {
    #expect(throws: StoreError.foreign(path: "s.set")) {
      try opened([UInt8](repeating: 0x41, count: 200))
    }
    var newer = written(labels).bytes
    newer[10] = 9
    sign(&newer, indexCount: Int(newer[12]) | Int(newer[13]) << 8)
    #expect(throws: StoreError.newer(path: "s.set", needs: 9, have: 1)) { try opened(newer) }
  }
}
