/// /proc/PID/stat of everything that runs.
enum HostProcesses {
  static func processes(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    var states: [String: Double] = [:]
    var threads = 0.0
    var count = 0.0
    for name in root.names(root.proc) where name.utf8.allSatisfy({ $0 &- 0x30 <= 9 }) {
      // It may have ended since the directory was read.
      guard let text = root.text("\(root.proc)/\(name)/stat"),
        // The command stands in parentheses and may have any character itself.
        let end = text.lastIndex(of: ")")
      else { continue }
      let words = text[text.index(after: end)...].words
      guard words.count > 17 else { continue }
      states[String(words[0]), default: 0] += 1
      threads += Double(words[17]) ?? 0
      count += 1
    }
    guard count > 0 else { return false }
    page.gauge(
      "node_processes_max_processes", "Most processes.",
      root.number("\(root.proc)/sys/kernel/pid_max"))
    page.gauge(
      "node_processes_max_threads", "Most threads.",
      root.number("\(root.proc)/sys/kernel/threads-max"))
    page.gauge("node_processes_pids", "Processes.", count)
    page.family("node_processes_state", "gauge", "Processes in each state.")
    for (state, number) in states.sorted(by: { $0.key < $1.key }) {
      page.add(number, [("state", state)])
    }
    page.gauge("node_processes_threads", "Threads.", threads)
    return true
  }
}
