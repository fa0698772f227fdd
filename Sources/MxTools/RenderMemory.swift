import MxCLI
import MxJSON
import MxRender
import MxStore

/// What a dashboard was last made from: by it a run that has nothing to do sees so.
struct RenderState: Equatable {
  /// A hash of the dashboard's text, the options and the program.
  var key: String
  var generation: Int64
  /// When it was made, and the width of its range, ms.
  var at: Int64
  var width: Int64
  /// What the run answered: 0 or 1.
  var code: Int64

  /// Whether nothing can have changed that would be seen: the same question, the same
  /// store, and the range moved by less than a hundredth.
  func holds(for other: RenderState, isFixed: Bool) -> Bool {
    guard key == other.key, generation == other.generation else { return false }
    return other.at == at || (!isFixed && other.at > at && other.at - at < width / 100)
  }
}

/// The site's `state.json`: what the last runs made, and from which state of the store.
final class RenderMemory {
  static let name = "state.json"
  private let store: String
  private let generation: Int64
  private let segments: [String]
  private let tombstones: Int64
  private var states: [String: RenderState] = [:]
  /// Segments that came since the last run; nil where more than that happened.
  let news: Set<UInt64>?
  private let lastGeneration: Int64?

  init(_ site: RenderSite, _ manifest: Manifest) throws {
    store = "\(manifest.storeID)"
    generation = Int64(clamping: manifest.generation)
    segments = manifest.segments.map { ContentMark.hex($0.id) }.sorted()
    tombstones = Int64(manifest.tombstones.count)
    guard let json = try site.json(Self.name), json["store"]?.string == store,
      let known = json["segments"]?.array?.compactMap(\.string)
    else {
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
    for member in json["dashboards"]?.members ?? [] {
      states[member.name] = RenderState(member.value)
    }
  }

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
    let dashboards = states.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) }
    let members: [(String, JSONText)] = [
      ("store", .string(store)), ("generation", .integer(generation)),
      ("tombstones", .integer(tombstones)), ("segments", .array(segments.map { .string($0) })),
      ("dashboards", .object(dashboards)),
    ]
    try site.write(Self.name, Array((JSONText.object(members).text + "\n").utf8))
  }
}

extension RenderState {
  fileprivate init?(_ json: JSONValue) {
    guard let key = json["key"]?.string, let generation = json["generation"]?.int,
      let at = json["at"]?.int, let width = json["width"]?.int, let code = json["code"]?.int
    else { return nil }
    self.init(key: key, generation: generation, at: at, width: width, code: code)
  }

  fileprivate var json: JSONText {
    .object([
      ("key", .string(key)), ("generation", .integer(generation)), ("at", .integer(at)),
      ("width", .integer(width)), ("code", .integer(code)),
    ])
  }
}
