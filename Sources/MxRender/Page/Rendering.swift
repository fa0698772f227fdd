package enum Theme: String, Sendable, CaseIterable { case auto, light, dark }

package struct RenderOptions: Sendable {
  package var theme = Theme.auto
  /// A red banner over the page: data that is older than it may be.
  package var banner: String?
  /// At the page's end: who made it, and when.
  package var footer = ""

  package init() {}
}

package struct RenderedFile: Sendable {
  /// Of letters, digits, `-` and `_`, with its ending.
  package var name: String
  package var bytes: [UInt8]
}

/// What was drawn of a dashboard.
package struct Coverage: Equatable, Sendable {
  /// Everything the panel says is drawn.
  package var drawn = 0
  /// The panel is drawn; a part of it, which `Dashboard.problems` names, is not.
  package var drawnInPart = 0
  package var notDrawn = 0
  /// Drawn, but a query of it failed.
  package var failed = 0

  package init() {}
}

extension Plan {
  /// The page of a dashboard: one file with everything in it.
  ///
  /// `results` by the index of the query in `queries`; a query without a result
  /// has no data. Never throws: what cannot be drawn says so in its place.
  package func render(
    _ results: [QueryResult?], options: RenderOptions = RenderOptions()
  ) -> [RenderedFile] {
    let sorted = byPanel(results)
    let fragments = panels.indices.map { fragment($0, sorted[$0]) }
    let name = FileName.of(dashboard)
    var setting = PageSetting(name: name, own: self)
    setting.isInline = true
    setting.view = View(choices: dashboard.shownVariables.map { _ in nil })
    setting.views = [setting.view]
    setting.ranges = [rangeChoice("")]
    var index = self.index(fragments, setting: &setting, options: options, newest: nil)
    let page = PageBuilder(plan: self, options: options, setting: setting)
    return [
      RenderedFile(name: "\(name).html", bytes: page.page(&index, fragments.map { $0.html[...] }))
    ]
  }

  /// The index of a page with these fragments; their marks become the setting's.
  package func index(
    _ fragments: [PanelFragment], setting: inout PageSetting, options: RenderOptions,
    newest: Int64?
  ) -> ViewIndex {
    let panels = zip(panelIDs, fragments).map { id, fragment in
      ViewIndex.Panel(id: id, mark: fragment.mark, print: "", css: fragment.css)
    }
    setting.marks = Dictionary(uniqueKeysWithValues: panels.map { ($0.id, $0.mark) })
    let shell = PageBuilder(plan: self, options: options, setting: setting).shellMark
    return ViewIndex(shell: shell, from: from, to: to, newest: newest, panels: panels)
  }

  package func coverage(_ results: [QueryResult?]) -> Coverage {
    var coverage = Coverage()
    let sorted = byPanel(results)
    for (index, planned) in panels.enumerated() {
      let own = sorted[index]
      if planned.panel.kind == nil {
        coverage.notDrawn += 1
      } else if own.values.contains(where: { $0.error != nil }) {
        coverage.failed += 1
      } else if isWhole(planned) {
        coverage.drawn += 1
      } else if planned.queries.isEmpty && planned.panel.kind?.hasQueries != false {
        coverage.notDrawn += 1
      } else {
        coverage.drawnInPart += 1
      }
    }
    return coverage
  }

  /// Whether nothing of the panel was reported as not done.
  private func isWhole(_ planned: PlannedPanel) -> Bool {
    let panel = planned.panel
    let own = dashboard.problems.contains {
      $0.panel.hasSuffix("(id \(panel.id))") && $0.line >= panel.line
    }
    let isAsked = panel.targets.allSatisfy { PanelReader.answersPromQL($0.sourceKind) }
    return !own && isAsked
  }

  package func byPanel(_ results: [QueryResult?]) -> [[Int: QueryResult]] {
    var sorted = [[Int: QueryResult]](repeating: [:], count: panels.count)
    for (query, result) in zip(queries, results) {
      if let result { sorted[query.panel][query.target] = result }
    }
    return sorted
  }
}

enum FileName {
  /// The uid, or the title in letters a file name may have anywhere.
  static func of(_ dashboard: Dashboard) -> String {
    let source = dashboard.uid.isEmpty ? dashboard.title : dashboard.uid
    var out: [UInt8] = []
    for byte in source.utf8.prefix(100) {
      let isPlain = byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 26 || byte == 0x5F
      if isPlain {
        out.append(dashboard.uid.isEmpty && byte &- 0x41 < 26 ? byte | 0x20 : byte)
      } else if let last = out.last, last != 0x2D {
        out.append(0x2D)
      }
    }
    while out.last == 0x2D { out.removeLast() }
    let name = String(decoding: out, as: UTF8.self)
    // `index.html` is the page over all of them.
    if name == "index" { return "dashboard-index" }
    return name.isEmpty ? "dashboard" : name
  }
}

extension Dashboard {
  /// What its files are called.
  package var fileName: String { FileName.of(self) }
}
