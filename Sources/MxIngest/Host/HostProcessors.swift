/// /proc/stat, /proc/loadavg and /proc/pressure.
enum HostProcessors {
  /// Jiffies a second, for programs: the same on every Linux.
  private static let ticks = 100.0

  static func cpu(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    let cpus = (root.lines("\(root.proc)/stat") ?? []).compactMap { line -> (String, [Double])? in
      let words = line.words
      guard let name = words.first, name.hasPrefix("cpu"), name.count > 3 else { return nil }
      return (String(name.dropFirst(3)), words.dropFirst().map { (Double($0) ?? 0) / ticks })
    }
    if cpus.isEmpty { return false }
    let modes = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"]
    page.family(
      "node_cpu_guest_seconds_total", "counter", "Seconds that guests ran, by CPU and mode.")
    for (cpu, times) in cpus where times.count > 9 {
      page.add(times[9], [("cpu", cpu), ("mode", "nice")])
      page.add(times[8], [("cpu", cpu), ("mode", "user")])
    }
    page.family("node_cpu_seconds_total", "counter", "Seconds that CPUs spent in each mode.")
    for (cpu, times) in cpus {
      for (mode, time) in zip(modes, times) { page.add(time, [("cpu", cpu), ("mode", mode)]) }
    }
    return true
  }

  static func stat(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    guard let lines = root.lines("\(root.proc)/stat") else { return false }
    var values: [Substring: Double] = [:]
    for line in lines {
      let words = line.words
      if words.count > 1 { values[words[0]] = Double(words[1]) }
    }
    page.gauge("node_boot_time_seconds", "When the machine started.", values["btime"])
    page.counter("node_context_switches_total", "Context switches.", values["ctxt"])
    page.counter("node_forks_total", "Forks.", values["processes"])
    page.counter("node_intr_total", "Interrupts served.", values["intr"])
    page.gauge("node_procs_blocked", "Processes that wait for I/O.", values["procs_blocked"])
    page.gauge("node_procs_running", "Processes that can run.", values["procs_running"])
    return values["btime"] != nil
  }

  static func loadavg(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    guard let line = root.lines("\(root.proc)/loadavg")?.first, line.words.count >= 3 else {
      return false
    }
    for (minutes, word) in zip(["1", "5", "15"], line.words) {
      page.gauge("node_load\(minutes)", "Load average of \(minutes) m.", Double(word))
    }
    return true
  }

  static func pressure(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    var hasFound = false
    for resource in ["cpu", "io", "memory", "irq"] {
      for line in root.lines("\(root.proc)/pressure/\(resource)") ?? [] {
        let words = line.words
        guard let kind = words.first, let total = words.last, total.hasPrefix("total="),
          let microseconds = Double(total.dropFirst(6))
        else { continue }
        // Everything waiting for a CPU is no state a machine can be in.
        if resource == "cpu", kind == "full" { continue }
        let (word, help) =
          kind == "some"
          ? ("waiting", "Seconds that processes waited for \(resource).")
          : ("stalled", "Seconds that nothing could go on for want of \(resource).")
        page.counter(
          "node_pressure_\(resource)_\(word)_seconds_total", help, microseconds / 1e6)
        hasFound = true
      }
    }
    return hasFound
  }
}
