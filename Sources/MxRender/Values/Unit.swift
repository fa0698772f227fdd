/// What a number counts, and how people want to read it.
///
/// The names are Grafana's ids (`bytes`, `percentunit`, `reqps`); a name that is
/// none of them is a suffix of its own, as there.
struct Unit: Equatable, Sendable {
  enum Kind: Equatable, Sendable {
    /// The number as it is, with a suffix.
    case plain
    /// In thousands, each with a prefix before the suffix.
    case decimal([String])
    /// In 1024s.
    case binary([String])
    /// Seconds times this.
    case duration(seconds: Double)
    /// Days, hours and minutes in words, of seconds times this.
    case longDuration(seconds: Double)
    /// hh:mm:ss, with days before it or not.
    case clock(seconds: Double, hasDays: Bool)
    /// `01h:02m:03s:004ms`, of seconds times this.
    case stopwatch(seconds: Double)
    /// Of 1.
    case fraction
    /// `1,234,567.891`
    case grouped
    case hexadecimal
    case scientific
    case truth(String, String)
    /// Milliseconds since 1970 as a local time; of today it may be the time alone.
    case date(DateStyle, bareToday: Bool = false)
    case ago
    case text
  }

  enum DateStyle: Equatable, Sendable {
    case iso, us
    case pattern(String)
  }

  var kind: Kind
  var prefix = ""
  var suffix = ""
  /// The step of `decimal` and `binary` that the number is already in: KiB is 1.
  var offset = 0

  /// How many seconds 1 is, of what is a time: its axis wants round minutes and hours.
  var seconds: Double? {
    switch kind {
    case .duration(let seconds), .longDuration(let seconds), .clock(let seconds, _),
      .stopwatch(let seconds):
      seconds
    default: nil
    }
  }

  var isDate: Bool {
    switch kind {
    case .date, .ago: true
    default: false
    }
  }

  static let short = Unit(kind: .decimal(shortSteps))

  private static let shortSteps = [
    "", " K", " Mil", " Bil", " Tri", " Quadr", " Quint", " Sext", " Sept",
  ]
  private static let metric = [
    "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y",
  ]
  private static let binaryPrefixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"]
  private static let counts = ["", "K", "M", "B", "T"]

  /// Of a thousand each, from femto to yotta; `offset` thousands is what 1 stands for.
  static func si(_ base: String, _ offset: Int = 0) -> Unit {
    let prefixes = metric.map { $0.isEmpty && base.isEmpty ? "" : " " + $0 }
    return Unit(kind: .decimal(prefixes), suffix: base, offset: offset + 5)
  }

  static func binary(_ base: String, _ offset: Int = 0) -> Unit {
    Unit(kind: .binary(binaryPrefixes.map { " " + $0 }), suffix: base, offset: offset)
  }

  /// `1.2K req/s`
  static func count(_ what: String) -> Unit {
    Unit(kind: .decimal(counts), suffix: " " + what)
  }

  static func currency(_ symbol: String, isBehind: Bool = false) -> Unit {
    Unit(
      kind: .decimal(counts), prefix: isBehind ? "" : symbol, suffix: isBehind ? symbol : "")
  }

  static func fixed(_ suffix: String) -> Unit { Unit(kind: .plain, suffix: " " + suffix) }

  /// The unit named `id`; nil and empty are `short`.
  static func named(_ id: String?) -> Unit {
    guard let id, !id.isEmpty else { return short }
    if let known = UnitTable.unit(id) { return known }
    guard let (kind, rest) = TextTools.split(id, at: ":") else {
      return fixed(TextTools.trim(id))
    }
    switch kind {
    case "suffix": return fixed(TextTools.trim(rest))
    case "prefix": return Unit(kind: .plain, prefix: rest)
    case "time": return Unit(kind: .date(rest.isEmpty ? .iso : .pattern(rest)))
    case "count": return count(rest)
    case "si": return custom(rest)
    case "currency": return customCurrency(rest)
    case "bool":
      guard let (yes, no) = TextTools.split(rest, at: "/") else { return fixed(id) }
      return Unit(kind: .truth(yes, no))
    default: return fixed(id)
    }
  }

  /// Whether `id` is one we know, or a suffix written as one.
  static func isKnown(_ id: String) -> Bool { UnitTable.unit(id) != nil || id.contains(":") }

  /// `si:mW`: the number counts thousandths of a watt.
  private static func custom(_ text: String) -> Unit {
    let letter = text.first == "μ" ? "µ" : String(text.prefix(1))
    guard text.count > 1, let place = metric.firstIndex(of: letter) else { return si(text) }
    return si(String(text.dropFirst()), place - 5)
  }

  /// `currency:$`, `currency:financial:€:suffix`: the latter in full, grouped.
  private static func customCurrency(_ text: String) -> Unit {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 1, parts[0] == "financial" else { return currency(text) }
    let isBehind = parts.count > 2 && parts[2] == "suffix"
    return Unit(
      kind: .grouped, prefix: isBehind ? "" : parts[1], suffix: isBehind ? parts[1] : "")
  }
}

/// The names of units, to check what an author wrote.
package enum UnitNames {
  package static var all: [String] { UnitTable.ids.sorted() }

  /// Also a unit of one's own, as Grafana takes them: `suffix:req`, or words with a
  /// blank or a sign in them.
  package static func isKnown(_ id: String) -> Bool {
    let isWord = id.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 }
    return id.isEmpty || Unit.isKnown(id) || !isWord
  }
}
