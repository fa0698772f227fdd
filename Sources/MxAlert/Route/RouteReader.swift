import MxConfig
import MxModel

/// Reads the routing tree; what a node does not say it has from the one above.
struct RouteReader {
  let problems: ConfigProblems

  func root(_ mapping: ConfigMapping) -> Route? {
    guard let receiver = mapping.string("receiver"), !receiver.isEmpty else {
      problems.add(mapping.place, "root route must specify a default receiver")
      mapping.ignoreRest()
      return nil
    }
    var root = Route(receiver: receiver, place: mapping.place)
    let own = matchers(mapping)
    if !own.isEmpty || ["match", "match_re", "matchers"].contains(where: hasContent(mapping)) {
      problems.add(mapping.place, "root route must not have any matchers")
    }
    if mapping.bool("continue") ?? false {
      mapping.report("continue", "cannot have continue in root route")
    }
    settings(mapping, &root)
    for (name, list) in [("mute", root.muteIntervals), ("active", root.activeIntervals)]
    where !list.isEmpty {
      problems.add(mapping.place, "root route must not have any \(name) time intervals")
    }
    root.routes = children(mapping, root)
    return root
  }

  private func hasContent(_ mapping: ConfigMapping) -> (String) -> Bool {
    { name in
      guard let node = mapping.node(name) else { return false }
      return !(node.fields?.isEmpty ?? node.sequence?.isEmpty ?? false)
    }
  }

  private func matchers(_ mapping: ConfigMapping) -> [Matcher] {
    mapping.matchers("matchers", old: "match")
  }

  private func children(_ mapping: ConfigMapping, _ parent: Route) -> [Route] {
    var index = 0
    return mapping.mappings("routes") { child in
      defer { index += 1 }
      return route(child, parent, index)
    } ?? []
  }

  private func route(_ mapping: ConfigMapping, _ parent: Route, _ index: Int) -> Route {
    var route = parent
    route.place = mapping.place
    route.routes = []
    route.muteIntervals = []
    route.activeIntervals = []
    if let receiver = mapping.string("receiver"), !receiver.isEmpty { route.receiver = receiver }
    route.matchers = matchers(mapping)
    route.continues = mapping.bool("continue") ?? false
    route.key = parent.key + "/" + route.matchers.routeKey
    route.id = parent.id + "/" + route.matchers.routeKey + "/\(index)"
    settings(mapping, &route)
    route.routes = children(mapping, route)
    return route
  }

  private func settings(_ mapping: ConfigMapping, _ route: inout Route) {
    groupBy(mapping, &route)
    if let wait = mapping.duration("group_wait") { route.groupWait = wait }
    if let interval = mapping.duration("group_interval") {
      if interval == 0 { mapping.report("group_interval", "group_interval cannot be zero") }
      route.groupInterval = max(1, interval)
    }
    if let interval = mapping.duration("repeat_interval") {
      if interval == 0 { mapping.report("repeat_interval", "repeat_interval cannot be zero") }
      route.repeatInterval = interval
    }
    route.muteIntervals = mapping.strings("mute_time_intervals") ?? []
    route.activeIntervals = mapping.strings("active_time_intervals") ?? []
    for label in mapping.stringMap("labels") ?? [] {
      route.labels.removeAll { $0.name == label.name }
      route.labels.append((label.name, label.value))
    }
  }

  private func groupBy(_ mapping: ConfigMapping, _ route: inout Route) {
    guard let labels = mapping.strings("group_by") else { return }
    let all = labels.contains("...")
    if all, labels.count > 1 {
      mapping.report(
        "group_by", "cannot have wildcard group_by ('...') and other labels at the same time")
    }
    var seen: Set<String> = []
    for label in labels where label != "..." {
      if label.isEmpty { mapping.report("group_by", "invalid label name '' in group_by list") }
      if !seen.insert(label).inserted {
        mapping.report("group_by", "duplicated label '\(label)' in group_by")
      }
    }
    route.groupsByAll = all
    route.groupBy = all ? [] : labels
  }
}
