import MxCodec
package import MxFiles
import MxJSON
package import MxModel

/// What is known of a target from its last scrape.
package struct TargetMemory: Equatable, Sendable {
  package var name = ""
  package var job = ""
  package var labels = LabelSet.empty
  /// When it was last fetched, or counted as failed; ms since 1970.
  package var last: Int64 = 0
  /// Scrapes that failed since one succeeded.
  package var failures = 0
  /// Not fetched before this; ms since 1970.
  package var pausedUntil: Int64 = 0
  package var trace = SeriesTrace()

  package init() {}
}

/// What scrapes of one configuration remember from run to run, in files under
/// the store's `state/scrape`.
///
///     NAME.json           one line a target: when, failures, how many series
///     NAME-KEY.series     the label sets of a target's last scrape
///     NAME-HASH.targets   the last good answer of an `http_sd_configs`
///
/// A cache, not a ledger: what is lost or broken costs one early fetch or a
/// missing stale marker, so nothing here is synced, and a run of known targets
/// writes the first file alone. NAME is the hash of the configuration's path.
package final class ScrapeMemory {
  package var targets: [UInt64: TargetMemory] = [:]
  private let directory: String
  private let name: String
  private let files: any FileSystem
  private var random: any RandomNumberGenerator
  /// Something was there that could not be read.
  package private(set) var wasBroken = false

  /// Bytes: a target takes about 300.
  private static let limit = 256 << 20
  private static let version: Int64 = 1

  package init(
    _ directory: String, configuration: String, files: any FileSystem,
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) {
    self.directory = directory
    self.files = files
    self.random = random
    name = Hex.string(XXH64.hash(Array(configuration.utf8)))
  }

  private var path: String { FilePath.join(directory, "\(name).json") }
  /// Held while a run scrapes: a second one would fetch everything twice.
  package var lockPath: String { FilePath.join(directory, "\(name).lock") }

  private func seriesPath(_ key: UInt64) -> String {
    FilePath.join(directory, "\(name)-\(Hex.string(key)).series")
  }

  private func targetsPath(_ url: String) -> String {
    FilePath.join(directory, "\(name)-\(Hex.string(XXH64.hash(Array(url.utf8)))).targets")
  }

  package func prepare() throws(FileError) {
    if try files.status(directory) == nil { try files.makeDirectory(directory) }
  }

  // MARK: - Targets

  package func load() throws(FileError) {
    guard try files.status(path) != nil else { return }
    let bytes = try files.contents(of: path, limit: Self.limit)
    guard let found = Self.read(bytes) else {
      wasBroken = true
      return
    }
    targets = found
  }

  package func save() throws(FileError) {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("version")
    writer.int(Self.version)
    writer.name("targets")
    writer.beginArray()
    for (key, target) in targets.sorted(by: { $0.key < $1.key }) {
      writer.newline()
      write(key, target, &writer)
    }
    writer.endArray()
    writer.endObject()
    writer.newline()
    try replace(path, writer.bytes)
  }

  private func write(_ key: UInt64, _ target: TargetMemory, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.name("key")
    writer.string(Hex.string(key))
    for (name, text) in [("name", target.name), ("job", target.job)] {
      writer.name(name)
      writer.string(text)
    }
    writer.name("labels")
    writer.beginObject()
    for pair in target.labels.pairs {
      writer.name(pair.name)
      writer.string(pair.value)
    }
    writer.endObject()
    for (name, number) in [
      ("last", target.last), ("failures", Int64(target.failures)),
      ("paused_until", target.pausedUntil), ("series", Int64(target.trace.count)),
    ] {
      writer.name(name)
      writer.int(number)
    }
    writer.name("hash")
    writer.string(Hex.string(target.trace.hash))
    writer.endObject()
  }

  private static func read(_ bytes: [UInt8]) -> [UInt64: TargetMemory]? {
    let root: JSONValue
    do throws(JSONError) { root = try JSONValue.parse(bytes) } catch { return nil }
    guard root["version"]?.int == version, let items = root["targets"]?.array else { return nil }
    var targets: [UInt64: TargetMemory] = [:]
    for item in items {
      guard let key = item["key"]?.string.flatMap({ UInt64($0, radix: 16) }),
        let hash = item["hash"]?.string.flatMap({ UInt64($0, radix: 16) }),
        let count = item["series"]?.int, let last = item["last"]?.int
      else { return nil }
      var target = TargetMemory()
      target.name = item["name"]?.string ?? ""
      target.job = item["job"]?.string ?? ""
      target.labels = LabelSet(
        (item["labels"]?.members ?? []).map { ($0.name, $0.value.string ?? "") })
      target.last = last
      target.failures = Int(clamping: item["failures"]?.int ?? 0)
      target.pausedUntil = item["paused_until"]?.int ?? 0
      target.trace = SeriesTrace(count: Int(clamping: count), hash: hash)
      targets[key] = target
    }
    return targets
  }

  // MARK: - Series

  /// The label sets of a target's last scrape; none where they are not known.
  package func series(of key: UInt64) -> [[UInt8]] {
    do {
      let bytes = try files.contents(of: seriesPath(key), limit: Self.limit)
      let plain = try ZstdDecompressor().decompress(bytes, limit: Self.limit)
      return try plain.withUnsafeBytes { try Self.keys($0) }
    } catch FileError.notFound {
      return []
    } catch {
      wasBroken = true
      return []
    }
  }

  package func saveSeries(_ keys: [[UInt8]], of key: UInt64) throws(FileError) {
    var plain: [UInt8] = []
    for key in keys {
      plain.append(varint: key.count)
      plain += key
    }
    plain.append(littleEndian: XXH64.hash(plain))
    try replace(seriesPath(key), ZstdCompressor(level: 1).compress(plain))
  }

  package func forgetSeries(of key: UInt64) throws(FileError) {
    do throws(FileError) { try files.remove(seriesPath(key)) } catch .notFound {}
  }

  private static func keys(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> [[UInt8]] {
    guard bytes.count >= 8 else { throw .truncated(at: bytes.count) }
    let body = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 8)])
    var tail = ByteReader(bytes, at: bytes.count - 8)
    guard try tail.uint64() == XXH64.hash(body) else { throw .malformed("checksum", at: 0) }
    var reader = ByteReader(body)
    var keys: [[UInt8]] = []
    while !reader.isAtEnd {
      keys.append(Array(try reader.bytes(try reader.count(atMost: body.count))))
    }
    return keys
  }

  // MARK: - Discovery

  /// The last good answer of a list of targets, and how old it is in ms.
  package func discovered(_ url: String, now: Int64) -> (body: [UInt8], age: Int64)? {
    do throws(FileError) {
      guard let status = try files.status(targetsPath(url)) else { return nil }
      return (
        try files.contents(of: targetsPath(url), limit: Self.limit), now - status.modified
      )
    } catch {
      return nil
    }
  }

  package func saveDiscovered(_ body: [UInt8], _ url: String) throws(FileError) {
    try replace(targetsPath(url), body)
  }

  /// The old file or the new one while the machine stays up; no syncs.
  private func replace(_ path: String, _ bytes: [UInt8]) throws(FileError) {
    let temporary = "\(path).\(Hex.string(random.next() as UInt64)).tmp"
    let file = try files.create(temporary)
    do throws(FileError) {
      var failure: FileError?
      bytes.withUnsafeBytes { buffer in
        do throws(FileError) { try file.write(buffer) } catch { failure = error }
      }
      if let failure { throw failure }
      try file.close()
      try files.rename(temporary, to: path)
    } catch {
      do throws(FileError) { try files.remove(temporary) } catch {}
      throw error
    }
  }
}
