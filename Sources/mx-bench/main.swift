import Glibc

/// What can be measured, by name. Each takes the arguments behind its name and
/// prints a table; figures of a quiet machine belong into the comments and
/// documents that rest on them.
let benchmarks: [(name: String, about: String, run: ([String]) throws -> Int32)] = [
  ("alert", "DIR: rules over stores that it makes there", AlertBench.run),
  ("codecs", "columns: bytes a sample, decode and encode speed; checksums", CodecBench.run),
  ("engine", "[QUERY...]: CPU time of queries over samples in memory", EngineBench.run),
  ("feed", "STORE DASHBOARD...: series that fit the queries of dashboards", FeedBench.run),
  ("formats", "FILE...: parsing speed of each file", FormatsBench.run),
  ("ingest", "FILE...|DIR: whole runs of mx-ingest; samples a CPU-second, memory", IngestBench.run),
  ("large", "STORE [MILLIONS]: a store of gigabytes, straight into segments", LargeBench.run),
  ("query", "TOOL DIR [STORE...]: the real tool, exec to exit, beside its goals", QueryBench.run),
  ("read", "DIR: a store made of known data; writing, merging, reading, finding", ReadBench.run),
  (
    "render", "DIR [DASHBOARD.json]: times and weights of pages, by the mx-render beside it",
    RenderBench.run
  ),
  ("sets", "series sets: bytes a series, finding, opening", SetsBench.main),
  ("store", "FILE DIR: into a new store and merged; bytes a sample", StoreBench.run),
  ("together", "DIR [SECONDS]: commits beside readers, merges and copies", TogetherBench.run),
  ("upkeep", "DIR: merging and rolling up, by the tools beside it", UpkeepBench.run),
]

let arguments = Array(CommandLine.arguments.dropFirst())
guard let name = arguments.first, let chosen = benchmarks.first(where: { $0.name == name }) else {
  print("usage: mx-bench BENCHMARK [ARGUMENT...]")
  for benchmark in benchmarks {
    print("  " + Harness.left(benchmark.name, 10) + benchmark.about)
  }
  exit(arguments.isEmpty || arguments.first == "--help" ? 0 : 2)
}
do {
  exit(try chosen.run(Array(arguments.dropFirst())))
} catch {
  print("mx-bench: \(name): \(error)")
  exit(1)
}
