import MxCLI
import MxCodec
import MxFiles
import MxIngest
import MxModel
import MxStore

/// One run of sending, commit by commit; what was taken is remembered at once.
final class ForwardRun {
  private let store: Store
  private let state: ForwardState
  private let sender: ForwardSender
  private let run: Run
  private let report: Report
  private var cursor = ForwardCursor()
  private var newest: UInt64 = 0
  /// Commits that are still to be sent.
  var behind: UInt64 { newest - min(newest, cursor.sequence) }

  /// Samples of commits that are read together.
  private static let groupSamples = 1 << 20

  init(
    _ store: Store, _ state: ForwardState, _ sender: ForwardSender, _ run: Run, _ report: Report
  ) {
    self.store = store
    self.state = state
    self.sender = sender
    self.run = run
    self.report = report
  }

  func sendAll() throws {
    let manifest = try store.manifest(report)
    newest = manifest.lastSequence
    cursor = try begin(manifest)
    while !Interruption.isAsked, let group = try nextGroup() {
      try send(group)
      if Interruption.isAsked { return }
      cursor.sequence = group.last
      cursor.target = group.last
      cursor.series = nil
      cursor.time = .min
      try state.save(cursor)
    }
  }

  private func begin(_ manifest: Manifest) throws -> ForwardCursor {
    var fresh = ForwardCursor()
    fresh.store = "\(manifest.storeID)"
    guard let found = try state.load() else { return fresh }
    guard found.store == fresh.store else {
      run.output.warn(
        Diagnostic(.no, subject: state.path, "is of another store: everything is sent again"))
      return fresh
    }
    guard found.sequence <= manifest.lastSequence else {
      run.output.warn(
        Diagnostic(
          .no, subject: state.path, "is ahead of the store, which is an older copy",
          hint: "what comes from now on is sent"))
      fresh.sequence = manifest.lastSequence
      return fresh
    }
    return found
  }

  /// The next commits; those in the middle of which the last run ended first, and
  /// from their start where they cannot be told from later ones any more.
  private func nextGroup() throws -> UnsentCommits? {
    if cursor.series != nil {
      let group = try UnsentCommits.next(
        store, after: cursor.sequence, upTo: cursor.target, limit: .max, report)
      if let group, !group.hasRepeats { return group }
      cursor.series = nil
      cursor.time = .min
    }
    let group = try UnsentCommits.next(
      store, after: cursor.sequence, upTo: nil, limit: Self.groupSamples, report)
    if group?.hasRepeats ?? false {
      run.output.summary("commits were merged before all of them were sent: some go twice")
    }
    return group
  }

  private func send(_ group: UnsentCommits) throws {
    cursor.target = group.last
    let (metadata, hash) = try news(group)
    var failure: (any Error)?
    var bodies = ForwardBodies { body in
      try self.sender.send(body)
      if body.samples == 0 { return }
      self.cursor.series = body.series
      self.cursor.time = body.time
      self.cursor.metadata = hash
      try self.state.save(self.cursor)
    }
    let place = cursor.series.map { (series: $0, time: cursor.time) }
    let ranges = group.snapshot.manifest.segments.filter { $0.samples > 0 }.map(\.range)
    guard let from = ranges.map(\.from).min(), let to = ranges.map(\.to).max() else { return }
    for selection in try group.snapshot.open([SelectRequest([], range: .all)], report: report) {
      do {
        try bodies.send(
          selection, in: TimeRange(from: from, to: to), count: group.samples, behind: place,
          metadata: metadata)
      } catch {
        failure = failure ?? error
      }
    }
    if failure is ForwardSender.Interrupted { return }
    if let failure { throw failure }
  }

  /// Types and helps, where they are not those that the receiver was told.
  private func news(_ group: UnsentCommits) throws -> ([MetricMetadata], UInt64) {
    let all = try group.snapshot.allMetadata()
    var text: [UInt8] = []
    for entry in all {
      text += Array(
        "\(entry.family)\u{0}\(entry.type)\u{0}\(entry.help)\u{0}\(entry.unit)\u{0}".utf8)
    }
    let hash = XXH64.hash(text)
    return (hash == cursor.metadata ? [] : all, hash)
  }
}
