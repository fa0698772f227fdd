/// A series as it lies in the plot: between `lower` and `upper`, which for one
/// that is not stacked are its base and its values. NaN is a gap.
struct PlotLayer {
  var field: DisplayField
  var times: [Int64]
  var lower: [Double]
  var upper: [Double]
  /// The values as they are named to the reader.
  var shown: [Double]
  var isStacked: Bool
  /// Filled down to another series instead of to the ground.
  var isBand = false

  var isRight: Bool { field.config.style.axis == .right }
}

/// Puts series on top of each other.
enum Stacking {
  static func layers(_ fields: [DisplayField], columns: Int) -> [PlotLayer] {
    var layers: [PlotLayer] = []
    var groups: [String: [Int]] = [:]
    for (index, field) in fields.enumerated() {
      let mode = field.config.style.stacking ?? .none
      if mode == .none {
        layers.append(plain(field, columns))
      } else {
        // Each axis has its own stacks; what is turned downwards stacks downwards.
        groups[key(field.config.style), default: []].append(index)
        layers.append(plain(field, columns))
      }
    }
    for members in groups.values {
      let stacked = stack(members.map { fields[$0] }, columns)
      for (member, layer) in zip(members, stacked) { layers[member] = layer }
    }
    fillBands(&layers)
    return layers
  }

  /// `fillBelowTo`: where both have a sample, the space between them is filled.
  private static func fillBands(_ layers: inout [PlotLayer]) {
    for index in layers.indices where !layers[index].isStacked {
      guard let name = layers[index].field.config.style.fillBelowTo,
        let other = layers.first(where: { $0.field.name == name })
      else { continue }
      var values: [Int64: Double] = [:]
      for (time, value) in zip(other.times, other.upper) { values[time] = value }
      layers[index].lower = zip(layers[index].times, layers[index].upper).map { time, value in
        values[time].flatMap { $0.isFinite ? $0 : nil } ?? value
      }
      layers[index].isBand = true
    }
  }

  /// Equal for series that stand on each other.
  static func key(_ style: GraphStyle) -> String {
    let mode = style.stacking ?? .none
    return "\(style.stackGroup ?? "A")|\(style.axis == .right)|\(style.isNegated == true)|\(mode)"
  }

  private static func plain(_ field: DisplayField, _ columns: Int) -> PlotLayer {
    let kept = Downsampling.m4(field.times, field.values, columns: columns)
    let isAll = kept.count == field.times.count
    let sign: Double = field.config.style.isNegated == true ? -1 : 1
    let shown = isAll ? field.values : kept.map { field.values[$0] }
    return PlotLayer(
      field: field, times: isAll ? field.times : kept.map { field.times[$0] },
      lower: [Double](repeating: 0, count: kept.count), upper: shown.map { $0 * sign },
      shown: shown, isStacked: false)
  }

  /// On the union of all times: where one has no sample the others stand on the
  /// ones below them, and it has a gap.
  private static func stack(_ fields: [DisplayField], _ columns: Int) -> [PlotLayer] {
    var all = fields.flatMap(\.times)
    all.sort()
    var times: [Int64] = []
    times.reserveCapacity(all.count / max(fields.count, 1) + 1)
    for time in all where times.last != time { times.append(time) }
    let aligned = fields.map { align($0, times) }
    var totals = [Double](repeating: 0, count: times.count)
    for values in aligned {
      for index in times.indices where values[index].isFinite { totals[index] += values[index] }
    }
    let kept = Downsampling.m4(times, totals, columns: columns)
    let isPercent = fields.first?.config.style.stacking == .percent
    var base = [Double](repeating: 0, count: kept.count)
    let keptTimes = kept.map { times[$0] }
    return zip(fields, aligned).map { field, values in
      let sign: Double = field.config.style.isNegated == true ? -1 : 1
      var layer = PlotLayer(
        field: field, times: keptTimes, lower: base, upper: base,
        shown: kept.map { values[$0] }, isStacked: true)
      for (index, source) in kept.enumerated() {
        guard values[source].isFinite else {
          layer.upper[index] = .nan
          continue
        }
        let share =
          isPercent && totals[source] != 0 ? values[source] / totals[source] : values[source]
        base[index] += share * sign
        layer.upper[index] = base[index]
      }
      return layer
    }
  }

  private static func align(_ field: DisplayField, _ times: [Int64]) -> [Double] {
    var values = [Double](repeating: .nan, count: times.count)
    var at = 0
    for (time, value) in zip(field.times, field.values) {
      while at < times.count && times[at] < time { at += 1 }
      if at < times.count { values[at] = value }
    }
    return values
  }
}
