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
  /// Each selector as a list: name, operator, value, and so on.
  private var selectors: Set<[String]> = []

  init() {}

  init?(_ json: JSONValue) {
    guard let lists = json.array else { return nil }
    for list in lists { selectors.insert((list.array ?? []).compactMap(\.string)) }
  }

  mutating func add(_ matchers: [Matcher]) {
    selectors.insert(matchers.flatMap { [$0.name, $0.op.rawValue, $0.value] })
  }

  func requests() throws -> [SelectRequest] {
    try selectors.map { words in
      let matchers = try stride(from: 0, to: words.count - 2, by: 3).map { place in
        // What cannot be understood selects everything: news of it are seen.
        guard let op = MatchOperator(rawValue: words[place + 1]) else {
          return try Matcher("", .equal, "")
        }
        return try Matcher(words[place], op, words[place + 2])
      }
      return SelectRequest(matchers, range: .all)
    }
  }

  func write(_ writer: inout JSONWriter) {
    writer.beginArray()
    for words in selectors.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      writer.strings(words)
    }
    writer.endArray()
  }
}

extension JSONWriter {
  fileprivate mutating func strings(_ texts: [String]) {
    beginArray()
    for text in texts { string(text) }
    endArray()
  }
}
