import Glibc

/// Room for the values of one page at a time: 128 KiB, which a reader of many pages
/// must not ask the system for anew each time.
final class PageValues {
  private(set) var all = UnsafeMutableBufferPointer<Double>(start: nil, count: 0)
  private let room: PageRoom?
  private var isOwned = false

  /// `room`: where the memory is taken from; by default it is its own.
  init(in room: PageRoom? = nil) { self.room = room }

  deinit { if isOwned { free(all.baseAddress) } }

  /// Makes it as large, if it is not; from a room at once as large as it may become.
  func reserve(_ count: Int, atMost most: Int) {
    if count <= all.count { return }
    if let found = room?.take(most) {
      all = found
      return
    }
    if isOwned { free(all.baseAddress) }
    // Not zeroed: what is read was decoded before, and most pages hold fewer values.
    guard let memory = malloc(count * MemoryLayout<Double>.stride) else {
      preconditionFailure("out of memory")
    }
    isOwned = true
    all = UnsafeMutableBufferPointer(
      start: memory.bindMemory(to: Double.self, capacity: count), count: count)
  }
}

/// Memory for the values of many pages, in pages of 2 MiB where the system has such: a
/// thousand small ones that are touched one after the other take longer than what is
/// written to them (a year of hourly windows, two threads, 35.5 -> 33 ms of CPU,
/// 2026-11-29).
final class PageRoom {
  private static let pageSize = 2 << 20
  private static let chunk = 2 * pageSize

  private var chunks: [UnsafeMutableRawPointer] = []
  private var next: UnsafeMutableRawPointer?
  private var left = 0

  deinit { for chunk in chunks { free(chunk) } }

  /// Room for so many values, as long as this lives; nil if the system has none.
  func take(_ count: Int) -> UnsafeMutableBufferPointer<Double>? {
    let bytes = count * MemoryLayout<Double>.stride
    if left < bytes { addChunk() }
    guard let memory = next, left >= bytes else { return nil }
    next = memory + bytes
    left -= bytes
    return UnsafeMutableBufferPointer(
      start: memory.bindMemory(to: Double.self, capacity: count), count: count)
  }

  private func addChunk() {
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, PageRoom.pageSize, PageRoom.chunk) == 0, let memory else {
      return
    }
    chunks.append(memory)
    madvise(memory, PageRoom.chunk, MADV_HUGEPAGE)
    next = memory
    left = PageRoom.chunk
  }
}
