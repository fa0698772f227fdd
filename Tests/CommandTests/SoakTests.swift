import Testing

/// An hour of jobs/crontab by a fake clock; `make soak` takes thirty days.
@Suite struct SoakTests {
  @Test func cronLivesThroughAMorning() throws {
    let tools = try Folder.tools(root: CommandTests.root)
    let shell = try Shell(tools: tools)
    defer { shell.remove() }
    let found = try shell.run(
      "mkdir soak && mx-soak --days 0.042 \"$PWD/soak\" '\(CommandTests.root)'", input: nil)
    #expect(found.exit == 0, "\(found.stdout)\(found.stderr)")
    #expect(found.stdout.contains("everything held"), "\(found.stdout)")
    // It saw an outage, told it and its end once, and some runs were killed.
    #expect(found.stdout.contains(" 2 notices,"), "\(found.stdout)")
    #expect(found.stdout.contains(" killed"), "\(found.stdout)")
    #expect(found.stdout.contains("; 1 outages"), "\(found.stdout)")
  }
}
