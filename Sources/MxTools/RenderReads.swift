import MxCLI
import MxJSON
import MxModel
import MxRender

/// What is known of a dashboard without reading its text again: the same text has the same.
struct DashboardSummary: Equatable {
  /// A hash of the text.
  var mark: String
  var entry: SiteEntry
  var variables: [String]
  var tellsOfAlerts: Bool
  var namesOthers: Bool

  init(_ dashboard: Dashboard, mark: String) {
    self.mark = mark
    entry = SiteEntry(
      name: dashboard.fileName, title: dashboard.title, description: dashboard.description,
      tags: dashboard.tags, panels: dashboard.panelCount)
    variables = dashboard.variables.map(\.name)
    tellsOfAlerts = dashboard.tellsOfAlerts
    namesOthers = dashboard.namesOthers
  }

  init?(_ json: JSONValue) {
    guard let mark = json["mark"]?.string, let entry = json["entry"].flatMap(SiteEntry.init),
      let variables = json["variables"]?.array, let tellsOfAlerts = json["alerts"]?.bool,
      let namesOthers = json["links"]?.bool
    else { return nil }
    self.mark = mark
    self.entry = entry
    self.variables = variables.compactMap(\.string)
    self.tellsOfAlerts = tellsOfAlerts
    self.namesOthers = namesOthers
  }

  func write(_ writer: inout JSONWriter) {
    writer.beginObject()
    writer.name("mark")
    writer.string(mark)
    writer.name("entry")
    entry.write(&writer)
    writer.name("variables")
    writer.strings(variables)
    writer.name("alerts")
    writer.bool(tellsOfAlerts)
    writer.name("links")
    writer.bool(namesOthers)
    writer.endObject()
  }
}

/// Which series a dashboard was made from: news of others are none to it.
struct RenderReads: Equatable {
  /// Each selector as one text: name, operator, value, a line each; empty where it
  /// selects everything.
  private(set) var selectors: Set<String> = []

  init() {}

  mutating func add(_ matchers: [Matcher]) { add(RenderReads.selector(matchers)) }

  mutating func add(_ selector: String) { selectors.insert(selector) }

  static func selector(_ matchers: [Matcher]) -> String {
    let words = matchers.flatMap { [$0.name, $0.op.rawValue, $0.value] }
    let isPlain = words.allSatisfy { !$0.utf8.contains(0x0A) }
    return isPlain ? words.joined(separator: "\n") : ""
  }

  /// What cannot be understood selects everything: news of it are seen.
  static func request(_ selector: String) throws -> SelectRequest {
    let words = selector.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let matchers = try stride(from: 0, to: words.count - 2, by: 3).map { place in
      guard let op = MatchOperator(rawValue: words[place + 1]) else {
        return try Matcher("", .equal, "")
      }
      return try Matcher(words[place], op, words[place + 2])
    }
    return SelectRequest(matchers, range: .all)
  }
}

/// The selectors of all dashboards, each once: they have many in common, so a dashboard
/// names its own by number.
final class SelectorTable {
  private(set) var texts: [String]
  private lazy var numbers = Dictionary(
    zip(texts, texts.indices), uniquingKeysWith: { one, _ in one })
  /// By number, what was asked about it before.
  private var verdicts: [Bool?]

  init(_ texts: [String] = []) {
    self.texts = texts
    verdicts = [Bool?](repeating: nil, count: texts.count)
  }

  /// Ascending; those that are new are added.
  func numbers(of reads: RenderReads) -> [Int] {
    reads.selectors.sorted().map { text in
      if let known = numbers[text] { return known }
      numbers[text] = texts.count
      texts.append(text)
      verdicts.append(nil)
      return texts.count - 1
    }.sorted()
  }

  /// Whether `body` says so of any; it is asked once about each.
  func contains(_ numbers: [Int], where body: (String) throws -> Bool) rethrows -> Bool {
    for number in numbers {
      let verdict = try verdicts[number] ?? body(texts[number])
      verdicts[number] = verdict
      if verdict { return true }
    }
    return false
  }
}

extension JSONWriter {
  mutating func strings(_ texts: [String]) {
    beginArray()
    for text in texts { string(text) }
    endArray()
  }
}
