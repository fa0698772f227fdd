/// /proc/meminfo and /proc/vmstat.
enum HostMemory {
  static func meminfo(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    var hasFound = false
    for line in root.lines("\(root.proc)/meminfo") ?? [] {
      let words = line.words
      guard words.count >= 2, words[0].last == ":", let number = Double(words[1]) else { continue }
      // `Active(anon):` is node_memory_Active_anon_bytes.
      let name = words[0].dropLast().map { $0 == "(" ? "_" : String($0) }.joined()
        .filter { $0 != ")" }
      let isBytes = words.count > 2 && words[2] == "kB"
      page.gauge(
        "node_memory_\(name)\(isBytes ? "_bytes" : "")", "Field \(name) of /proc/meminfo.",
        isBytes ? number * 1024 : number)
      hasFound = true
    }
    return hasFound
  }

  /// node_exporter's default choice of fields.
  static func vmstat(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    var hasFound = false
    for line in root.lines("\(root.proc)/vmstat") ?? [] {
      let words = line.words
      guard words.count == 2, isWanted(words[0]), let value = Double(words[1]) else { continue }
      let name = "node_vmstat_\(words[0])"
      page.family(name, "untyped", "Field \(words[0]) of /proc/vmstat.")
      page.add(value)
      hasFound = true
    }
    return hasFound
  }

  private static func isWanted(_ name: Substring) -> Bool {
    for prefix in ["oom_kill", "pgpg", "pswp"] where name.hasPrefix(prefix) { return true }
    return name.hasPrefix("pg") && name.contains("fault")
  }
}
