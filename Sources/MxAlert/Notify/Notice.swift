import MxJSON
package import MxModel
import MxTime

/// One alert's news for a receiver.
package struct Notice: Hashable, Sendable {
  package var isFiring: Bool
  package var labels: LabelSet
  package var annotations: [AlertInstance.Annotation]
  package var value: Double
  /// Since when the alert fires, ms.
  package var startsAt: Int64
  /// When it was resolved; nil while it fires.
  package var endsAt: Int64?
  /// Why, where it is not the rule's expression.
  package var reason: String?

  package var alert: String { labels["alertname"] ?? "" }

  /// The same news have the same key: alert, when it fired, whether it still does.
  package var key: String {
    var hash = labels.key.withUnsafeBytes { ByteHash.hash($0) }
    let mark: [Int64] = [startsAt, isFiring ? 0 : 1]
    hash = mark.withUnsafeBytes { ByteHash.hash($0, seed: hash) }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }

  /// The news of a step, nil where nobody is told of it: pending comes and goes.
  package init?(_ transition: AlertTransition) {
    guard transition.isNews else { return nil }
    isFiring = transition.tellsFiring
    labels = transition.labels
    annotations = transition.instance.annotations
    value = transition.value
    startsAt = transition.instance.firedAt ?? transition.at
    endsAt = isFiring ? nil : transition.at
    reason = transition.reasonText
  }

  // MARK: - In the outbox

  var json: String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("status")
    writer.string(isFiring ? "firing" : "resolved")
    writer.name("labels")
    writer.raw(Array(LedgerJSON.text(labels).utf8))
    writer.name("annotations")
    writer.raw(Array(LedgerJSON.text(annotations).utf8))
    writer.name("value")
    writer.quotedDouble(value)
    writer.name("startsAt")
    writer.int(startsAt)
    if let endsAt {
      writer.name("endsAt")
      writer.int(endsAt)
    }
    if let reason {
      writer.name("reason")
      writer.string(reason)
    }
    writer.endObject()
    return writer.text
  }

  init?(json: String) {
    let root: JSONValue
    do {
      root = try JSONValue.parse(json)
    } catch {
      return nil
    }
    guard let status = root["status"]?.string, let members = root["labels"]?.members,
      let startsAt = root["startsAt"]?.int
    else { return nil }
    isFiring = status == "firing"
    labels = LabelSet(members.map { ($0.name, $0.value.string ?? "") })
    annotations = (root["annotations"]?.members ?? []).map {
      .init(name: $0.name, value: $0.value.string ?? "")
    }
    value = root["value"]?.string.flatMap { FloatParser.parseWithSpecials($0) } ?? .nan
    self.startsAt = startsAt
    endsAt = root["endsAt"]?.int
    reason = root["reason"]?.string
  }

  // MARK: - For people

  /// One line, and one more for each annotation.
  package var text: String {
    var rest = labels.removing(["alertname"]).description
    if rest == "{}" { rest = "" }
    var line = "\(isFiring ? "FIRING" : "RESOLVED") \(alert)\(rest)"
    line += " since \(Self.time(startsAt))"
    if let endsAt { line += " until \(Self.time(endsAt))" }
    line += ", value \(NumberText.template(value))"
    if let reason { line += " (\(reason))" }
    for annotation in annotations {
      let shown = annotation.value.split(separator: "\n").joined(separator: "\n    ")
      line += "\n  \(annotation.name): \(shown)"
    }
    return line + "\n"
  }

  private static func time(_ milliseconds: Int64) -> String {
    Zone.utc.text(milliseconds: milliseconds)
  }
}
