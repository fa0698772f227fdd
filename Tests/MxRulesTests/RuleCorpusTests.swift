import Glibc
import MxConfig
import MxModel
import MxRules
import Testing

enum Corpora {
  static func folder(_ path: String, here: String = #filePath) -> String {
    "/" + here.split(separator: "/").dropLast(3).joined(separator: "/") + "/../shared/corpora/"
      + path
  }

  /// Every file under a folder; empty where the public test data is absent.
  static func files(_ path: String) -> [String] {
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

  static func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "rb") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }
}

@Suite struct RuleCorpusTests {
  private func problems(_ path: String) -> [ConfigProblem] {
    let problems = ConfigProblems()
    let file = RuleReader.read(Corpora.read(path), file: path, problems: problems)
    problems.sort()
    #expect(problems.isEmpty || file.groups.count < 1000)
    return problems.all
  }

  private func check(_ folder: String, isGood: (String) -> Bool?) {
    let files = Corpora.files(Corpora.folder(folder))
    if files.isEmpty { print("skipped: no corpora") }
    for path in files
    where path.hasSuffix("yml") || path.hasSuffix("yaml") || path.hasSuffix(".rules") {
      guard let isGood = isGood(path) else { continue }
      let found = problems(path)
      let first = found.first.map { "\($0)" } ?? "no problem"
      #expect(found.isEmpty == isGood, "\(path): \(first)")
    }
  }

  /// The files of VictoriaMetrics use functions and fields that only it has.
  @Test func everyPublicRuleFileLoads() {
    check("rules") { $0.contains("/victoriametrics/") ? nil : true }
  }

  @Test func badRuleFilesAreRefusedAndGoodOnesNot() {
    check("rulefmt/prometheus") { path in
      // Wrong only where names are held to the old alphabet.
      if path.contains("legacy_validation_annotation") { return true }
      return !path.contains(".bad.")
    }
    check("rulefmt/thanos") { !$0.contains("invalid") }
  }
}
