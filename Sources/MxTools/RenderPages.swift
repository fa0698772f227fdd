import MxCLI
import MxJSON
import MxModel
import MxRender
import MxStore
import MxTime

/// One dashboard's pages: only what changed is asked for, drawn and written.
final class DashboardRendering {
  private let file: DashboardFile
  private let dashboard: Dashboard
  private let job: RenderJob
  private let source: RenderSource
  private let place: RenderPlace
  private let run: Run
  private var site: RenderSite { place.site }
  private var memory: RenderMemory? { place.memory }
  private var isWhole = true
  private var coverage = Coverage()
  /// The places of problems that were said.
  private var reported: Set<String> = []

  init(
    _ file: DashboardFile, _ dashboard: Dashboard, _ job: RenderJob, _ source: RenderSource,
    _ place: RenderPlace,
    _ run: Run
  ) {
    self.file = file
    self.dashboard = dashboard
    self.job = job
    self.source = source
    self.place = place
    self.run = run
  }

  func carryOut() throws -> ExitCode {
    source.forgetReads()
    let own = try dashboard.plan(job.plan, ask: source.asking(file.path))
    let list = own.views(ranges: ranges(own), budget: job.budget)
    let plans = try list.views.map { marked(try plan($0, own), $0) }
    var setting = try setting(own, list)
    if job.isInline {
      try writeInline(list.views, plans, &setting)
    } else {
      for (view, plan) in zip(list.views, plans) {
        setting.view = view
        try write(plan, &setting, isOwn: view.isDefault)
      }
      try StaleViews(site: site, name: file.name).remove(
        but: list.views.map { $0.slug(dashboard.shownVariables) })
    }
    tell(list)
    for problem in dashboard.problems where problem.severity == .error { report(problem) }
    let isFull = isWhole && coverage.drawnInPart + coverage.notDrawn + coverage.failed == 0
    if isWhole, let reads = source.reads, let memory {
      memory.remember(
        file.name,
        RenderState(
          dashboard: file.summary, key: place.key(file.summary, job),
          generation: Int64(clamping: source.snapshot.manifest.generation), at: job.plan.now,
          slack: slack(own), code: isFull ? 0 : 1, reads: memory.selectors.numbers(of: reads)))
    } else {
      memory?.forget(file.name)
    }
    return isFull ? .success : .no
  }

  /// A hundredth of the range; nothing where the last step of some query lies before the
  /// newest sample, which the next run may show.
  private func slack(_ own: Plan) -> Int64 {
    let newest = job.newest ?? .min
    let isBehind = own.queries.contains { !$0.isInstant && $0.to < newest }
    return isBehind ? 0 : (own.to - own.from) / 100
  }

  /// Those that are not the dashboard's own.
  private func ranges(_ own: Plan) -> [String] {
    job.ranges.filter { "now-" + $0 != own.fromText || own.toText != "now" }
  }

  private func plan(_ view: View, _ own: Plan) throws -> Plan {
    if view.isDefault { return own }
    var options = job.plan
    if !view.range.isEmpty { (options.from, options.to) = ("now-" + view.range, "now") }
    for (variable, choice) in zip(dashboard.shownVariables, view.choices) {
      if let choice { options.variables[variable.name] = [choice.value] }
    }
    return try dashboard.plan(options, ask: source.asking(file.path))
  }

  /// With what is beside the page, and the marks that its graphs show.
  private func marked(_ plan: Plan, _ view: View) -> Plan {
    var plan = plan
    plan.beside = place.surroundings(isDefault: view.isDefault)
    var answers: [Int: QueryResult] = [:]
    for query in plan.annotationQueries {
      let answer = source.answer(query)
      answers[query.target] = answer
      guard let error = answer.error, view.isDefault else { continue }
      report(plan.problem(error, annotation: query))
      isWhole = false
    }
    plan.place(answers)
    return plan
  }

  private func setting(_ own: Plan, _ list: ViewList) throws -> PageSetting {
    var setting = PageSetting(name: file.name, own: own)
    setting.views = list.views
    setting.total = list.total
    setting.ranges = try ([""] + ranges(own)).map { key in
      try plan(View(range: key), own).rangeChoice(key)
    }
    setting.isInline = job.isInline
    setting.hasIndex = !job.isInline
    setting.command = job.command
    setting.source = RenderJob.quoted(file.path)
    setting.freshness = job.freshness
    setting.usesReadersZone =
      job.plan.zone == nil && ["", "browser", "default"].contains(dashboard.timezone)
    return setting
  }

  // MARK: - Views

  private func write(_ plan: Plan, _ setting: inout PageSetting, isOwn: Bool) throws {
    let path = setting.path(of: setting.view, dashboard.shownVariables)
    let page = setting.page(of: setting.view, dashboard.shownVariables)
    let old = try site.json(path + ".json").flatMap(ViewIndex.init)
    guard try !write(plan, &setting, isOwn, path, page, old) else { return }
    // A file of the last run was not what it was called: all of them are made anew.
    _ = try write(plan, &setting, isOwn, path, page, nil)
  }

