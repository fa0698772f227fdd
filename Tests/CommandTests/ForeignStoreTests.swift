import Glibc
import Testing

/// A store that belongs to someone else and that we may only read.
@Suite struct ForeignStoreTests {
  @Test func aReadOnlyDirectoryOfAnotherUserCanBeQueried() throws {
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    guard getuid() == 0, try shell.run("command -v setpriv", input: nil).exit == 0 else {
      print("skipped: needs root and setpriv to become another user")
      return
    }
    let made = try shell.run(
      "mx-ingest - && chmod -R a-w,a+rX mx-store && chmod a+rx .. .",
      input: "up{job=\"x\"} 1 1000\n")
    #expect(made == Shell.Result(exit: 0, stdout: "", stderr: ""))
    // The tools may lie where another user may not look: it gets copies.
    let copied = try shell.run(
      "mkdir tools && cp \"$(command -v mx-query)\" \"$(command -v mx-compact)\" tools"
        + " && chmod -R a+rX tools", input: nil)
    #expect(copied.exit == 0)
    let asNobody = "setpriv --reuid 65534 --regid 65534 --clear-groups"
    let asked = try shell.run(
      "\(asNobody) tools/mx-query --at 1 --format csv --no-header 'up'", input: nil)
    #expect(asked == Shell.Result(exit: 0, stdout: "1,up,x,1\n", stderr: ""))
    #expect(try shell.run("\(asNobody) tools/mx-compact verify", input: nil).exit == 0)
    let refused = try shell.run("\(asNobody) tools/mx-compact", input: nil)
    #expect(refused.exit == 5)
    #expect(refused.stderr.hasSuffix("permission denied\n"), "\(refused.stderr)")
    #expect(refused.stderr.split(separator: "\n").count == 1)
  }
}
