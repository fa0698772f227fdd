import MxCodec
package import MxFiles
import MxJSON
package import MxModel

/// How far a store was sent to one receiver.
///
/// Everything up to commit `sequence` was taken. Of the commits after it up to
/// `target`, all slices of time (see `ForwardBodies`) before that of `time`; of that one
/// the series up to `series`, and of this the samples up to `time`: who is killed in the
/// middle goes on there.
package struct ForwardCursor: Equatable, Sendable {
  package var store = ""
  package var sequence: UInt64 = 0
  package var target: UInt64 = 0
  package var series: LabelSet?
  package var time = Int64.min
  /// What of metrics' types and helps the receiver was told.
  package var metadata: UInt64 = 0

  package init() {}
}

/// The cursor's file, `state/forward-HASH.json`: one a receiver, named by the hash
/// of its URL, which may hold a password.
package struct ForwardState {
  private let directory: String
  private let name: String
  private let files: any FileSystem

  private static let limit = 1 << 20

  package init(_ directory: String, url: String, files: any FileSystem) {
    self.directory = directory
    self.files = files
    name = "forward-\(Hex.string(XXH64.hash(Array(url.utf8))))"
  }

  package var path: String { FilePath.join(directory, "\(name).json") }
  package var lockPath: String { FilePath.join(directory, "\(name).lock") }

  package func prepare() throws(FileError) {
    if try files.status(directory) == nil { try files.makeDirectory(directory) }
  }

  /// Nil where there is none, or none that can be read.
  package func load() throws(FileError) -> ForwardCursor? {
    guard try files.status(path) != nil else { return nil }
    let bytes = try files.contents(of: path, limit: Self.limit)
    let root: JSONValue
    do throws(JSONError) { root = try JSONValue.parse(bytes) } catch { return nil }
    guard let store = root["store"]?.string,
      let sequence = root["sequence"]?.int.flatMap({ UInt64(exactly: $0) }),
      let target = root["target"]?.int.flatMap({ UInt64(exactly: $0) })
    else { return nil }
    var cursor = ForwardCursor()
    cursor.store = store
    cursor.sequence = sequence
    cursor.target = target
    cursor.time = root["time"]?.int ?? .min
    cursor.metadata = root["metadata"]?.string.flatMap { UInt64($0, radix: 16) } ?? 0
    cursor.series = root["series"]?.members.map { members in
      LabelSet(members.map { ($0.name, $0.value.string ?? "") })
    }
    return cursor
  }

  /// Durable: what was acknowledged there is not sent again.
  package func save(_ cursor: ForwardCursor) throws(FileError) {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("store")
    writer.string(cursor.store)
    writer.name("sequence")
    writer.int(Int64(clamping: cursor.sequence))
    writer.name("target")
    writer.int(Int64(clamping: cursor.target))
    if let series = cursor.series {
      writer.name("series")
      writer.beginObject()
      for pair in series.pairs {
        writer.name(pair.name)
        writer.string(pair.value)
      }
      writer.endObject()
      writer.name("time")
      writer.int(cursor.time)
    }
    writer.name("metadata")
    writer.string(Hex.string(cursor.metadata))
    writer.endObject()
    writer.newline()
    try files.replace(path, with: writer.bytes, temporary: "\(path).tmp")
  }
}
