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

  /// Writes a file unless it is there already, byte for byte.
  func write(_ name: String, _ bytes: [UInt8]) throws {
    let path = path(name)
    if let status = try files.status(path), status.size == bytes.count,
      try files.contents(of: path, limit: bytes.count) == bytes
    {
      return
    }
    let parent = FilePath.parent(of: path)
    if made.insert(parent).inserted { try files.makeDirectory(parent) }
    let temporary = path + ".new"
    if try files.status(temporary) != nil { try files.remove(temporary) }
    let file = try files.create(temporary)
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

  func exists(_ name: String) throws -> Bool { try files.status(path(name)) != nil }

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

/// What a dashboard was last made from: by it a run that has nothing to do sees so.
struct RenderState: Equatable {
  /// A hash of the dashboard's text, the options and the program.
  var key: String
  var store: String
  var generation: Int64
  /// When it was made, and the width of its shortest range, ms.
  var at: Int64
  var width: Int64
  /// What the run answered: 0 or 1.
  var code: Int64

  /// Whether nothing can have changed that would be seen: the same question, the same
  /// store, and the range moved by less than a hundredth.
  func holds(for other: RenderState, isFixed: Bool) -> Bool {
    guard key == other.key, store == other.store, generation == other.generation else {
      return false
    }
    return other.at == at || (!isFixed && other.at > at && other.at - at < width / 100)
  }

  init(key: String, store: String, generation: Int64, at: Int64, width: Int64, code: Int64) {
    self.key = key
    self.store = store
    self.generation = generation
    self.at = at
    self.width = width
    self.code = code
  }

  init?(_ json: JSONValue?) {
    guard let json, let key = json["key"]?.string, let store = json["store"]?.string,
      let generation = json["generation"]?.int, let at = json["at"]?.int,
      let width = json["width"]?.int, let code = json["code"]?.int
    else { return nil }
    self.init(key: key, store: store, generation: generation, at: at, width: width, code: code)
  }

  var json: [UInt8] {
    let members: [(String, JSONText)] = [
      ("key", .string(key)), ("store", .string(store)), ("generation", .integer(generation)),
      ("at", .integer(at)), ("width", .integer(width)), ("code", .integer(code)),
    ]
    return Array((JSONText.object(members).text + "\n").utf8)
  }
}
