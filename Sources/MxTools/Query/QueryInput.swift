import MxCLI
import MxEngine
import MxFiles
import MxFormats
import MxIngest
import MxModel
import MxStore

/// Where a query reads from: a store, several as if they were one, files, or both.
struct QueryInput {
  let source: any SeriesSource
  /// What the sources have to say besides: damage, refused lines.
  let report: Report
  /// The stores among the sources, in the order named.
  let snapshots: [Snapshot]
  let settings: Settings
  /// Lines of files were refused.
  let isPartial: Bool

  /// `--store` and `--file` of a run: a later one wins where two have a sample of one
  /// series at one instant, and files win over stores.
  static func open(_ run: Run) throws -> QueryInput {
    let report = Report()
    let files = run.arguments.strings("file")
    let stores = files.isEmpty || run.arguments.has("store") ? run.common.stores : []
    let snapshots = try stores.map { path in
      try Snapshot(Store(path: path, files: DiskFileSystem()), report)
    }
    var sources: [any SeriesSource] = snapshots
    var refused = 0
    for path in files {
      let file = try FileSource.read(path, run, report)
      sources.append(file.source)
      refused += file.refused
    }
    let source = sources.count == 1 ? sources[0] : MergedSource(sources)
    return QueryInput(
      source: source, report: report, snapshots: snapshots,
      settings: try SettingsReader.load(run), isPartial: refused > 0)
  }

  /// Tells damage and warnings; how the run ends where the answer is no, or is not.
  func ending(isNo: Bool, _ run: Run) -> ExitCode {
    let damage = StoreDamage.tell(report, run)
    return damage != .success ? damage : isNo || isPartial ? .no : .success
  }
}

/// A file as a source: read whole, kept in memory.
enum FileSource {
  /// Refused lines that are named one by one.
  private static let named = 5

  /// Its samples, and of how many lines there are none.
  static func read(
    _ path: String, _ run: Run, _ report: Report
  ) throws -> (source: MemorySource, refused: Int) {
    var decoding = FormatOptions(defaultTime: run.common.now)
    let result: BatchReader.Result
    do {
      if path == "-" {
        result = try BatchReader.read(nil, decoding) { try StandardInput.read(into: $0) ?? 0 }
      } else {
        result = try read(path, &decoding)
      }
    } catch let error as FileError {
      throw error
    } catch IntakeError.unknownFormat {
      throw Diagnostic(
        .input, subject: path, "the format is not recognised",
        hint: "'mx-ingest --format FMT --store DIR \(path)' reads it as you say")
    } catch {
      let found = Explanation.diagnostic(of: error)
      throw Diagnostic(found.kind, subject: found.subject ?? path, found.message, hint: found.hint)
    }
    for problem in result.problems.prefix(named) { report.warn("\(path): \(problem.description)") }
    if result.refused > named {
      report.warn("\(path): \(result.refused - named) more lines were refused")
    }
    if result.batch.count == 0, result.bytes > 0 {
      throw Diagnostic(
        .input, subject: path, "no sample in \(result.bytes) bytes",
        hint: "'mx-ingest --dry-run \(path)' shows how it is read")
    }
    return (MemorySource(result.batch), result.refused)
  }

  /// A file, or a stream that has a name, as a shell's `<(command)` has.
  private static func read(
    _ path: String, _ decoding: inout FormatOptions
  ) throws -> BatchReader.Result {
    let files = DiskFileSystem()
    let status = try files.status(path)
    if status?.isStream ?? false {
      let stream = try NamedStream(path)
      return try BatchReader.read(nil, decoding) { try stream.read(into: $0) { false } ?? 0 }
    }
    let file = try files.openForReading(path)
    if let modified = status?.modified { decoding.defaultTime = modified }
    var offset = 0
    return try BatchReader.read(nil, decoding) { buffer in
      let count = try file.read(into: buffer, at: offset)
      offset += count
      return count
    }
  }
}