  /// False where a fragment of the last run is damaged.
  private func write(
    _ plan: Plan, _ setting: inout PageSetting, _ isOwn: Bool, _ path: String, _ page: String,
    _ old: ViewIndex?
  ) throws -> Bool {
    var fragments: [PanelFragment?] = []
    var index = try index(plan, &setting, old, &fragments)
    if let old, old.isSame(as: index), try site.exists(page) {
      if old != index { try site.write(path + ".json", index.json()) }
      return true
    }
    guard let html = try html(of: index, fragments, from: path, page) else { return false }
    let (before, now) = (old?.panelsByID ?? [:], index.panelsByID)
    for gone in before.values where now[gone.id] == nil {
      try site.remove("\(path)/\(gone.id).html")
      if isOwn { try RenderPictures(site, job).remove(gone.id, of: file.name) }
    }
    // Panels first: whoever finds the new index finds what it names.
    for (panel, fragment) in zip(index.panels, fragments) {
      guard let fragment else { continue }
      let isNews = old != nil && before[panel.id]?.mark != fragment.mark
      try site.write("\(path)/\(panel.id).html", fragment.html, isNews: isNews)
    }
    if isOwn { try RenderPictures(site, job).write(plan, results: drawn) }
    let builder = PageBuilder(plan: plan, options: job.options, setting: setting)
    let text = builder.page(&index, html)
    try site.write(path + ".json", index.json())
    try site.write(page, text, isNews: old != nil)
    return true
  }

  /// Of each panel of `index`: as it was drawn, or as the last run left it; nil where one
  /// of these is damaged.
  private func html(
    of index: ViewIndex, _ fragments: [PanelFragment?], from path: String, _ page: String
  ) throws -> [ArraySlice<UInt8>]? {
    var html: [ArraySlice<UInt8>] = []
    var last: WrittenPage?
    for (panel, fragment) in zip(index.panels, fragments) {
      if let fragment {
        html.append(fragment.html[...])
        continue
      }
      if last == nil { last = WrittenPage(try site.read(page) ?? []) }
      if let known = last?.fragment(panel) {
        html.append(known)
        continue
      }
      let known = try site.read("\(path)/\(panel.id).html") ?? []
      guard ContentMark.of(known) == panel.mark else { return nil }
      html.append(known[...])
    }
    return html
  }

  /// The results of the panels drawn last, for their pictures.
  private var drawn: [Int: [Int: QueryResult]] = [:]

  /// `fragments` has nil for a panel whose file of the last run still holds.
  private func index(
    _ plan: Plan, _ setting: inout PageSetting, _ old: ViewIndex?,
    _ fragments: inout [PanelFragment?]
  ) throws -> ViewIndex {
    let files = Set(try site.list(setting.path(of: setting.view, dashboard.shownVariables)))
    let prints = PanelPrints(
      plan: plan, mark: file.mark + job.mark, source: source,
      knowsNews: memory?.isCurrent(file.name) ?? false)
    let known = old?.panelsByID ?? [:]
    var panels: [ViewIndex.Panel] = []
    var results = [QueryResult?](repeating: nil, count: plan.queries.count)
    var next = 0
    drawn = [:]
    for (position, id) in plan.panelIDs.enumerated() {
      let queries = plan.panels[position].queries
      let range = next..<(next + queries.count)
      next += queries.count
      let known = known[id]
      let print = prints.print(position, known: known?.print ?? "")
      if let known, !print.isEmpty, known.print == print, files.contains("\(id).html") {
        panels.append(known)
        fragments.append(nil)
        continue
      }
      let answers = queries.map(source.answer)
      for (slot, answer) in zip(range, answers) { results[slot] = answer }
      for (query, answer) in zip(queries, answers) where answer.error != nil {
        report(plan.problem(answer.error ?? "", query))
        isWhole = false
      }
      let own = Dictionary(
        zip(queries.map(\.target), answers), uniquingKeysWith: { one, _ in one })
      drawn[position] = own
      let fragment = plan.fragment(position, own)
      let isSettled = answers.allSatisfy { $0.error == nil }
      panels.append(
        ViewIndex.Panel(
          id: id, mark: fragment.mark, print: isSettled ? print : "", css: fragment.css))
      fragments.append(fragment)
    }
    if setting.view.isDefault { coverage = plan.coverage(results) }
    setting.marks = Dictionary(
      panels.map { ($0.id, $0.mark) }, uniquingKeysWith: { one, _ in one })
    let shell = PageBuilder(plan: plan, options: job.options, setting: setting).shellMark
    return finished(
      ViewIndex(shell: shell, from: plan.from, to: plan.to, newest: job.newest, panels: panels), old
    )
  }

  /// Where no panel changed the range and the age stay what they were.
  private func finished(_ index: ViewIndex, _ old: ViewIndex?) -> ViewIndex {
    guard let old, old.isSame(as: index) else { return index }
    var kept = index
    (kept.from, kept.to, kept.newest) = (old.from, old.to, old.newest)
    return kept
  }

  // MARK: - One file

