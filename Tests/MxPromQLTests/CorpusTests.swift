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

  @Test func everyRuleParsesAndPrints() throws {
    guard let folder = Corpora.folder("rules") else { return }
    var count = 0
    for file in Corpora.files(folder, endings: [".yaml", ".yml", ".rules"]) {
      for rule in RuleReader.expressions(file) {
        roundTrip(rule.text, "\(rule.file):\(rule.line)")
        count += 1
      }
    }
    print("rules: \(count) expressions")
    #expect(count >= 1000)
  }

  @Test func dashboardExpressionsParseAndPrint() throws {
    guard let folder = Corpora.folder("dashboards") else { return }
    var count = 0
    var skipped = 0
    for file in Corpora.files(folder, endings: [".json"]) {
      for text in JSONStrings.values(of: "expr", in: Corpora.read(file)) {
        if text.contains("$") || text.allSatisfy(\.isWhitespace) {
          skipped += 1
          continue
        }
        roundTrip(text, file)
        count += 1
      }
    }
    print("dashboards: \(count) expressions, \(skipped) with variables or empty skipped")
    #expect(count >= 500)
  }
}
