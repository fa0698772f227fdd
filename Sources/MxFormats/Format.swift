/// The formats that samples come in and go out in.
package enum Format: String, CaseIterable, Sendable {
  case prometheus
  case openmetrics
  case influx
  case graphite
  case json
  case ndjson
  case csv
  case otlp
  case remoteWrite = "remote-write"
  /// Prometheus' delimited protobuf exposition (`MetricFamily` messages).
  case prometheusProtobuf = "prometheus-protobuf"
}

/// The unit that whole-number timestamps are written in.
package enum TimePrecision: String, CaseIterable, Sendable {
  case seconds = "s"
  case milliseconds = "ms"
  case microseconds = "us"
  case nanoseconds = "ns"
}

/// Which CSV column is what; empty where the header is to tell.
package struct CSVOptions: Sendable {
  package var time = ""
  /// The column of metric names; where no column is called so, the prefix of a
  /// wide file's metrics.
  package var name = ""
  package var values: [String] = []
  package var labels: [String] = []

  package init() {}
}

/// What a decoder has to be told besides the bytes.
package struct FormatOptions: Sendable {
  /// The time of samples that carry none, in ms since 1970.
  package var defaultTime: Int64
  /// Overrides the unit a format gives its timestamps.
  package var precision: TimePrecision?
  /// Every value is multiplied by this; stale markers stay what they are.
  package var scale = 1.0
  /// Every series is of type event.
  package var events = false
  package var csv = CSVOptions()
  /// The longest line, or object of a JSON stream, in bytes: what bounds the
  /// memory that any input can make us take.
  package var lineLimit = 1 << 20
  /// The largest body of a format that is not read line by line.
  package var bodyLimit = 64 << 20

  package init(defaultTime: Int64) { self.defaultTime = defaultTime }
}

/// Why an input cannot be used any further.
package enum FormatError: Error, Equatable {
  /// A line is longer than `FormatOptions.lineLimit`.
  case lineTooLong(line: Int, limit: Int)
  /// A body is, or unpacks to, more than `FormatOptions.bodyLimit`.
  case bodyTooLarge(limit: Int)
  /// A container is broken: none of it may be used, also not what was decoded
  /// before the broken place.
  case refused(Problem)
}

/// One thing in an input that was not taken.
package struct Problem: Hashable, Sendable, CustomStringConvertible {
  /// Counted from 1; 0 where the input has no lines.
  package var line: Int
  /// In bytes, counted from 1; 0 where the whole line is meant.
  package var column: Int
  package var what: String
  /// "" where there is nothing to say that `what` does not.
  package var expected: String
  /// The refused line, so that it can be kept and sent again.
  package var text: [UInt8]

  package init(
    line: Int, column: Int, what: String, expected: String = "", text: [UInt8] = []
  ) {
    self.line = line
    self.column = column
    self.what = what
    self.expected = expected
    self.text = text
  }

  /// `3:17: what is wrong, what was expected`, to be put behind a file's name.
  package var description: String {
    let place = line == 0 ? "" : column == 0 ? "\(line): " : "\(line):\(column): "
    return place + (expected.isEmpty ? what : "\(what), expected \(expected)")
  }
}

/// What was refused or left out, bounded: counts are exact, the texts of at
/// most `limit` problems and `textLimit` bytes of lines are kept until taken.
package struct Problems: Sendable {
  package private(set) var all: [Problem] = []
  /// All problems ever added.
  package private(set) var count = 0
  /// Values that were left out knowingly, such as strings, by reason.
  package private(set) var skipped: [String: Int] = [:]
  private let limit: Int
  private let textLimit: Int
  private var textBytes = 0

  package init(limit: Int = 1000, textLimit: Int = 1 << 20) {
    self.limit = limit
    self.textLimit = textLimit
  }

  package mutating func add(_ problem: Problem) {
    count += 1
    guard all.count < limit else { return }
    var problem = problem
    if textBytes + problem.text.count > textLimit { problem.text = [] }
    textBytes += problem.text.count
    all.append(problem)
  }

  /// `reason` is one of a few fixed texts, never text of the input.
  package mutating func skip(_ reason: StaticString, count: Int = 1) {
    skipped["\(reason)", default: 0] += count
  }

  /// Hands over the problems kept so far and makes room for as many again.
  package mutating func take() -> [Problem] {
    defer {
      all = []
      textBytes = 0
    }
    return all
  }
}

/// What is wrong inside one line, at a byte offset from its start.
struct LineFault: Error {
  var offset: Int
  var what: String
  var expected: String

  init(_ offset: Int, _ what: String, expected: String = "") {
    self.offset = offset
    self.what = what
    self.expected = expected
  }

  func problem(line: Int, _ text: UnsafeRawBufferPointer) -> Problem {
    Problem(line: line, column: offset + 1, what: what, expected: expected, text: Array(text))
  }
}
