import Glibc

/// Labels of one axis that stand side by side in a key: `node … pod … uid …`.
///
/// Their part of a key depends on the tuple alone, so it is put together once
/// a tuple and then copied: series go through the tuples in order, once for
/// each metric. A run of an axis with nearly as many tuples as series keeps
/// nothing: each of its parts is wanted once.
///
/// Memory is owned by the run, belongs to one thread, and lives as long as it.
final class LabelRun {
  /// Its part of the key of one tuple.
  struct Fragment {
    var bytes: UnsafePointer<UInt8>?
    var count: Int
  }

  let axis: Int
  private let names: [[UInt8]]
  private let tuples: [TupleReader?]
  private let symbols: [SymbolReader]
  private let isKept: Bool
  private let fragments: UnsafeMutablePointer<Fragment>
  private var chunks: [UnsafeMutablePointer<UInt8>] = []
  private var free = 0
  private var next: UnsafeMutablePointer<UInt8>?
  private var scratch: [UInt8] = []

  private static let chunkBytes = 65536

  init(_ set: SeriesSet, labels: Range<Int>, scratch: IdScratch) throws(StoreError) {
    axis = set.index.labels[labels.lowerBound].axis
    var names: [[UInt8]] = []
    var tuples: [TupleReader?] = []
    var symbols: [SymbolReader] = []
    for label in labels {
      names.append(set.index.labels[label].name + [0])
      tuples.append(try set.tuples(label).map { TupleReader($0, scratch: scratch) })
      symbols.append(SymbolReader(try set.symbols(label)))
    }
    self.names = names
    self.tuples = tuples
    self.symbols = symbols
    let count = set.index.axes[axis].tuples
    isKept = count <= max(set.count / 2, 64)
    // Zeroed by the system as it is touched: 16 bytes a tuple that is met.
    let bytes = isKept ? count * MemoryLayout<Fragment>.stride : MemoryLayout<Fragment>.stride
    guard let memory = calloc(1, bytes) else { preconditionFailure("out of memory") }
    fragments = memory.bindMemory(to: Fragment.self, capacity: isKept ? count : 1)
  }

  deinit {
    for chunk in chunks { chunk.deallocate() }
    Glibc.free(fragments)
  }

  /// Its part of the keys of series with `tuple`; valid until the next call
  /// where it is not kept.
  @inline(__always)
  func fragment(_ tuple: UInt32) throws(StoreError) -> Fragment {
    if isKept {
      let known = fragments[Int(tuple)]
      if known.bytes != nil { return known }
    }
    return try make(tuple)
  }

  private func make(_ tuple: UInt32) throws(StoreError) -> Fragment {
    scratch.removeAll(keepingCapacity: true)
    for place in names.indices {
      let id = try tuples[place]?.symbol(tuple) ?? tuple
      if id == 0 { continue }
      scratch.append(contentsOf: names[place])
      scratch.append(contentsOf: try symbols[place].symbol(id))
      scratch.append(0)
    }
    let target = room(scratch.count)
    scratch.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { target.update(from: base, count: source.count) }
    }
    let made = Fragment(bytes: UnsafePointer(target), count: scratch.count)
    if isKept { fragments[Int(tuple)] = made }
    return made
  }

  /// Memory for `count` bytes; the one place over and over where nothing is kept.
  private func room(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    if let next, count <= free {
      if isKept {
        self.next = next + count
        free -= count
      }
      return next
    }
    if !isKept { for chunk in chunks { chunk.deallocate() } }
    if !isKept { chunks.removeAll() }
    // Small sets take little: chunks double up to 64 KiB.
    let size = max(count, min(Self.chunkBytes, 1024 << min(chunks.count, 6)))
    let chunk = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
    chunks.append(chunk)
    next = isKept ? chunk + count : chunk
    free = isKept ? size - count : size
    return chunk
  }
}
