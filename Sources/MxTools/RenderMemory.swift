import MxCLI
import MxJSON
import MxRender
import MxStore

/// What a dashboard was last made from: by it a run that has nothing to do sees so.
struct RenderState {
  var dashboard: DashboardSummary
  /// A hash of the dashboard's text, the options and the program.
  var key: String
  var generation: Int64
  /// When it was made, and how far the present may move before it is made anew, ms.
  var at: Int64
  var slack: Int64
  /// What the run answered: 0 or 1.
  var code: Int64
  /// Numbers of selectors, ascending; see `SelectorTable`.
  var reads: [Int] = []

  /// Whether the range is as good as where it was.
  func isNear(_ now: Int64, isFixed: Bool) -> Bool {
    now == at || (!isFixed && now > at && now - at < slack)
  }
}

/// The site's `state.json`: what the last runs made, and from which state of the store.
final class RenderMemory {
  static let name = "state.json"
  private let store: String
  /// What other programs remember is not understood.
  private let program: String
  private let generation: Int64
  private let segments: [String]
  private let tombstones: Int64
  private var states: [String: RenderState] = [:]
  /// Of the last run, by the text of the dashboard.
  private var summaries: [String: DashboardSummary] = [:]
  /// What the dashboards read.
  let selectors: SelectorTable
  /// Tells what the page over all of them was made from.
  var indexMark = ""
  /// Segments that came since the last run; nil where more than that happened.
  let news: Set<UInt64>?
  private let lastGeneration: Int64?

  init(_ site: RenderSite, _ manifest: Manifest, program: String) throws {
    store = "\(manifest.storeID)"
    self.program = program
    generation = Int64(clamping: manifest.generation)
    segments = manifest.segments.map { ContentMark.hex($0.id) }.sorted()
    tombstones = Int64(manifest.tombstones.count)
    guard let json = try site.json(Self.name), json["store"]?.string == store,
      json["program"]?.string == program, let known = json["segments"]?.array?.compactMap(\.string)
    else {
      selectors = SelectorTable()
      news = nil
      lastGeneration = nil
      return
    }
    lastGeneration = json["generation"]?.int
    // What a merge or a deletion took away may be seen anywhere.
    let isOnlyMore =
      Set(known).isSubset(of: segments) && json["tombstones"]?.int == tombstones
    let before = Set(known)
    news =
      isOnlyMore
      ? Set(manifest.segments.map(\.id).filter { !before.contains(ContentMark.hex($0)) }) : nil
    selectors = SelectorTable(json["selectors"]?.array?.compactMap(\.string) ?? [])
    indexMark = json["index"]?.string ?? ""
    for member in json["dashboards"]?.members ?? [] {
      guard let state = RenderState(member.value),
        state.reads.allSatisfy(selectors.texts.indices.contains)
      else { continue }
      states[member.name] = state
      summaries[state.dashboard.mark] = state.dashboard
    }
  }

  func summary(ofText mark: String) -> DashboardSummary? { summaries[mark] }

  subscript(name: String) -> RenderState? { states[name] }

  /// Whether the dashboard was made from the very state that `news` is counted from.
  func isCurrent(_ name: String) -> Bool {
    guard let state = states[name] else { return false }
    return state.generation == lastGeneration
  }

  func remember(_ name: String, _ state: RenderState) { states[name] = state }

  /// Where a query failed the next run is to say so again.
  func forget(_ name: String) { states[name] = nil }

  func write(_ site: RenderSite) throws {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("store", store)
    writer.member("program", program)
    writer.member("generation", generation)
    writer.member("tombstones", tombstones)
    writer.name("segments")
    writer.beginArray()
    for segment in segments { writer.string(segment) }
    writer.endArray()
    writer.member("index", indexMark)
    let places = places()
    writer.name("selectors")
    writer.strings(zip(selectors.texts, places).compactMap { $1 >= 0 ? $0 : nil })
    writer.name("dashboards")
    writer.beginObject()
    for (name, state) in states.sorted(by: { $0.key < $1.key }) {
      writer.name(name)
      state.write(&writer, places)
    }
    writer.endObject()
    writer.endObject()
    writer.newline()
    try site.write(Self.name, writer.take())
  }
}

extension RenderMemory {
  /// Of each selector the number that it will have: those that no dashboard reads any more
  /// are left out.
  private func places() -> [Int] {
    var places = [Int](repeating: -1, count: selectors.texts.count)
    for state in states.values {
      for number in state.reads { places[number] = 0 }
    }
    var next = 0
    for number in places.indices where places[number] == 0 {
      places[number] = next
      next += 1
    }
    return places
  }
}

extension RenderState {
  fileprivate init?(_ json: JSONValue) {
    guard let dashboard = json["dashboard"].flatMap(DashboardSummary.init),
      let key = json["key"]?.string, let generation = json["generation"]?.int,
      let at = json["at"]?.int, let slack = json["slack"]?.int, let code = json["code"]?.int,
      let reads = json["reads"]?.array?.map({ Int($0.int ?? -1) })
    else { return nil }
    self.init(
      dashboard: dashboard, key: key, generation: generation, at: at, slack: slack, code: code,
      reads: reads)
  }

  fileprivate func write(_ writer: inout JSONWriter, _ places: [Int]) {
    writer.beginObject()
    writer.member("key", key)
    writer.member("generation", generation)
    writer.member("at", at)
    writer.member("slack", slack)
    writer.member("code", code)
    writer.name("dashboard")
    dashboard.write(&writer)
    writer.name("reads")
    writer.beginArray()
    for number in reads { writer.int(places[number]) }
    writer.endArray()
    writer.endObject()
  }
}
