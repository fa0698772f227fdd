import MxModel

extension Dashboard {
  /// The annotations with their queries, over the plan's own range.
  func planned(_ base: Interpolation, _ plan: Plan, lead: Int64) -> [PlannedAnnotation] {
    annotations.enumerated().map { index, annotation in
      guard case .query(let expr) = annotation.source else {
        return PlannedAnnotation(annotation: annotation, query: nil)
      }
      let round = Planner.roundStep((plan.to - plan.from) / 500)
      let wish = annotation.step.flatMap { DurationText.parse(base.expand($0, format: .text)) }
      let step = max(round, min(wish ?? 0, Int64(1) << 45))
      var scope = base
      for (name, value) in Planner.intervalBuiltIns(step: step, 60_000) {
        scope.builtIns[name] = value
      }
      let query = PanelQuery(
        panel: -1, target: index, refID: annotation.name,
        expr: scope.expand(expr, format: .promQL),
        from: TimeScale.floorDivide(plan.from, step) * step,
        to: TimeScale.floorDivide(plan.to - lead, step) * step, until: plan.to, step: step,
        isInstant: false)
      return PlannedAnnotation(annotation: annotation, query: query)
    }
  }
}

extension Plan {
  /// What is to be asked for the marks on graphs, besides the panels' queries.
  package var annotationQueries: [PanelQuery] { annotations.compactMap(\.query) }

  /// Puts marks on the panels they concern. `answers` by the queries' `target`.
  package mutating func place(_ answers: [Int: QueryResult]) {
    for (index, planned) in annotations.enumerated() {
      let annotation = planned.annotation
      let ink = Ink.parse(annotation.color) ?? .named("blue")
      switch annotation.source {
      case .none: continue
      case .query:
        guard let query = planned.query, let answer = answers[index] else { continue }
        let marks = AnnotationMarks(annotation: annotation, ink: ink, step: query.step)
          .marks(answer)
        for panel in panels.indices where annotation.concerns(panels[panel].panel) {
          panels[panel].marks += marks
        }
      case .alerts(let filter, let linkedOnly):
        for span in beside.spans where filter.matches(span.name, span.labels) {
          if linkedOnly, span.dashboard.isEmpty || span.dashboard != dashboard.uid { continue }
          let mark = Self.mark(span, until: now, linkedOnly ? .named("red") : ink)
          for panel in panels.indices where annotation.concerns(panels[panel].panel) {
            let isMeant =
              !linkedOnly || span.panel.isEmpty
              || span.panel == String(panels[panel].panel.id)
            if isMeant { panels[panel].marks.append(mark) }
          }
        }
      }
    }
    for panel in panels.indices { panels[panel].sortMarks() }
  }

  private static func mark(_ span: AlertSpan, until now: Int64, _ ink: Ink) -> AnnotationMark {
    AnnotationMark(
      from: span.from, to: span.to ?? now,
      title: span.to == nil ? "\(span.name) firing" : "\(span.name) fired", text: span.summary,
      tags: span.labels.prefix(6).map { "\($0.name)=\($0.value)" }, ink: ink)
  }
}

extension PlannedPanel {
  /// More marks than this are a carpet.
  static let markLimit = 300

  fileprivate mutating func sortMarks() {
    let (from, to) = (from, to)
    marks = Array(
      marks.filter { $0.to >= from && $0.from <= to }
        .sorted { ($0.from, $0.to) < ($1.from, $1.to) }.suffix(Self.markLimit))
  }

  /// Equal for panels that show the same marks.
  var marksText: String {
    marks.map { "\($0.from) \($0.to) \($0.words) \($0.ink.className)" }.joined(separator: "\n")
  }
}

/// Samples as marks: where a value is at least 1, and neighbours are one stretch.
private struct AnnotationMarks {
  let annotation: AnnotationQuery
  let ink: Ink
  let step: Int64

  func marks(_ answer: QueryResult) -> [AnnotationMark] {
    answer.series.prefix(200).flatMap(marks)
  }

  private func marks(_ series: QueryResult.Series) -> [AnnotationMark] {
    let times =
      annotation.valueIsTime
      ? series.values.filter { $0.isFinite && abs($0) < 1e16 }.map { Int64($0) }
      : zip(series.times, series.values).filter { $0.1 >= 1 }.map(\.0)
    var marks: [AnnotationMark] = []
    for time in times {
      if let last = marks.last, time >= last.to, time - last.to <= step {
        marks[marks.count - 1].to = time
      } else {
        marks.append(mark(time, series.labels))
      }
    }
    return marks
  }

  private func mark(_ time: Int64, _ labels: [QueryResult.Label]) -> AnnotationMark {
    let title = SeriesNames.filled(annotation.titleFormat, labels)
    return AnnotationMark(
      from: time, to: time, title: title.isEmpty ? annotation.name : title,
      text: SeriesNames.filled(annotation.textFormat, labels),
      tags: annotation.tagKeys.compactMap { key in
        labels.first { $0.name == key }.map(\.value)
      }, ink: ink)
  }
}

extension Plan {
  /// All that a panel shows besides the answers to its queries, as a text that is equal
  /// where that is: by it a run sees whether the panel is as it was.
  package func besideText(_ position: Int) -> String {
    var text = panels[position].marks.isEmpty ? "" : panels[position].marksText
    if panels[position].panel.kind == .alertList {
      text += beside.alerts.map { "\($0)" } ?? "none"
    }
    if panels[position].panel.leads { text += "\n\(beside.entriesMark) \(beside.isAlone)" }
    return text
  }
}

extension Panel {
  /// Whether anything of it may lead to another dashboard.
  fileprivate var leads: Bool {
    kind == .dashboardList || !links.isEmpty || fields.links != nil
      || overrides.contains { $0.config.links != nil }
  }
}

extension Dashboard {
  /// Whether its pages tell of alerts.
  package var tellsOfAlerts: Bool {
    let isMarked = annotations.contains {
      if case .alerts = $0.source { true } else { false }
    }
    return isMarked || sections.flatMap(\.panels).contains { $0.kind == .alertList }
  }

  /// Whether its pages name other dashboards.
  package var namesOthers: Bool {
    !links.isEmpty || sections.flatMap(\.panels).contains(where: \.leads)
  }
}
