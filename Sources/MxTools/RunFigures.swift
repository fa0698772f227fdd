import Glibc
import MxFiles
import MxStore

/// Figures that runs left with `--stats-file STORE/state/runs/NAME.prom`: the one place of them that
/// `mx-compact health` and `mx-ingest host` look into. A tool that only reads the store, or whose own
/// samples would be in its way, tells there when it ran last and what it did.
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

  static func isOwn(_ file: String?) -> Bool {
    file.map { FilePath.parent(of: $0).hasSuffix("/" + directory) } ?? false
  }

  /// Makes the directory of a file that lies there; any other is the user's to make.
  static func makePlace(of file: String, _ store: String) throws {
    let suffix = "/" + directory
    let place = FilePath.parent(of: file)
    guard place.hasSuffix(suffix), let own = whole(String(place.dropLast(suffix.count))),
      own == whole(store)
    else { return }
    let files = DiskFileSystem()
    try files.makeDirectory(FilePath.parent(of: place))
    try files.makeDirectory(place)
  }

  /// However it is written; nil where nothing is there.
  private static func whole(_ path: String) -> String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
  }

  /// All figures as one page of Prometheus text, each family once: `mx-ingest host` takes it in beside
  /// the machine's, as node_exporter does with its text files.
  static func page(_ store: Store) -> String {
    var families: [(name: Substring, head: [Substring], rows: [Substring])] = []
    for text in (try? texts(store)) ?? [] {
      for line in text.split(separator: "\n") {
        let words = line.split(separator: " ", maxSplits: 3)
        let isHead = line.hasPrefix("# ") && words.count == 4
        let name = isHead ? words[2] : line.prefix { $0 != "{" }
        guard name.hasPrefix("mx_run_") else { continue }
        if let at = families.firstIndex(where: { $0.name == name }) {
          // Two files of one tool and verb: the first stands for both.
          let series = line.prefix { $0 != "}" }
          if !isHead, !families[at].rows.contains(where: { $0.hasPrefix(series + "}") }) {
            families[at].rows.append(line)
          }
          if isHead, families[at].rows.isEmpty { families[at].head.append(line) }
        } else {
          families.append((name, isHead ? [line] : [], isHead ? [] : [line]))
        }
      }
    }
    return families.map { ($0.head + $0.rows).map { $0 + "\n" }.joined() }.joined()
  }

  private static func texts(_ store: Store) throws -> [String] {
    let place = FilePath.join(store.path, directory)
    guard try store.files.status(place) != nil else { return [] }
    return try store.files.list(place).filter { $0.name.hasSuffix(".prom") }.map { file in
      let bytes = try store.files.contents(of: FilePath.join(place, file.name), limit: limit)
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  /// What lies there, by tool and verb. What cannot be read as figures is no entry.
  static func entries(_ store: Store) throws -> [Entry] {
    let entries = try texts(store).compactMap { entry($0) }
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
    guard let exit, let end, labels.count == 5, abs(end) < 1e12, abs(exit) < 1000 else {
      return nil
    }
    return Entry(
      tool: String(labels[1]), verb: String(labels[3]), exit: Int(exit), end: Int64(end * 1000))
  }
}
