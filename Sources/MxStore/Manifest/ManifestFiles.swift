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

  /// What is live now: the newest manifest.
  ///
  /// One that cannot be read is damage; what it said is rebuilt from the
  /// segments. Files that it names and that are not there are damage too, unless
  /// all looks like a copy made while the store was written (see `copied`).
  package func manifest(_ report: Report) throws(StoreError) -> Manifest {
    // A reader may be so slow that the manifest it saw in the listing is gone.
    for _ in 0..<Store.manifestTries {
      do throws(StoreError) {
        return try newestManifest(report)
      } catch .vanished {
        continue
      }
    }
    return try newestManifest(report)
  }

  private static let manifestTries = 10

  private func newestManifest(_ report: Report) throws(StoreError) -> Manifest {
    var generations = try manifestGenerations()
    if generations.isEmpty, try !segmentNames().isEmpty {
      // A first commit gives its segment a name before it writes the manifest.
      waitForCommit()
      generations = try manifestGenerations()
    }
    guard let newest = generations.first else {
      guard try !segmentNames().isEmpty else { throw .missing(path: path) }
      report.warn("\(path): has no manifest: a copy made while the store was written?")
      return try rebuiltManifest(report)
    }
    let manifest: Manifest
    do throws(StoreError) {
      manifest = try readManifest(newest)
    } catch .damaged(let damage) {
      report.damaged(damage)
      return try standIn(generations.dropFirst(), report)
    } catch .foreign(let path) {
      report.damaged(Damage(path: path, part: "", reason: "is no manifest"))
      return try standIn(generations.dropFirst(), report)
    }
    let missing = try missingFiles(of: manifest)
    if missing.isEmpty { return manifest }
    if let copied = try copied(manifest, generations, report) { return copied }
    for file in missing { report.damaged(Damage(path: file, part: "", reason: "is missing")) }
    return manifest
  }

  /// Returns when no commit is under way, or soon: whoever asks may hold the lock himself,
  /// or may not be able to take it.
  private func waitForCommit() {
    do throws(StoreError) { try lockCommit(wait: 0.5).release() } catch { return }
  }

  /// What stands in for a newest manifest that cannot be read: what the segments
  /// add up to, and those segments that cannot be read either but that an older
  /// manifest knows, so that whoever reads is told of them.
  private func standIn(
    _ older: ArraySlice<UInt64>, _ report: Report
  ) throws(StoreError) -> Manifest {
    let found = try foundSegments(report)
    var manifest = try rebuiltManifest(from: found)
    let unreadable = Set(found.unreadable)
    if unreadable.isEmpty { return manifest }
    for generation in older {
      guard let known = try readableManifest(generation) else { continue }
      manifest.segments += known.segments.filter { unreadable.contains($0.fileName) }
      break
    }
    return manifest
  }

  /// What a copy holds that was made while the store was written, nil where this
  /// is no such copy but a loss.
  ///
  /// `cp` lists a directory at once and copies it then: a copy has all segments
  /// that existed at that moment and none that came later. So the newest manifest
  /// whose files are all there is what was live then; of the segments that
  /// are newer, only those of the one commit that was under way can be there. Where
  /// all manifests are younger than the listing, the segments add up to it.
  private func copied(
    _ newest: Manifest, _ generations: [UInt64], _ report: Report
  ) throws(StoreError) -> Manifest? {
    var newer = [newest]
    var whole: Manifest?
    for generation in generations.dropFirst() {
      guard let older = try readableManifest(generation) else { continue }
      if try missingFiles(of: older).isEmpty {
        whole = older
        break
      }
      newer.append(older)
    }
    // The first manifest after the listing: what it knows may have been under way.
    guard let first = newer.last else { return nil }
    let before = Set(first.segments.map(\.id))
    let later = newest.segments.filter { !before.contains($0.id) }
    let present = Set(try names(in: segmentDirectory))
    guard !later.contains(where: { present.contains($0.fileName) }),
      whole != nil || !later.isEmpty
    else { return nil }
    report.warn(
      "\(path): generation \(newest.generation) lacks files that are newer than the others: "
        + "a copy made while the store was written")
    if let whole { return whole }
    var found = try foundSegments(report)
    // Sets may have been listed before segments.
    let sets = Set(try names(in: setDirectory))
    found.footers.removeAll { footer in
      footer.info.set.map { !sets.contains(Store.setName($0)) } ?? false
    }
    return try rebuiltManifest(from: found)
  }

  /// An older manifest, nil where it is damaged or gone.
  private func readableManifest(_ generation: UInt64) throws(StoreError) -> Manifest? {
    do throws(StoreError) {
      return try readManifest(generation)
    } catch .damaged, .foreign, .newer, .vanished {
      return nil
    }
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
    try names(in: segmentDirectory).filter { $0.hasSuffix(SegmentName.suffix) }
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
  /// Each is asked for by name: where cron commits every minute the directory holds thousands of
  /// files that wait for their grace to end, beside a hundred that live.
  func missingFiles(of manifest: Manifest) throws(StoreError) -> [String] {
    let paths =
      manifest.segments.map { segmentPath($0) } + manifest.sets.sorted().map { setPath($0) }
    var missing: [String] = []
    for path in paths {
      let found = try onDisk { () throws(FileError) in try files.status(path) }
      if found == nil { missing.append(path) }
    }
    return missing
  }

  /// Makes `manifest` the newest. The caller holds the commit lock, and all
  /// that it names is durable. Throws `uncertain` where it may be the newest all the
  /// same: its name was given, and could not be made durable.
  func write(_ manifest: Manifest) throws(StoreError) {
    let file = FilePath.join(path, Manifest.fileName(generation: manifest.generation))
    let bytes = manifest.encoded()
    do throws(FileError) {
      try files.replace(file, with: bytes, temporary: FilePath.join(path, ".new-manifest"))
    } catch {
      throw mayBeThere(file) ? .uncertain(error) : .file(error)
    }
    removeOldManifests()
  }

  private func mayBeThere(_ file: String) -> Bool {
    do throws(FileError) { return try files.status(file) != nil } catch { return true }
  }

  /// Tidying: the commit stands whether or not it succeeds, and the next one
  /// tries again.
  private func removeOldManifests() {
    do throws(StoreError) {
      try removeOldManifests(keeping: Store.keptManifests)
    } catch {
      return
    }
  }

  func removeOldManifests(keeping count: Int) throws(StoreError) {
    for generation in try manifestGenerations().dropFirst(count) {
      let file = FilePath.join(path, Manifest.fileName(generation: generation))
      try onDisk { () throws(FileError) in try files.remove(file) }
    }
  }
}
