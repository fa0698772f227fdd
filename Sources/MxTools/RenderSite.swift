import MxCLI
import MxFiles
import MxJSON
import MxRender

/// The files below `--out`. They are derived: lost ones are made again, so nothing
/// is synced; a reader sees the old file or the new one all the same.
final class RenderSite {
  let directory: String
  private let files = DiskFileSystem()
  private(set) var written = 0
  private(set) var bytesWritten = 0
  private var made: Set<String> = []

  init(directory: String) { self.directory = directory }

  private func path(_ name: String) -> String { FilePath.join(directory, name) }

  /// Writes a file unless it is there already, byte for byte. `isNews`: the caller knows
  /// that it is not.
  func write(_ name: String, _ bytes: [UInt8], isNews: Bool = false) throws {
    let path = path(name)
    if !isNews, let status = try files.status(path), status.size == bytes.count,
      try files.contents(of: path, limit: bytes.count) == bytes
    {
      return
    }
    let parent = FilePath.parent(of: path)
    if made.insert(parent).inserted { try files.makeDirectory(parent) }
    let temporary = path + ".new"
    let file = try create(temporary)
    var failure: FileError?
    bytes.withUnsafeBytes { buffer in
      do throws(FileError) { try file.write(buffer) } catch { failure = error }
    }
    try file.close()
    if let failure {
      try files.remove(temporary)
      throw failure
    }
    try files.rename(temporary, to: path)
    written += 1
    bytesWritten += bytes.count
  }

  /// In place of what a run that was killed may have left.
  private func create(_ path: String) throws(FileError) -> any WritableFile {
    do { return try files.create(path) } catch .exists {
      try files.remove(path)
      return try files.create(path)
    }
  }

  /// Nothing is said where it is not there.
  func remove(_ name: String) throws {
    if try exists(name) { try files.remove(path(name)) }
  }

  func removeEmptyDirectory(_ name: String) throws {
    guard try exists(name), try list(name).isEmpty else { return }
    try files.removeDirectory(path(name))
  }

  /// Files and directories in a directory, none where there is no such.
  func list(_ name: String) throws -> [String] {
    guard try files.status(path(name))?.isDirectory ?? false else { return [] }
    return try files.list(path(name)).map(\.name)
  }

  func exists(_ name: String) throws -> Bool { try files.status(path(name)) != nil }

  /// Whether a page stood there when the run began: one look for all.
  func stood(_ name: String) throws -> Bool { try before.get().contains(name) }

  private lazy var before = Result { Set(try list("")) }

  /// Nil where it is not there, or is more than we would ever write.
  func read(_ name: String) throws -> [UInt8]? {
    guard let status = try files.status(path(name)), !status.isDirectory, status.size < 1 << 28
    else { return nil }
    return try files.contents(of: path(name), limit: 1 << 28)
  }

  /// Nil where it is not there, or is no JSON: it is made anew then.
  func json(_ name: String) throws -> JSONValue? {
    guard let bytes = try read(name) else { return nil }
    do throws(JSONError) { return try JSONValue.parse(bytes) } catch { return nil }
  }
}

/// Pages of views that were made once and are not asked for any more. Only what a
/// view's index names is taken away: a file of anybody else stays.
struct StaleViews {
  let site: RenderSite
  /// Of the dashboard.
  let name: String

  func remove(but slugs: [String]) throws {
    let kept = Set(slugs)
    for file in try site.list(name) where file.hasSuffix(".json") {
      let slug = String(file.dropLast(5))
      guard !kept.contains(slug),
        let index = try site.json("\(name)/\(file)").flatMap(ViewIndex.init)
      else { continue }
      for panel in index.panels where panel.hasPlainID {
        try site.remove("\(name)/\(slug)/\(panel.id).html")
      }
      try site.removeEmptyDirectory("\(name)/\(slug)")
      try site.remove("\(name)/\(slug).html")
      try site.remove("\(name)/\(file)")
    }
  }
}
