/// Who may import whom: DESIGN's table. Package.swift says the same to the
/// compiler; a test keeps the two equal, so that a wall falls only on purpose.
struct Wall: Equatable {
  let module: String
  /// A module imports from lower rows only (MxEngine also MxPromQL).
  let row: Int
  let imports: [String]
}

enum Walls {
  static let table: [Wall] = [
    Wall(module: "MxModel", row: 1, imports: ["CRE2", "CLinux"]),
    Wall(module: "MxFiles", row: 1, imports: []),
    Wall(module: "MxJSON", row: 1, imports: []),
    Wall(module: "MxConfig", row: 1, imports: ["CYaml"]),
    Wall(module: "MxTime", row: 1, imports: []),
    Wall(module: "MxNet", row: 1, imports: []),
    Wall(module: "MxCLI", row: 1, imports: []),
    Wall(module: "MxInstrument", row: 1, imports: []),
    Wall(module: "MxStatistics", row: 1, imports: []),
    Wall(module: "MxCodec", row: 2, imports: ["CZstd", "CZlib"]),
    Wall(module: "MxFormats", row: 2, imports: ["MxModel", "MxJSON", "MxTime"]),
    Wall(module: "MxPromQL", row: 2, imports: ["MxModel"]),
    Wall(module: "MxEngine", row: 2, imports: ["MxModel", "MxPromQL"]),
    Wall(module: "MxTemplate", row: 2, imports: ["MxTime"]),
    Wall(module: "MxStore", row: 3, imports: ["MxModel", "MxFiles", "MxCodec"]),
    Wall(
      module: "MxRules", row: 3,
      imports: ["MxModel", "MxConfig", "MxTemplate", "MxPromQL", "MxEngine"]),
    Wall(module: "MxRender", row: 3, imports: ["MxModel", "MxJSON", "MxTime"]),
    Wall(
      module: "MxIngest", row: 4,
      imports: ["MxModel", "MxFiles", "MxJSON", "MxConfig", "MxCodec", "MxFormats", "MxStore"]),
    Wall(
      module: "MxAlert", row: 4,
      imports: [
        "MxModel", "MxJSON", "MxConfig", "MxTime", "MxNet", "MxTemplate", "MxRules", "CSQLite",
      ]),
    Wall(
      module: "MxTools", row: 5,
      imports: [
        "MxCLI", "MxModel", "MxFiles", "MxJSON", "MxConfig", "MxTime", "MxNet", "MxInstrument",
        "MxCodec", "MxFormats", "MxPromQL", "MxEngine", "MxTemplate", "MxStore", "MxRules",
        "MxRender", "MxIngest", "MxAlert", "MxStatistics",
      ]),
  ]

  /// What only one module may touch.
  static let soleImporters = [
    "CZstd": "MxCodec", "CZlib": "MxCodec", "CRE2": "MxModel", "CYaml": "MxConfig",
    "CSQLite": "MxAlert", "CCurl": "mx-net", "CLinux": "MxModel",
  ]

  static let system = ["Glibc", "Synchronization"]

  /// The tools' five lines, and the programs that are none.
  static let programs = [
    "mx-net": ["CCurl", "MxNet"],
    "mx-fuzz": [
      "MxModel", "MxFiles", "MxJSON", "MxConfig", "MxTime", "MxNet", "MxCodec", "MxFormats",
      "MxPromQL", "MxTemplate", "MxStore", "MxRules", "MxRender", "MxIngest", "MxAlert",
      "MxTools", "MxTestSupport",
    ],
    "mx-soak": ["MxTools", "MxTime", "MxTestSupport"],
    "mx-bench": [
      "MxModel", "MxFiles", "MxJSON", "MxConfig", "MxCodec", "MxFormats", "MxStore", "MxPromQL",
      "MxEngine", "MxRules", "MxAlert", "MxRender",
    ],
  ]

  static func allowed(_ module: String) -> [String] {
    if let wall = table.first(where: { $0.module == module }) { return wall.imports }
    return programs[module] ?? ["MxCLI", "MxTools"]
  }

  /// `library("Name", ["A", "B"])` lines of a Package.swift.
  static func libraries(ofPackage text: String) -> [(module: String, imports: [String])] {
    var found: [(module: String, imports: [String])] = []
    for part in text.split(separator: "library(").dropFirst() {
      var names: [String] = []
      // Up to the call's end: the odd pieces between quotes are names.
      let call = part.prefix { $0 != ")" }
      for (index, piece) in call.split(separator: "\"", omittingEmptySubsequences: false)
        .enumerated()
      where index % 2 == 1 {
        names.append(String(piece))
      }
      // `func library(_ name: …)` and `.library(name: …)` are not of this kind.
      let isCall = part.drop { $0 == " " || $0 == "\n" }.hasPrefix("\"")
      if isCall, let name = names.first { found.append((name, Array(names.dropFirst()))) }
    }
    return found
  }
}
