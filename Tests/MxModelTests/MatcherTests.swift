import MxModel
import MxTestSupport
import Testing

@Suite struct MatcherTests {
  @Test func matchersCompareWholeValues() throws {
    #expect(try Matcher("a", .equal, "x").matches("x"))
    #expect(try !Matcher("a", .equal, "x").matches("xx"))
    #expect(try Matcher("a", .notEqual, "x").matchesEmpty)
    #expect(try Matcher("a", .regex, "x|y.*").matches("yes"))
    #expect(try !Matcher("a", .regex, "[xy]").matches("xy"))
    #expect(try Matcher("a", .notRegex, "[xy]").matches("xy"))
    #expect(try Matcher("a", .regex, "é").matches("e\u{301}") == false)
    #expect(try Matcher("a.b", .regex, "x\"").description == #""a.b"=~"x\"""#)
  }

  @Test func badExpressionsAreRefusedWithTheReason() {
    for text in ["(", "a)", "[b", "*", "a**", "(?P<n", "a{2000}", #"\"#, #"a|\"#, "a|*"] {
      do {
        _ = try Pattern(text)
        Issue.record("'\(text)' was taken")
      } catch .badRegex(let named, let reason) {
        #expect(named == text)
        #expect(!reason.isEmpty)
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  @Test func shapesAreReadOffThePattern() {
    #expect(PatternShape(of: "") == .literals([""]))
    #expect(PatternShape(of: "a|b|") == .literals(["a", "b", ""]))
    #expect(PatternShape(of: #"(?:a\.b|c)"#) == .literals(["a.b", "c"]))
    #expect(PatternShape(of: "(a|b)") == .literals(["a", "b"]))
    #expect(PatternShape(of: "abc.*") == .prefix("abc", orMore: false))
    #expect(PatternShape(of: "abc.+") == .prefix("abc", orMore: true))
    #expect(PatternShape(of: ".*abc") == .suffix("abc"))
    #expect(PatternShape(of: ".*abc.*") == .contains("abc"))
    #expect(PatternShape(of: ".*") == .anything)
    #expect(PatternShape(of: ".+") == .nonEmpty)
    #expect(PatternShape(of: "ab+") == .engine(prefix: "a"))
    #expect(PatternShape(of: #"a\.b[c]"#) == .engine(prefix: "a.b"))
    #expect(PatternShape(of: #"a\.?b"#) == .engine(prefix: "a"))
    #expect(PatternShape(of: "ab(?i)*") == .engine(prefix: "a"))
    #expect(PatternShape(of: "ab(?:c)*") == .engine(prefix: "ab"))
    #expect(PatternShape(of: "(?i)abc") == .engine(prefix: ""))
    #expect(PatternShape(of: "ab|c.") == .engine(prefix: ""))
    #expect(PatternShape(of: "(a)|(b)") == .engine(prefix: ""))
    // A combining accent joins an operator to one character, not to one scalar.
    #expect(PatternShape(of: "ab[c]|\u{301}d") == .engine(prefix: ""))
    #expect(PatternShape(of: "a|\u{301}b") == .literals(["a", "\u{301}b"]))
    #expect(PatternShape(of: ".*\u{301}") == .suffix("\u{301}"))
  }

  /// What the shape answers must be what the engine would.
  @Test(arguments: 0..<30 as Range<UInt64>)
  func shapesAnswerAsTheEngineDoes(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let pieces = [
      "a", "b", "ab", ".*", ".+", "|", "(", ")", "(?:", "\\.", "\\|", "\\_", "\\-", ".", "*", "?",
      "[ab]", "^", "$", "é", "\u{301}", "\\", "-", "_", "{2}", "(?i)", "\n", "\\n", "\\)", "+",
    ]
    let letters = ["a", "b", "A", ".", "|", "-", "_", "é", "\u{301}", "\n", "\r", ")", "\\"]
    var checked = 0
    for _ in 0..<400 {
      let text = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
        pieces[Int.random(in: 0..<pieces.count, using: &generator)]
      }.joined()
      let shape = PatternShape(of: text)
      let regex: Regex
      do {
        regex = try Regex(text)
      } catch {
        guard case .engine = shape else {
          Issue.record("'\(text)' is no expression but has the shape \(shape)")
          continue
        }
        #expect(throws: ModelError.self) { try Pattern(text) }
        continue
      }
      let pattern = try Pattern(text)
      checked += 1
      for _ in 0..<30 {
        let candidate = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
          letters[Int.random(in: 0..<letters.count, using: &generator)]
        }.joined()
        let expected = regex.matchesWhole(candidate)
        #expect(pattern.matches(candidate) == expected, "'\(text)' on '\(candidate)'")
        if expected, case .engine(let prefix) = shape {
          #expect(
            candidate.utf8.starts(with: prefix.utf8), "'\(text)' on '\(candidate)'")
        }
      }
    }
    #expect(checked > 100)
  }

  @Test func groupsAreFoundByNumberAndName() throws {
    let regex = try Regex("(?P<first>a+)(b)?c")
    #expect(regex.groupCount == 2)
    #expect(regex.groupName(1) == "first")
    #expect(regex.groupName(2) == nil)
    let groups = Array("xaac".utf8).withUnsafeBytes { regex.match($0, whole: false) }
    #expect(groups == [1..<4, 1..<3, nil])
    #expect(Array("xaac".utf8).withUnsafeBytes { regex.match($0, whole: true) } == nil)
    #expect(regex.search("xaac"))
  }

  @Test func templatesAreFilledAsInGo() throws {
    let regex = try Regex("(?P<host>[a-z]+)([0-9]*)(x)?")
    func fill(_ template: String) -> String? {
      regex.replaceWhole("node17", with: RegexTemplate(template, for: regex))
    }
    #expect(fill("$1-$2") == "node-17")
    #expect(fill("${1}x$1x") == "nodex")
    #expect(fill("$host:${host}") == "node:node")
    #expect(fill("$0$$1$3$9") == "node17$1")
    #expect(fill("$") == "$")
    #expect(fill("a$-b${c$") == "a$-b${c$")
    #expect(fill("$01|$unknown|${unknown}") == "||")
    #expect(fill("é$99999999999999999999-é$1é") == "é-é")
    #expect(regex.replaceWhole("17", with: RegexTemplate("$1", for: regex)) == nil)
  }
}
