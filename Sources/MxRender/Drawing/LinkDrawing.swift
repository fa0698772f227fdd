import MxJSON

/// Links as elements of a page.
enum LinkDrawing {
  /// Opens an `a`, or nothing where the link leads nowhere; says whether it did.
  static func open(
    _ link: ResolvedLink, _ canvas: inout Canvas, className: String = "", title: String? = nil,
    label: String? = nil
  ) -> Bool {
    let href: String
    // A page may be looked at from another place than it was made for, when its panels
    // are swapped: the script puts the root before this.
    var page: String?
    switch link.target {
    case .none: return false
    case .address(let text): href = text
    case .page(let name, let state):
      if canvas.beside.isAlone { return false }
      let path = name + ".html" + (state.isEmpty ? "" : "#" + state)
      page = path
      href = canvas.beside.root + path
    }
    let keeps = (link.keepsTime ? "t" : "") + (link.keepsVariables ? "v" : "")
    canvas.markup.open(
      "a", .class(className), .text("href", href), .optional("data-page", page),
      .optional("data-keep", keeps.isEmpty ? nil : keeps),
      .optional("rel", page == nil ? "noopener noreferrer nofollow" : nil),
      .optional("target", link.opensNew ? "_blank" : nil), .optional("title", title),
      .optional("aria-label", label))
    return true
  }

  /// As text.
  static func draw(_ link: ResolvedLink, _ canvas: inout Canvas, className: String = "") {
    let title = link.tooltip.isEmpty ? nil : link.tooltip
    if open(link, &canvas, className: className, title: title) {
      canvas.markup.text(link.title)
      canvas.markup.close("a")
    } else {
      canvas.markup.element(
        "span", link.title, .class("dead"),
        .text("title", "What this link leads to is not here"))
    }
  }

  /// As an arrow behind a title or a name.
  static func drawArrow(_ link: ResolvedLink, _ canvas: inout Canvas) {
    guard open(link, &canvas, className: "goto", title: link.title, label: link.title) else {
      return
    }
    canvas.markup.text("↗")
    canvas.markup.close("a")
  }
}

/// What a value's own links may name.
enum LinkValues {
  static func of(
    name: String, labels: [QueryResult.Label], raw: String, text: String, time: Int64? = nil
  ) -> [String: String] {
    var values = [
      "${__value.raw}": raw, "${__value.numeric}": raw, "${__value.text}": text,
      "$__value.raw": raw, "$__value.text": text, "$__cell": raw, "${__cell}": raw,
      "${__field.name}": name, "${__field.displayName}": name, "${__series.name}": name,
    ]
    if let time { values["${__value.time}"] = String(time) }
    for label in labels {
      for holder in ["__field.labels", "__series.labels", "__data.fields"] {
        values["${\(holder).\(label.name)}"] = label.value
        values["${\(holder)[\"\(label.name)\"]}"] = label.value
      }
    }
    return values
  }

  /// A value that is no number of its own: the last one of its series.
  static func of(_ field: DisplayField) -> [String: String] {
    let last = Reduction.reduce(field.values, .lastNotNull)
    return of(
      name: field.name, labels: field.labels, raw: last.map(NumberText.template) ?? "",
      text: field.display(last).text, time: field.times.last)
  }
}

extension DisplayField {
  /// Where the field's own links lead, its last value filled in.
  func resolvedLinks(_ planned: PlannedPanel, _ beside: Surroundings) -> [ResolvedLink] {
    guard let links = config.links, !links.isEmpty else { return [] }
    let resolver = LinkResolver(interpolation: planned.interpolation, beside: beside)
    let values = LinkValues.of(self)
    return links.prefix(4).map { resolver.one($0, values) }
  }
}
