import MxTemplate
import Testing

@Suite struct TemplateBoundsTests {
  @Test(arguments: [
    "{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}",
    "{{range 1000000000}}x{{end}}",
    "{{range 1000}}{{range 1000}}{{range 1000}}{{end}}{{end}}{{end}}",
    "{{$x := \"x\"}}{{range 100}}{{$x = print $x $x}}{{end}}",
    "{{$x := args 1}}{{range 100000}}{{$x = args $x $x}}{{end}}{{$x}}",
    "{{printf \"%1000000d%1000000d%1000000d\" 1 2 3}}",
    "{{printf \"%*d\" 900000 1}}{{printf \"%*d\" 900000 1}}",
  ])
  func whatGrowsWithoutEndIsStopped(text: String) {
    #expect(throws: TemplateError.self) { try render(text) }
  }

  @Test func deepNestingIsRefused() {
    for (open, close) in [("{{if 1}}", "{{end}}"), ("{{with 1}}", "{{end}}")] {
      let text = String(repeating: open, count: 5000) + String(repeating: close, count: 5000)
      #expect(throws: TemplateError.self) { try render(text) }
    }
    let parens = String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000)
    #expect(throws: TemplateError.self) { try render("{{" + parens + "}}") }
    let blocks = (0..<5000).map { "{{block \"\($0)\" .}}" }.joined()
    #expect(throws: TemplateError.self) { try render(blocks) }
  }

  /// Whatever the words, the answer is a text or an error.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func anyWordsEndWell(seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    func random(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    let words = [
      "{{", "}}", "{{-", "-}}", " ", "|", "(", ")", "$x", "$", ":=", "=", ",", ".", ".Labels",
      ".Names", ".job", "if", "else", "end", "range", "with", "define", "template", "block",
      "\"a\"", "`b`", "'c'", "1", "-2.5", "1e400", "0x", "printf", "\"%d %s %v\"", "index", "eq",
      "and", "or", "not", "humanize", "query", "first", "/*", "*/", "\n", "nil", "true", "é",
      "break", "continue", "slice", "len", "call", "[", "\\", "\"", "humanizeTimestamp", "args",
    ]
    for _ in 0..<300 {
      var text = random(2) == 0 ? "{{" : ""
      for _ in 0..<random(14) { text += words[random(words.count)] + (random(2) == 0 ? " " : "") }
      if random(2) == 0 { text += "}}" }
      do {
        #expect(try render(text).utf8.count <= 1 << 20)
      } catch {
        #expect(error is TemplateError)
      }
    }
  }
}
