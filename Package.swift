// swift-tools-version:6.2
import PackageDescription

// The house in one picture: DESIGN's rows, bottom to top. A module may import
// only what its line names; `make check` refuses anything else.
//
//   6   mx-ingest mx-compact mx-rollup mx-query mx-alert mx-render   mx-net   mx-bench
//   5   MxTools
//   4   MxIngest  MxAlert
//   3   MxStore   MxRules   MxRender
//   2   MxCodec   MxFormats MxPromQL  MxEngine  MxTemplate
//   1   MxFiles   MxModel   MxJSON    MxConfig  MxTime   MxNet   MxCLI   MxInstrument   MxStatistics
//   0   CZstd CZlib CRE2 CYaml CSQLite CCurl CLinux   (one importer each)

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]

/// `make fuzz` builds one more program, and everything in it with libFuzzer's eyes.
let isFuzzing = Context.environment["MX_FUZZ"] != nil
let fuzzer: [SwiftSetting] =
  isFuzzing ? [.define("MX_FUZZ"), .unsafeFlags(["-sanitize=fuzzer,address"])] : []

/// A library of the package: its name and the only modules it may import.
///
/// `optimized`: also in debug builds, where its loops would take most of the
/// tests' time (a factor of 30 and more); assertions stay on.
func library(_ name: String, _ dependencies: [String] = [], optimized: Bool = false) -> Target {
  let speed: [SwiftSetting] =
    optimized ? [.unsafeFlags(["-O"], .when(configuration: .debug))] : []
  return .target(
    name: name, dependencies: dependencies.map { .byName(name: $0) },
    swiftSettings: strict + speed + fuzzer)
}

/// A tool is five lines over MxTools and a static executable: about a
/// millisecond to start, nothing to find at run time.
func tool(_ name: String) -> Target {
  .executableTarget(
    name: name, dependencies: ["MxCLI", "MxTools"],
    swiftSettings: strict
      + [.unsafeFlags(["-static-executable"], .when(configuration: .release))],
    linkerSettings: [.unsafeFlags(["-static-executable"], .when(configuration: .release))])
}

func systemLibrary(_ name: String, _ pkgConfig: String, _ debian: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([debian])])
}

/// A suite; `files` are what it reads at run time, beside its sources.
func tests(_ name: String, _ dependencies: [String], files: [String] = []) -> Target {
  .testTarget(
    name: name, dependencies: dependencies.map { .byName(name: $0) }, exclude: files,
    swiftSettings: strict)
}

let tools = ["mx-ingest", "mx-compact", "mx-rollup", "mx-query", "mx-alert", "mx-render"]

