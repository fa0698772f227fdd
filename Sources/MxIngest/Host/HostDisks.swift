/// /proc/diskstats.
enum HostDisks {
  private struct Field {
    let name: String
    let type: String
    let help: String
    let scale: Double

    init(_ name: String, _ help: String, type: String = "counter", scale: Double = 1) {
      self.name = name
      self.type = type
      self.help = help
      self.scale = scale
    }
  }

  /// In the order of the file's columns. A sector there is always 512 bytes, a time
  /// milliseconds.
  private static let fields = [
    Field("reads_completed_total", "Reads completed."),
    Field("reads_merged_total", "Reads merged."),
    Field("read_bytes_total", "Bytes read.", scale: 512),
    Field("read_time_seconds_total", "Seconds of all reads.", scale: 0.001),
    Field("writes_completed_total", "Writes completed."),
    Field("writes_merged_total", "Writes merged."),
    Field("written_bytes_total", "Bytes written.", scale: 512),
    Field("write_time_seconds_total", "Seconds of all writes.", scale: 0.001),
    Field("io_now", "Requests under way.", type: "gauge"),
    Field("io_time_seconds_total", "Seconds with requests under way.", scale: 0.001),
    Field(
      "io_time_weighted_seconds_total", "Seconds with requests under way, each counted.",
      scale: 0.001),
    Field("discards_completed_total", "Discards completed."),
    Field("discards_merged_total", "Discards merged."),
    Field("discarded_sectors_total", "Sectors discarded."),
    Field("discard_time_seconds_total", "Seconds of all discards.", scale: 0.001),
    Field("flush_requests_total", "Flushes completed."),
    Field("flush_requests_time_seconds_total", "Seconds of all flushes.", scale: 0.001),
  ]

  static func diskstats(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    guard let lines = root.lines("\(root.proc)/diskstats") else { return false }
    let disks = lines.map(\.words).filter { $0.count >= 14 && !isLeftOut($0[2]) }
    page.family("node_disk_info", "gauge", "What a disk is.")
    for words in disks {
      let device = "\(root.sys)/block/\(words[2])/device"
      var labels: HostPage.Labels = [
        ("device", String(words[2])), ("major", String(words[0])), ("minor", String(words[1])),
      ]
      for (label, file) in [("model", "model"), ("revision", "rev"), ("serial", "serial")] {
        if let word = root.line("\(device)/\(file)") {
          labels.append((label, trimmed(word)))
        }
      }
      page.add(1, labels)
    }
    for (column, field) in fields.enumerated() {
      let rows = disks.filter { $0.count > column + 3 }
      if rows.isEmpty { continue }
      page.family("node_disk_\(field.name)", field.type, field.help)
      for words in rows {
        page.add((Double(words[column + 3]) ?? 0) * field.scale, [("device", String(words[2]))])
      }
    }
    return true
  }

  private static func trimmed(_ text: String) -> String {
    text.split(separator: " ").joined(separator: " ")
  }

  /// `^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$`: memory disks, loops and
  /// partitions.
  static func isLeftOut(_ device: Substring) -> Bool {
    let digits = device.reversed().prefix { $0.isASCII && $0.isNumber }.count
    guard digits > 0 else { return false }
    let stem = device.dropLast(digits)
    if ["ram", "zram", "loop", "fd"].contains(stem) { return true }
    for kind in ["hd", "sd", "vd", "xvd"] where stem.hasPrefix(kind) {
      let rest = stem.dropFirst(kind.count)
      if rest.count == 1, rest.allSatisfy({ ("a"..."z").contains($0) }) { return true }
    }
    guard stem.hasPrefix("nvme"), stem.last == "p" else { return false }
    let parts = stem.dropFirst(4).dropLast().split(
      separator: "n", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isNumber) }
  }
}
