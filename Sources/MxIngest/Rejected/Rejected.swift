package import MxFiles
import MxFormats
import MxJSON
package import MxStore

/// The refused input that a store keeps.
package struct Rejected {
  private let store: Store

  package init(_ store: Store) { self.store = store }

  /// One file of refusals.
  package struct Batch: Hashable, Sendable {
    package var name: String
    package var bytes: Int
    /// When the run was that refused it, ms.
    package var time: Int64
  }

  /// All that is kept, the oldest first.
  package func batches() throws(FileError) -> [Batch] {
    guard try store.files.status(store.rejectedDirectory) != nil else { return [] }
    var result: [Batch] = []
    for entry in try store.files.list(store.rejectedDirectory) {
      guard entry.name.hasSuffix(RejectedWriter.suffix), !entry.name.hasPrefix("."),
        let status = try store.files.status(path(entry.name))
      else { continue }
      let time = entry.name.split(separator: "-").first.flatMap { Int64($0) } ?? status.modified
      result.append(Batch(name: entry.name, bytes: status.size, time: time))
    }
    return result
  }

  /// The refusals of one file. Lines that are no refusals are passed over.
  package func refusals(of batch: Batch) throws(FileError) -> [Refusal] {
    let bytes = try store.files.contents(of: path(batch.name), limit: 1 << 30)
    var result: [Refusal] = []
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let object = parsed(Array(line)), let source = object["source"]?.string,
        let reason = object["reason"]?.string
      else { continue }
      var refusal = Refusal(source: source, reason: reason)
      refusal.line = Int(clamping: object["line"]?.int ?? 0)
      refusal.column = Int(clamping: object["column"]?.int ?? 0)
      refusal.format = object["format"]?.string.flatMap { Format(rawValue: $0) }
      refusal.context = RefusalContext(object)
      if let text = object["text"]?.string { refusal.text = Array(text.utf8) }
      if let hex = object["hex"]?.string { refusal.text = Self.bytes(hex: hex) }
      result.append(refusal)
    }
    return result
  }

  package func remove(_ batch: Batch) throws(FileError) {
    do throws(FileError) {
      try store.files.remove(path(batch.name))
    } catch .notFound {}
  }

  /// Removes the oldest until no more than `limit` bytes are kept.
  func bound(to limit: Int) throws(FileError) {
    let all = try batches()
    var total = all.reduce(0) { $0 + $1.bytes }
    for batch in all where total > limit {
      try remove(batch)
      total -= batch.bytes
    }
  }

  private func path(_ name: String) -> String { FilePath.join(store.rejectedDirectory, name) }

  private func parsed(_ line: [UInt8]) -> JSONValue? {
    // A line cut short by a crash is no refusal, and no error either.
    do throws(JSONError) { return try JSONValue.parse(line) } catch { return nil }
  }

  private static func bytes(hex: String) -> [UInt8] {
    let digits = hex.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map {
      UInt8(digits[$0] << 4 | digits[$0 + 1])
    }
  }
}
