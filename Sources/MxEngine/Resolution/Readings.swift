import MxModel
import MxPromQL
import Synchronization

/// What one selector of a query was read from.
package struct SelectorReading: Hashable, Sendable {
  /// The selector as the printer writes it.
  package var selector: String
  /// Widths of windows in ms, ascending; 0 is samples.
  package var resolutions: [Int64]
  /// Windows stood in for samples that are gone; see docs/rollups.md for the bound.
  package var isApproximate = false
}

/// Gathers the readings of a query.
final class ReadingSink: Sendable {
  private let readings = Mutex([Int32: SelectorReading]())

  func note(_ selector: Selector, _ resolutions: [Int64], isApproximate: Bool = false) {
    readings.withLock { readings in
      let place = selector.position.start
      var reading =
        readings[place]
        ?? SelectorReading(selector: selector.description, resolutions: [])
      reading.resolutions = Set(reading.resolutions + resolutions).sorted()
      reading.isApproximate = reading.isApproximate || isApproximate
      readings[place] = reading
    }
  }

  func finished() -> [SelectorReading] {
    readings.withLock { readings in readings.sorted { $0.key < $1.key }.map(\.value) }
  }
}

/// Some time of some series.
struct WholeSpan: Hashable {
  var selection: ObjectIdentifier
  var span: TimeRange
}

extension Evaluator {
  /// The plan for a selector that looks as `query` says; nil for samples alone. Throws
  /// where samples are gone that no tier can stand in for.
  func plan(
    _ selection: any Selection, _ selector: Selector, _ query: ResolutionQuery
  ) throws -> ResolutionPlan? {
    var offered = try selection.resolutions(in: query.span)
    try checkChoice(offered)
    func choose() -> ResolutionPlan? {
      ResolutionPlan.choose(
        query, offered, options.resolution, approximates: options.approximates)
    }
    var chosen = choose()
    if let plan = chosen, plan.missing != nil || plan.movesBorders,
      try isWhole(selection, query.span)
    {
      offered.rawAfter = .min
      chosen = choose()
    }
    guard let plan = chosen else { return nil }
    if let missing = plan.missing { throw Evaluator.gone(selector, missing, offered) }
    if !plan.usesTiers { return nil }
    readings.note(
      selector, plan.stretches.map(\.tier), isApproximate: plan.movesBorders)
    if plan.movesBorders { warnOfApproximation(selector, plan.coarsest) }
    return plan
  }

  /// What stands in for samples that a function needs one by one: nil where they are
  /// all there.
  func thinned(
    _ selection: any Selection, _ selector: Selector, _ query: ResolutionQuery
  ) throws -> ThinnedSamples? {
    let offered = try selection.resolutions(in: query.span)
    try checkChoice(offered)
    let from = query.span.from - 1
    let lost = min(offered.rawAfter, query.span.to)
    guard from < lost, query.needs(from, lost), lost > offered.oldest,
      try !isWhole(selection, query.span)
    else {
      readings.note(selector, [0])
      return nil
    }
    guard options.approximates, let tier = offered.tiers.first(where: { $0.from <= from })
    else { throw Evaluator.gone(selector, lost, offered) }
    readings.note(
      selector, lost < query.span.to ? [0, tier.width] : [tier.width], isApproximate: true)
    warnOfApproximation(selector, tier.width)
    return ThinnedSamples(
      width: tier.width, through: lost, standIn: try standIn(selection, selector, query.span))
  }

  /// Whether all that is asked for is there although retention was at work.
  func isWhole(_ selection: any Selection, _ span: TimeRange) throws -> Bool {
    let key = WholeSpan(selection: ObjectIdentifier(selection), span: span)
    if let known = wholeSpans.withLock({ $0[key] }) { return known }
    var isWhole = true
    for block in 0..<Blocks.count(selection.count) where isWhole {
      try expiry.check()
      isWhole = try selection.isWhole(Blocks.range(block, of: selection.count), span, worker: 0)
    }
    wholeSpans.withLock { $0[key] = isWhole }
    return isWhole
  }

