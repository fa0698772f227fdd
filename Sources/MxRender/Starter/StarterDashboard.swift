import MxJSON
package import MxModel

/// A metric as far as it matters for how to draw it.
package struct MetricFacts: Sendable {
  package struct Label: Sendable {
    package var name: String
    /// How many values it has.
    package var count: Int
    /// Whether every series has one: only then its value is a name.
    package var isEverywhere: Bool

    package init(_ name: String, count: Int, isEverywhere: Bool = true) {
      self.name = name
      self.count = count
      self.isEverywhere = isEverywhere
    }
  }

  package var name: String
  package var type: MetricType
  package var help: String
  package var unit: String
  package var seriesCount: Int
  /// Besides the name.
  package var labels: [Label]

  package init(
    name: String, type: MetricType, help: String, unit: String, seriesCount: Int,
    labels: [Label]
  ) {
    self.name = name
    self.type = type
    self.help = help
    self.unit = unit
    self.seriesCount = seriesCount
    self.labels = labels
  }

  func count(_ label: String) -> Int { labels.first { $0.name == label }?.count ?? 0 }
}

/// A first dashboard of whatever a store holds: rates of counters, heatmaps and
/// quantiles of histograms, lines for the rest; a row for each group of names. It is
/// Grafana's JSON, for its owner to change.
package struct StarterDashboard {
  private let facts: [MetricFacts]
  private let from: String
  private let to: String
  private let variables: [(name: String, metric: String)]

  /// More panels than this nobody looks through.
  package static let panelLimit = 120

  package init(_ facts: [MetricFacts], from: String, to: String) {
    self.facts = facts.sorted { $0.name < $1.name }
    self.from = from
    self.to = to
    variables = ["job", "instance"].compactMap { label in
      let having = facts.filter { $0.count(label) > 0 }.max { $0.count(label) < $1.count(label) }
      guard let most = having, most.count(label) > 1 else { return nil }
      return (label, most.name)
    }
  }

  /// Metrics that have no panel, because there are too many.
  package private(set) var leftOut = 0

  package mutating func json() -> [UInt8] {
    var panels = StarterPanels(variables: variables.map(\.name))
    for (title, members) in groups() {
      guard panels.count < Self.panelLimit else {
        leftOut += members.count
        continue
      }
      panels.row(title)
      for fact in members { panels.add(fact) }
    }
    var writer = JSONWriter(indent: 2)
    writer.beginObject()
    writer.member("title", "What the store holds")
    writer.member("uid", "store")
    writer.member("schemaVersion", Int64(39))
    writer.name("tags")
    writer.beginArray()
    writer.string("mx")
    writer.endArray()
    writer.name("time")
    writer.beginObject()
    writer.member("from", from)
    writer.member("to", to)
    writer.endObject()
    writeVariables(&writer)
    writer.name("panels")
    panels.write(&writer)
    writer.endObject()
    return writer.bytes
  }

  private func writeVariables(_ writer: inout JSONWriter) {
    writer.name("templating")
    writer.beginObject()
    writer.name("list")
    writer.beginArray()
    for variable in variables {
      writer.beginObject()
      writer.member("name", variable.name)
      writer.member("type", "query")
      writer.member("query", "label_values(\(variable.metric), \(variable.name))")
      for flag in ["multi", "includeAll"] {
        writer.name(flag)
        writer.bool(true)
      }
      writer.name("current")
      writer.beginObject()
      writer.member("text", "All")
      writer.member("value", "$__all")
      writer.endObject()
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
  }

  /// Metrics by the first word of their names; lone ones are together.
  private func groups() -> [(String, [MetricFacts])] {
    var byWord: [String: [MetricFacts]] = [:]
    for fact in families() {
      let word = fact.name.split(separator: "_").first.map(String.init) ?? fact.name
      byWord[word, default: []].append(fact)
    }
    let large = byWord.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
    let lone = byWord.filter { $0.value.count == 1 }.flatMap(\.value).sorted { $0.name < $1.name }
    let named = large.map { ($0.key, $0.value) }
    return lone.isEmpty ? named : named + [(named.isEmpty ? "Metrics" : "Others", lone)]
  }

  /// A histogram is one: its sum and count say nothing that its buckets do not.
  private func families() -> [MetricFacts] {
    let names = Set(facts.map(\.name))
    return facts.filter { fact in
      for suffix in ["_sum", "_count", "_created"] where fact.name.hasSuffix(suffix) {
        let family = String(fact.name.dropLast(suffix.count))
        if names.contains(family + "_bucket") || suffix == "_created" { return false }
      }
      return true
    }
  }
}

/// The panels, three in a line.
private struct StarterPanels {
  let variables: [String]
  private var panels: [Panel] = []
  private var x = 0
  private var y = 0

  private struct Panel {
    var title: String
    var type: String
    var description = ""
    var expr = ""
    var legend = ""
    var unit = ""
    var x = 0
    var y = 0
    var width = 8
    var height = 8
    var style: [(String, Int64)] = []
    var isInstant = false
    var isHeatmap = false
    var more: [(expr: String, legend: String)] = []
  }

  init(variables: [String]) { self.variables = variables }

  var count: Int { panels.count }

  mutating func row(_ title: String) {
    if x > 0 { y += 8 }
    x = 0
    panels.append(Panel(title: title, type: "row", x: 0, y: y, width: 24, height: 1))
    y += 1
  }

  mutating func add(_ fact: MetricFacts) {
    if fact.name.hasSuffix("_bucket"), fact.count("le") > 0 { return addHistogram(fact) }
    let selector = selector(fact)
    var panel = Panel(
      title: Self.title(fact.name), type: "timeseries", description: fact.help)
    if fact.type == .counter || fact.name.hasSuffix("_total") {
      panel.expr = "rate(\(selector)[$__rate_interval])"
      panel.unit = MetricUnits.rateUnit(of: fact.name, declared: fact.unit)
      panel.style = [("fillOpacity", 10)]
      (panel.expr, panel.legend) = summed(panel.expr, fact, "sum")
    } else if fact.name == "up" || fact.type == .stateset {
      panel.type = "state-timeline"
      panel.expr = selector
      panel.legend = legend(fact)
    } else if fact.type == .info || fact.name.hasSuffix("_info") {
      panel.type = "table"
      panel.expr = selector
      panel.isInstant = true
    } else if Self.isMoment(fact.name) {
      panel.type = "stat"
      panel.expr = "\(selector) * 1000"
      panel.unit = "dateTimeAsIso"
      panel.legend = legend(fact)
      panel.isInstant = true
    } else {
      panel.expr = selector
      panel.unit = MetricUnits.unit(of: fact.name, declared: fact.unit) ?? "short"
      (panel.expr, panel.legend) = summed(selector, fact, "avg")
    }
    place(panel)
  }

  private mutating func addHistogram(_ fact: MetricFacts) {
    let family = String(fact.name.dropLast("_bucket".count))
    let rate = "sum by (le) (rate(\(selector(fact))[$__rate_interval]))"
    let unit = MetricUnits.unit(of: family, declared: fact.unit) ?? "short"
    var heat = Panel(title: Self.title(family), type: "heatmap", description: fact.help)
    (heat.expr, heat.legend, heat.isHeatmap, heat.unit) = (rate, "{{le}}", true, unit)
    place(heat)
    var lines = Panel(
      title: Self.title(family) + ", quantiles", type: "timeseries", description: fact.help)
    lines.unit = unit
    (lines.expr, lines.legend) = ("histogram_quantile(0.5, \(rate))", "half below")
    lines.more = [
      ("histogram_quantile(0.95, \(rate))", "95 % below"),
      ("histogram_quantile(0.99, \(rate))", "99 % below"),
    ]
    place(lines)
  }

  private mutating func place(_ panel: Panel) {
    var panel = panel
    (panel.x, panel.y) = (x, y)
    panels.append(panel)
    x += 8
    if x >= 24 { (x, y) = (0, y + 8) }
  }

  /// `node_boot_time_seconds`, `x_timestamp_seconds`: instants, not durations.
  private static func isMoment(_ name: String) -> Bool {
    name.hasSuffix("_timestamp_seconds") || name.hasSuffix("_time_seconds")
  }

  private static func title(_ name: String) -> String {
    let words = name.split(separator: "_").joined(separator: " ")
    return words.prefix(1).uppercased() + words.dropFirst()
  }

  private func selector(_ fact: MetricFacts) -> String {
    let matchers = variables.filter { fact.count($0) > 0 }.map { "\($0)=~\"$\($0)\"" }
    let name =
      fact.name.utf8.allSatisfy { byte in
        byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 26 || byte == 0x5F || byte == 0x3A
      } ? fact.name : nil
    if let name { return matchers.isEmpty ? name : "\(name){\(matchers.joined(separator: ","))}" }
    return "{\(LabelKey.quoted(fact.name))\(matchers.map { "," + $0 }.joined())}"
  }

  /// Few series as they are; many by the label that splits them into few.
  private func summed(_ expr: String, _ fact: MetricFacts, _ by: String) -> (String, String) {
    if fact.seriesCount <= 12 { return (expr, legend(fact)) }
    let useful = fact.labels.filter { $0.count > 1 && $0.count <= 12 && $0.name != "le" }
      .sorted { ($0.count, $0.name) < ($1.count, $1.name) }
    guard let label = useful.last(where: \.isEverywhere) ?? useful.last else {
      return ("\(by)(\(expr))", "all")
    }
    return (
      "\(by) by (\(label.name)) (\(expr))", label.isEverywhere ? "{{\(label.name)}}" : "__auto"
    )
  }

  /// Where no label is in every series, by all that there are: a name is never empty.
  private func legend(_ fact: MetricFacts) -> String {
    if fact.labels.isEmpty { return fact.name }
    let telling = fact.labels.filter { $0.count > 1 || !$0.isEverywhere }.prefix(3)
    let named = telling.isEmpty ? fact.labels.prefix(1) : telling
    guard named.contains(where: \.isEverywhere) else { return "__auto" }
    return named.map { "{{\($0.name)}}" }.joined(separator: " ")
  }

  func write(_ writer: inout JSONWriter) {
    writer.beginArray()
    for (index, panel) in panels.enumerated() {
      writer.beginObject()
      writer.member("id", Int64(index + 1))
      writer.member("type", panel.type)
      writer.member("title", panel.title)
      if !panel.description.isEmpty { writer.member("description", panel.description) }
      writer.name("gridPos")
      writer.beginObject()
      for (name, value) in [
        ("x", panel.x), ("y", panel.y), ("w", panel.width), ("h", panel.height),
      ] {
        writer.member(name, Int64(value))
      }
      writer.endObject()
      if panel.type == "row" { writer.flagless("collapsed") } else { write(panel, &writer) }
      writer.endObject()
    }
    writer.endArray()
  }

  private func write(_ panel: Panel, _ writer: inout JSONWriter) {
    writer.name("fieldConfig")
    writer.beginObject()
    writer.name("defaults")
    writer.beginObject()
    if !panel.unit.isEmpty { writer.member("unit", panel.unit) }
    if !panel.style.isEmpty {
      writer.name("custom")
      writer.beginObject()
      for (name, value) in panel.style { writer.member(name, value) }
      writer.endObject()
    }
    writer.endObject()
    writer.endObject()
    if panel.isHeatmap {
      writer.name("options")
      writer.beginObject()
      writer.name("yAxis")
      writer.beginObject()
      writer.member("unit", panel.unit)
      writer.endObject()
      writer.endObject()
    }
    writer.name("targets")
    writer.beginArray()
    let all = [(panel.expr, panel.legend)] + panel.more
    for (letter, target) in zip(["A", "B", "C"], all) {
      writer.beginObject()
      writer.member("refId", letter)
      writer.member("expr", target.0)
      if !target.1.isEmpty { writer.member("legendFormat", target.1) }
      if panel.isHeatmap { writer.member("format", "heatmap") }
      if panel.type == "table" { writer.member("format", "table") }
      if panel.isInstant {
        writer.name("instant")
        writer.bool(true)
      }
      writer.endObject()
    }
    writer.endArray()
  }
}

extension JSONWriter {
  fileprivate mutating func flagless(_ name: String) {
    self.name(name)
    bool(false)
    self.name("panels")
    beginArray()
    endArray()
  }
}
