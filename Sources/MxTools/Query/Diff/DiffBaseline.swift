import MxCLI
import MxEngine
import MxFiles
import MxJSON
import MxModel
import MxPromQL
import MxStore

/// What `diff --baseline SPEC` compares with.
///
///     -7d               the same range, so much earlier
///     -2d..-1d          that range: any two times
///     expr:EXPR         another expression over the same range
///     DIRECTORY         another store, over the same range
///     FILE              what `diff --save FILE` wrote, or samples of any ingest format,
///                       over all of the file's time
enum DiffBaseline {
  case earlier(Int64)
  case range(TimeRange)
  case expression(QueryExpression)
  case store(String)
  case samples(MemorySource, TimeRange)
  case saved(SavedBaseline)

  var isAnotherExpression: Bool { if case .expression = self { true } else { false } }

  static func read(_ spec: String, _ run: Run, _ report: Report) throws -> DiffBaseline {
    let now = run.common.now
    if spec.hasPrefix("expr:") {
      return .expression(try QueryExpression(String(spec.dropFirst(5))))
    }
    if let status = try DiskFileSystem().status(spec) {
      return status.isDirectory ? .store(spec) : try file(spec, run, report)
    }
    do throws(ValueError) {
      if let dots = spec.firstRange(of: "..") {
        let from = try TimeText.milliseconds(String(spec[..<dots.lowerBound]), now: now)
        let to = try TimeText.milliseconds(String(spec[dots.upperBound...]), now: now)
        guard from < to else { throw ValueError("'\(spec)' ends before it begins") }
        return .range(TimeRange(from: from, to: to))
      }
      if spec.hasPrefix("-") || spec.hasPrefix("now-") {
        return .earlier(now - (try TimeText.milliseconds(spec, now: now)))
      }
    } catch {
      throw Diagnostic(.usage, subject: "--baseline", error.message, hint: error.hint)
    }
    throw Diagnostic(
      .usage, subject: "--baseline", "'\(spec)' is no file, store or earlier time",
      hint: "such as -7d, -2d..-1d, baseline.ndjson or expr:EXPR")
  }

  private static func file(
    _ path: String, _ run: Run, _ report: Report
  ) throws -> DiffBaseline {
    let bytes = try DiskFileSystem().contents(of: path, limit: SavedBaseline.limit)
    if SavedBaseline.isOne(bytes) { return .saved(try SavedBaseline(bytes, path)) }
    let source = try FileSource.read(path, run, report).source
    let all = try source.open([SelectRequest([], range: .all)], report: report)[0]
    var range: TimeRange?
    try all.read(0..<all.count, .all, worker: 0) { _, samples in
      guard let first = samples.times.first, let last = samples.times.last else { return }
      let own = TimeRange(from: first, to: last)
      range = range.map { $0.union(own) } ?? own
    }
    // A range selector leaves out its very beginning.
    let whole = range.map { TimeRange(from: $0.from - 1, to: $0.to) }
    return .samples(source, whole ?? TimeRange(from: 0, to: 1))
  }

  /// The samples to compare those of `expression` over `range` with.
  func samples(
    _ expression: QueryExpression, _ range: TimeRange, _ sampler: DiffSampler
  ) throws -> [LabelSet: SampleGroup] {
    let source = sampler.input.source
    switch self {
    case .earlier(let by):
      let earlier = TimeRange(from: range.from - by, to: range.to - by)
      return try sampler.samples(expression, earlier, source)
    case .range(let other): return try sampler.samples(expression, other, source)
    case .expression(let other): return try sampler.samples(other, range, source)
    case .store(let path):
      let store = Store(path: path, files: DiskFileSystem())
      return try sampler.samples(expression, range, Snapshot(store, sampler.input.report))
    case .samples(let file, let whole): return try sampler.samples(expression, whole, file)
    case .saved(let saved):
      let found = saved.groups(of: expression)
      if found == nil { sampler.input.report.warn(saved.lacks(expression)) }
      return found ?? [:]
    }
  }
}

/// Samples of expressions as a file that fits into a repository: a line a group, in
/// order, so that its own diff says what changed.
///
///     {"mx-baseline":1,"from":"2026-11-20T00:00:00Z","to":"2026-11-20T01:00:00Z"}
///     {"expr":"latency","labels":{"test":"a"},"values":[1.5,1.25]}
struct SavedBaseline {
  static let limit = 256 << 20
  private static let mark = "{\"mx-baseline\":1"

  private let path: String
  private var groups: [String: [LabelSet: SampleGroup]] = [:]

  static func isOne(_ bytes: [UInt8]) -> Bool { bytes.starts(with: mark.utf8) }

  init(_ bytes: [UInt8], _ path: String) throws {
    self.path = path
    for (number, line) in bytes.split(separator: 0x0A).enumerated().dropFirst() {
      func bad(_ why: String) -> Diagnostic {
        Diagnostic(.input, subject: "\(path):\(number + 1)", "is no line of a baseline: \(why)")
      }
      let value: JSONValue
      do throws(JSONError) {
        value = try JSONValue.parse(Array(line))
      } catch {
        throw bad("\(error)")
      }
      guard let expr = value["expr"]?.string, let labels = value["labels"]?.members,
        let values = value["values"]?.array
      else { throw bad("expected 'expr', 'labels' and 'values'") }
      var group = SampleGroup()
      for item in values {
        guard let number = SavedBaseline.number(item) else { throw bad("a value is no number") }
        group.values.append(number)
      }
      let key = LabelSet(labels.map { ($0.name, $0.value.string ?? "") })
      groups[expr, default: [:]][key] = group
    }
  }

  private static func number(_ item: JSONValue) -> Double? {
    if let number = item.double { return number }
    switch item.string {
    case "NaN": return .nan
    case "+Inf": return .infinity
    case "-Inf": return -.infinity
    default: return nil
    }
  }

  /// Of an expression that means the same, however it is written; nil where there is none.
  func groups(of expression: QueryExpression) -> [LabelSet: SampleGroup]? {
    if let known = groups[expression.text] { return known }
    let wanted = expression.tree.description
    return groups.keys.sorted().first { SavedBaseline.printed($0) == wanted }.flatMap { groups[$0] }
  }

  private static func printed(_ text: String) -> String {
    do throws(PromQLError) {
      return try PromQL.parse(text).description
    } catch {
      // Written by a later version: it is only what it says.
      return text
    }
  }

  func lacks(_ expression: QueryExpression) -> String {
    let known = groups.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
    return "\(path) has no samples of '\(expression.text)'; it has those of \(known)"
  }

  /// The text of a file that holds these groups.
  static func text(
    _ all: [(expression: String, groups: [LabelSet: SampleGroup])], _ range: TimeRange
  ) -> String {
    var text =
      mark + ",\"from\":\"\(TimeText.rfc3339(range.from))\","
      + "\"to\":\"\(TimeText.rfc3339(range.to))\"}\n"
    for (expression, groups) in all {
      for (labels, group) in groups.sorted(by: { $0.key < $1.key }) {
        var writer = JSONWriter(nonFinite: .string)
        writer.beginObject()
        writer.name("expr")
        writer.string(expression)
        writer.name("labels")
        PrometheusJSON.append(labels, &writer)
        writer.name("values")
        writer.beginArray()
        for value in group.values { writer.double(value) }
        writer.endArray()
        writer.endObject()
        text += writer.text + "\n"
      }
    }
    return text
  }
}
