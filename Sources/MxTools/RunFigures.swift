import MxCLI
import MxFiles
import MxStore

/// Figures that runs left with `--stats-file STORE/state/runs/NAME.prom`: the one place of them that
/// `mx-compact health` looks into. A tool that only reads the store tells there when it ran last.
enum RunFigures {
  struct Entry: Equatable {
    var tool: String
    var verb: String
    var exit: Int
    /// When it ended, milliseconds since 1970.
    var end: Int64
  }

  private static let directory = "state/runs"
  /// Larger files are none of ours.
  private static let limit = 1 << 20

  /// Makes the directory of a file that lies there; any other is the user's to make.
  static func makePlace(of file: String, _ store: String) throws {
    let place = FilePath.join(store, directory)
    let files = DiskFileSystem()
    guard FilePath.parent(of: file) == place, try files.status(store) != nil else { return }
    try files.makeDirectory(FilePath.parent(of: place))
    try files.makeDirectory(place)
  }

  /// What lies there, by tool and verb. What cannot be read as figures is no entry.
  static func entries(_ store: Store) throws -> [Entry] {
    let place = FilePath.join(store.path, directory)
    guard try store.files.status(place) != nil else { return [] }
    var entries: [Entry] = []
    for file in try store.files.list(place) where file.name.hasSuffix(".prom") {
      let bytes = try store.files.contents(of: FilePath.join(place, file.name), limit: limit)
      if let entry = entry(String(decoding: bytes, as: UTF8.self)) { entries.append(entry) }
    }
    return entries.sorted { ($0.tool, $0.verb) < ($1.tool, $1.verb) }
  }

  /// Reads the lines `RunReport.prometheus` writes.
  static func entry(_ text: String) -> Entry? {
    var exit: Double?
    var end: Double?
    var labels: [Substring] = []
    for line in text.split(separator: "\n") where line.hasPrefix("mx_run_") {
      let parts = line.split(separator: " ")
      guard parts.count == 2, let value = Double(parts[1]) else { continue }
      if parts[0].hasPrefix("mx_run_exit_code{") {
        exit = value
        labels = parts[0].split(separator: "\"", omittingEmptySubsequences: false)
      }
      if parts[0].hasPrefix("mx_run_end_timestamp_seconds{") { end = value }
    }
    guard let exit, let end, labels.count == 5, abs(end) < 1e12, abs(exit) < 1000 else { return nil }
    return Entry(
      tool: String(labels[1]), verb: String(labels[3]), exit: Int(exit), end: Int64(end * 1000))
  }
}
