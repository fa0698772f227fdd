import Glibc
import Testing

/// A ledger that another process holds: the tool waits as long as it is told to, says so,
/// and no alert changes for it.
@Suite struct AlertLockTests {
  /// `MX_LONG=1`: for a minute, as long as a slow backup holds it.
  private static let seconds = getenv("MX_LONG") == nil ? 3 : 60

  private static let script = """
    printf '%s\\n' 'groups: [{name: g, rules: [{alert: Hot, expr: temp > 80}]}]' > r.yml
    for i in 0 1 2 3 4 5; do
      echo "temp{host=\\"a\\"} $((60 + i * 10)) $((1795132800 + i * 60))000"
    done | mx-ingest --format prometheus
    run="mx-alert run --delay 0s --rules r.yml"
    $run --now 1795132800
    { echo 'BEGIN EXCLUSIVE;'; sleep SECONDS; } | sqlite3 mx-store/state/alerts.db &
    sleep 1
    $run --now 1795133100 --lock wait=200ms; echo "exit $?"
    $run --now 1795133100 --lock fail; echo "exit $?"
    $run --now 1795133100 --lock skip; echo "exit $?"
    mx-query --at 1795133100 --format csv --no-header 'count(ALERTS)'
    mx-alert status --lock wait=10ms; echo "exit $?"
    $run --now 1795133100 --lock wait=100s | head -1; echo "exit $?"
    mx-alert history --format csv | grep -c transition
    """

  @Test func aLedgerThatIsHeldIsNoFalseAlert() throws {
    guard access("/usr/bin/sqlite3", X_OK) == 0 else { return print("skipped: no sqlite3") }
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    let parts = Self.script.split(separator: "SECONDS", omittingEmptySubsequences: false)
    let found = try shell.run(parts.joined(separator: "\(Self.seconds)"), input: nil)
    #expect(
      found.stdout == """
        exit 75
        exit 75
        exit 0
        exit 75
        FIRING Hot{host="a"} since 2026-11-20T00:03:00Z, value 90
        exit 0
        1

        """, "\(found.stdout)\n\(found.stderr)")
    let told = found.stderr.split(separator: "\n").filter { $0.contains(": error:") }
    #expect(told.count == 3, "\(found.stderr)")
    #expect(told.allSatisfy { $0.hasSuffix("alerts.db: is held by another run") })
  }
}
