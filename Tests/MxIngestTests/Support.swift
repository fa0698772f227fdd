import MxFiles
import MxFormats
import MxModel
import MxStore
import MxTestSupport

@testable import MxIngest

/// The present of these tests: 2026-11-20T00:10:00Z.
let present: Int64 = 1_795_133_400_000

/// A store on a simulated disk, fed with text and read back as text.
final class TestStore {
  let disk: SimulatedFileSystem
  let store: Store
  let report = Report()
  var settings = GateSettings(now: present)
  var options = IntakeOptions(now: present)
  var rejectedLimit = 1 << 20
  private var seed: UInt64 = 7

  init(_ disk: SimulatedFileSystem = SimulatedFileSystem()) {
    self.disk = disk
    store = Store(path: "/store", files: disk)
    options.format = .prometheus
  }

  func intake() -> Intake {
    seed += 1
    let gate = Gate(settings, SeriesCatalogue(store, report), report)
    return Intake(
      store, options, gate, report,
      rejects: RejectedWriter(
        store, now: present, limit: rejectedLimit, random: SeededGenerator(seed: seed)))
  }

  /// One run over these inputs.
  @discardableResult
  func take(_ texts: String..., name: String = "in") throws -> IntakeResult {
    let intake = intake()
    for text in texts { try take(text, name, intake) }
    try intake.finish()
    return intake.result
  }

  func take(
    _ text: String, _ name: String, _ intake: Intake, _ delivery: Delivery = .content
  ) throws {
    try take(Array(text.utf8), name, intake, delivery)
  }

  func take(
    _ bytes: [UInt8], _ name: String, _ intake: Intake, _ delivery: Delivery = .content,
    piece: Int = 1000
  ) throws {
    var rest = bytes[...]
    try intake.take(name: name, delivery, modified: nil) { buffer in
      let count = min(rest.count, min(piece, buffer.count))
      buffer.copyBytes(from: rest.prefix(count))
      rest = rest.dropFirst(count)
      return count
    }
  }

  /// `name{labels} value@ms …` of every series but those that count events, in label order.
  func contents() throws -> [String] {
    var lines: [String] = []
    let snapshot = try Snapshot(store, report)
    for selection in try snapshot.open([SelectRequest([], range: .all)], report: report) {
      try selection.read(0..<selection.count, .all, worker: 0) { series, columns in
        let labels = try selection.labels(series)
        if EventCount.isCount(labels.metricName ?? "") { return }
        var line = "\(labels)"
        for index in 0..<columns.count {
          line += " \(columns.values[index])@\(columns.times[index] - present)"
        }
        lines.append(line)
      }
    }
    return lines
  }

  /// Number and sum of all samples in the store, and how many events they were.
  func countAndSum() throws -> (count: Int, sum: Double, events: Double) {
    var result = (count: 0, sum: 0.0, events: 0.0)
    let snapshot = try Snapshot(store, report)
    for selection in try snapshot.open([SelectRequest([], range: .all)], report: report) {
      try selection.read(0..<selection.count, .all, worker: 0) { series, columns in
        if EventCount.isCount(try selection.labels(series).metricName ?? "") {
          for value in columns.values { result.events += value }
          return
        }
        result.count += columns.count
        for value in columns.values { result.sum += value }
      }
    }
    return result
  }

  func rejected() throws -> [Refusal] {
    let rejected = Rejected(store)
    return try rejected.batches().flatMap { try rejected.refusals(of: $0) }
  }
}
