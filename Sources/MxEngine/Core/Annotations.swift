import MxModel
import MxPromQL
import Synchronization

/// Warnings and infos of one query, with the places that caused them.
///
/// Safe to share between threads; the texts come out sorted by place, so that
/// they do not depend on which thread spoke first.
package struct Annotations: Hashable, Sendable {
  /// `PromQL warning: … (1:14)`.
  package var warnings: [String] = []
  /// `PromQL info: … (1:14)`.
  package var infos: [String] = []

  package init() {}

  package var isEmpty: Bool { warnings.isEmpty && infos.isEmpty }
}

/// Gathers annotations while a query runs.
final class AnnotationSink: Sendable {
  private struct Note: Hashable {
    var isWarning: Bool
    var text: String
    var start: Int32
  }

  private let notes = Mutex(Set<Note>())
  private let forced = Mutex([Int32: ForcedMonotonicity]())
  private let source: String

  init(source: String) { self.source = source }

  func warn(_ text: String, _ place: SourceRange) { add(true, text, place) }

  func inform(_ text: String, _ place: SourceRange) { add(false, text, place) }

  /// A histogram whose counts had to be lifted; all of one place become one text.
  func inform(_ forcedHere: ForcedMonotonicity, _ place: SourceRange) {
    forced.withLock { known in
      if known[place.start] == nil {
        known[place.start] = forcedHere
      } else {
        known[place.start]?.merge(forcedHere)
      }
    }
  }

  private func add(_ isWarning: Bool, _ text: String, _ place: SourceRange) {
    let note = Note(isWarning: isWarning, text: text, start: place.start)
    _ = notes.withLock { $0.insert(note) }
  }

  func finished() -> Annotations {
    var all = Array(notes.withLock { $0 })
    for (start, entry) in forced.withLock({ $0 }) {
      all.append(Note(isWarning: false, text: entry.text, start: start))
    }
    all.sort { ($0.start, $0.text) < ($1.start, $1.text) }
    var result = Annotations()
    for note in all {
      let place = SourceRange(note.start, note.start).position(in: source)
      let kind = note.isWarning ? "warning" : "info"
      let text = "PromQL \(kind): \(note.text) (\(place))"
      if note.isWarning { result.warnings.append(text) } else { result.infos.append(text) }
    }
    return result
  }
}

/// How far `histogram_quantile` had to lift bucket counts that fell.
struct ForcedMonotonicity {
  var metric: String
  var lowest: Double
  var highest: Double
  var largestDifference: Double
  var from: Int64
  var to: Int64
  var count = 1

  mutating func merge(_ other: ForcedMonotonicity) {
    lowest = min(lowest, other.lowest)
    highest = max(highest, other.highest)
    largestDifference = max(largestDifference, other.largestDifference)
    from = min(from, other.from)
    to = max(to, other.to)
    count += other.count
  }

  var text: String {
    let numbers = NumberText.self
    return "input to histogram_quantile needed to be fixed for monotonicity (see "
      + "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
      + ", from buckets \(numbers.general(lowest)) to \(numbers.general(highest)), with a max "
      + "diff of \(numbers.general(largestDifference)), over \(count) samples from "
      + "\(TimeText.utc(from)) to \(TimeText.utc(to))"
      + (metric.isEmpty ? "" : " for metric name \(LabelKey.quoted(metric))")
  }
}
