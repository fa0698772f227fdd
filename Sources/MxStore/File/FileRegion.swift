package import MxFiles
import MxModel

/// A stretch of a file that knows where it lies: a whole file, or a section in
/// it. Whatever reads a series set reads it the same way from a file of its
/// own and from the inside of a segment.
package struct FileRegion: Sendable {
  package let file: any ReadableFile
  package let path: String
  private(set) package var base: Int
  private(set) package var count: Int
  /// Bytes that were read at once, and where they lie in the file.
  private var end: [UInt8] = []
  private var endStart = 0

  package init(file: any ReadableFile, path: String, base: Int, count: Int) {
    self.file = file
    self.path = path
    self.base = base
    self.count = count
  }

  /// The same with its last bytes in memory: what has all its directories there is opened
  /// with one read instead of seven.
  func withEnd(_ most: Int) throws(StoreError) -> FileRegion {
    var region = self
    let count = min(self.count, most)
    region.end = try read(at: self.count - count, count: count, part: "end")
    region.endStart = base + self.count - count
    return region
  }

  /// The whole of a file.
  package init(opening path: String, in files: any FileSystem) throws(StoreError) {
    do throws(FileError) {
      let file = try files.openForReading(path)
      self.init(file: file, path: path, base: 0, count: file.size)
    } catch .notFound {
      throw .vanished(path: path)
    } catch {
      throw .file(error)
    }
  }

  /// A stretch of this stretch; damaged where it leaves it.
  package func region(at offset: Int, count: Int, part: String) throws(StoreError) -> FileRegion {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
      throw damaged(part, "reaches over the end of the file")
    }
    var part = self
    (part.base, part.count) = (base + offset, count)
    return part
  }

  /// Exactly `count` bytes at `offset`, or damage: the file is shorter than its index says.
  package func read(at offset: Int, count: Int, part: String) throws(StoreError) -> [UInt8] {
    _ = try region(at: offset, count: count, part: part)
    var bytes: [UInt8] = []
    var failure: StoreError?
    bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let target = UnsafeMutableRawBufferPointer(buffer)
      do throws(StoreError) {
        try read(into: target, at: offset, part: part)
        initialized = count
      } catch {
        failure = error
        initialized = 0
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Fills `buffer` from `offset` on.
  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int, part: String
  ) throws(StoreError) {
    let place = base + offset - endStart
    if place >= 0, place + buffer.count <= end.count {
      return end.withUnsafeBytes { end in
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: end[place..<place + buffer.count]))
      }
    }
    let got: Int
    do throws(FileError) {
      got = try file.read(into: buffer, at: base + offset)
    } catch {
      throw .file(error)
    }
    guard got == buffer.count else { throw damaged(part, "the file ends too early") }
  }

  package func damaged(_ part: String, _ reason: String) -> StoreError {
    .damaged(Damage(path: path, part: part, reason: reason))
  }
}

extension FileRegion {
  /// Bytes in memory that are read like a file: a set that is not written yet.
  init(bytes: [UInt8], path: String) {
    self.init(file: MemoryFile(bytes), path: path, base: 0, count: bytes.count)
  }
}

private final class MemoryFile: ReadableFile {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var size: Int { bytes.count }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
    guard offset >= 0, offset < bytes.count else { return 0 }
    let count = min(buffer.count, bytes.count - offset)
    bytes.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count]))
    }
    return count
  }
}
