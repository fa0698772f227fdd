/// Grafana's units by id, in the order of its menu.
enum UnitTable {
  static var ids: [String] { Array(units.keys) }

  /// Two letters look like a small mu; ids have either.
  static func unit(_ id: String) -> Unit? {
    units[TextTools.replacing(TextTools.trim(id), "μ", with: "µ")]
  }

  private static let units: [String: Unit] = {
    var table: [String: Unit] = [:]
    for (id, unit) in misc + currencies + time + dates { table[id] = unit }
    for (id, suffix) in fixed { table[id] = Unit.fixed(suffix) }
    for (id, suffix) in counted { table[id] = Unit.count(suffix) }
    for (id, base, offset) in metric { table[id] = Unit.si(base, offset) }
    for (id, base, offset) in binary { table[id] = Unit.binary(base, offset) }
    return table
  }()

  private static let misc: [(String, Unit)] = [
    ("none", Unit(kind: .plain)), ("short", Unit.short), ("string", Unit(kind: .text)),
    ("percent", Unit(kind: .plain, suffix: "%")), ("percentunit", Unit(kind: .fraction)),
    ("locale", Unit(kind: .grouped)), ("sci", Unit(kind: .scientific)),
    ("hex", Unit(kind: .hexadecimal)), ("hex0x", Unit(kind: .hexadecimal, prefix: "0x")),
    ("degree", Unit(kind: .plain, suffix: "°")),
    ("bool", Unit(kind: .truth("True", "False"))),
    ("bool_yes_no", Unit(kind: .truth("Yes", "No"))),
    ("bool_on_off", Unit(kind: .truth("On", "Off"))),
    ("pressurepsi", Unit(kind: .decimal([" psi", " ksi", " Mpsi"]))),
  ]

  /// A number as it is, and a word.
  private static let fixed: [(String, String)] = [
    ("humidity", "%H"), ("dB", "dB"), ("pixel", "px"),
    ("accMS2", "m/sec²"), ("accFS2", "f/sec²"), ("accG", "g"),
    ("radian", "rad"), ("grad", "grad"), ("arcmin", "arcmin"), ("arcsec", "arcsec"),
    ("areaM2", "m²"), ("areaF2", "ft²"), ("areaMI2", "mi²"), ("acres", "ac"), ("hectares", "ha"),
    ("ppm", "ppm"), ("conppm", "ppm"), ("conppb", "ppb"), ("conngm3", "ng/m³"),
    ("conngNm3", "ng/Nm³"), ("conµgm3", "µg/m³"), ("conµgNm3", "µg/Nm³"), ("conmgm3", "mg/m³"),
    ("conmgNm3", "mg/Nm³"), ("congm3", "g/m³"), ("congNm3", "g/Nm³"), ("conmgdL", "mg/dL"),
    ("conmmolL", "mmol/L"),
    ("Wm2", "W/m²"),
    ("flowgpm", "gpm"), ("flowcms", "cms"), ("flowcfs", "cfs"), ("flowcfm", "cfm"),
    ("litreh", "L/h"), ("flowlpm", "L/min"), ("flowmlpm", "mL/min"), ("lux", "lux"),
    ("masslb", "lb"), ("masst", "t"), ("lengthin", "in"), ("lengthft", "ft"), ("lengthmi", "mi"),
    ("pressurehpa", "hPa"), ("pressurekpa", "kPa"), ("pressurehg", "\"Hg"),
    ("rotrpm", "rpm"), ("rotrads", "rad/s"), ("rotdegs", "°/s"),
    ("celsius", "°C"), ("fahrenheit", "°F"), ("kelvin", "K"),
    ("velocityms", "m/s"), ("velocitykmh", "km/h"), ("velocitymph", "mph"), ("velocityknot", "kn"),
    ("m3", "m³"), ("Nm3", "Nm³"), ("dm3", "dm³"), ("gallons", "gal"),
  ]

