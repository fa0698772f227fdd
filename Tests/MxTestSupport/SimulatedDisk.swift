import Glibc
import MxFiles

/// Files and names in memory, each with what is there and what a crash leaves.
///
/// A file's bytes are durable up to its last sync. A name is durable when its
/// directory was synced after it changed. All changes of names since then wait
/// in one list, in order; a crash keeps some of them and drops the others.
struct SimulatedDisk {
  struct File {
    var bytes: [UInt8] = []
    /// So many bytes from the start survive any crash.
    var synced = 0
    /// How many names it has now.
    var links = 1
    var modified: Int64
  }

  struct Directory {
    var entries: [String: Int] = [:]
    var durable: [String: DurableName] = [:]
    var modified: Int64
  }

  /// What a name means after a crash (nil: nothing), and by which change: one
  /// that became durable late must not undo a younger one.
  struct DurableName {
    var node: Int?
    var change: Int
  }

  /// One atomic change: a rename has two parts, all others one.
  struct Change {
    var number: Int
    var parts: [(directory: Int, name: String, node: Int?)]
    /// Where a rename took its file from.
    var source: (directory: Int, name: String)?
  }

  static let root = 0

  var files: [Int: File] = [:]
  var directories: [Int: Directory] = [root: Directory(modified: 0)]
  var pending: [Change] = []
  var usedBytes = 0
  private var nextNode = 1
  private var nextChange = 1

  mutating func newNode() -> Int {
    defer { nextNode += 1 }
    return nextNode
  }

  /// Changes names now, and after a crash if the change survives.
  mutating func change(
    _ parts: [(directory: Int, name: String, node: Int?)],
    from source: (directory: Int, name: String)? = nil, now: Int64
  ) {
    for part in parts {
      let old = directories[part.directory]?.entries[part.name]
      directories[part.directory]?.entries[part.name] = part.node
      directories[part.directory]?.modified = now
      if let old { count(old, links: -1) }
      if let new = part.node { count(new, links: 1) }
    }
    pending.append(Change(number: nextChange, parts: parts, source: source))
    nextChange += 1
  }

  private mutating func count(_ node: Int, links: Int) {
    guard var file = files[node] else { return }
    if file.links == 0 { usedBytes += file.bytes.count }
    file.links += links
    if file.links == 0 { usedBytes -= file.bytes.count }
    files[node] = file
  }

  mutating func syncDirectory(_ directory: Int) {
    let chosen = pending.filter { $0.parts.contains { $0.directory == directory } }
    makeDurable(Set(chosen.map(\.number)))
  }

  /// Makes these changes durable, and those before them that they build upon: a
  /// file that was renamed twice never ends up under its first and third name.
  mutating func makeDurable(_ numbers: Set<Int>) {
    var numbers = numbers
    for (index, change) in pending.enumerated().reversed() where numbers.contains(change.number) {
      guard let source = change.source else { continue }
      let maker = pending[..<index].last { earlier in
        earlier.parts.contains {
          $0.directory == source.directory && $0.name == source.name && $0.node != nil
        }
      }
      if let maker { numbers.insert(maker.number) }
    }
    for change in pending where numbers.contains(change.number) {
      for part in change.parts {
        let old = directories[part.directory]?.durable[part.name]
        if let old, old.change > change.number { continue }
        directories[part.directory]?.durable[part.name] = DurableName(
          node: part.node, change: change.number)
      }
    }
    pending.removeAll { numbers.contains($0.number) }
  }

  /// What is left after a power cut: everything in it is durable.
  func crashed(_ policy: CrashPolicy) -> SimulatedDisk {
    var disk = self
    var generator = SeededGenerator(seed: policy.seed)
    let surviving = pending.map(\.number).filter { _ in
      policy.keepsName(using: &generator)
    }
    disk.makeDurable(Set(surviving))
    var left = SimulatedDisk()
    left.nextNode = nextNode
    left.nextChange = nextChange
    left.adopt(Self.root, of: disk)
    // By number, since the order of a dictionary differs from run to run.
    for node in left.files.keys.sorted() {
      guard var file = left.files[node] else { continue }
      file.bytes = policy.bytes(of: file, using: &generator)
      file.synced = file.bytes.count
      left.files[node] = file
      left.usedBytes += file.bytes.count
    }
    return left
  }

  /// Takes over a directory as a crash left it, with all that can be reached from there.
  private mutating func adopt(_ node: Int, of disk: SimulatedDisk) {
    guard var directory = disk.directories[node] else { return }
    directory.durable = directory.durable.filter { $0.value.node != nil }
    directory.entries = directory.durable.compactMapValues(\.node)
    directories[node] = directory
    for child in directory.entries.values {
      if let file = disk.files[child] {
        let links = files[child]?.links ?? 0
        files[child] = file
        files[child]?.links = links + 1
      } else {
        adopt(child, of: disk)
      }
    }
  }
}

/// What a power cut leaves of what was not synced.
package enum CrashPolicy: Sendable {
  /// Nothing.
  case loseAll
  /// Everything, as after kill -9 of a process: the kernel lives on.
  case keepAll
  /// All names, but of each file's unsynced bytes only a random first part.
  case torn(seed: UInt64)
  /// Any combination: each change of a name or not; each file's unsynced bytes
  /// not at all, whole, cut, or with pages of zeros among them.
  case random(seed: UInt64)

  var seed: UInt64 {
    switch self {
    case .loseAll, .keepAll: 0
    case .torn(let seed), .random(let seed): seed
    }
  }

  func keepsName(using generator: inout SeededGenerator) -> Bool {
    switch self {
    case .loseAll: false
    case .keepAll, .torn: true
    case .random: Bool.random(using: &generator)
    }
  }

  func bytes(of file: SimulatedDisk.File, using generator: inout SeededGenerator) -> [UInt8] {
    let synced = Array(file.bytes.prefix(file.synced))
    if file.synced == file.bytes.count { return synced }
    let cut = Int.random(in: file.synced...file.bytes.count, using: &generator)
    switch self {
    case .loseAll: return synced
    case .keepAll: return file.bytes
    case .torn: return Array(file.bytes.prefix(cut))
    case .random:
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: return synced
      case 1: return file.bytes
      case 2: return Array(file.bytes.prefix(cut))
      default: return withHoles(Array(file.bytes.prefix(cut)), file.synced, &generator)
      }
    }
  }

  /// The size was written before the data: some pages read as zeros.
  private func withHoles(
    _ bytes: [UInt8], _ synced: Int, _ generator: inout SeededGenerator
  ) -> [UInt8] {
    var bytes = bytes
    let page = 4096
    for start in stride(from: synced / page * page, to: bytes.count, by: page)
    where Bool.random(using: &generator) {
      for index in max(start, synced)..<min(start + page, bytes.count) { bytes[index] = 0 }
    }
    return bytes
  }
}
