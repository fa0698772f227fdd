package import MxJSON

/// What a view consists of: its panels and their marks. A page that is open
/// compares it with what it shows; the next run compares it with what it would make.
package struct ViewIndex: Equatable, Sendable {
  package struct Panel: Equatable, Sendable {
    package var id: String
    /// `PanelFragment.mark`.
    package var mark: String
    /// A hash of the panel's definition and of all it would read; empty where
    /// the panel is to be made anew in any case.
    package var print: String
    package var css: [String]
    /// Where its fragment lies in the page's bytes, once that is made.
    package var place: Range<Int>?

    package init(id: String, mark: String, print: String, css: [String]) {
      self.id = id
      self.mark = mark
      self.print = print
      self.css = css
    }

    /// An id of ours, and no path to somewhere else.
    package var hasPlainID: Bool { FileName.plain(id) == id }
  }

  /// A hash of all that is on the page besides its panels.
  package var shell: String
  package var from: Int64
  package var to: Int64
  /// The newest sample of the store when one of the panels last changed.
  package var newest: Int64?
  package var panels: [Panel]

  package init(shell: String, from: Int64, to: Int64, newest: Int64?, panels: [Panel]) {
    self.shell = shell
    self.from = from
    self.to = to
    self.newest = newest
    self.panels = panels
  }

  package var panelsByID: [String: Panel] {
    Dictionary(panels.map { ($0.id, $0) }, uniquingKeysWith: { one, _ in one })
  }

  /// Whether a page of it would look the same.
  package func isSame(as other: ViewIndex) -> Bool {
    shell == other.shell && panels.map(\.id) == other.panels.map(\.id)
      && panels.map(\.mark) == other.panels.map(\.mark)
  }

  /// Prints are for the next run; what stands within a page has none.
  package func json(hasPrints: Bool = true) -> [UInt8] {
    var writer = JSONWriter(safeInHTML: true)
    writer.beginObject()
    writer.member("shell", shell)
    writer.member("from", from)
    writer.member("to", to)
    if let newest { writer.member("newest", newest) }
    writer.name("panels")
    writer.beginObject()
    for panel in panels {
      writer.name(panel.id)
      writer.beginObject()
      writer.member("h", panel.mark)
      if hasPrints {
        writer.member("f", panel.print)
        if let place = panel.place {
          writer.name("at")
          writer.beginArray()
          writer.int(place.lowerBound)
          writer.int(place.upperBound)
          writer.endArray()
        }
      }
      writer.name("css")
      writer.beginArray()
      for rule in panel.css { writer.string(rule) }
      writer.endArray()
      writer.endObject()
    }
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }

  /// Nil for what is none, or another version's: then everything is made anew.
  package init?(_ json: JSONValue) {
    guard let shell = json["shell"]?.string, let from = json["from"]?.int,
      let to = json["to"]?.int, let panels = json["panels"]?.members
    else { return nil }
    self.init(shell: shell, from: from, to: to, newest: json["newest"]?.int, panels: [])
    for member in panels {
      guard let mark = member.value["h"]?.string, let print = member.value["f"]?.string,
        let css = member.value["css"]?.array?.compactMap(\.string),
        !css.contains(where: { $0.utf8.contains(0x3C) })
      else { return nil }
      var panel = Panel(id: member.name, mark: mark, print: print, css: css)
      if let place = member.value["at"]?.array?.compactMap(\.int), place.count == 2,
        0 <= place[0], place[0] <= place[1]
      {
        panel.place = Int(place[0])..<Int(place[1])
      }
      self.panels.append(panel)
    }
  }
}
