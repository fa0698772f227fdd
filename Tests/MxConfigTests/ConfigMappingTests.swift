import Testing

@testable import MxConfig

private struct Refused: Error, CustomStringConvertible {
  var description: String { "not a duration" }
}

@Suite struct ConfigMappingTests {
  /// Reads `text` and gives back what was reported, hints behind a bar.
  private func report(_ text: String, _ body: (ConfigMapping) -> Void) throws -> [String] {
    let problems = ConfigProblems()
    let node = YAML.document(Array(text.utf8), file: "f.yml", problems: problems)
    ConfigMapping.read(node, "the file", problems, body)
    problems.sort()
    return problems.all.map { "\($0)" + ($0.hint.map { " | \($0)" } ?? "") }
  }

  @Test func anUnknownFieldIsNamedWithTheNearestKnownOne() throws {
    let found = try report("alert: a\nfro: 5m\nexpr: up\nsomething: 1\nANNOTATIONS: {}\n") { map in
      _ = map.string("alert")
      _ = map.string("expr")
      _ = map.string("for")
      map.ignore("labels", "annotations")
    }
    #expect(
      found == [
        "f.yml:2: unknown field 'fro' | did you mean 'for'?",
        "f.yml:4: unknown field 'something'",
        "f.yml:5: unknown field 'ANNOTATIONS' | did you mean 'annotations'?",
      ])
  }

  @Test func everyMistakeOfAFileIsReported() throws {
    let text = """
      a: [1]
      b: maybe
      c: 1.5
      d: ten
      e: 70000
      f: x
      g: {h: 1}
      i: [x, [y], z]
      j: {k: [1]}
      l: [{m: 1}, 2]
      n: loud
      """
    let found = try report(text) { map in
      #expect(map.string("a") == nil)
      #expect(map.bool("b") == nil)
      #expect(map.int("c") == nil)
      #expect(map.double("d") == nil)
      #expect(map.int("e", in: 1...65535) == nil)
      #expect(map.parsed("f") { _ in throw Refused() } == Int?.none)
      #expect(map.list("g") == nil)
      #expect(map.strings("i") == ["x", "z"])
      #expect(map.stringMap("j")?.isEmpty == true)
      #expect(map.mappings("l") { $0.int("m") } == [1])
      #expect(map.choice("n", [("quiet", 1), ("aloud", 2)]) == nil)
      #expect(map.require("o", map.string("o")) == nil)
    }
    #expect(
      found == [
        "f.yml:1: field 'o' is missing",
        "f.yml:1: 'a' is a list, expected a text",
        "f.yml:2: 'b' is the text 'maybe', expected true or false",
        "f.yml:3: 'c' is the number 1.5, expected an integer",
        "f.yml:4: 'd' is the text 'ten', expected a number",
        "f.yml:5: 'e' is 70000, expected 1 to 65535",
        "f.yml:6: 'f': not a duration",
        "f.yml:7: 'g' is a mapping, expected a list",
        "f.yml:8: an element of 'i' is a list, expected a text",
        "f.yml:9: 'j.k' is a list, expected a text",
        "f.yml:10: an element of 'l' is the number 2, expected a mapping",
        "f.yml:11: 'n' is 'loud', expected quiet, aloud | did you mean 'aloud'?",
      ])
  }

  @Test func goodValuesComeThrough() throws {
    let text = """
      name: x
      on: yes
      count: 3
      ratio: 0.5
      one: a
      many: [a, b]
      labels: {b: 1, a: "2", c: }
      inner: {deep: 1}
      nothing:
      """
    let found = try report(text) { map in
      #expect(map.require("name", map.string("name")) == "x")
      #expect(map.bool("on") == true)
      #expect(map.int("count") == 3)
      #expect(map.double("ratio") == 0.5)
      #expect(map.stringOrList("one") == ["a"])
      #expect(map.stringOrList("many") == ["a", "b"])
      #expect(map.parsedList("many") { $0.uppercased() } == ["A", "B"])
      let labels = map.stringMap("labels")
      #expect(labels?.map(\.name) == ["b", "a", "c"])
      #expect(labels?.map(\.value) == ["1", "2", ""])
      #expect(map.mapping("inner") { $0.int("deep") } == 1)
      #expect(map.string("nothing") == nil)
      #expect(map.has("nothing"))
      #expect(!map.has("absent"))
      #expect(map.place(of: "count").line == 3)
    }
    #expect(found == [])
  }

  @Test func aByteOrderMarkIsPassedOver() throws {
    let found = try report("\u{FEFF}name: x\n") { #expect($0.string("name") == "x") }
    #expect(found == [])
  }

  @Test func aFileThatIsNoMappingSaysSo() throws {
    #expect(try report("- a\n") { _ in } == ["f.yml:1: the file is a list, expected a mapping"])
    #expect(try report("") { _ in } == [])
  }

  @Test func checkThrowsAllOfIt() throws {
    #expect {
      try YAML.parse("a: 1\na: 2\nb: 1\nb: 2\n", file: "f.yml")
    } throws: {
      ($0 as? ConfigError)?.problems.count == 2
    }
    let many = ConfigProblems()
    for line in 0..<10_000 { many.add(ConfigPlace(file: "f", line: line, column: 1), "x") }
    #expect(many.all.count == ConfigProblems.limit)
  }

  @Test func suggestionsAreNearOrNotMade() {
    let words = ["for", "expr", "labels", "annotations", "keep_firing_for"]
    #expect(Suggestion.nearest(to: "fro", among: words) == "for")
    #expect(Suggestion.nearest(to: "label", among: words) == "labels")
    #expect(Suggestion.nearest(to: "anotations", among: words) == "annotations")
    #expect(Suggestion.nearest(to: "keepfiringfor", among: words) == "keep_firing_for")
    #expect(Suggestion.nearest(to: "xyz", among: words) == nil)
    #expect(Suggestion.nearest(to: String(repeating: "x", count: 100_000), among: words) == nil)
    #expect(Suggestion.nearest(to: "", among: words) == nil)
  }
}

