import MxFiles

/// /sys/class/hwmon and /sys/class/thermal.
enum HostSensors {
  /// Kind of sensor -> unit in the metric's name, and what the file's number is of it.
  private static let kinds: [(kind: String, unit: String, scale: Double)] = [
    ("curr", "amps", 0.001), ("energy", "joule", 1e-6), ("fan", "rpm", 1),
    ("freq", "freq_mhz", 1e-6),
    ("humidity", "", 1e-3), ("in", "volts", 0.001), ("power", "watt", 1e-6),
    ("temp", "celsius", 0.001),
  ]
  /// Files beside `_input`; alarms have no unit of their own.
  private static let details = [
    "crit", "crit_alarm", "crit_hyst", "lcrit", "alarm", "max", "max_alarm", "max_hyst", "min",
    "min_alarm", "emergency",
  ]

  private struct Reading {
    var name: String
    var labels: HostPage.Labels
    var value: Double
  }

  static func hwmon(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    let directory = "\(root.sys)/class/hwmon"
    let chips = root.names(directory)
    if chips.isEmpty { return false }
    var readings: [Reading] = []
    for entry in chips {
      let path = "\(directory)/\(entry)"
      let chip = chipName(root, path, entry)
      if let name = root.line("\(path)/name") {
        readings.append(
          Reading(
            name: "node_hwmon_chip_names", labels: [("chip", chip), ("chip_name", name)], value: 1))
      }
      readings += sensors(root, path, chip)
    }
    for name in Set(readings.map(\.name)).sorted() {
      page.family(name, "gauge", "Sensors of the machine.")
      for reading in readings where reading.name == name { page.add(reading.value, reading.labels) }
    }
    return true
  }

  private static func sensors(_ root: HostRoot, _ path: String, _ chip: String) -> [Reading] {
    var readings: [Reading] = []
    for file in root.names(path) {
      guard let bar = file.firstIndex(of: "_") else { continue }
      let sensor = file[..<bar]
      let detail = String(file[file.index(after: bar)...])
      let kind = sensor.prefix { !$0.isNumber }
      guard sensor.count > kind.count, let known = kinds.first(where: { $0.kind == kind }) else {
        continue
      }
      let labels: HostPage.Labels = [("chip", chip), ("sensor", String(sensor))]
      if detail == "label", let text = root.line("\(path)/\(file)") {
        readings.append(
          Reading(
            name: "node_hwmon_sensor_label",
            labels: [("chip", chip), ("label", text), ("sensor", String(sensor))], value: 1))
      }
      guard detail == "input" || details.contains(detail),
        let value = root.number("\(path)/\(file)")
      else { continue }
      let middle = detail == "input" ? "" : "_\(detail)"
      let isAlarm = detail.hasSuffix("alarm")
      let unit = known.unit.isEmpty || (isAlarm && detail == "alarm") ? "" : "_\(known.unit)"
      readings.append(
        Reading(
          name: "node_hwmon_\(kind)\(middle)\(unit)", labels: labels,
          value: isAlarm ? value : value * known.scale))
    }
    return readings
  }

  /// `platform_coretemp_0`, as node_exporter calls a chip: the bus and the device.
  private static func chipName(_ root: HostRoot, _ path: String, _ entry: String) -> String {
    if let device = root.resolve("\(path)/device") {
      return clean(FilePath.name(of: FilePath.parent(of: device))) + "_"
        + clean(FilePath.name(of: device))
    }
    return root.line("\(path)/name").map(clean) ?? entry
  }

  private static func clean(_ text: String) -> String {
    let replaced = text.lowercased().map { letter in
      letter.isASCII && (letter.isLetter || letter.isNumber || letter == ":") ? letter : "_"
    }
    return String(replaced)
  }

  static func thermal(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    let directory = "\(root.sys)/class/thermal"
    let names = root.names(directory)
    let zones = numbered(names, "thermal_zone")
    page.family("node_thermal_zone_temp", "gauge", "Degrees of a zone.")
    for zone in zones {
      let path = "\(directory)/thermal_zone\(zone)"
      guard let value = root.number("\(path)/temp"), let type = root.line("\(path)/type") else {
        continue
      }
      page.add(value / 1000, [("type", type), ("zone", zone)])
    }
    for (file, help) in [("cur_state", "State of a cooling device."), ("max_state", "Its most.")] {
      page.family("node_cooling_device_\(file)", "gauge", help)
      for device in numbered(names, "cooling_device") {
        let path = "\(directory)/cooling_device\(device)"
        guard let value = root.number("\(path)/\(file)"), let type = root.line("\(path)/type")
        else { continue }
        page.add(value, [("name", device), ("type", type)])
      }
    }
    // A machine without zones is not one that cannot be read.
    return true
  }

  /// What stands behind `prefix` in those names that have it.
  private static func numbered(_ names: [String], _ prefix: String) -> [String] {
    names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }
}
