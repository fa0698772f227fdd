import MxRender
import Testing

/// What holds for every page, whatever is on it.
enum Pages {
  /// Elements that a page may have. Anything else came in from outside.
  static let elements: Set<String> = [
    "!doctype", "html", "head", "meta", "title", "style", "body", "main", "header", "footer",
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "span", "ul", "ol", "li", "b", "i", "em", "strong",
    "code", "pre", "blockquote", "br", "hr", "a", "details", "summary", "div", "article", "table",
    "thead", "tbody", "tr", "th", "td", "svg", "g", "path", "rect", "line", "text", "circle",
    "nav", "script", "template", "link", "section",
  ]

  static func expectSafe(
    _ bytes: [UInt8], _ name: String, at location: SourceLocation = #_sourceLocation
  ) {
    let found = tags(bytes)
    let unknown = Set(found.map(\.name)).subtracting(elements)
    #expect(unknown.isEmpty, "\(name): \(unknown.sorted())", sourceLocation: location)
    // One expectation a page: they are slow, and a page has ten thousand attributes.
    var bad: [String] = []
    for tag in found {
      for (attribute, value) in tag.attributes where isBad(attribute, value) {
        bad.append("\(tag.name) \(attribute)=\(value)")
      }
    }
    #expect(bad.isEmpty, "\(name): \(bad.prefix(5))", sourceLocation: location)
    let ours = found.filter { tag in
      tag.name == "script" && !tag.isEnd
        && !tag.attributes.contains { $0 == ("type", "application/json") }
    }
    #expect(ours.count == 1, "\(name): scripts that run", sourceLocation: location)
    #expect(unbalanced(found).isEmpty, "\(name): \(unbalanced(found))", sourceLocation: location)
  }

  private static func isBad(_ attribute: String, _ value: String) -> Bool {
    if attribute == "href" {
      if isPage(value) || (value.hasPrefix("/") && !value.hasPrefix("//")) { return false }
      return !["http://", "https://", "#", "mailto:"].contains { value.hasPrefix($0) }
        && value != "data:,"
    }
    return attribute.hasPrefix("on") || ["style", "src", "xlink:href"].contains(attribute)
  }

  /// Another page of the site, and perhaps what it is to show.
  private static func isPage(_ value: String) -> Bool {
    let name = value.hasPrefix("../") ? value.dropFirst(3) : value[...]
    let path = name.prefix { $0 != "#" }
    return path.hasSuffix(".html")
      && path.dropLast(5).utf8.allSatisfy { byte in
        byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 26 || byte == 0x2D || byte == 0x5F
      }
  }

  struct Tag {
    var name: String
    var attributes: [(String, String)]
    var isEnd: Bool
    var isEmpty: Bool
  }

  /// A tokenizer of its own, so that what the page's maker thinks is not believed.
  static func tags(_ bytes: [UInt8]) -> [Tag] {
    var tags: [Tag] = []
    var at = 0
    while let start = bytes[at...].firstIndex(of: 0x3C) {
      var index = start + 1
      let isEnd = bytes[index] == 0x2F
      if isEnd { index += 1 }
      let nameStart = index
      while ![0x20, 0x3E, 0x2F, 0x0A].contains(bytes[index]) { index += 1 }
      let name = String(decoding: bytes[nameStart..<index], as: UTF8.self).lowercased()
      var attributes: [(String, String)] = []
      while bytes[index] != 0x3E && bytes[index] != 0x2F {
        if bytes[index] == 0x20 || bytes[index] == 0x0A {
          index += 1
          continue
        }
        let attributeStart = index
        while ![0x3D, 0x3E, 0x20].contains(bytes[index]) { index += 1 }
        let attribute = String(decoding: bytes[attributeStart..<index], as: UTF8.self)
        var value = ""
        if bytes[index] == 0x3D {
          let valueStart = index + 2
          index = valueStart
          while bytes[index] != 0x22 { index += 1 }
          value = String(decoding: bytes[valueStart..<index], as: UTF8.self)
          index += 1
        }
        attributes.append((attribute.lowercased(), value))
      }
      let isEmpty = bytes[index] == 0x2F
      tags.append(Tag(name: name, attributes: attributes, isEnd: isEnd, isEmpty: isEmpty))
      at = index
      if isEnd || (name != "script" && name != "style") { continue }
      // Up to its end nothing is markup, as browsers read it.
      let end = Array("</\(name)".utf8)
      while !bytes[at...].starts(with: end) { at += 1 }
    }
    return tags
  }

  private static let void: Set<String> = ["!doctype", "meta", "br", "hr", "link"]

  /// Elements that are closed in another order than opened.
  static func unbalanced(_ tags: [Tag]) -> [String] {
    var open: [String] = []
    for tag in tags where !void.contains(tag.name) && !tag.isEmpty {
      if !tag.isEnd {
        open.append(tag.name)
      } else if open.last == tag.name {
        open.removeLast()
      } else {
        return ["</\(tag.name)> after <\(open.last ?? "")>"]
      }
    }
    return open
  }
}

/// Attributes that say how something is drawn lose against any rule of a style sheet.
extension Pages {
  /// `path.dots stroke-width`: what an element says and a rule of its class says too.
  static func overruled(_ bytes: [UInt8]) -> Set<String> {
    let rules = rules(String(decoding: bytes, as: UTF8.self))
    var found: Set<String> = []
    for tag in tags(bytes) {
      guard let classes = tag.attributes.first(where: { $0.0 == "class" })?.1 else { continue }
      for name in classes.split(separator: " ").map(String.init) {
        let ruled = (rules[".\(name)"] ?? []).union(rules["\(tag.name).\(name)"] ?? [])
        for (attribute, _) in tag.attributes where ruled.contains(attribute) {
          found.insert("\(tag.name).\(name) \(attribute)")
        }
      }
    }
    return found
  }

  /// Of rules for one class: selector -> properties.
  private static func rules(_ page: String) -> [String: Set<String>] {
    var rules: [String: Set<String>] = [:]
    for part in page.split(separator: "<style>", omittingEmptySubsequences: false).dropFirst() {
      for rule in part.prefix(while: { $0 != "<" }).split(separator: "}") {
        let halves = rule.split(separator: "{")
        guard halves.count == 2 else { continue }
        let properties = halves[1].split(separator: ";").compactMap {
          $0.split(separator: ":").first.map(String.init)
        }
        for selector in halves[0].split(separator: ",") {
          rules[selector.trimmed, default: []].formUnion(properties)
        }
      }
    }
    return rules
  }
}

extension Substring {
  fileprivate var trimmed: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
