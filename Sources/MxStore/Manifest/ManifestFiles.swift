import MxFiles
package import MxModel

/// Which manifest holds, and writing the next one.
extension Store {
  /// How many generations stay: an interrupted copy finds one whose files it has.
  static let keptManifests = 8
  /// A manifest of a million segments; anything longer is damage.
  static let maxManifestBytes = 256 << 20

  /// The generations that lie there, newest first.
  func manifestGenerations() throws(StoreError) -> [UInt64] {
    let entries: [FileEntry]
    do throws(FileError) {
      entries = try files.list(path)
    } catch .notFound {
      throw .missing(path: path)
    } catch {
      throw .file(error)
    }
    return entries.compactMap { Manifest.generation(ofFileName: $0.name) }.sorted(by: >)
  }

  /// What is live now: the newest manifest whose files are all there.
  ///
  /// In a store that is copied while it is written, the newest manifest may
  /// have been copied without its segments: an older one is whole then. Where
  /// none is, the newest counts and each missing file is damage. A manifest that
  /// cannot be read is damage too; what it said is rebuilt from the segments.
  package func manifest(_ report: Report) throws(StoreError) -> Manifest {
    let generations = try manifestGenerations()
    guard let newest = generations.first else {
      guard try !segmentNames().isEmpty else { throw .missing(path: path) }
      report.damaged(Damage(path: path, part: "", reason: "has segments but no manifest"))
      return try rebuiltManifest(report)
    }
    let manifest: Manifest
    do throws(StoreError) {
      manifest = try readManifest(newest)
    } catch .damaged(let damage) {
      report.damaged(damage)
      return try rebuiltManifest(report)
    }
    let missing = try missingFiles(of: manifest)
    if missing.isEmpty { return manifest }
    for generation in generations.dropFirst() {
      if let older = try? readManifest(generation), try missingFiles(of: older).isEmpty {
        report.inform(
          "\(path): generation \(newest) lacks files, generation \(generation) is whole: "
            + "a copy made during a commit")
        return older
      }
    }
    for file in missing { report.damaged(Damage(path: file, part: "", reason: "is missing")) }
    return manifest
  }

  func readManifest(_ generation: UInt64) throws(StoreError) -> Manifest {
    let file = FilePath.join(path, Manifest.fileName(generation: generation))
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try files.contents(of: file, limit: Store.maxManifestBytes)
    } catch .notFound {
      throw .vanished(path: file)
    } catch {
      throw .file(error)
    }
    return try Manifest(decoding: bytes, path: file)
  }

  /// Names in `segments/`, those being written left out.
  func segmentNames() throws(StoreError) -> [String] {
    try names(in: segmentDirectory).filter { $0.hasSuffix(SegmentInfo.suffix) }
  }

  func names(in directory: String) throws(StoreError) -> [String] {
    do throws(FileError) {
      return try files.list(directory).map(\.name)
    } catch .notFound {
      return []
    } catch {
      throw .file(error)
    }
  }

  /// The files that `manifest` needs and that are not there.
  func missingFiles(of manifest: Manifest) throws(StoreError) -> [String] {
    let segments = Set(try names(in: segmentDirectory))
    let sets = Set(try names(in: setDirectory))
    var missing: [String] = []
    for segment in manifest.segments where !segments.contains(segment.fileName) {
      missing.append(segmentPath(segment))
    }
    for set in manifest.sets.sorted() where !sets.contains(Store.setName(set)) {
      missing.append(setPath(set))
    }
    return missing
  }

  /// Makes `manifest` the newest. The caller holds the commit lock, and all
  /// that it names is durable.
  func write(_ manifest: Manifest) throws(StoreError) {
    let file = FilePath.join(path, Manifest.fileName(generation: manifest.generation))
    let bytes = manifest.encoded()
    try onDisk { () throws(FileError) in
      try files.replace(file, with: bytes, temporary: FilePath.join(path, ".new-manifest"))
    }
    // What follows is tidying: the commit stands whether or not it succeeds.
    let old = (try? manifestGenerations()) ?? []
    for generation in old.dropFirst(Store.keptManifests) {
      try? files.remove(FilePath.join(path, Manifest.fileName(generation: generation)))
    }
  }
}
