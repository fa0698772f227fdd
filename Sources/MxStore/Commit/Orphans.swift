import MxCodec
import MxFiles
import MxModel

/// Segments with a name that no manifest knows: a commit died between naming
/// them and writing its manifest, so nothing of them was acknowledged.
struct Orphans {
  var ids: [UInt64] = []
  var lastSequence: UInt64 = 0
}

extension Store {
  /// The orphans beside `manifest`. The caller holds the commit lock, under
  /// which alone segments get their names. The next commit says in its footer
  /// that it replaces them, so that a rebuild leaves them out as well; the
  /// files are swept when the grace is over.
  func orphans(beyond manifest: Manifest) throws(StoreError) -> Orphans {
    let known = Set(
      manifest.segments.map(\.fileName)
        + manifest.retired.filter { $0.segment != 0 }.map { FilePath.name(of: $0.path) })
    var orphans = Orphans()
    for name in try segmentNames() where !known.contains(name) {
      guard let sequence = SegmentInfo.lastSequence(ofFileName: name),
        let id = SegmentInfo.id(ofFileName: name)
      else { continue }
      orphans.lastSequence = max(orphans.lastSequence, sequence)
      orphans.ids.append(id)
    }
    return orphans
  }

  /// The manifest that the next commit goes on from; a new one in an empty
  /// directory. Its generation is the newest that any file claims.
  func manifestForWriting(
    _ report: Report, random: inout any RandomNumberGenerator
  ) throws(StoreError) -> Manifest {
    var manifest: Manifest
    do throws(StoreError) {
      manifest = try self.manifest(report)
    } catch .missing {
      return Manifest(storeID: ContentHash(high: random.next(), low: random.next()))
    }
    manifest.generation = max(manifest.generation, try manifestGenerations().first ?? 0)
    return manifest
  }

  /// Makes the directories of a store, durable before anything is in them.
  func makeDirectories() throws(StoreError) {
    for directory in [segmentDirectory, setDirectory] {
      try onDisk { () throws(FileError) in
        if try files.status(directory) != nil { return }
        try files.makeDirectory(directory)
        try files.syncDirectory(path)
        try files.syncDirectory(FilePath.parent(of: path))
      }
    }
  }
}
