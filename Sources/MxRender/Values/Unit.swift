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
    /// h:mm:ss.
    case clock(seconds: Double)
    /// Of 1.
    case fraction
    case grouped
    case hexadecimal
    case scientific
    case truth(String, String)
    /// Milliseconds since 1970 as a local time.
    case date(DateStyle)
    case ago
    case text
  }

  enum DateStyle: Equatable, Sendable {
    case iso, us, local
    case pattern(String)
  }

  var kind: Kind
  var prefix = ""
  var suffix = ""
  /// The step of `decimal` and `binary` that the number is already in: KiB is 1.
  var offset = 0

  static let short = Unit(kind: .decimal(shortSteps))

  private static let shortSteps = ["", " K", " Mil", " Bil", " Tri", " Quadr", " Quint"]
  static let metric = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"]
  static let binaryPrefixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"]
  static let counts = ["", "K", "M", "B", "T", "Q"]

  /// The unit named `id`; nil and empty are `short`.
  static func named(_ id: String?) -> Unit {
    guard let id, !id.isEmpty else { return short }
    if let known = UnitTable.units[id] { return known }
    guard let (kind, rest) = TextTools.split(id, at: ":") else {
      return Unit(kind: .decimal(shortSteps), suffix: " " + TextTools.trim(id))
    }
    switch kind {
    case "suffix": return Unit(kind: .decimal(shortSteps), suffix: " " + TextTools.trim(rest))
    case "prefix": return Unit(kind: .decimal(shortSteps), prefix: rest)
    case "time": return Unit(kind: .date(rest.isEmpty ? .iso : .pattern(rest)))
    case "count": return Unit(kind: .decimal(counts), suffix: " " + rest)
    case "si": return Unit(kind: .decimal(metric.map { " " + $0 }), suffix: siBase(rest))
    case "currency": return Unit(kind: .decimal(counts), prefix: rest)
    default: return Unit(kind: .decimal(shortSteps), suffix: " " + id)
    }
  }

  /// Whether `id` is one we know, or a suffix written as one.
  static func isKnown(_ id: String) -> Bool { UnitTable.units[id] != nil || id.contains(":") }

  /// `si:mW` starts at a thousandth: its letter is dropped, the base stays.
  private static func siBase(_ text: String) -> String {
    text.count > 1 && "numkMGT".contains(text.first ?? " ") ? String(text.dropFirst()) : text
  }
}

/// The names of units, to check what an author wrote.
package enum UnitNames {
  package static var all: [String] { UnitTable.units.keys.sorted() }

  /// Also a unit of one's own, as Grafana takes them: `suffix:req`, or words with a
  /// blank or a sign in them.
  package static func isKnown(_ id: String) -> Bool {
    let isWord = id.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 }
    return id.isEmpty || Unit.isKnown(id) || !isWord
  }
}

/// Grafana's units by id.
enum UnitTable {
  static let units: [String: Unit] = {
    var table: [String: Unit] = [:]
    for (id, unit) in misc + data + time + dates { table[id] = unit }
    for (id, suffix) in rates {
      table[id] = Unit(kind: .decimal(Unit.counts), suffix: " " + suffix)
    }
    for (id, suffix) in scientific {
      table[id] = Unit(kind: .decimal(Unit.metric.map { " " + $0 }), suffix: suffix)
    }
    for (id, suffix) in plain { table[id] = Unit(kind: .plain, suffix: suffix) }
    for (id, prefix) in currencies {
      table[id] = Unit(kind: .decimal(Unit.counts), prefix: prefix)
    }
    return table
  }()

  private static let misc: [(String, Unit)] = [
    ("none", Unit(kind: .plain)), ("short", Unit.short), ("string", Unit(kind: .text)),
    ("percent", Unit(kind: .plain, suffix: "%")), ("percentunit", Unit(kind: .fraction)),
    ("humidity", Unit(kind: .plain, suffix: " %H")), ("dB", Unit(kind: .plain, suffix: " dB")),
    ("locale", Unit(kind: .grouped)), ("sci", Unit(kind: .scientific)),
    ("hex", Unit(kind: .hexadecimal)), ("hex0x", Unit(kind: .hexadecimal, prefix: "0x")),
    ("bool", Unit(kind: .truth("True", "False"))),
    ("bool_yes_no", Unit(kind: .truth("Yes", "No"))),
    ("bool_on_off", Unit(kind: .truth("On", "Off"))),
    ("sishort", Unit(kind: .decimal(Unit.metric.map { " " + $0 }))),
    ("pixel", Unit(kind: .plain, suffix: " px")),
  ]

  private static func binary(_ suffix: String, _ offset: Int = 0) -> Unit {
    Unit(kind: .binary(Unit.binaryPrefixes.map { " " + $0 }), suffix: suffix, offset: offset)
  }

  private static func decimal(_ suffix: String, _ offset: Int = 0) -> Unit {
    Unit(kind: .decimal(Unit.metric.map { " " + $0 }), suffix: suffix, offset: offset)
  }

