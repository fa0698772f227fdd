import MxCodec
import MxFiles
import MxFormats
import MxJSON
package import MxStore

/// Writes what was refused to `rejected/` of a store, to be looked at and tried again.
///
/// A file an input and commit, `TIME-NUMBER-ID.ndjson`, one refusal a line:
///
///     {"source":"shop.prom","line":3,"column":17,"reason":"…","format":"prometheus","text":"…"}
///
/// `text` is `hex` where it is no UTF-8. `RefusalContext` says what may follow. A file becomes visible with the commit
/// of its input, before it, so that nothing refused is lost. The directory is
/// bounded: the oldest files go first, and one run takes a quarter at most.
package final class RejectedWriter {
  private let store: Store
  private let now: Int64
  private let limit: Int
  private var random: any RandomNumberGenerator
  private var file: (any WritableFile)?
  private var path = ""
  /// Finished inputs, durable but not visible yet.
  private var finished: [String] = []
  private var lines = JSONWriter()
  private var written = 0
  private var left = 0
  private var opened = 0

  private static let temporaryPrefix = ".new-"
  package static let suffix = ".ndjson"

  package init(
    _ store: Store, now: Int64, limit: Int,
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) {
    self.store = store
    self.now = now
    self.limit = limit
    self.random = random
  }

  /// Keeps refusals of the input that is being read.
  func add(_ refusals: [Refusal]) throws {
    for refusal in refusals {
      if written >= limit / 4 {
        left += 1
        continue
      }
      lines.refusal(refusal)
      if lines.bytes.count > 1 << 16 { try flush() }
    }
  }

  /// More that no text is kept of.
  func add(uncounted number: Int) { left += number }

  /// The input is done with; what it left waits for `seal`.
  func end() throws {
    if left > 0 {
      lines.refusal(
        Refusal(source: "", reason: "\(left) more were refused, their lines were not kept"))
      left = 0
    }
    try flush()
    guard let file else { return }
    try file.sync()
    try file.close()
    finished.append(path)
    self.file = nil
  }

  /// Makes the refusals of all inputs that are done with visible.
  func seal() throws {
    try end()
    if finished.isEmpty { return }
    for temporary in finished {
      let name = FilePath.name(of: temporary).dropFirst(Self.temporaryPrefix.count)
      try store.files.rename(
        temporary, to: FilePath.join(store.rejectedDirectory, String(name)))
    }
    finished = []
    try store.files.syncDirectory(store.rejectedDirectory)
    try Rejected(store).bound(to: limit)
  }

  /// Forgets the input that is being read: it is to be read again, or was before.
  func discard() {
    lines = JSONWriter()
    left = 0
    guard let file else { return }
    // Nothing reads a file of that name: what cannot be removed now is swept later.
    do throws(FileError) { try file.close() } catch {}
    do throws(FileError) { try store.files.remove(path) } catch {}
    self.file = nil
  }

  private func flush() throws {
    let bytes = lines.take()
    if bytes.isEmpty { return }
    let file = try self.file ?? open()
    self.file = file
    written += bytes.count
    try bytes.withUnsafeBytes { try file.write($0) }
  }

  private func open() throws -> any WritableFile {
    try store.files.makeDirectory(store.rejectedDirectory)
    let digits = String(max(0, now))
    // Those of one run in their order, those of runs at one time apart.
    opened += 1
    let name =
      String(repeating: "0", count: max(0, 15 - digits.count)) + digits + "-"
      + String(String(1_000_000 + opened % 1_000_000).dropFirst()) + "-"
      + Hex.string(random.next()) + Self.suffix
    path = FilePath.join(store.rejectedDirectory, Self.temporaryPrefix + name)
    return try store.files.create(path)
  }
}

extension JSONWriter {
  fileprivate mutating func refusal(_ refusal: Refusal) {
    beginObject()
    name("source")
    string(refusal.source)
    if refusal.line > 0 {
      name("line")
      int(refusal.line)
    }
    if refusal.column > 0 {
      name("column")
      int(refusal.column)
    }
    name("reason")
    string(refusal.reason)
    if let format = refusal.format {
      name("format")
      string(format.rawValue)
    }
    if !refusal.text.isEmpty {
      if String(validating: refusal.text, as: UTF8.self) != nil {
        name("text")
        refusal.text.withUnsafeBytes { string($0) }
      } else {
        name("hex")
        string(Hex.string(refusal.text))
      }
      refusal.context.write(to: &self)
    }
    endObject()
    newline()
  }
}
