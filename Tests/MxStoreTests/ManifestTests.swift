import MxCodec
import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// The manifest file: its bytes, and what is refused of it.
@Suite struct ManifestTests {
  static func rich() throws -> Manifest {
    var manifest = FormatDocumentTests.manifest()
    var record = SegmentInfo(
      id: 9, kind: .record, firstSequence: 3, lastSequence: 3, range: TimeRange(from: 0, to: 0))
    record.bytes = 90
    var shared = SegmentInfo(
      id: 10, kind: .samples, firstSequence: 4, lastSequence: 4,
      range: TimeRange(from: -5, to: 7))
    shared.set = ContentHash(high: 1, low: 2)
    shared.hasBatches = true
    manifest.segments += [record, shared]
    manifest.conflict = .max
    manifest.tombstones = [
      Tombstone(
        sequence: 3, record: 9,
        matchers: [Matcher(equal: "job", "a"), try Matcher("pod", .notRegex, "b.*")],
        range: TimeRange(from: .min, to: .max), made: 12)
    ]
    manifest.retired = RetiredFiles([
      Retired(
        path: "segments/0000000066-0000000073-0000000000000005.seg", segment: 5, bytes: 4660,
        since: 1000),
      Retired(path: "segments/x.seg", segment: 6, bytes: 1234, since: 1_700_000_000_000),
      Retired(path: "sets/y.set", segment: 0, bytes: 0, since: -1),
      Retired(
        path: "segments/0000000002-0000000002-ffffffffffffffff.seg", segment: .max, bytes: 0,
        since: .min),
    ])
    return manifest
  }

  /// The bytes are the format: an empty store's manifest, and all fields' round trip.
  @Test func bytesAreAsDocumented() throws {
    var manifest = Manifest(storeID: ContentHash(high: 1, low: 2))
    manifest.generation = 300
    manifest.lastSequence = 7
    manifest.conflict = .error
    manifest.lastRun = -1
    let body: [UInt8] =
      Array("MXMF".utf8) + [2, 0, 1, 0]
      + [0x81, 16, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
      + [0x82, 2, 0xac, 0x02, 0x83, 1, 7, 0x84, 1, 3, 0x85, 1, 1]
    #expect(manifest.encoded() == ManifestTests.sealed(body))
    let rich = try ManifestTests.rich()
    #expect(try Manifest(decoding: rich.encoded(), path: "m") == rich)
  }

  @Test func everyProperPrefixIsRefused() throws {
    let bytes = try ManifestTests.rich().encoded()
    for length in 0..<bytes.count {
      #expect(throws: StoreError.self, "prefix of \(length) bytes") {
        try Manifest(decoding: Array(bytes.prefix(length)), path: "m")
      }
    }
  }

  @Test func anUnknownOptionalFieldIsPassedOverAndACriticalOneRefused() throws {
    let rich = try ManifestTests.rich()
    let body = Array(rich.encoded().dropLast(8))
    let optional = try Manifest(
      decoding: ManifestTests.sealed(body + [0x7e, 3, 1, 2, 3]), path: "m")
    #expect(optional == rich)
    #expect(throws: StoreError.self) {
      try Manifest(decoding: ManifestTests.sealed(body + [0xfe, 1, 0]), path: "m")
    }
  }

  @Test func aNewerVersionIsRefusedByNameAndAForeignFileToo() throws {
    var body = Array(try ManifestTests.rich().encoded().dropLast(8))
    body[4] = 9
    #expect(throws: Never.self, "written by a newer one, but readable") {
      try Manifest(decoding: ManifestTests.sealed(body), path: "m")
    }
    body[6] = 9
    #expect(throws: StoreError.newer(path: "m", needs: 9, have: Manifest.version)) {
      try Manifest(decoding: ManifestTests.sealed(body), path: "m")
    }
    body[0] = 0
    #expect(throws: StoreError.foreign(path: "m")) {
      try Manifest(decoding: ManifestTests.sealed(body), path: "m")
    }
  }

  /// Behind a right checksum, nothing that a field says may trap.
  @Test func wrongFieldsBehindARightChecksumAreHarmless() throws {
    let body = Array(try ManifestTests.rich().encoded().dropLast(8))
    for place in 8..<body.count {
      for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff, body[place] ^ 1] {
        var wrong = body
        wrong[place] = value
        do {
          var manifest = try Manifest(decoding: ManifestTests.sealed(wrong), path: "m")
          _ = MergePlan.jobs(manifest, now: .max)
          manifest.add([], now: 0)
          _ = manifest.lastSequence + 1
        } catch {
          guard case .damaged = error else {
            Issue.record("byte \(place): \(error)")
            continue
          }
        }
      }
    }
  }

  @Test func namesOfManifestsSortAsGenerationsDoAndNonsenseIsNoName() {
    #expect(Manifest.fileName(generation: 42) == "MANIFEST-0000000000000042")
    #expect(Manifest.generation(ofFileName: "MANIFEST-0000000000000042") == 42)
    for name in ["MANIFEST-42", "MANIFEST-18446744073709551615", "MANIFEST-00000000000000x2", "M"] {
      #expect(Manifest.generation(ofFileName: name) == nil, "\(name)")
    }
  }

  static func sealed(_ body: [UInt8]) -> [UInt8] {
    var bytes = body
    bytes.append(littleEndian: XXH64.hash(body))
    return bytes
  }
}
