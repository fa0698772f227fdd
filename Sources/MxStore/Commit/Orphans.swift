import MxCodec
import MxFiles
import MxModel

/// Segments with a name that no manifest knows: a commit died between naming
/// them and writing its manifest, so nothing of them was acknowledged; or they
/// were retired, and a crash brought back a name that was removed.
struct Orphans {
  var ids: [UInt64] = []
  /// The highest commit that any of them, or of the unreadable, was part of.
  var lastSequence: UInt64 = 0
  /// Files that say nothing of themselves any more. They may hold what was
  /// acknowledged, so nothing calls them dead; `repair` moves them aside.
  var unreadable: [String] = []
}

extension Store {
  /// The orphans beside `manifest`. The caller holds the commit lock, under
  /// which alone segments get their names. Every segment that is sealed says in
  /// its footer that it replaces them, so that a rebuild leaves them out as well;
  /// the files are swept when the grace is over.
  func orphans(beyond manifest: Manifest) throws(StoreError) -> Orphans {
    let known = Set(manifest.segments.map(\.name) + manifest.retired.segmentNames)
    var orphans = Orphans()
    for name in try segmentNames() {
      let claimed = SegmentName(name)
      if let claimed, known.contains(claimed) { continue }
      do throws(StoreError) {
        let file = FilePath.join(segmentDirectory, name)
        let footer = try SegmentFooter(reading: FileRegion(opening: file, in: files))
        guard footer.storeID == manifest.storeID, footer.info.fileName == name else {
          orphans.unreadable.append(name)
          continue
        }
        orphans.ids.append(footer.info.id)
        orphans.lastSequence = max(orphans.lastSequence, footer.commitSequences.upperBound)
      } catch .damaged, .foreign, .newer {
        orphans.unreadable.append(name)
        orphans.lastSequence = max(orphans.lastSequence, claimed?.last ?? 0)
      } catch .vanished {
        // A sweep was faster; it needs no lock for files that nothing knows.
      }
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
  ///
  /// A run that died here may have made them and synced nothing; so their names
  /// are synced until a first manifest says that this was done.
  func makeDirectories() throws(StoreError) {
    if try hasManifest() { return }
    try onDisk { () throws(FileError) in
      try files.makeDirectory(segmentDirectory)
      try files.makeDirectory(setDirectory)
      try files.syncDirectory(path)
    }
    var directory = path
    while FilePath.parent(of: directory) != directory, directory != "." {
      directory = FilePath.parent(of: directory)
      do throws(FileError) {
        try files.syncDirectory(directory)
      } catch .denied {
        // What we may not even open we did not make a name in.
        return
      } catch {
        throw .file(error)
      }
    }
  }

  private func hasManifest() throws(StoreError) -> Bool {
    do throws(StoreError) {
      return try !manifestGenerations().isEmpty
    } catch .missing {
      return false
    }
  }
}
