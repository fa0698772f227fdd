import MxJSON

/// What a collector found, as text in Prometheus' format: the same way in as
/// everything that is scraped.
struct HostPage {
  typealias Labels = [(name: String, value: String)]

  private(set) var text: [UInt8] = []
  private var open = ""

  /// Begins a family: its samples follow.
  mutating func family(_ name: String, _ type: String, _ help: String) {
    open = name
    text += Array("# HELP \(name) \(help)\n# TYPE \(name) \(type)\n".utf8)
  }

  /// A sample of the family that was begun last.
  mutating func add(_ value: Double, _ labels: Labels = []) {
    text += Array(open.utf8)
    if !labels.isEmpty {
      var separator = UInt8(ascii: "{")
      for label in labels {
        text.append(separator)
        text += Array(label.name.utf8)
        text += Array("=\"".utf8)
        appendEscaped(label.value)
        text.append(UInt8(ascii: "\""))
        separator = UInt8(ascii: ",")
      }
      text.append(UInt8(ascii: "}"))
    }
    text.append(UInt8(ascii: " "))
    NumberText.appendOpenMetrics(value, to: &text)
    text.append(UInt8(ascii: "\n"))
  }

  /// A family of one sample.
  mutating func gauge(_ name: String, _ help: String, _ value: Double?, _ labels: Labels = []) {
    guard let value else { return }
    family(name, "gauge", help)
    add(value, labels)
  }

  mutating func counter(_ name: String, _ help: String, _ value: Double?) {
    guard let value else { return }
    family(name, "counter", help)
    add(value)
  }

  private mutating func appendEscaped(_ value: String) {
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): text += Array("\\\\".utf8)
      case UInt8(ascii: "\""): text += Array("\\\"".utf8)
      case UInt8(ascii: "\n"): text += Array("\\n".utf8)
      default: text.append(byte)
      }
    }
  }
}
