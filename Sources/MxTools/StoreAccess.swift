import MxCLI
import MxFiles
import MxModel
import MxPromQL
import MxStore

/// What commands that work on a store have in common.
enum StoreAccess {
  static func store(_ run: Run) -> Store {
    Store(path: run.common.store, files: DiskFileSystem())
  }

  /// Runs `body` under the lock of long work. With `--lock skip` another run's
  /// work counts as ours.
  static func maintaining(
    _ store: Store, _ run: Run, _ body: () throws -> ExitCode
  ) throws -> ExitCode {
    // A mistyped path must not become a directory.
    guard try store.files.status(store.path) != nil else {
      throw StoreError.missing(path: store.path)
    }
    let lock: any FileLock
    do {
      lock = try store.lockMaintenance(wait: run.common.lock.seconds)
    } catch StoreError.locked where run.common.lock == .skip {
      run.output.summary("another run is at work: nothing done")
      return .success
    }
    defer { lock.release() }
    do {
      return try body()
    } catch is WorkStopped {
      run.output.summary("stopped; what was finished is kept")
      return Interruption.exitCode
    }
  }

  /// Whether `path`, which need not be there yet, is the store's directory or below it, by
  /// whatever name.
  static func lies(_ path: String, inside store: Store) throws -> Bool {
    guard let wanted = try store.files.status(store.path)?.identity else { return false }
    var place = path
    while try store.files.status(place) == nil, place != FilePath.parent(of: place) {
      place = FilePath.parent(of: place)
    }
    var last: FileIdentity?
    while let found = try store.files.status(place)?.identity, found != last {
      if found == wanted { return true }
      last = found
      place = FilePath.join(place, "..")
    }
    return false
  }

  /// The selectors of `--match`: a series that any of them takes is meant.
  static func selectors(_ run: Run) throws -> [[Matcher]] {
    try run.arguments.strings("match").map { text in
      do throws(PromQLError) {
        return try PromQL.parseSelector(text)
      } catch {
        throw Explanation.promQL(error, text)
      }
    }
  }

  /// `--from` and `--to`, all of time without them.
  static func range(_ run: Run) throws -> TimeRange {
    let from = try run.arguments.time("from", now: run.common.now)
    let to = try run.arguments.time("to", now: run.common.now)
    let range = TimeRange(from: from ?? .min, to: to ?? .max)
    guard !range.isEmpty else { throw Diagnostic(.usage, "'--from' is after '--to'") }
    return range
  }
}
