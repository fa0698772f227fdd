import Testing

/// SIGTERM while a tool works: what was finished is kept, and the exit says why it ended.
@Suite struct InterruptionTests {
  @Test func mergesAreFinishedOrDropped() throws {
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    // Enough for a merge of tenths of a second.
    let made = try shell.run(
      """
      for d in 0 1 2 3 4 5; do awk -v d=$d 'BEGIN { for (s = 0; s < 50; s++) for (t = 0; t < 600; t++) \
      print "a{s=\\"" s "\\"} " (t * 7919 % 1000) / 10 " " (1795132800 + d * 86400 + t * 60) "000" }' > d.prom
      mx-ingest --now 1795737600 d.prom || exit; done
      mx-compact export --match a --format csv | sort | cksum > before
      """, input: nil)
    #expect(made.exit == 0, "\(made.stderr)")
    for delay in ["0.005", "0.02", "0.05", "0.1", "0.2"] {
      let stopped = try shell.run(
        """
        mx-compact --now 1798329600 & pid=$!; sleep \(delay); kill -TERM $pid 2>/dev/null; wait $pid
        """, input: nil)
      #expect([0, 143].contains(stopped.exit), "after \(delay) s: \(stopped)")
      #expect(!stopped.stderr.contains("error"), "\(stopped.stderr)")
    }
    let after = try shell.run(
      "mx-compact verify --deep && mx-compact export --match a --format csv | sort | cksum | cmp - before",
      input: nil)
    #expect(after.exit == 0, "\(after)")
  }
}