  /// In thousands, whose names stand before the word.
  private static let counted: [(String, String)] = [
    ("cps", "c/s"), ("ops", "ops/s"), ("reqps", "req/s"), ("rps", "rd/s"), ("wps", "wr/s"),
    ("iops", "io/s"), ("eps", "evt/s"), ("mps", "msg/s"), ("recps", "rec/s"),
    ("rowsps", "rows/s"), ("cpm", "c/m"), ("opm", "ops/m"), ("reqpm", "req/m"), ("rpm", "rd/m"),
    ("wpm", "wr/m"), ("epm", "evts/m"), ("mpm", "msgs/m"), ("recpm", "rec/m"),
    ("rowspm", "rows/m"),
  ]

  /// The id, the base, and how many thousands of it 1 stands for.
  private static let metric: [(String, String, Int)] = [
    ("sishort", "", 0), ("candela", "cd", 0),
    ("flops", "FLOPS", 0), ("mflops", "FLOPS", 2), ("gflops", "FLOPS", 3), ("tflops", "FLOPS", 4),
    ("pflops", "FLOPS", 5), ("eflops", "FLOPS", 6), ("zflops", "FLOPS", 7), ("yflops", "FLOPS", 8),
    ("decbytes", "B", 0), ("decbits", "b", 0), ("deckbytes", "B", 1), ("decmbytes", "B", 2),
    ("decgbytes", "B", 3), ("dectbytes", "B", 4), ("decpbytes", "B", 5),
    ("pps", "p/s", 0), ("Bps", "B/s", 0), ("bps", "b/s", 0), ("KBs", "B/s", 1), ("Kbits", "b/s", 1),
    ("MBs", "B/s", 2), ("Mbits", "b/s", 2), ("GBs", "B/s", 3), ("Gbits", "b/s", 3),
    ("TBs", "B/s", 4), ("Tbits", "b/s", 4), ("PBs", "B/s", 5), ("Pbits", "b/s", 5),
    ("watt", "W", 0), ("kwatt", "W", 1), ("megwatt", "W", 2), ("gwatt", "W", 3),
    ("mwatt", "W", -1), ("voltamp", "VA", 0), ("kvoltamp", "VA", 1), ("voltampreact", "VAr", 0),
    ("kvoltampreact", "VAr", 1), ("watth", "Wh", 0), ("watthperkg", "Wh/kg", 0),
    ("kwatth", "Wh", 1), ("kwattm", "W-Min", 1), ("mwatth", "Wh", 2), ("amph", "Ah", 0),
    ("kamph", "Ah", 1), ("mamph", "Ah", -1), ("joule", "J", 0), ("ev", "eV", 0), ("amp", "A", 0),
    ("kamp", "A", 1), ("mamp", "A", -1), ("volt", "V", 0), ("kvolt", "V", 1), ("mvolt", "V", -1),
    ("dBm", "dBm", 0), ("mohm", "Ω", -1), ("ohm", "Ω", 0), ("kohm", "Ω", 1), ("Mohm", "Ω", 2),
    ("farad", "F", 0), ("µfarad", "F", -2), ("nfarad", "F", -3), ("pfarad", "F", -4),
    ("ffarad", "F", -5), ("henry", "H", 0), ("mhenry", "H", -1), ("µhenry", "H", -2),
    ("lumens", "Lm", 0),
    ("forceNm", "Nm", 0), ("forcekNm", "Nm", 1), ("forceN", "N", 0), ("forcekN", "N", 1),
    ("Hs", "H/s", 0), ("KHs", "H/s", 1), ("MHs", "H/s", 2), ("GHs", "H/s", 3), ("THs", "H/s", 4),
    ("PHs", "H/s", 5), ("EHs", "H/s", 6),
    ("massmg", "g", -1), ("massg", "g", 0), ("masskg", "g", 1),
    ("lengthmm", "m", -1), ("lengthm", "m", 0), ("lengthkm", "m", 1),
    ("pressurembar", "bar", -1), ("pressurebar", "bar", 0), ("pressurekbar", "bar", 1),
    ("pressurepa", "Pa", 0), ("pascal", "Pa", 0),
    ("radbq", "Bq", 0), ("radci", "Ci", 0), ("radgy", "Gy", 0), ("radrad", "rad", 0),
    ("radsv", "Sv", 0), ("radmsv", "Sv", -1), ("radusv", "Sv", -2), ("radrem", "rem", 0),
    ("radexpckg", "C/kg", 0), ("radr", "R", 0), ("radsvh", "Sv/h", 0), ("radmsvh", "Sv/h", -1),
    ("radusvh", "Sv/h", -2),
    ("hertz", "Hz", 0), ("rothz", "Hz", 0), ("rotkhz", "Hz", 1), ("rotmhz", "Hz", 2),
    ("rotghz", "Hz", 3), ("mlitre", "L", -1), ("litre", "L", 0),
  ]

