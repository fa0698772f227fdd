import Glibc
import Testing

@testable import MxConfig

/// SplitMix64: the same sequence for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// A tree on one line: easy to compare.
func flat(_ node: YAMLNode) -> String {
  switch node.content {
  case .scalar(let scalar): scalar.isPlain ? scalar.text : "'\(scalar.text)'"
  case .sequence(let nodes): "[" + nodes.map(flat).joined(separator: ",") + "]"
  case .mapping(let fields):
    "{" + fields.map { "\($0.name):\(flat($0.value))" }.joined(separator: ",") + "}"
  }
}

@Suite struct YAMLTests {
  private func parse(_ text: String) throws -> String { flat(try YAML.parse(text, file: "f.yml")) }

  private func problems(_ text: String, limits: YAML.Limits = YAML.Limits()) -> [String] {
    let problems = ConfigProblems()
    _ = YAML.documents(Array(text.utf8), file: "f.yml", problems: problems, limits: limits)
    return problems.all.map(\.description)
  }

  @Test func treesKeepOrderStyleAndPlace() throws {
    #expect(
      try parse("b: 1\na: [x, 'y']\nc:\n  d: |\n    text\n") == "{b:1,a:[x,'y'],c:{d:'text\n'}}")
    let node = try YAML.parse("a:\n  - b\n  - c: d\n", file: "f.yml")
    let inner = try #require(node["a"]?.sequence?[1]["c"])
    #expect(inner.place == ConfigPlace(file: "f.yml", line: 3, column: 8))
    #expect("\(inner.place)" == "f.yml:3")
  }

  @Test func aliasesAndMergesAreCarriedOut() throws {
    #expect(try parse("a: &x [1, 2]\nb: *x\n") == "{a:[1,2],b:[1,2]}")
    #expect(
      try parse("base: &b {x: 1, y: 2}\nc:\n  <<: *b\n  y: 3\n  z: 4\n")
        == "{base:{x:1,y:2},c:{y:3,z:4,x:1}}")
    #expect(
      try parse("a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}\n")
        == "{a:{x:1},b:{x:2,y:2},c:{x:1,y:2}}")
    #expect(try parse("a: {'<<': 1}\n") == "{a:{<<:1}}")
    #expect(problems("a: {<<: 1}\n") == ["f.yml:1: '<<' merges the number 1, expected a mapping"])
    #expect(problems("a: *x\n") == ["f.yml:1: no anchor 'x' before this alias"])
    #expect(problems("a: &x [*x]\n") == ["f.yml:1: no anchor 'x' before this alias"])
  }

  @Test func manyDocumentsAreReadAndTheFirstIsTheOne() throws {
    let problems = ConfigProblems()
    let all = YAML.documents(
      Array("a: &x 1\n---\nb: 2\n...\n---\n- c\n".utf8), file: "f", problems: problems)
    #expect(all.map(flat) == ["{a:1}", "{b:2}", "[c]"])
    #expect(problems.isEmpty)
    #expect(try parse("a: 1\n---\nb: 2\n") == "{a:1}")
    #expect(try parse("") == "{}")
    #expect(try parse("# nothing\n") == "{}")
    // An anchor ends with its document.
    #expect(self.problems("a: &x 1\n---\nb: *x\n") == ["f.yml:3: no anchor 'x' before this alias"])
  }

  @Test func duplicateFieldsAreErrorsAndAllAreNamed() {
    #expect(
      problems("a: 1\nb:\n  c: 1\n  c: 2\na: 2\n") == [
        "f.yml:4: field 'c' is already set in line 3",
        "f.yml:5: field 'a' is already set in line 1",
      ])
    #expect(problems("? [a]\n: 1\n") == ["f.yml:1: a field's name is a list, expected a text"])
  }

  @Test func whatIsNotYAMLIsAnErrorWithItsLine() {
    #expect(
      problems("a: 1\n b: 2\n").first?.hasPrefix("f.yml:2: mapping values are not allowed") == true)
    #expect(problems("a: [1, 2\n").first?.hasPrefix("f.yml:2: ") == true)
    #expect(problems("a:\n\t- b\n").first?.hasPrefix("f.yml:2: ") == true)
    #expect(problems("a: 1\nb: \u{1}\n").first?.hasPrefix("f.yml:2: control characters") == true)
    let problems = ConfigProblems()
    _ = YAML.documents(Array("a: 1\nb: ".utf8) + [0xFF, 0x0A], file: "f", problems: problems)
    #expect(problems.all.first?.place == ConfigPlace(file: "f", line: 2, column: 4))
  }

  @Test func aKilobyteCannotStandForABillionNodes() {
    var text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    for level in 1...12 {
      let alias = "*a\(level - 1)"
      text +=
        "a\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ","))]\n"
    }
    #expect(problems(text) == ["f.yml:6: more than 1000000 values with the aliases replaced"])
    var merges =
      "a0: &a0 {\((0..<50).map { "k\($0): [1,2,3,4,5,6,7,8]" }.joined(separator: ", "))}\n"
    for level in 1...3000 { merges += "b\(level): {<<: *a0}\n" }
    #expect(problems(merges).first?.hasSuffix("values with the aliases replaced") == true)
  }

  @Test func depthAndSizeAreBounded() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(problems(deep) == ["f.yml:1: nested deeper than 64 levels"])
    #expect(problems(String(repeating: "[", count: 60) + String(repeating: "]", count: 60)) == [])
    var chain = "a0: &a0 [x]\n"
    for level in 1...70 { chain += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(problems(chain).first?.hasSuffix("nested deeper than 64 levels") == true)
    var limits = YAML.Limits()
    limits.bytes = 10
    #expect(
      problems("a: 1234567890\n", limits: limits)
        == ["f.yml:1: the file has 14 bytes, at most 10 allowed"])
  }

  @Test func scalarsMeanWhatGoTakesThemFor() throws {
    func node(_ text: String) throws -> YAMLNode {
      try #require(try YAML.parse("v: \(text)\n", file: "f")["v"])
    }
    for (text, value) in [
      ("true", true), ("Yes", true), ("on", true), ("y", true), ("False", false),
      ("no", false), ("OFF", false), ("n", false),
    ] {
      #expect(try node(text).bool == value)
    }
    #expect(try node("'true'").bool == nil)
    #expect(try node("!!str true").bool == nil)
    #expect(try node("tRUE").bool == nil)
    for (text, value) in [
      ("12", 12), ("-1_000", -1000), ("0x1F", 31), ("0b101", 5), ("0o17", 15),
      ("017", 15), ("0", 0), ("+7", 7), ("-0x8000000000000000", .min),
    ] as [(String, Int64)] {
      #expect(try node(text).int == value, "\(text)")
    }
    for text in ["9223372036854775808", "1.0", "0x", "1a", "09", "'12'", "_1", "~", "0xZ"] {
      #expect(try node(text).int == nil, "\(text)")
    }
    for (text, value) in [
      ("1.5", 1.5), ("1e3", 1000), (".5", 0.5), ("-.inf", -.infinity),
      (".Inf", .infinity), ("12", 12), ("1_0.5", 10.5), ("1.5e-7", 1.5e-7),
    ] as [(String, Double)] {
      #expect(try node(text).double == value, "\(text)")
    }
    #expect(try node(".nan").double?.isNaN == true)
    for text in ["inf", "nan", "1e999", "0x1p3", "e5", "1.2.3", "--1", "."] {
      #expect(try node(text).double == nil, "\(text)")
    }
    for text in ["~", "null", "NULL", ""] { #expect(try node(text).isNull, "\(text)") }
    #expect(try !node("''").isNull)
    #expect(try node("''").string == "")
    #expect(try node("0x10").string == "0x10")
    #expect(try node("!!str 12").string == "12")
  }

  @Test(arguments: 0..<400 as Range<UInt64>)
  func damageIsNeverMoreThanAProblem(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var text = Array(
      "groups:\n- name: &n a\n  rules:\n  - {alert: *n, expr: 'up == 0', for: 5m}\n  - <<: {a: b}\n    record: |\n      x\n    é: \"\\u00e9\"\n---\n? a\n: b\n"
        .utf8)
    for _ in 0..<Int.random(in: 1...6, using: &generator) {
      let at = Int.random(in: 0..<text.count, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: text[at] = UInt8.random(in: 0...255, using: &generator)
      case 1: text.remove(at: at)
      case 2: text.insert(contentsOf: text[..<at], at: at)
      default:
        text.insert("{}[]\":,&*!|>-?%@ \n\t#".utf8.randomElement(using: &generator) ?? 0, at: at)
      }
    }
    let problems = ConfigProblems()
    for node in YAML.documents(text, file: "f", problems: problems) { _ = flat(node) }
  }

  @Test func everyPublicRuleAndNotificationFileIsRead() throws {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    let files = ["alertmanager", "rules", "rulefmt", "ruletests"]
      .flatMap { yamlFiles(under: root + "/../shared/corpora/" + $0, depth: 5) }
    if files.isEmpty {
      print("skipped: no corpora")
      return
    }
    var refused: [String] = []
    for file in files {
      let problems = ConfigProblems()
      _ = YAML.documents(contents(file), file: file, problems: problems)
      if !problems.isEmpty { refused.append("\(problems.all[0])") }
    }
    print("read \(files.count) files, refused \(refused.count): \(refused)")
    #expect(refused.count * 50 <= files.count)
  }
}

private func contents(_ path: String) -> [UInt8] {
  guard let file = fopen(path, "r") else { return [] }
  defer { fclose(file) }
  var all: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65536)
  while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
    all += buffer[..<count]
  }
  return all
}

private func yamlFiles(under path: String, depth: Int) -> [String] {
  guard depth > 0, let directory = opendir(path) else { return [] }
  defer { closedir(directory) }
  var found: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name.hasPrefix(".") { continue }
    if name.hasSuffix(".yml") || name.hasSuffix(".yaml") || name.hasSuffix(".rules") {
      found.append(path + "/" + name)
    }
    found += yamlFiles(under: path + "/" + name, depth: depth - 1)
  }
  return found.sorted()
}
