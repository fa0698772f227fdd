import MxCodec
import MxModel
import Synchronization

/// The pages of a series set: runs of bytes up to 16 KiB, each compressed and
/// checksummed on its own, and read on demand.
///
/// Whatever the set holds (pieces of symbol tables, blocks of columns, their
/// directories) is an *item*, and items are laid into pages one after the
/// other. A small set is one page, compressed as a whole; of a large set one
/// look-up reads a page or two. No byte of a page is used before its XXH64
/// was compared.
///
/// The page table, a section of the index:
///
///     varint  number of pages
///     per page:
///       varint  bytes in the file
///       varint  bytes saved by zstd (0: the page is stored as it is)
///       8       XXH64 of the bytes in the file
///
/// Pages lie in table order from the end of the index to the end of the set.
enum SetPage {
  /// Items are gathered until a page would pass this. At 4 KiB uid symbols
  /// cost 3 % more, at 64 KiB a look-up decodes four times as much.
  static let targetBytes = 16384

  /// zstd's level 1 takes no matches of three or four bytes, of which random
  /// identifiers are full: 3 % smaller than level 3 there, unpacked a third
  /// faster; on plain names 2 % larger (mx-bench sets, 2026-11).
  static let level = 1

  /// No page may unpack to more: the longest label value is far below.
  static let maxRawBytes = 1 << 26
}

/// Where an item lies.
struct ItemPlace: Hashable, Sendable {
  var page: Int
  var offset: Int
  var count: Int
}

/// Collects items into pages and pages into the body of a set.
struct PageWriter {
  private(set) var body: [UInt8] = []
  private var table: [UInt8] = []
  private var pageCount = 0
  private var open: [UInt8] = []
  private let zstd = ZstdCompressor(level: SetPage.level)

  /// Adds an item behind the one before, or on a new page where it does not fit.
  mutating func append(_ item: [UInt8]) -> ItemPlace {
    precondition(item.count <= SetPage.maxRawBytes, "BUG: an item of \(item.count) bytes")
    if !open.isEmpty, open.count + item.count > SetPage.targetBytes { flush() }
    let place = ItemPlace(page: pageCount, offset: open.count, count: item.count)
    open += item
    return place
  }

  /// Ends the page that is being filled, where it is worth a page of its own:
  /// text and packed numbers compress better apart.
  mutating func separate() {
    if open.count > SetPage.targetBytes / 4 { flush() }
  }

  mutating func finish() -> (table: [UInt8], body: [UInt8]) {
    if !open.isEmpty { flush() }
    var section: [UInt8] = []
    section.append(varint: pageCount)
    return (section + table, body)
  }

  private mutating func flush() {
    let packed = zstd.compress(open)
    let stored = packed.count < open.count ? packed : open
    table.append(varint: stored.count)
    table.append(varint: open.count - stored.count)
    table.append(littleEndian: XXH64.hash(stored))
    body += stored
    pageCount += 1
    open.removeAll(keepingCapacity: true)
  }
}

/// The verified, unpacked bytes of one page.
final class PageBytes: Sendable {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }
}

/// One item and the page that keeps it alive.
struct Item: Sendable {
  let page: PageBytes
  let range: Range<Int>

  /// Reads the item by `body`; what goes wrong inside is damage of `part`.
  func read<R>(
    _ region: FileRegion, _ part: String, _ body: (inout ByteReader) throws(CodecError) -> R
  ) throws(StoreError) -> R {
    var outcome: Result<R, CodecError> = .failure(.truncated(at: 0))
    page.bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[range]))
      do throws(CodecError) {
        let value = try body(&reader)
        try reader.finish()
        outcome = .success(value)
      } catch {
        outcome = .failure(error)
      }
    }
    switch outcome {
    case .success(let value): return value
    case .failure(let error): throw region.damaged(part, "\(error)")
    }
  }
}

/// Reads pages of one set and keeps the last ones used.
final class SetPages: Sendable {
  let region: FileRegion
  /// Where each page begins in the region; one more entry for the end.
  private let offsets: [Int]
  private let rawCounts: [Int]
  private let checksums: [UInt64]
  private let cache = Mutex(PageCache())
  private let zstd = Mutex<ZstdDecompressor?>(nil)

