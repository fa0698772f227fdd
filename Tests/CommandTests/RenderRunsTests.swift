import MxTestSupport
import Testing

/// A site that grew run by run is what one run makes of the same store and dashboards.
@Suite struct RenderRunsTests {
  private static let start = 1_795_154_400

  private static func dashboard(_ title: Int) -> String {
    let panels = [
      ("timeseries", "temp{room=\\\"r1\\\"}"), ("timeseries", "sum by (room) (temp)"),
      ("stat", "count(temp)"), ("table", "temp"), ("timeseries", "rate(other_total[5m])"),
    ].enumerated().map { number, panel in
      """
      {"id":\(number + 1),"type":"\(panel.0)","title":"P \(number == title % 5 ? title : 0)",
      "gridPos":{"x":\(number % 3 * 8),"y":\(number / 3 * 6),"w":8,"h":6},
      "targets":[{"refId":"A","expr":"\(panel.1)","instant":\(panel.0 != "timeseries")}]}
      """
    }
    return """
      {"uid":"d","title":"D","time":{"from":"now-1h","to":"now"},"templating":{"list":[
      {"name":"room","type":"query","query":"label_values(temp, room)"}]},
      "panels":[\(panels.joined(separator: ",")),
      {"id":9,"type":"text","title":"T","gridPos":{"x":0,"y":30,"w":8,"h":3},
      "options":{"mode":"markdown","content":"Room $room"}}]}
      """
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func aSiteOfManyRunsIsThatOfOne(seed: UInt64) throws {
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    var random = SeededGenerator(seed: seed)
    var now = Self.start
    try shell.write(Self.dashboard(0), to: "d.json")
    _ = try shell.run("echo 'temp{room=\"r0\"} 1 \(now * 1000)' | mx-ingest --store s", input: nil)
    for step in 1...18 {
      let room = Int.random(in: 0..<3, using: &random)
      func ingest(_ age: Int) -> String {
        let value = Int.random(in: 0..<50, using: &random)
        let time = (now - age) * 1000
        return "printf 'temp{room=\"r\(room)\"} \(value) \(time)\\nother_total \(value) \(time)\\n'"
          + " | sed '\(Int.random(in: 1...3, using: &random))d' | mx-ingest --store s --now \(now)"
      }
      let change =
        switch Int.random(in: 0..<9, using: &random) {
        case 0, 1: ingest(Int.random(in: 0..<120, using: &random))
        case 2: ingest(Int.random(in: 300..<9000, using: &random))
        case 3: (0..<9).map { ingest($0 * 20) }.joined(separator: "; ")
        case 4: "mx-compact --store s --now \(now + 7200) -q"
        case 5: "rm -f site/d.html"
        case 6: "rm -f site/state.json"
        case 7:
          "mx-compact delete --store s --match 'temp{room=\"r\(room)\"}' --now \(now) > out"
        default: ":"
        }
      if step % 5 == 0 { try shell.write(Self.dashboard(step), to: "d.json") }
      if Bool.random(using: &random) { now += Int.random(in: 1..<400, using: &random) }
      let found = try shell.run(
        """
        \(change)
        mkdir -p one; rm -rf one/site
        mx-render --store s --now \(now) --out site d.json
        (cd one; mx-render --store ../s --now \(now) --out site ../d.json)
        # But for the times of the range, and what the page says of the command.
        for at in . one; do
          sed 's/<p class="when">.*<\\/p>//; /id="mx"/d' $at/site/d.html > $at/page
        done
        cmp page one/page && diff -r site/d one/site/d -x '*.json' -x '*.svg'
        """, input: nil)
      let isGood = found.exit == 0 && found.stdout.isEmpty
      #expect(isGood, "step \(step), \(change): \(found.stdout.prefix(500)) \(found.stderr)")
      if !isGood { return }
    }
  }
}