@Suite struct SecretTests {
  private func resolve(
    _ source: SecretSource, _ environment: [String: String] = [:], _ files: [String: [UInt8]] = [:]
  ) throws -> String {
    try source.resolve(environment: { environment[$0] }, read: { files[$0] }).reveal()
  }

  private func source(_ text: String) -> (SecretSource?, [String]) {
    let problems = ConfigProblems()
    let node = YAML.document(Array(text.utf8), file: "f.yml", problems: problems)
    let source = ConfigMapping.read(node, "the file", problems) { $0.secret("password") }
    return (source, problems.all.map(\.description))
  }

  @Test func nothingPrintsASecret() {
    let secret = Secret("hunter2")
    let holder = SecretSource.written(secret)
    var dumped = ""
    dump(holder, to: &dumped)
    dump([secret: 1].keys.first, to: &dumped)
    for text in [
      "\(secret)", "\(holder)", String(reflecting: secret), String(reflecting: holder),
      "\([secret])", dumped,
    ] {
      #expect(!text.contains("hunter2"), "\(text)")
    }
    #expect("\(secret)" == "<secret>")
  }

  @Test func eachWayOfWritingOneIsResolved() throws {
    #expect(try resolve(.written(Secret("literal"))) == "literal")
    #expect(try resolve(.written(Secret("${TOKEN}")), ["TOKEN": "t"]) == "t")
    #expect(
      try resolve(.written(Secret("https://x/${A}/${B_1}")), ["A": "1", "B_1": "2"])
        == "https://x/1/2")
    #expect(try resolve(.file("/run/pw"), [:], ["/run/pw": Array("p w\n".utf8)]) == "p w")
    let credentials = ["CREDENTIALS_DIRECTORY": "/run/credentials/mx"]
    let files = ["/run/credentials/mx/smtp": Array("s\r\n".utf8)]
    #expect(try resolve(.written(Secret("smtp")), credentials, files) == "s")
    #expect(try resolve(.file("smtp"), credentials, files) == "s")
    #expect(try resolve(.written(Secret("other")), credentials, files) == "other")
    #expect(try resolve(.written(Secret("smtp")), [:], files) == "smtp")
    #expect(try resolve(.written(Secret("a$b ${ ${} ${1A} $C {D}"))) == "a$b ${ ${} ${1A} $C {D}")
  }

  @Test func aNameNeverLeavesTheCredentialsDirectory() throws {
    let source = SecretSource.written(Secret("../../etc/shadow"))
    let found = try source.resolve(
      environment: { $0 == "CREDENTIALS_DIRECTORY" ? "/run/c" : nil },
      read: { path in
        Issue.record("read \(path)")
        return nil
      })
    #expect(found.reveal() == "../../etc/shadow")
  }

  @Test func whatCannotBeHadIsNamedAndNotShown() {
    #expect(throws: SecretSource.Failure.variableNotSet("TOKEN")) {
      try resolve(.written(Secret("${TOKEN}")))
    }
    #expect(throws: SecretSource.Failure.noFile("/x")) { try resolve(.file("/x")) }
    #expect(throws: SecretSource.Failure.emptyFile("/x")) {
      try resolve(.file("/x"), [:], ["/x": [0x0A]])
    }
    #expect(throws: SecretSource.Failure.notText("/x")) {
      try resolve(.file("/x"), [:], ["/x": [0xFF, 0xFE]])
    }
  }

  @Test func bothWaysAtOnceAreOneTooMany() {
    #expect(source("password: a\n").0 == .written(Secret("a")))
    #expect(source("password_file: /run/pw\n").0 == .file("/run/pw"))
    #expect(source("{}\n").0 == nil)
    #expect(
      source("password: a\npassword_file: b\n").1
        == ["f.yml:2: 'password' and 'password_file' are both set, at most one allowed"])
  }
}