  /// Reads the page table; `start` is where the first page begins.
  init(_ reader: inout ByteReader, region: FileRegion, start: Int) throws(CodecError) {
    self.region = region
    // A page takes ten bytes of the table at least.
    let count = try reader.count(atMost: reader.remaining / 10)
    var offsets = [start]
    var rawCounts: [Int] = []
    var checksums: [UInt64] = []
    offsets.reserveCapacity(count + 1)
    rawCounts.reserveCapacity(count)
    checksums.reserveCapacity(count)
    for index in 0..<count {
      let stored = try reader.count(atMost: region.count - offsets[index])
      let saved = try reader.count(atMost: SetPage.maxRawBytes)
      guard stored + saved <= SetPage.maxRawBytes else {
        throw .tooLarge(limit: SetPage.maxRawBytes)
      }
      offsets.append(offsets[index] + stored)
      rawCounts.append(stored + saved)
      checksums.append(try reader.uint64())
    }
    guard offsets[count] == region.count else {
      throw .malformed("pages end at \(offsets[count]) of \(region.count) bytes", at: 0)
    }
    self.offsets = offsets
    self.rawCounts = rawCounts
    self.checksums = checksums
  }

  var count: Int { rawCounts.count }

  func rawCount(_ page: Int) -> Int { rawCounts[page] }
  func storedCount(_ page: Int) -> Int { offsets[page + 1] - offsets[page] }

  /// The item at `place`. `keep` is false for whoever passes through once.
  func item(_ place: ItemPlace, part: String, keep: Bool = true) throws(StoreError) -> Item {
    guard place.page >= 0, place.page < count, place.offset >= 0, place.count >= 0,
      place.offset <= rawCounts[place.page],
      place.count <= rawCounts[place.page] - place.offset
    else { throw region.damaged(part, "lies outside its page") }
    let page = try page(place.page, keep: keep)
    return Item(page: page, range: place.offset..<(place.offset + place.count))
  }

  /// Page `index`, read and verified unless it was among the last ones used.
  func page(_ index: Int, keep: Bool) throws(StoreError) -> PageBytes {
    if let known = cache.withLock({ $0.find(index) }) { return known }
    let part = "page \(index)"
    let stored = try region.read(at: offsets[index], count: storedCount(index), part: part)
    guard XXH64.hash(stored) == checksums[index] else {
      throw region.damaged(part, "checksum does not match")
    }
    var raw = stored
    if rawCounts[index] != stored.count {
      raw = try unpacked(stored, limit: rawCounts[index], part)
      guard raw.count == rawCounts[index] else {
        throw region.damaged(part, "unpacks to \(raw.count) of \(rawCounts[index]) bytes")
      }
    }
    let page = PageBytes(raw)
    if keep { cache.withLock { $0.insert(index, page) } }
    return page
  }

  private func unpacked(
    _ stored: [UInt8], limit: Int, _ part: String
  ) throws(StoreError) -> [UInt8] {
    let outcome: Result<[UInt8], CodecError> = zstd.withLock { zstd in
      let context = zstd ?? ZstdDecompressor()
      zstd = context
      do throws(CodecError) {
        return .success(try context.decompress(stored, limit: limit))
      } catch {
        return .failure(error)
      }
    }
    switch outcome {
    case .success(let raw): return raw
    case .failure(let error): throw region.damaged(part, "\(error)")
    }
  }
}

/// Up to 2 MiB of pages; the one not used for longest goes first.
private struct PageCache {
  private static let limit = 1 << 21
  private var pages: [Int: (page: PageBytes, used: UInt64)] = [:]
  private var total = 0
  private var clock: UInt64 = 0

  mutating func find(_ index: Int) -> PageBytes? {
    guard let found = pages[index]?.page else { return nil }
    clock += 1
    pages[index]?.used = clock
    return found
  }

  mutating func insert(_ index: Int, _ page: PageBytes) {
    guard pages[index] == nil, page.bytes.count <= Self.limit / 2 else { return }
    while total + page.bytes.count > Self.limit {
      guard let oldest = pages.min(by: { $0.value.used < $1.value.used }) else { break }
      total -= oldest.value.page.bytes.count
      pages[oldest.key] = nil
    }
    clock += 1
    pages[index] = (page, clock)
    total += page.bytes.count
  }
}
