/// /proc/net/dev, /sys/class/net, sockets and protocol counters.
enum HostNetwork {
  static func netdev(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    guard let lines = root.lines("\(root.proc)/net/dev"), lines.count >= 2 else { return false }
    let receive = [
      "bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast",
    ]
    let transmit = ["bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed"]
    let devices = lines.dropFirst(2).compactMap { line -> (name: String, values: [Double])? in
      // The first number may stand right behind the colon.
      guard let colon = line.lastIndex(of: ":") else { return nil }
      let values = line[line.index(after: colon)...].words.map { Double($0) ?? 0 }
      let name = line[..<colon].words.joined()
      return values.count >= 16 ? (name, values) : nil
    }
    for (column, field) in (receive + transmit).enumerated() {
      let way = column < 8 ? "receive" : "transmit"
      page.family(
        "node_network_\(way)_\(field)_total", "counter",
        "Statistic \(field) of what devices \(way).")
      for device in devices { page.add(device.values[column], [("device", device.name)]) }
    }
    page.family(
      "node_network_receive_nohandler_total", "counter",
      "Packets received that nobody wanted.")
    for device in devices {
      let path = "\(root.sys)/class/net/\(device.name)/statistics/rx_nohandler"
      if let value = root.number(path) { page.add(value, [("device", device.name)]) }
    }
    return true
  }

  static func netclass(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    let directory = "\(root.sys)/class/net"
    // `bonding_masters` and its like are files there.
    let devices = root.names(directory).filter { root.word("\(directory)/\($0)/ifindex") != nil }
    if devices.isEmpty { return false }
    page.family("node_network_info", "gauge", "What a device is.")
    for device in devices {
      let word = { (file: String) in root.line("\(directory)/\(device)/\(file)") ?? "" }
      // Bit 0 of the flags: somebody wants it up.
      let flags = UInt32(word("flags").dropFirst(2), radix: 16) ?? 0
      page.add(
        1,
        [
          ("address", word("address")), ("adminstate", flags & 1 == 1 ? "up" : "down"),
          ("broadcast", word("broadcast")), ("device", device), ("duplex", word("duplex")),
          ("ifalias", word("ifalias")), ("operstate", word("operstate")),
        ].filter { !$0.1.isEmpty })
    }
    page.family("node_network_up", "gauge", "Whether a device is up.")
    for device in devices {
      let state = root.word("\(directory)/\(device)/operstate")
      page.add(state == "up" ? 1 : 0, [("device", device)])
    }
    classFields(root, directory, devices, &page)
    return true
  }

  private static func classFields(
    _ root: HostRoot, _ directory: String, _ devices: [String], _ page: inout HostPage
  ) {
    let fields: [(file: String, name: String, type: String)] = [
      ("addr_assign_type", "address_assign_type", "gauge"), ("carrier", "carrier", "gauge"),
      ("carrier_changes", "carrier_changes_total", "counter"),
      ("carrier_up_count", "carrier_up_changes_total", "counter"),
      ("carrier_down_count", "carrier_down_changes_total", "counter"),
      ("dev_id", "device_id", "gauge"), ("dormant", "dormant", "gauge"),
      ("flags", "flags", "gauge"), ("ifindex", "iface_id", "gauge"),
      ("iflink", "iface_link", "gauge"), ("link_mode", "iface_link_mode", "gauge"),
      ("mtu", "mtu_bytes", "gauge"), ("name_assign_type", "name_assign_type", "gauge"),
      ("netdev_group", "net_dev_group", "gauge"), ("type", "protocol_type", "gauge"),
      ("speed", "speed_bytes", "gauge"), ("tx_queue_len", "transmit_queue_length", "gauge"),
    ]
    for field in fields {
      let values = devices.compactMap { device -> (String, Double)? in
        guard let word = root.word("\(directory)/\(device)/\(field.file)") else { return nil }
        let isHex = word.hasPrefix("0x")
        let number = isHex ? UInt64(word.dropFirst(2), radix: 16).map { Double($0) } : Double(word)
        guard let number else { return nil }
        // Megabits; -1 where the device does not know.
        if field.file == "speed" { return number < 0 ? nil : (device, number * 125_000) }
        return (device, number)
      }
      if values.isEmpty { continue }
      page.family("node_network_\(field.name)", field.type, "File \(field.file) of a device.")
      for (device, value) in values { page.add(value, [("device", device)]) }
    }
  }