  private static let data: [(String, Unit)] = [
    ("bytes", binary("B")), ("bits", binary("b")), ("kbytes", binary("B", 1)),
    ("mbytes", binary("B", 2)), ("gbytes", binary("B", 3)), ("tbytes", binary("B", 4)),
    ("pbytes", binary("B", 5)), ("decbytes", decimal("B")), ("decbits", decimal("b")),
    ("deckbytes", decimal("B", 1)), ("decmbytes", decimal("B", 2)),
    ("decgbytes", decimal("B", 3)), ("dectbytes", decimal("B", 4)),
    ("decpbytes", decimal("B", 5)), ("Bps", decimal("B/s")), ("bps", decimal("b/s")),
    ("binBps", binary("B/s")), ("binbps", binary("b/s")), ("KBs", decimal("B/s", 1)),
    ("MBs", decimal("B/s", 2)), ("GBs", decimal("B/s", 3)), ("TBs", decimal("B/s", 4)),
    ("Kbits", decimal("b/s", 1)), ("Mbits", decimal("b/s", 2)), ("Gbits", decimal("b/s", 3)),
    ("KiBs", binary("B/s", 1)), ("MiBs", binary("B/s", 2)), ("GiBs", binary("B/s", 3)),
    ("pps", decimal("p/s")),
  ]

  private static let time: [(String, Unit)] = [
    ("ns", Unit(kind: .duration(seconds: 1e-9))), ("µs", Unit(kind: .duration(seconds: 1e-6))),
    ("us", Unit(kind: .duration(seconds: 1e-6))), ("ms", Unit(kind: .duration(seconds: 1e-3))),
    ("s", Unit(kind: .duration(seconds: 1))), ("m", Unit(kind: .duration(seconds: 60))),
    ("h", Unit(kind: .duration(seconds: 3600))), ("d", Unit(kind: .duration(seconds: 86_400))),
    ("dtdurationms", Unit(kind: .longDuration(seconds: 1e-3))),
    ("dtdurations", Unit(kind: .longDuration(seconds: 1))),
    ("dthms", Unit(kind: .clock(seconds: 1))), ("dtdhms", Unit(kind: .longDuration(seconds: 1))),
    ("timeticks", Unit(kind: .duration(seconds: 0.01))),
    ("clockms", Unit(kind: .clock(seconds: 1e-3))), ("clocks", Unit(kind: .clock(seconds: 1))),
  ]

  private static let dates: [(String, Unit)] = [
    ("dateTimeAsIso", Unit(kind: .date(.iso))),
    ("dateTimeAsIsoNoDateIfToday", Unit(kind: .date(.iso))),
    ("dateTimeAsUS", Unit(kind: .date(.us))), ("dateTimeAsUSNoDateIfToday", Unit(kind: .date(.us))),
    ("dateTimeAsLocal", Unit(kind: .date(.local))),
    ("dateTimeAsLocalNoDateIfToday", Unit(kind: .date(.local))),
    ("dateTimeAsSystem", Unit(kind: .date(.iso))), ("dateTimeFromNow", Unit(kind: .ago)),
  ]

  private static let rates: [(String, String)] = [
    ("cps", "c/s"), ("ops", "ops/s"), ("reqps", "req/s"), ("rps", "rd/s"), ("wps", "wr/s"),
    ("iops", "io/s"), ("eps", "evt/s"), ("mps", "msg/s"), ("recps", "rec/s"),
    ("rowsps", "rows/s"), ("cpm", "c/m"), ("opm", "ops/m"), ("reqpm", "req/m"),
    ("rpm", "rd/m"), ("wpm", "wr/m"), ("epm", "evts/m"), ("mpm", "msgs/m"),
  ]

  private static let scientific: [(String, String)] = [
    ("hertz", "Hz"), ("rothz", "Hz"), ("watt", "W"), ("kwatt", "kW"), ("watth", "Wh"),
    ("voltamp", "VA"), ("volt", "V"), ("amp", "A"), ("ohm", "Ω"), ("farad", "F"),
    ("joule", "J"), ("ev", "eV"), ("Hs", "H/s"), ("lumens", "Lm"), ("pascal", "Pa"),
    ("pressurepa", "Pa"), ("accMS2", "m/s²"), ("flops", "FLOPS"), ("lengthm", "m"),
    ("massg", "g"), ("litre", "L"), ("henry", "H"),
  ]

  private static let plain: [(String, String)] = [
    ("celsius", " °C"), ("fahrenheit", " °F"), ("kelvin", " K"), ("rotrpm", " rpm"),
    ("degree", "°"), ("radian", " rad"), ("velocityms", " m/s"), ("velocitykmh", " km/h"),
    ("pressurebar", " bar"), ("pressurembar", " mbar"), ("pressurehpa", " hPa"),
    ("pressurepsi", " psi"), ("dBm", " dBm"), ("ppm", " ppm"), ("lux", " lx"),
    ("lengthmm", " mm"), ("lengthkm", " km"), ("masskg", " kg"), ("short ", ""),
    ("conppm", " ppm"), ("rds", " rd/s"), ("velocityknot", " kn"), ("rotrads", " rad/s"),
  ]

  private static let currencies: [(String, String)] = [
    ("currencyUSD", "$"), ("currencyEUR", "€"), ("currencyGBP", "£"), ("currencyJPY", "¥"),
    ("currencyCHF", "CHF "), ("currencyINR", "₹"), ("currencyRUB", "₽"), ("currencyBRL", "R$"),
    ("currencyPLN", "zł "), ("currencySEK", "kr "), ("currencyBTC", "฿"),
  ]
}
