import MxCodec
import Testing

@testable import MxStore

/// Files that wait for the grace to end: small, and as they were put in.
@Suite struct RetiredFilesTests {
  private static func minute(_ number: UInt64) -> Retired {
    let id = number &* 0x9e37_79b9_7f4a_7c15
    let name = SegmentName(first: number, last: number, id: id)
    return Retired(
      path: "segments/" + name.text, segment: id, bytes: 3000 + Int(number % 97),
      since: 1_795_000_000_000 + Int64(number / 8) * 480_000)
  }

  /// The bytes are the format: the example of `RetiredFiles`.
  @Test func bytesAreAsDocumented() {
    let files = RetiredFiles([
      Retired(
        path: "segments/0000000066-0000000073-0000000000000005.seg", segment: 5, bytes: 4660,
        since: 1000)
    ])
    #expect(
      files.segmentBytes == [0xd0, 0x0f, 0x84, 0x01, 0x07, 5, 0, 0, 0, 0, 0, 0, 0, 0xb4, 0x24])
  }

  /// A day of three commits a minute: every commit writes this list.
  @Test func aDayOfCommitsIsSmall() throws {
    let files = RetiredFiles((1...4320).map { RetiredFilesTests.minute($0) })
    #expect(files.count == 4320)
    #expect(files.segmentBytes.count < 4320 * 14)
    var manifest = Manifest(storeID: ContentHash(high: 1, low: 2))
    manifest.retired = files
    let read = try Manifest(decoding: manifest.encoded(), path: "m").retired
    #expect(read == files)
    #expect(Array(read) == (1...4320).map { RetiredFilesTests.minute($0) })
    #expect(read.segment(RetiredFilesTests.minute(77).segment) == RetiredFilesTests.minute(77))
    #expect(read.segment(1) == nil)
  }

  @Test func whatGoesIsGone() {
    var files = RetiredFiles((1...20).map { RetiredFilesTests.minute($0) })
    let set = Retired(path: "sets/x.set", segment: 0, bytes: 0, since: 5)
    files.append(set)
    files.removeAll { $0.since < 1_795_000_900_000 }
    #expect(Array(files) == (16...20).map { RetiredFilesTests.minute($0) })
    #expect(files.segmentIDs == (16...20).map { RetiredFilesTests.minute($0).segment })
    files.append(RetiredFilesTests.minute(21))
    #expect(files.count == 6)
  }

  /// Only names that a store gives are told by their numbers.
  @Test(arguments: [
    "0000000001-0000000002-000000000000000a.seg", "12345678901-12345678902-ffffffffffffffff.seg",
  ])
  func namesAreTheirNumbers(name: String) { #expect(SegmentName(name)?.text == name) }

  @Test(arguments: [
    "1-2-000000000000000a.seg", "0000000003-0000000002-000000000000000a.seg",
    "0000000001-0000000002-000000000000000A.seg", "0000000001-0000000002-00000000000000a.seg",
    "00000000001-00000000002-000000000000000a.seg", "0000000001-0000000002-000000000000000a",
    "000000000+-0000000002-000000000000000a.seg", "x.seg", ".seg", "",
    "9223372036854775808-9223372036854775808-000000000000000a.seg",
    "0000000001-99999999999999999999999-000000000000000a.seg",
  ])
  func othersAreNone(name: String) { #expect(SegmentName(name) == nil) }
}
