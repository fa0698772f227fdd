import Glibc
import MxCodec
import MxFiles
import MxModel
import MxTestSupport
import Testing

@testable import MxStore

/// The worked examples of docs/format.md are bytes that this version reads and
/// writes. If one fails, the format changed: a new version, and the old reader stays.
@Suite struct FormatDocumentTests {
  @Test func theManifestExampleIsWhatIsWritten() throws {
    let bytes = try FormatDocumentTests.example("manifest")
    #expect(bytes == FormatDocumentTests.manifest().encoded())
    let read = try Manifest(decoding: bytes, path: "docs/format.md")
    #expect(read == FormatDocumentTests.manifest())
  }

  @Test func thePageExampleIsWhatIsWritten() throws {
    let bytes = try FormatDocumentTests.example("page")
    #expect(bytes == (try FormatDocumentTests.page().bytes))
    let entry = try FormatDocumentTests.page().entry
    let page = try LoadedPage(entry, bytes, with: ColumnDecoder())
    try page.decode(0..<2, with: ColumnDecoder())
    #expect(Array(page.values(0)) == [10, 20, 40])
    #expect(Array(page.values(1)) == [1, 2, 4])
    #expect(try page.place(1).clock == 0)
  }

  // MARK: What the examples show

  static func manifest() -> Manifest {
    var manifest = Manifest(
      storeID: ContentHash(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210))
    manifest.generation = 2
    manifest.lastSequence = 2
    manifest.lastRun = 1_700_000_000_000
    var info = SegmentInfo(
      id: 0x1122_3344_5566_7788, kind: .samples, firstSequence: 1, lastSequence: 2,
      range: TimeRange(from: 1_700_000_000_000, to: 1_700_000_020_000))
    info.level = 1
    info.samples = 6
    info.series = 2
    info.bytes = 400
    manifest.segments = [info]
    return manifest
  }

  static func page() throws -> (entry: PageEntry, bytes: [UInt8]) {
    let series = [[10.0, 20, 40], [1, 2, 4]].enumerated().map { index, values in
      SegmentTests.Series(startsMetric: index == 0, times: [1000, 2000, 3000], values: values)
    }
    let reader = try SegmentTests.write(series, to: SimulatedFileSystem())
    let entry = try reader.entries(block: 0)[0]
    let bytes = try reader.region.read(at: entry.offset, count: entry.bytes, part: "page")
    return (entry, bytes)
  }

  // MARK: Reading the document

  static func example(_ name: String) throws -> [UInt8] {
    let root = FilePath.parent(
      of: FilePath.parent(of: FilePath.parent(of: #filePath)))
    let text = String(
      decoding: try DiskFileSystem().contents(
        of: FilePath.join(root, "docs/format.md"), limit: 1 << 20), as: UTF8.self)
    let marker = "<!-- example \(name) -->\n```\n"
    let start = try #require(text.range(of: marker)?.upperBound)
    var bytes: [UInt8] = []
    for line in text[start...].split(separator: "\n") {
      if line == "```" { break }
      // What stands behind two blanks is a remark.
      for pair in hexPart(line).split(separator: " ") {
        bytes.append(try #require(UInt8(pair, radix: 16), "\(line)"))
      }
    }
    return bytes
  }

  private static func hexPart(_ line: Substring) -> Substring {
    guard let remark = line.range(of: "  ") else { return line }
    return line[..<remark.lowerBound]
  }
}

extension StringProtocol {
  /// Where `part` first stands; the tests do without Foundation.
  fileprivate func range(of part: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
      start = index(after: start)
    }
    return nil
  }
}