  func standIn(
    _ selection: any Selection, _ selector: Selector, _ span: TimeRange
  ) throws -> StandIn {
    let offered = try selection.resolutions(in: span)
    return StandIn(
      rawAfter: offered.rawAfter, tiers: offered.tiers.map(\.width),
      approximates: options.approximates,
      refusal: { Evaluator.gone(selector, min(offered.rawAfter, span.to), offered) })
  }

  private func checkChoice(_ offered: Resolutions) throws {
    guard case .tier(let width) = options.resolution, !offered.tiers.isEmpty,
      !offered.tiers.contains(where: { $0.width == width })
    else { return }
    let known = offered.tiers.map { DurationText.print($0.width) }.joined(separator: ", ")
    throw EngineError.coarse(
      "there is no tier of \(DurationText.print(width)) in the store", hint: "it has \(known)")
  }

  private static func gone(
    _ selector: Selector, _ missing: Int64, _ offered: Resolutions
  ) -> EngineError {
    let widths = offered.tiers.map { DurationText.print($0.width) }.joined(separator: ", ")
    let lost = "samples of '\(selector)' up to \(TimeText.utc(missing)) were removed, and "
    if widths.isEmpty {
      return .coarse(
        lost + "no tier speaks for all of these series",
        hint: "begin later; of series that two stores have, ask each store alone")
    }
    return .coarse(
      lost + "the tiers that are left (\(widths)) do not answer this exactly",
      hint: "begin later, take times and ranges that are multiples of a tier, or add "
        + "--approximate (docs/rollups.md says how far off that may be)")
  }

  func warnOfApproximation(_ selector: Selector, _ width: Int64) {
    notes.warn(
      "answered from windows of \(DurationText.print(width)) where samples were removed by "
        + "retention; see docs/rollups.md for how far off it may be", selector.position)
  }
}

/// One sample a window, its last, where the samples themselves are gone.
struct ThinnedSamples: Sendable {
  var width: Int64
  /// Up to here windows stand in.
  var through: Int64
  let standIn: StandIn
}

extension Selection {
  /// Reads as `read` does, of what is left.
  func read(
    _ series: Range<Int>, _ range: TimeRange, thinned: ThinnedSamples?, worker: Int,
    _ body: (_ series: Int, _ samples: borrowing SampleColumns) throws -> Void
  ) throws {
    guard let thinned else { return try read(series, range, worker: worker, body) }
    let old = TimeRange(from: range.from, to: min(range.to, thinned.through))
    let whole = TimeRange(from: max(range.from, thinned.through + 1), to: range.to)
    var times: [Int64] = []
    var values: [Double] = []
    for one in series {
      times.removeAll(keepingCapacity: true)
      values.removeAll(keepingCapacity: true)
      let stretch = ResolutionPlan.Stretch(tier: thinned.width, range: old)
      if try isWhole(one..<one + 1, old, worker: worker) {
        try read(one..<one + 1, old, worker: worker) { _, samples in
          times.append(contentsOf: samples.times)
          values.append(contentsOf: samples.values)
        }
      } else {
        let tier = try thinned.standIn.tier(for: one, self, stretch, worker: worker)
        try readWindows(
          one..<one + 1, tier: tier, old, fields: [.lasts, .lastTimes], worker: worker
        ) { _, windows in
          for index in windows.ends.indices
          where windows.counts[index] > 0 && range.contains(windows.lastTimes[index]) {
            times.append(windows.lastTimes[index])
            values.append(windows.lasts[index])
          }
        }
      }
      if !whole.isEmpty {
        try read(one..<one + 1, whole, worker: worker) { _, samples in
          times.append(contentsOf: samples.times)
          values.append(contentsOf: samples.values)
        }
      }
      if times.isEmpty { continue }
      try times.withUnsafeBufferPointer { times in
        try values.withUnsafeBufferPointer { values in
          try body(one, SampleColumns(times: times, values: values))
        }
      }
    }
  }
}
