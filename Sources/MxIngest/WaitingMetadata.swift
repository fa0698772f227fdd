import MxFiles
import MxJSON
import MxModel
import MxStore

/// Types, helps and units that came without a sample, in `state/metadata.json`.
///
/// Prometheus sends them in requests of their own, each minute. The store keeps what is
/// said of a metric with its series: so this waits for the next samples of its metric.
/// Senders say it again and again; what is lost here comes again.
///
///     [{"family":"up","type":"gauge","help":"…","unit":""}, …]
struct WaitingMetadata {
  private let store: Store
  private(set) var entries: [String: MetricMetadata] = [:]
  /// As it is on disk.
  private var saved: [String: MetricMetadata] = [:]

  /// More than anybody exposes.
  private static let most = 10_000
  private static let limit = 8 << 20

  private var path: String { FilePath.join(store.stateDirectory, "metadata.json") }

  /// What waits now.
  init(_ store: Store) throws(FileError) {
    self.store = store
    guard try store.files.status(path) != nil else { return }
    let bytes = try store.files.contents(of: path, limit: Self.limit)
    let root: JSONValue
    do throws(JSONError) { root = try JSONValue.parse(bytes) } catch { return }
    for item in root.array ?? [] {
      guard let family = item["family"]?.string,
        let type = item["type"]?.string.flatMap({ MetricType(word: $0) })
      else { continue }
      entries[family] = MetricMetadata(
        family: family, type: type, help: item["help"]?.string ?? "",
        unit: item["unit"]?.string ?? "")
    }
    saved = entries
  }

  /// What is said of the metric `name`, by its own name or its family's.
  func entry(ofMetric name: String) -> MetricMetadata? {
    if entries.isEmpty { return nil }
    return MetricKinds.families(of: name).lazy.compactMap { entries[$0] }.first
  }

  mutating func add(_ entry: MetricMetadata) {
    if entries.count < Self.most || entries[entry.family] != nil { entries[entry.family] = entry }
  }

  mutating func remove(_ family: String) { entries[family] = nil }

  /// Writes what waits, where that is news.
  mutating func save() throws(FileError) {
    if entries == saved { return }
    if entries.isEmpty {
      try store.files.remove(path)
    } else {
      if try store.files.status(store.stateDirectory) == nil {
        try store.files.makeDirectory(store.stateDirectory)
      }
      try store.files.replace(path, with: bytes(), temporary: path + ".tmp")
    }
    saved = entries
  }

  private func bytes() -> [UInt8] {
    var writer = JSONWriter()
    writer.beginArray()
    for entry in entries.values.sorted(by: { $0.family < $1.family }) {
      writer.beginObject()
      for (name, value) in [
        ("family", entry.family), ("type", entry.type.word), ("help", entry.help),
        ("unit", entry.unit),
      ] {
        writer.name(name)
        writer.string(value)
      }
      writer.endObject()
    }
    writer.endArray()
    writer.newline()
    return writer.bytes
  }
}
