import MxCodec
import MxFormats
import MxModel

/// What makes an input the same as one before.
package enum Delivery: Hashable, Sendable {
  /// Its bytes: a file that is given again is no news.
  case content
  /// Nothing: a pipe and a request are news each time, whatever they say. Two sales of
  /// one instant may look alike.
  case unique
  /// Its bytes under this name: what is delivered once and may be read twice, because
  /// a run died between its commit and its end.
  case named(String)
}

/// Names what an input is, so that the same one is taken once.
///
/// The name is a hash of the bytes, unpacked, and of whatever makes other
/// samples of the same bytes: options, labels, relabel rules, and the time of
/// samples that carry none, where some did. With an explicit id the bytes do not count.
///
/// A long input has a name at each of its commits, of the bytes up to there:
/// by these an interrupted one goes on where it stopped.
struct InputIdentity {
  private var content = ContentHasher()
  private let explicit: String?
  private let delivery: Delivery
  private let options: [UInt8]
  private let defaultTime: Int64
  private var length = 0
  /// Some samples carried no time of their own.
  var usesDefaultTime = false

  init(
    explicit: String?, _ delivery: Delivery, _ options: IntakeOptions, _ gate: GateSettings,
    defaultTime: Int64
  ) {
    self.explicit = explicit
    self.delivery = delivery
    self.defaultTime = defaultTime
    self.options = Array(Self.text(options, gate).utf8)
  }

  /// The bytes that follow.
  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    length += bytes.count
    if explicit == nil, delivery != .unique { content.update(bytes) }
  }

  /// The name of the input up to here; nil: none that could come again.
  func prefix() -> ContentHash? { name("part \(length)") }

  /// The name of the whole input, likewise.
  func whole() -> ContentHash? { name("whole") }

  /// The name of an input that has an explicit id, known before it is read.
  var announced: ContentHash? { explicit == nil ? nil : whole() }

  private func name(_ part: String) -> ContentHash? {
    var hasher = ContentHasher()
    if let explicit {
      hasher.update(Array("id \(explicit)\u{0}\(part)".utf8))
      return hasher.value
    }
    switch delivery {
    case .unique: return nil
    case .content: break
    case .named(let name): hasher.update(Array("delivery \(name)\u{0}".utf8))
    }
    hasher.update(Array("\(content.value) \(part)\u{0}".utf8))
    hasher.update(options)
    if usesDefaultTime { hasher.update(Array("\u{0}\(defaultTime)".utf8)) }
    return hasher.value
  }

  private static func text(_ options: IntakeOptions, _ gate: GateSettings) -> String {
    let decoding = options.decoding
    var parts = [
      "\(options.format?.rawValue ?? "")", decoding.precision?.rawValue ?? "",
      "\(decoding.scale)", "\(decoding.events)", decoding.csv.time, decoding.csv.name,
    ]
    parts += decoding.csv.values + ["-"] + decoding.csv.labels + ["-"]
    for label in gate.labels { parts += [label.name, label.value] }
    for rule in gate.relabel.rules {
      let settings = rule.settings
      parts += ["rule", settings.action.rawValue] + (settings.sourceLabels ?? ["-"])
      parts += [
        settings.separator, settings.targetLabel, settings.regex, settings.replacement,
        "\(settings.modulus)",
      ]
    }
    return parts.joined(separator: "\u{0}")
  }
}
