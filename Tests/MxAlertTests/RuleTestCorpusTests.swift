import Glibc
import MxAlert
import MxConfig
import MxRules
import Testing

@Suite struct RuleTestCorpusTests {
  private static let folder =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    + "/../shared/corpora/ruletests"

  /// Of promtool's own tests, which want them to fail: a query or rules that are wrong,
  /// wrong expectations, fields that only a flag allows, numbers that only a flag takes.
  private static let meantToFail: Set<String> = [
    "bad-promql.yml", "bad-rules-syntax-test.yml", "failing.yml", "rules_run.yml",
    "rules_run_extrafields.yml", "rules_run_no_fuzzy.yml",
  ]

  /// Written for Prometheus 2, whose ranges held both their ends. By the arithmetic of
  /// Prometheus 3 they fail; no promtool 3 was there to say so: a `max_over_time` at the
  /// very start of its range, and a rate of six samples (25 * (300 / 300 / 300)) that is
  /// five now (20 * (300 / 240 / 300)), one bit less.
  private static let ofPrometheus2: Set<String> = [
    "data_plane__crashloopbackoff_test.yaml",
    "recording__caching_availability_recording_rules_test.yaml",
  ]

  @Test func publicRuleTestsPass() throws {
    let files = Self.files(Self.folder).filter { "\n\(Self.text($0))".contains("\ntests:") }
    if files.isEmpty {
      print("skipped: no corpora")
      return
    }
    #expect(files.count == 75)
    for path in files {
      let failures = try failures(path)
      let name = path.split(separator: "/").last.map(String.init) ?? path
      let fails = Self.meantToFail.contains(name) || Self.ofPrometheus2.contains(name)
      #expect(failures.isEmpty != fails, "\(path): \(failures)")
    }
  }

  private func failures(_ path: String) throws -> [String] {
    let problems = ConfigProblems()
    let file = RuleTestFile.read(Array(Self.text(path).utf8), file: path, problems: problems)
    let folder = path.split(separator: "/").dropLast().map { "/\($0)" }.joined()
    var groups: [RuleGroup] = []
    for pattern in file.ruleFiles {
      let full = folder + "/" + pattern
      let parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
      let found =
        parts.count < 2
        ? [full]
        : Self.files(folder).filter {
          $0.hasPrefix("\(folder)/\(parts[0])") && $0.hasSuffix(parts[1])
        }
      for rules in found {
        let bytes = Array(Self.text(rules).utf8)
        groups += RuleReader.read(bytes, file: rules, problems: problems).groups
      }
    }
    if !problems.isEmpty { return problems.all.map(\.description) }
    return RuleTestRun.execute(file, groups).flatMap { $0.failures.map(\.message) }
  }

  private static func files(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var found: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(".") || name.hasPrefix("LICENSE") { continue }
      let full = path + "/" + name
      found += entry.pointee.d_type == UInt8(DT_DIR) ? files(full) : [full]
    }
    return found.sorted()
  }

  private static func text(_ path: String) -> String {
    guard let file = fopen(path, "rb") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
  }
}
