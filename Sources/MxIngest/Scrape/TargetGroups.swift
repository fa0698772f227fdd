package import MxConfig
import MxJSON

/// Reads lists of target groups: `[{targets: […], labels: {…}}]`, in a scrape
/// configuration, in files (YAML or JSON) and from HTTP (JSON).
package enum TargetGroupReader {
  static func group(_ mapping: ConfigMapping) -> TargetGroup? {
    let targets = mapping.strings("targets") ?? []
    var labels: [String: String] = [:]
    for label in mapping.stringMap("labels") ?? [] { labels[label.name] = label.value }
    return TargetGroup(targets: targets, labels: labels)
  }

  /// A file of `file_sd_configs`. Every mistake goes to `problems`.
  package static func file(
    _ bytes: [UInt8], path: String, problems: ConfigProblems
  ) -> [TargetGroup] {
    // JSON is YAML, but for the escape of a slash: one reader, and lines for both.
    let root = YAML.document(bytes, file: path, problems: problems)
    guard let nodes = root.sequence else {
      if root.fields?.isEmpty ?? true { return [] }
      problems.add(root.place, "the file is \(root.kindName), expected a list of target groups")
      return []
    }
    return nodes.compactMap { node in
      ConfigMapping.read(node, "a target group", problems) { group($0) }
    }.map { group in
      var group = group
      group.labels["__meta_filepath"] = path
      return group
    }
  }

  /// The answer of `http_sd_configs`; nil and a sentence where it is none.
  package static func answer(
    _ bytes: [UInt8], url: String
  ) -> (groups: [TargetGroup]?, problem: String) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue.parse(bytes)
    } catch {
      return (nil, "the list of targets is no JSON: \(error)")
    }
    guard let items = value.array else {
      return (nil, "the list of targets is \(value.kindName), expected an array")
    }
    var groups: [TargetGroup] = []
    for item in items {
      guard let targets = item["targets"]?.array?.map(\.string), !targets.contains(nil) else {
        return (nil, "a target group has no 'targets', an array of texts")
      }
      var labels = ["__meta_url": url]
      for member in item["labels"]?.members ?? [] {
        guard let text = member.value.string else {
          return (nil, "the label '\(member.name)' is \(member.value.kindName), expected a text")
        }
        labels[member.name] = text
      }
      groups.append(TargetGroup(targets: targets.compactMap { $0 }, labels: labels))
    }
    return (groups, "")
  }
}
