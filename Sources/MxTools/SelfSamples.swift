import MxCLI
import MxModel
import MxStore

/// A run's own figures as series `mx_run_…`, the names that `--stats-file` has, for
/// a commit that the run makes anyway.
///
/// Only verbs that run by schedule write them: an import of old files must not put
/// a sample of now beside them. How many runs there were is
/// `count_over_time(mx_run_samples[1d])`: no counter has to be kept anywhere.
enum SelfSamples {
  /// What the run has counted so far, into the store that it has just changed.
  ///
  /// A run that changed nothing writes nothing: else a store at rest would be kept
  /// at work by its own figures.
  static func commit(to store: Store, _ run: Run) throws {
    let now = run.common.now
    let figures =
      run.report.figures + [
        ("end_timestamp_seconds", Double(now) / 1000, "When the last run ended.")
      ]
    var commit = CommitOptions(now: now)
    commit.lockWait = run.common.lock.seconds
    let writer = StoreWriter(store, commit)
    try writer.append(
      batch(tool: run.arguments.table.name, verb: run.verb, figures, at: now))
    try writer.commit()
  }

  static func batch(
    tool: String, verb: String, _ figures: [(name: String, value: Double, help: String)],
    at now: Int64
  ) -> SampleBatch {
    var batch = SampleBatch()
    for figure in figures {
      let name = "mx_run_\(figure.name)"
      batch.append(
        LabelSet(name: name, [("job", "mx"), ("tool", tool), ("verb", verb)]), now, figure.value)
      batch.metadata.append(MetricMetadata(family: name, type: .gauge, help: figure.help))
    }
    return batch
  }
}