let package = Package(
  name: "mx",
  products: tools.map { .executable(name: $0, targets: [$0]) } + [
    .executable(name: "mx-net", targets: ["mx-net"]),
    .library(name: "MxInstrument", targets: ["MxInstrument"]),
  ],
  targets: [
    // Row 0: system libraries, one importer each.
    systemLibrary("CZstd", "libzstd", "libzstd-dev"),
    systemLibrary("CZlib", "zlib", "zlib1g-dev"),
    .systemLibrary(name: "CLinux"),
    systemLibrary("CYaml", "yaml-0.1", "libyaml-dev"),
    systemLibrary("CSQLite", "sqlite3", "libsqlite3-dev"),
    systemLibrary("CCurl", "libcurl", "libcurl4-openssl-dev"),
    .target(
      name: "CRE2",
      linkerSettings: [.linkedLibrary("re2"), .linkedLibrary("stdc++")]),

    // Row 1: know one thing, import nothing of ours.
    library("MxModel", ["CRE2", "CLinux"]),
    library("MxFiles"),
    library("MxJSON"),
    library("MxConfig", ["CYaml"]),
    library("MxTime"),
    library("MxNet"),
    library("MxCLI"),
    library("MxInstrument"),
    library("MxStatistics"),

    // Row 2.
    library("MxCodec", ["CZstd", "CZlib"], optimized: true),
    library("MxFormats", ["MxModel", "MxJSON", "MxTime"]),
    library("MxPromQL", ["MxModel"]),
    library("MxEngine", ["MxModel", "MxPromQL"]),
    library("MxTemplate", ["MxTime"]),

    // Row 3.
    library("MxStore", ["MxModel", "MxFiles", "MxCodec"]),
    library("MxRules", ["MxModel", "MxConfig", "MxTemplate", "MxPromQL", "MxEngine"]),
    library("MxRender", ["MxModel", "MxJSON", "MxTime"]),

    // Row 4.
    library(
      "MxIngest", ["MxModel", "MxFiles", "MxJSON", "MxConfig", "MxCodec", "MxFormats", "MxStore"]),
    library(
      "MxAlert",
      [
        "MxModel", "MxJSON", "MxConfig", "MxTime", "MxNet", "MxTemplate", "MxRules", "CSQLite",
      ]),

    // Row 5: where the columns meet.
    library(
      "MxTools",
      [
        "MxCLI", "MxModel", "MxFiles", "MxJSON", "MxConfig", "MxTime", "MxNet", "MxInstrument",
        "MxCodec", "MxFormats", "MxPromQL", "MxEngine", "MxTemplate", "MxStore", "MxRules",
        "MxRender", "MxIngest", "MxAlert", "MxStatistics",
      ]),

    // mx-net alone links libcurl; the tools start it when a URL was named.
    .executableTarget(
      name: "mx-net", dependencies: ["CCurl", "MxNet"],
      swiftSettings: strict,
      linkerSettings: [.unsafeFlags(["-static-stdlib"], .when(configuration: .release))]),

    .executableTarget(
      name: "mx-bench",
      dependencies: [
        "MxModel", "MxFiles", "MxJSON", "MxConfig", "MxCodec", "MxFormats", "MxStore", "MxPromQL",
        "MxEngine", "MxRules", "MxAlert", "MxRender",
      ],
      swiftSettings: strict),

    // jobs/crontab by a fake clock: all tools in one process, which is what is measured.
    .executableTarget(
      name: "mx-soak", dependencies: ["MxTools", "MxTime", "MxTestSupport"],
      swiftSettings: strict),

    // What tests of several modules share: a disk in memory that loses and fails, seeds.
    .target(
      name: "MxTestSupport", dependencies: ["MxFiles", "MxModel"], path: "Tests/MxTestSupport",
      swiftSettings: strict),

    // Tests: a suite a module, commands by text scripts, and the rules of the house.
    tests("MxModelTests", ["MxModel", "MxTestSupport"]),
    tests("MxFilesTests", ["MxFiles", "MxTestSupport"]),
    tests("MxJSONTests", ["MxJSON"]),
    tests("MxConfigTests", ["MxConfig"]),
    tests("MxTimeTests", ["MxTime"]),
    tests("MxNetTests", ["MxNet", "MxTestSupport", "mx-net"]),
    tests("MxCLITests", ["MxCLI"]),
    tests("MxInstrumentTests", ["MxInstrument"]),
    tests("MxStatisticsTests", ["MxStatistics", "MxTestSupport"]),
    tests("MxCodecTests", ["MxCodec"]),
    tests("MxFormatsTests", ["MxFormats", "MxJSON", "MxModel"]),
    tests("MxPromQLTests", ["MxPromQL", "MxModel"]),
    tests(
      "MxEngineTests",
      ["MxEngine", "MxPromQL", "MxModel", "MxFormats", "MxJSON", "MxTestSupport"],
      files: ["Scripts"]),
    tests("MxTemplateTests", ["MxTemplate", "MxJSON", "MxTime"]),
    tests(
      "MxStoreTests", ["MxStore", "MxCodec", "MxFiles", "MxModel", "MxTestSupport"],
      files: ["Fixtures"]),
    // Engine and store together: the same answer from whatever lies on disk.
    tests(
      "MxTierTests",
      ["MxStore", "MxEngine", "MxPromQL", "MxCodec", "MxFiles", "MxModel", "MxTestSupport"]),
    tests(
      "MxRulesTests",
      ["MxRules", "MxConfig", "MxEngine", "MxModel", "MxTemplate", "MxTestSupport"]),
    tests(
      "MxRenderTests", ["MxRender", "MxJSON", "MxModel", "MxTime", "MxTestSupport"],
      files: ["Golden"]),
    tests(
      "MxIngestTests",
      [
        "MxIngest", "MxConfig", "MxStore", "MxFormats", "MxCodec", "MxFiles", "MxModel",
        "MxTestSupport",
      ]),
    tests(
      "MxAlertTests",
      [
        "MxAlert", "MxRules", "MxConfig", "MxEngine", "MxModel", "MxJSON", "MxNet", "MxTemplate",
        "MxTime", "MxTestSupport",
      ], files: ["Golden"]),
    // The tools themselves, so that they are built before their scripts run.
    tests(
      "CommandTests",
      [
        "MxTools", "MxCLI", "MxConfig", "MxFiles", "MxModel", "MxRules", "MxStore", "MxTestSupport",
        "MxTime", "mx-net", "mx-soak",
      ] + tools,
      files: ["Scripts", "Clients"]),
    tests("HouseTests", []),
  ] + tools.map(tool)
    + (isFuzzing
      ? [
        .executableTarget(
          name: "mx-fuzz",
          dependencies: [
            "MxModel", "MxFiles", "MxJSON", "MxConfig", "MxTime", "MxNet", "MxCodec", "MxFormats",
            "MxPromQL", "MxTemplate", "MxStore", "MxRules", "MxRender", "MxIngest", "MxAlert",
            "MxTools", "MxTestSupport",
          ],
          swiftSettings: strict + fuzzer + [.unsafeFlags(["-parse-as-library"])],
          linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])])
      ] : []),
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
