import MxCLI
import MxFiles
import MxModel
import MxStore

/// `mx-compact inspect`.
enum StoreInspection {
  static func inspect(_ run: Run) throws -> ExitCode {
    let path = run.arguments.positionals.first ?? ""
    let files = DiskFileSystem()
    guard try files.status(path) != nil else { throw FileError.notFound(path: path) }
    switch try Inspection(path, files) {
    case .manifest(let manifest): try describe(manifest, run)
    case .segment(let reader): try describe(reader, run)
    case .set(let set): try describe(set, run)
    }
    return .success
  }

  private static func describe(_ manifest: Manifest, _ run: Run) throws {
    try run.output.write(
      "manifest of store \(manifest.storeID), generation \(manifest.generation), "
        + "last commit \(manifest.lastSequence), on_conflict \(manifest.conflict)\n")
    var table = TableWriter([
      ("file", .left), ("kind", .left), ("level", .right), ("series", .right),
      ("samples", .right), ("bytes", .right), ("oldest", .left), ("newest", .left),
    ])
    for info in manifest.segments {
      table.append([
        info.fileName, "\(info.kind)", String(info.level), String(info.series),
        String(info.samples), String(info.bytes), TimeText.rfc3339(info.range.from),
        TimeText.rfc3339(info.range.to),
      ])
    }
    for file in manifest.retired {
      table.append([
        file.path, "retired", "", "", "", String(file.bytes), "", TimeText.rfc3339(file.since),
      ])
    }
    try table.write(to: run.output)
    for tombstone in manifest.tombstones {
      let matchers = tombstone.matchers.map(\.description).joined(separator: ", ")
      try run.output.write(
        "deletion \(tombstone.sequence): {\(matchers)} from "
          + "\(TimeText.rfc3339(tombstone.range.from)) to \(TimeText.rfc3339(tombstone.range.to))\n"
      )
    }
    try describe(manifest.expiries, run)
  }

  private static func describe(_ expiries: [Expiry], _ run: Run) throws {
    for expiry in expiries {
      for rule in expiry.rules where rule.through != .min {
        let matchers = rule.matchers.map(\.description).joined(separator: ", ")
        try run.output.write(
          "samples gone \(expiry.policies == 0 ? "for room" : "by age"): {\(matchers)} up to "
            + "\(TimeText.rfc3339(rule.through))\n")
      }
    }
  }

  private static func describe(_ reader: SegmentReader, _ run: Run) throws {
    let info = reader.info
    try run.output.write(
      "segment of store \(reader.footer.storeID), commits \(info.firstSequence) to "
        + "\(info.lastSequence), level \(info.level), \(info.series) series, "
        + "\(info.samples) samples, \(info.bytes) bytes\n")
    if let set = info.set { try run.output.write("series set \(set)\n") }
    if info.kind == .windows {
      let horizon = info.horizon == .min ? "none" : TimeText.rfc3339(info.horizon)
      try run.output.write(
        "windows of \(DurationText.format(info.tier)), commits counted up to \(info.source) in "
          + "windows up to \(horizon)\n")
    }
    try describe(reader.footer.expiries, run)
    if run.arguments.has("dump") { return try dump(reader, run) }
    var table = TableWriter([("part", .left), ("offset", .right), ("bytes", .right)])
    for part in try reader.parts() {
      table.append([part.name, String(part.offset), String(part.bytes)])
    }
    try table.write(to: run.output)
  }

  /// All that a segment holds. Its labels may lie beside it: the store is the one that the
  /// file is in, unless another is named.
  private static func dump(_ reader: SegmentReader, _ run: Run) throws {
    let directory = FilePath.parent(of: reader.path)
    let isInStore = FilePath.name(of: directory) == "segments"
    let path =
      isInStore && !run.arguments.has("store") ? FilePath.parent(of: directory) : run.common.store
    let store = Store(path: path, files: DiskFileSystem())
    if reader.info.kind == .windows {
      return try reader.dumpWindows(in: store) { labels, end, columns in
        let text = columns.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
        try run.output.write("\(labels) \(text) \(end)\n")
      }
    }
    try reader.dump(in: store) { labels, samples in
      for index in 0..<samples.count {
        try run.output.write("\(labels) \(samples.values[index]) \(samples.times[index])\n")
      }
    }
  }

  private static func describe(_ set: SeriesSet, _ run: Run) throws {
    let found = try set.inspect()
    try run.output.write(
      "series set \(found.id), \(found.series) series, \(found.fileBytes) bytes\n")
    if run.arguments.has("dump") {
      var lines: [String] = []
      try set.dump { ref, labels in lines.append("\(ref) \(labels)\n") }
      for line in lines { try run.output.write(line) }
      return
    }
    var table = TableWriter([
      ("part", .left), ("count", .right), ("bytes", .right), ("note", .left),
    ])
    for part in found.parts {
      table.append([part.name, String(part.count), String(part.bytes), part.note])
    }
    try table.write(to: run.output)
  }
}