  /// Names in one line, values in the next; node_exporter's choice of fields.
  static func netstat(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    var hasFound = false
    for file in ["netstat", "snmp"] {
      let lines = root.lines("\(root.proc)/net/\(file)") ?? []
      for (names, values) in zip(lines, lines.dropFirst()) {
        let names = names.words
        let values = values.words
        guard names.count == values.count, let kind = names.first, kind == values.first,
          kind.last == ":", values.dropFirst().allSatisfy({ Double($0) != nil })
        else { continue }
        for (name, value) in zip(names, values).dropFirst() {
          add(String(kind.dropLast()), String(name), Double(value) ?? 0, &page)
        }
        hasFound = true
      }
    }
    for line in root.lines("\(root.proc)/net/snmp6") ?? [] {
      let words = line.words
      guard words.count == 2, let value = Double(words[1]) else { continue }
      for kind in ["Ip6", "Icmp6", "Udp6", "UdpLite6"] where words[0].hasPrefix(kind) {
        add(kind, String(words[0].dropFirst(kind.count)), value, &page)
      }
    }
    return hasFound
  }

  private static func add(
    _ kind: String, _ name: String, _ value: Double, _ page: inout HostPage
  ) {
    let key = "\(kind)_\(name)"
    let isWanted: Bool
    switch kind {
    case "Icmp", "Icmp6": isWanted = ["InErrors", "InMsgs", "OutMsgs"].contains(name)
    case "Ip", "IpExt", "Ip6":
      isWanted =
        (kind == "Ip" ? ["Forwarding"] : ["InOctets", "OutOctets"]).contains(name)
    case "TcpExt":
      isWanted =
        name.hasPrefix("Listen") || name.hasPrefix("Syncookies")
        || ["TCPSynRetrans", "TCPTimeouts", "TCPOFOQueue", "TCPRcvQDrop"].contains(name)
    case "Tcp":
      isWanted = [
        "ActiveOpens", "InSegs", "OutSegs", "OutRsts", "PassiveOpens", "RetransSegs",
        "CurrEstab", "InErrs",
      ].contains(name)
    case "Udp", "Udp6":
      isWanted = [
        "InDatagrams", "OutDatagrams", "InErrors", "NoPorts", "RcvbufErrors", "SndbufErrors",
      ].contains(name)
    case "UdpLite", "UdpLite6": isWanted = name == "InErrors"
    default: isWanted = false
    }
    guard isWanted else { return }
    page.family("node_netstat_\(key)", "untyped", "Statistic \(kind) \(name).")
    page.add(value)
  }

  /// Entries of the table of connections, and of neighbours by device.
  static func conntrack(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    let directory = "\(root.proc)/sys/net/netfilter"
    let entries = root.number("\(directory)/nf_conntrack_count")
    page.gauge("node_nf_conntrack_entries", "Connections that are tracked.", entries)
    page.gauge(
      "node_nf_conntrack_entries_limit", "Most connections that can be.",
      root.number("\(directory)/nf_conntrack_max"))
    return entries != nil
  }

  static func arp(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    guard let lines = root.lines("\(root.proc)/net/arp") else { return false }
    var counts: [String: Double] = [:]
    for line in lines.dropFirst() {
      if let device = line.words.last { counts[String(device), default: 0] += 1 }
    }
    page.family("node_arp_entries", "gauge", "Neighbours that are known, by device.")
    for (device, count) in counts.sorted(by: { $0.key < $1.key }) {
      page.add(count, [("device", device)])
    }
    return true
  }

  /// `TCP: inuse 4 orphan 0`; memory is in pages too.
  static func sockstat(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    var hasFound = false
    for file in ["sockstat", "sockstat6"] {
      for line in root.lines("\(root.proc)/net/\(file)") ?? [] {
        let words = line.words
        guard let kind = words.first, kind.last == ":" else { continue }
        for (name, value) in zip(words.dropFirst(), words.dropFirst(2)) {
          guard let number = Double(value), Double(name) == nil else { continue }
          let isPages = name == "mem" || (kind == "FRAG:" && name == "memory")
          let metric = "node_sockstat_\(kind.dropLast())_\(name)"
          page.gauge(metric, "Field \(name) of \(kind.dropLast()) sockets.", number)
          if isPages, name == "mem" {
            page.gauge("\(metric)_bytes", "The same in bytes.", number * 4096)
          }
          hasFound = true
        }
      }
    }
    return hasFound
  }
}
