import Testing

/// The runner itself: a script that cannot fail is worth nothing.
@Suite struct ScriptTests {
  static let sample = """
    # A comment.
    file in.txt
      one

      ~two

    $ cat in.txt
    > cat
    stdin
      more
    exit 3
    stdout
      ~on.
      \\~two
      ~
    stderr
      last
      \\

    """

  @Test func aScriptIsReadAndWrittenAgain() throws {
    let script = try Script(ScriptTests.sample)
    #expect(script.text == ScriptTests.sample)
    guard case .command(let command) = script.items.last else {
      Issue.record("no command last")
      return
    }
    #expect(command.text == "cat in.txt\ncat")
    #expect(command.input == "more\n")
    #expect(command.exit == 3)
    #expect(command.stdout == ["~on.", "\\~two", "~"])
    #expect(Script.plain(command.stderr ?? []) == "last")
  }

  @Test(arguments: ["", "x", "x\n", "x\n\n", "\n", "~a\n\\b\n", "a\n\nb", "a\n\n\nb\n\n\n"])
  func anyTextBecomesABlockAndComesBack(text: String) throws {
    let block = Script.block(of: text)
    #expect(Script.plain(block) == text)
    #expect(ScriptComparison.difference(block, text) == nil)
    let script = try Script(
      "$ x\nstdout\n" + block.map { $0.isEmpty ? "\n" : "  \($0)\n" }.joined())
    guard case .command(let command) = script.items.last else { return }
    #expect(command.stdout == block)
  }

  @Test(arguments: ["stdout\n", "# only\n", "$ x\nexitt 3\n", "$ x\nexit no\n", "x\n", "  x\n"])
  func whatIsNoScriptIsRefused(text: String) {
    #expect(throws: Script.Problem.self) { try Script(text) }
  }

  @Test func everyDifferenceIsFound() throws {
    var command = Script.Command(line: 1, text: "x")
    command.stdout = ["a", "~b+"]
    let good = Shell.Result(exit: 0, stdout: "a\nbbb\n", stderr: "")
    #expect(ScriptRun.difference(command, good) == nil)
    let bad = [
      Shell.Result(exit: 1, stdout: "a\nbbb\n", stderr: ""),
      Shell.Result(exit: 0, stdout: "a\nbbb", stderr: ""),
      Shell.Result(exit: 0, stdout: "a\nbbbc\n", stderr: ""),
      Shell.Result(exit: 0, stdout: "a\nbbb\n\n", stderr: ""),
      Shell.Result(exit: 0, stdout: "", stderr: ""),
      Shell.Result(exit: 0, stdout: "a\nbbb\n", stderr: "x"),
    ]
    for result in bad { #expect(ScriptRun.difference(command, result) != nil, "\(result)") }
  }

  @Test func aDifferenceIsShownLineByLine() {
    let text = ScriptComparison.difference(["a", "b", "c"], "a\nx\nc\n")
    #expect(text == "    a\n  - b\n  + x\n    c")
  }

  @Test func aPatternThatCannotBeReadMatchesNothing() {
    #expect(!ScriptComparison.matches("~(", "("))
  }

  @Test func commandsSeeACleanEnvironment() throws {
    let shell = try Shell(tools: "/nowhere")
    defer { shell.remove() }
    let found = try shell.run(
      "env | cut -d= -f1 | grep -v '^_$' | sort | tr '\\n' ' '; ls", input: nil)
    #expect(found.stdout == "HOME LC_ALL OLDPWD PATH PWD SWIFT_BACKTRACE TZ ")
    #expect(try shell.run("kill -9 $$", input: nil).exit == 137)
    #expect(try shell.run("cat; exit 7", input: "in").stdout == "in")
  }
}
