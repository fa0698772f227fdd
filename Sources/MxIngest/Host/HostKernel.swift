/// What the kernel says of itself: names, times, tables.
enum HostKernel {
  static func uname(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    let system = root.system
    page.gauge(
      "node_uname_info", "What uname says.", 1,
      [
        ("domainname", system.domain), ("machine", system.machine), ("nodename", system.node),
        ("release", system.release), ("sysname", system.name), ("version", system.version),
      ])
    return true
  }

  static func time(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    page.gauge("node_time_seconds", "Seconds since 1970.", root.now)
    let directory = "\(root.sys)/devices/system/clocksource/clocksource0"
    if let available = root.line("\(directory)/available_clocksource") {
      page.family("node_time_clocksource_available_info", "gauge", "Clocks that there are.")
      for name in available[...].words {
        page.add(1, [("clocksource", String(name)), ("device", "0")])
      }
    }
    if let current = root.word("\(directory)/current_clocksource") {
      page.gauge(
        "node_time_clocksource_current_info", "The clock in use.", 1,
        [("clocksource", current), ("device", "0")])
    }
    return true
  }

  static func filefd(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    guard let words = root.lines("\(root.proc)/sys/fs/file-nr")?.first?.words, words.count >= 3
    else { return false }
    page.gauge("node_filefd_allocated", "Open files.", Double(words[0]))
    page.gauge("node_filefd_maximum", "Most open files.", Double(words[2]))
    return true
  }

  static func entropy(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    let directory = "\(root.proc)/sys/kernel/random"
    let available = root.number("\(directory)/entropy_avail")
    page.gauge("node_entropy_available_bits", "Bits of entropy.", available)
    page.gauge(
      "node_entropy_pool_size_bits", "Bits that the pool holds.",
      root.number("\(directory)/poolsize"))
    return available != nil
  }

  /// /etc/os-release, as node_exporter's `os` collector.
  static func os(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    guard let lines = root.lines(root.release) else { return false }
    var values: [Substring: String] = [:]
    for line in lines {
      guard let equals = line.firstIndex(of: "=") else { continue }
      let value = line[line.index(after: equals)...]
      values[line[..<equals]] = String(value.filter { $0 != "\"" && $0 != "'" })
    }
    let labels = [
      ("build_id", "BUILD_ID"), ("id", "ID"), ("id_like", "ID_LIKE"), ("image_id", "IMAGE_ID"),
      ("image_version", "IMAGE_VERSION"), ("name", "NAME"), ("pretty_name", "PRETTY_NAME"),
      ("variant", "VARIANT"), ("variant_id", "VARIANT_ID"), ("version", "VERSION"),
      ("version_codename", "VERSION_CODENAME"), ("version_id", "VERSION_ID"),
    ].compactMap { label, key in values[key[...]].map { (name: label, value: $0) } }
    page.gauge("node_os_info", "What runs on the machine.", 1, labels)
    let number = (values["VERSION_ID"] ?? "").split(separator: ".").prefix(2)
      .joined(separator: ".")
    page.gauge(
      "node_os_version", "Major and minor version.", Double(number),
      labels.filter { ["id", "id_like", "name"].contains($0.name) })
    return true
  }
}