  private static let binary: [(String, String, Int)] = [
    ("bytes", "B", 0), ("bits", "b", 0), ("kbytes", "B", 1), ("mbytes", "B", 2), ("gbytes", "B", 3),
    ("tbytes", "B", 4), ("pbytes", "B", 5), ("binBps", "B/s", 0), ("binbps", "b/s", 0),
    ("KiBs", "B/s", 1), ("Kibits", "b/s", 1), ("MiBs", "B/s", 2), ("Mibits", "b/s", 2),
    ("GiBs", "B/s", 3), ("Gibits", "b/s", 3), ("TiBs", "B/s", 4), ("Tibits", "b/s", 4),
    ("PiBs", "B/s", 5), ("Pibits", "b/s", 5),
  ]

  private static let currencies: [(String, Unit)] =
    [
      ("USD", "$"), ("GBP", "£"), ("EUR", "€"), ("JPY", "¥"), ("RUB", "₽"), ("UAH", "₴"),
      ("BRL", "R$"), ("CZK", "czk"), ("CHF", "CHF"), ("PLN", "PLN"), ("BTC", "฿"),
      ("mBTC", "mBTC"), ("µBTC", "µBTC"), ("ZAR", "R"), ("INR", "₹"), ("KRW", "₩"), ("IDR", "Rp"),
      ("PHP", "PHP"), ("MYR", "RM"), ("XPF", "XPF"), ("BGN", "BGN"), ("PYG", "₲"), ("UYU", "UYU"),
      ("ILS", "₪"),
    ].map { ("currency" + $0.0, Unit.currency($0.1)) }
    + [
      ("DKK", "kr"), ("ISK", "kr"), ("NOK", "kr"), ("SEK", "kr"), ("VND", "đ"), ("TRY", "₺"),
    ].map { ("currency" + $0.0, Unit.currency($0.1, isBehind: true)) }

  private static let time: [(String, Unit)] = [
    ("ns", Unit(kind: .duration(seconds: 1e-9))), ("µs", Unit(kind: .duration(seconds: 1e-6))),
    ("us", Unit(kind: .duration(seconds: 1e-6))), ("ms", Unit(kind: .duration(seconds: 1e-3))),
    ("s", Unit(kind: .duration(seconds: 1))), ("m", Unit(kind: .duration(seconds: 60))),
    ("h", Unit(kind: .duration(seconds: 3600))), ("d", Unit(kind: .duration(seconds: 86_400))),
    ("dtdurationms", Unit(kind: .longDuration(seconds: 1e-3))),
    ("dtdurations", Unit(kind: .longDuration(seconds: 1))),
    ("dthms", Unit(kind: .clock(seconds: 1, hasDays: false))),
    ("dtdhms", Unit(kind: .clock(seconds: 1, hasDays: true))),
    ("timeticks", Unit(kind: .duration(seconds: 0.01))),
    ("clockms", Unit(kind: .stopwatch(seconds: 1e-3))),
    ("clocks", Unit(kind: .stopwatch(seconds: 1))),
  ]

  private static let dates: [(String, Unit)] = [
    ("dateTimeAsIso", Unit(kind: .date(.iso))),
    ("dateTimeAsIsoNoDateIfToday", Unit(kind: .date(.iso, bareToday: true))),
    ("dateTimeAsUS", Unit(kind: .date(.us))),
    ("dateTimeAsUSNoDateIfToday", Unit(kind: .date(.us, bareToday: true))),
    ("dateTimeAsLocal", Unit(kind: .date(.iso))),
    ("dateTimeAsLocalNoDateIfToday", Unit(kind: .date(.iso, bareToday: true))),
    ("dateTimeAsSystem", Unit(kind: .date(.iso))), ("dateTimeFromNow", Unit(kind: .ago)),
  ]
}
