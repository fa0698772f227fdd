import MxPromQL
import Testing

@Suite struct CorpusTests {
  /// What became of many expressions.
  private struct Outcome {
    var parsed = 0
    var refused = 0
  }

  /// Parses `text`, prints it, parses that, and compares: on one line and pretty.
  private func roundTrip(_ text: String, _ place: String) {
    do {
      let tree = try PromQL.parse(text)
      let printed = tree.description
      #expect(try PromQL.parse(printed) == tree, "\(place): \(text)\nprinted: \(printed)")
      let pretty = tree.prettified(width: 40)
      #expect(
        try PromQL.parse(pretty).withoutParentheses == tree.withoutParentheses,
        "\(place): \(text)\npretty: \(pretty)")
      #expect(try PromQL.parse(tree.fingerprintText).fingerprintText == tree.fingerprintText)
    } catch {
      Issue.record("\(place): \(error)\n\(text)")
    }
  }

  /// The queries of test scripts: the rest of the line after the times.
  private func query(_ line: String) -> (text: String, mustFail: Bool)? {
    let words = line.split(separator: " ", omittingEmptySubsequences: true)
    guard let command = words.first, command.hasPrefix("eval"), words.count > 2 else { return nil }
    let isRange = words[1] == "range"
    // eval range from A to B step S …; eval instant at T …
    let skipped = isRange ? 8 : words[2] == "at" ? 4 : 2
    var rest = Substring(line)
    for _ in 0..<skipped {
      rest = rest.drop { $0 == " " }.drop { $0 != " " }
    }
    return (String(rest.drop { $0 == " " }), command == "eval_fail")
  }

  @Test func everyQueryOfThePublicScriptsParsesAndPrints() throws {
    guard let folder = Corpora.folder("promql") else { return }
    var outcome = Outcome()
    for file in Corpora.files(folder, endings: [".test"]) {
      let lines = Corpora.lines(Corpora.read(file))
      for (index, line) in lines.enumerated() {
        let trimmed = line.drop { $0 == " " || $0 == "\t" }
        guard let found = query(String(trimmed)) else { continue }
        // Whatever fails there fails in evaluation, with a message of its own.
        roundTrip(found.text, "\(file):\(index + 1)")
        outcome.parsed += 1
      }
    }
    print("scripts: \(outcome.parsed) queries")
    #expect(outcome.parsed >= 1300)
  }

  /// Rules of the folder that are MetricsQL: what we, like Prometheus, say of them.
  private static let foreignRules = [
    "alerts-vmanomaly.yml:64": "1:11: parse error: unknown function with name \"lag\"",
    "alerts-vmanomaly.yml:86":
      "1:109: parse error: expected type instant vector in aggregation expression, "
      + "got range vector",
  ]

  @Test func everyRuleOfPrometheusParsesAndPrints() throws {
    guard let folder = Corpora.folder("rules") else { return }
    var count = 0
    var foreign = Self.foreignRules
    for file in Corpora.files(folder, endings: [".yaml", ".yml", ".rules"]) {
      for rule in RuleReader.expressions(file) {
        count += 1
        let name = "\(file.split(separator: "/").last ?? ""):\(rule.line)"
        if let message = foreign.removeValue(forKey: name) {
          #expect(failure(rule.text) == message)
        } else {
          roundTrip(rule.text, "\(rule.file):\(rule.line)")
        }
      }
    }
    print("rules: \(count) expressions, \(Self.foreignRules.count) of them MetricsQL")
    #expect(count >= 1000)
    #expect(foreign.isEmpty)
  }

  @Test func rulesThatPrometheusRefusesForTheirExpressionAreRefused() throws {
    guard let folder = Corpora.folder("rulefmt/prometheus") else { return }
    let bad = RuleReader.expressions("\(folder)/model__rulefmt__testdata__bad_expr.bad.yaml")
    #expect(
      bad.map { failure($0.text) } == [
        "1:6: parse error: expected type range vector in call to function \"rate\", "
          + "got instant vector"
      ])
  }

  @Test func everyQueryAPrometheusAnsweredParsesAndPrints() throws {
    guard let folder = Corpora.folder("promql-oracle") else { return }
    let queries = JSONStrings.values(
      of: "query", in: Corpora.read("\(folder)/cases.json"))
    for text in queries { roundTrip(text, "cases.json") }
    print("oracle: \(queries.count) queries")
    #expect(queries.count == 1200)
  }

  /// What the templates' variables stand for.
  private static let variants: [(String, [String])] = [
    ("offset", ["1m", "5m", "10m"]),
    ("range", ["1s", "15s", "1m", "5m", "15m", "1h"]),
    ("simpleAggrOp", ["sum", "avg", "max", "min", "count", "stddev", "stdvar"]),
    ("topBottomOp", ["topk", "bottomk"]),
    ("quantile", ["-0.5", "0.1", "0.5", "0.75", "0.95", "0.90", "0.99", "1", "1.5"]),
    ("arithBinOp", ["+", "-", "*", "/", "%", "^"]),
    ("compBinOp", ["==", "!=", "<", ">", "<=", ">="]),
    ("binOp", ["+", "-", "*", "/", "%", "^", "==", "!=", "<", ">", "<=", ">="]),
    ("simpleTimeAggrOp", ["sum", "avg", "max", "min", "count", "stddev", "stdvar", "last"]),
    ("simpleMathFunc", ["abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "round"]),
    ("extrapolatedRateFunc", ["delta", "rate", "increase"]),
    ("instantRateFunc", ["idelta", "irate"]),
    ("clampFunc", ["clamp_min", "clamp_max"]),
    ("dateFunc", ["day_of_month", "day_of_week", "days_in_month", "hour", "minute", "year"]),
  ]

  private func expanded(_ template: String) -> [String] {
    for (name, values) in Self.variants {
      let parts = pieces(template, "{{.\(name)}}")
      if parts.count > 1 { return values.flatMap { expanded(parts.joined(separator: $0)) } }
    }
    return [template]
  }

  /// `text` cut at every `separator`.
  private func pieces(_ text: String, _ separator: String) -> [String] {
    var result: [[UInt8]] = [[]]
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      if rest.starts(with: separator.utf8) {
        rest = rest.dropFirst(separator.utf8.count)
        result.append([])
      } else {
        result[result.count - 1].append(rest.removeFirst())
      }
    }
    return result.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func everyComplianceTemplateParsesAndPrints() throws {
    guard let folder = Corpora.folder("compliance") else { return }
    var count = 0
    let text = Corpora.read("\(folder)/promql-test-queries.yml")
    // The same scalars as a rule's, under another key. What `should_fail` there fails
    // in evaluation.
    for template in RuleReader.expressions(inText: text, key: "query") {
      for query in expanded(template.text) {
        #expect(!query.contains("{{"))
        roundTrip(query, "compliance:\(template.line)")
        count += 1
      }
    }
    print("compliance: \(count) queries")
    #expect(count >= 200)
  }

  /// Dashboards of Loki and VictoriaMetrics have expressions of other languages.
  private func isForeign(_ text: String) -> Bool {
    let signs = [
      "|=", "| ", "|~", "bytes_over_time", "topk_last", "topk_max", "increases_over_time",
      " default ",
    ]
    return signs.contains { text.contains($0) }
  }

  @Test func dashboardExpressionsParseAndPrint() throws {
    guard let folder = Corpora.folder("dashboards") else { return }
    var count = 0
    var skipped = 0
    var filled = 0
    var refused: [String] = []
    var seen: Set<String> = []
    for file in Corpora.files(folder, endings: [".json"]) {
      for text in JSONStrings.values(of: "expr", in: Corpora.read(file)) {
        if !seen.insert(text).inserted { continue }
        if text.allSatisfy(\.isWhitespace) || isForeign(text) {
          skipped += 1
        } else if text.contains("$") {
          filled += 1
          let guess = withoutVariables(text)
          if failure(guess) != nil { refused.append(guess) } else { roundTrip(guess, file) }
        } else {
          count += 1
          roundTrip(text, file)
        }
      }
    }
    print(
      "dashboards: \(count) different expressions, \(filled) with variables guessed "
        + "(\(refused.count) of them no PromQL then), \(skipped) empty or foreign")
    #expect(count >= 50)
    // Where a variable is an operator or a type that the guess cannot know.
    #expect(refused.count <= 12, "\(refused)")
  }

  /// Variables replaced: a duration inside brackets or after `offset`, a number for
  /// `topk`, else a word.
  private func withoutVariables(_ text: String) -> String {
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    var inBrackets = false
    var inString: UInt8 = 0
    while let byte = rest.popFirst() {
      if byte == inString {
        inString = 0
      } else if inString == 0, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        inString = byte
      }
      if inString == 0, byte == UInt8(ascii: "[") { inBrackets = true }
      if inString == 0, byte == UInt8(ascii: "]") { inBrackets = false }
      guard byte == UInt8(ascii: "$") else {
        result.append(byte)
        continue
      }
      if rest.first == UInt8(ascii: "{") {
        while let skipped = rest.popFirst(), skipped != UInt8(ascii: "}") {}
      } else {
        while let next = rest.first, isWord(next) { rest = rest.dropFirst() }
      }
      let before = String(decoding: result.suffix(8), as: UTF8.self)
      let isDuration = inBrackets || before.hasSuffix("offset ") || before.hasSuffix("offset -")
      result += Array(
        (isDuration ? "5m" : before.hasSuffix("topk(") || before.hasSuffix("bottomk(") ? "5" : "x")
          .utf8)
    }
    return String(decoding: result, as: UTF8.self)
  }

  private func isWord(_ byte: UInt8) -> Bool {
    let letter = byte | 0x20
    return (letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z"))
      || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")) || byte == UInt8(ascii: "_")
  }
}
