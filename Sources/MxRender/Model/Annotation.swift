/// Marks on graphs, as a dashboard asks for them.
package struct AnnotationQuery: Sendable {
  package enum Source: Equatable, Sendable {
    /// Where an expression is at least 1.
    case query(String)
    /// When alerts with these labels fired; `linkedOnly`: those whose rule names
    /// the dashboard.
    case alerts(LabelFilter, linkedOnly: Bool)
    /// Nothing that we could ask.
    case none
  }

  package var name = ""
  package var source = Source.none
  /// As the author chose it.
  package var color = ""
  package var step: String?
  package var titleFormat = ""
  package var textFormat = ""
  package var tagKeys: [String] = []
  /// The value is the time.
  package var valueIsTime = false
  /// Only in these panels, or in all but these.
  package var panelIDs: Set<Int64>?
  package var excludesPanels = false
  /// Of its text in the dashboard.
  package var line: Int32 = 0
  package var column: Int32 = 0

  func concerns(_ panel: Panel) -> Bool {
    guard let panelIDs else { return true }
    return panelIDs.contains(panel.id) != excludesPanels
  }
}

/// A moment or a stretch of time that graphs show.
package struct AnnotationMark: Equatable, Sendable {
  package var from: Int64
  package var to: Int64
  package var title: String
  package var text: String
  package var tags: [String]
  var ink: Ink

  /// What a reader is told of it.
  var words: String {
    let parts = [title, text].filter { !$0.isEmpty }
    let tags = tags.isEmpty ? "" : " [" + tags.joined(separator: ", ") + "]"
    return parts.joined(separator: ": ") + tags
  }
}

/// An annotation with its variables filled in.
package struct PlannedAnnotation: Sendable {
  package var annotation: AnnotationQuery
  /// Nil where nothing is to be asked.
  package var query: PanelQuery?
}