  private func writeInline(
    _ views: [View], _ plans: [Plan], _ setting: inout PageSetting
  ) throws {
    var held: [HeldView] = []
    for (view, plan) in zip(views, plans).dropFirst() {
      setting.view = view
      var fragments: [PanelFragment?] = []
      let index = try index(plan, &setting, nil, &fragments)
      held.append(
        HeldView(
          slug: view.slug(dashboard.shownVariables), index: index,
          fragments: zip(index.panels, fragments).map { ($0.id, $1?.html ?? []) }))
    }
    setting.view = views[0]
    var fragments: [PanelFragment?] = []
    var index = try index(plans[0], &setting, nil, &fragments)
    let builder = PageBuilder(plan: plans[0], options: job.options, setting: setting)
    try site.write(
      "\(file.name).html", builder.page(&index, fragments.map { $0?.html[...] ?? [] }, others: held)
    )
  }

  // MARK: - Messages

  /// Once for all views: they differ in range and variables, not in what is wrong.
  private func report(_ problem: Problem) {
    let place = "\(problem.line):\(problem.column) \(problem.panel) \(problem.field)"
    guard reported.insert(place).inserted else { return }
    run.output.error(RenderMessages.explain(problem, file.path))
  }

  private func tell(_ list: ViewList) {
    let report = run.report
    report.add(
      "pages", Double(list.views.count), help: "Pages of dashboards that were gone through.")
    report.add("panels_drawn", Double(coverage.drawn), help: "Panels drawn as they are described.")
    report.add(
      "panels_drawn_in_part", Double(coverage.drawnInPart),
      help: "Panels of which something is not drawn.")
    report.add("panels_not_drawn", Double(coverage.notDrawn), help: "Panels that are not drawn.")
    report.add("panels_failed", Double(coverage.failed), help: "Panels of which a query failed.")
    run.output.summary(
      "\(file.path): \(coverage.drawn) panels drawn, \(coverage.drawnInPart) in part, "
        + "\(coverage.notDrawn) not drawn, \(coverage.failed) failed; \(list.views.count) pages")
    if list.skipped > 0, run.arguments.has("max-pages") {
      run.output.warn(
        Diagnostic(
          .no, subject: file.path,
          "\(list.skipped) of \(list.total) pages were skipped: '--max-pages' is \(job.budget)"))
    }
  }
}

/// Hashes of all that a panel is made from: what it asks, and what it would read.
private struct PanelPrints {
  let plan: Plan
  let source: RenderSource
  /// Whether `source` can tell what came since the panels were made.
  let knowsNews: Bool
  /// Of the store.
  private let generation: UInt64
  private let common: String

  init(plan: Plan, mark: String, source: RenderSource, knowsNews: Bool) {
    self.plan = plan
    self.source = source
    self.knowsNews = knowsNews
    generation = source.snapshot.manifest.generation
    var text = "\(mark) \(plan.zone.name)"
    for (name, value) in plan.variables.sorted(by: { $0.key < $1.key }) {
      text += "\n\(name)=" + value.values.joined(separator: "\n") + "\n"
      text += value.texts.joined(separator: "\n") + (value.isAll ? "\nall" : "")
    }
    common = ContentMark.of(Array(text.utf8))
  }

  /// Empty where a query cannot even be looked up. `known` is the print of the panel as
  /// it was made last: where it asks the same, a look at the news is enough, and where
  /// they touch it, it is made anew whatever else it reads. Then the store's generation
  /// stands for that: if the next run knows the news too it asks no more, and if it does
  /// not, the panel is made once more.
  func print(_ position: Int, known: String) -> String {
    let asked = asked(position)
    let queries = plan.panels[position].queries
    if knowsNews {
      let isKept = known.hasPrefix(asked) && queries.allSatisfy(source.isUntouched)
      return isKept ? known : asked + ContentMark.hex(generation)
    }
    var read: UInt64 = 0
    for query in queries {
      guard let print = source.print(query) else { return "" }
      read = read &* 0x9E37_79B9_7F4A_7C15 ^ print
    }
    return asked + ContentMark.hex(read)
  }

  private func asked(_ position: Int) -> String {
    let queries = plan.panels[position].queries
    var text: [UInt8] = []
    text.reserveCapacity(256)
    // Bytes, as a run asks it of every panel that has nothing new.
    func add(_ part: String) {
      text += part.utf8
      text.append(0x20)
    }
    func add(_ number: Int64) {
      MxJSON.NumberText.append(number, to: &text)
      text.append(0x20)
    }
    add(common)
    add(Int64(position))
    add(plan.panels[position].panel.id)
    add(plan.panels[position].panel.title)
    // Without a query nothing depends on the range.
    if !queries.isEmpty {
      add(plan.panels[position].from)
      add(plan.panels[position].to)
    }
    add(plan.besideText(position))
    for query in queries {
      add(query.expr)
      add(query.step)
      // An instant query stands for all moments up to the end of its round range.
      add(query.isInstant ? query.until : query.from)
      if !query.isInstant { add(query.to) }
    }
    return ContentMark.of(text)
  }
}
