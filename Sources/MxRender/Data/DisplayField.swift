import MxModel

/// A series with its name, its settings and its formatter: what panels draw.
struct DisplayField: Sendable {
  var name: String
  var refID: String
  var labels: [QueryResult.Label]
  var config: FieldConfig
  var format: ValueFormat
  var times: [Int64]
  var values: [Double]
  /// The distance of its samples, by which gaps are seen.
  var step: Int64
  /// Its number in the panel: the colour, unless one was chosen.
  var index: Int

  /// What depends on a value is coloured by the last one.
  var ink: Ink {
    switch config.color {
    case .fixed(let text): return Ink.parse(text) ?? .series(index)
    case .thresholds, .scheme:
      return display(Reduction.reduce(values, .lastNotNull)).ink ?? .series(index)
    case .palette, nil: return .series(index)
    }
  }

  /// The ends a percentage threshold or a gauge refers to.
  func bounds() -> (min: Double, max: Double) {
    let present = values.filter(\.isFinite)
    return (config.min ?? min(present.min() ?? 0, 0), config.max ?? present.max() ?? 100)
  }
}

/// A value as it is shown.
struct DisplayValue: Sendable {
  var text: String
  var number: Double?
  /// From a mapping or a threshold; nil where neither says one.
  var ink: Ink?
}

extension DisplayField {
  /// Text and colour of a value; nil is no value.
  func display(_ value: Double?) -> DisplayValue {
    let (low, high) = bounds()
    return ValueDisplay(config: config, format: format).display(value, min: low, max: high)
  }
}

/// Mappings, then the unit; the colour of a mapping, then of the thresholds.
struct ValueDisplay {
  let config: FieldConfig
  let format: ValueFormat

  func display(_ value: Double?, min: Double, max: Double) -> DisplayValue {
    let mapped = (config.mappings ?? []).first { Self.matches($0.condition, value) }
    let mappedInk = mapped?.color.flatMap { Ink.parse($0) }
    if let value, !value.isNaN {
      let text = mapped?.text.flatMap { $0.isEmpty ? nil : $0 } ?? format.text(value)
      return DisplayValue(
        text: text, number: value, ink: mappedInk ?? ink(of: value, min: min, max: max))
    }
    let text = mapped?.text ?? config.noValue ?? (value == nil ? "No data" : "NaN")
    return DisplayValue(text: text, number: nil, ink: mappedInk)
  }

  private func ink(of value: Double, min: Double, max: Double) -> Ink? {
    switch config.color {
    case .fixed(let text): return Ink.parse(text)
    case .palette: return nil
    case .scheme(let hues):
      return Ink.scheme(hues, max > min ? (value - min) / (max - min) : 0)
    case .thresholds, nil:
      return config.thresholds?.step(of: value, min: min, max: max)
        .flatMap { Ink.parse($0.color) }
    }
  }

  func display(text: String) -> DisplayValue {
    let mapped = (config.mappings ?? []).first { mapping in
      switch mapping.condition {
      case .equals(let wanted): return wanted == text
      case .regex(let pattern): return Patterns.contains(text, pattern)
      case .empty: return text.isEmpty
      default: return false
      }
    }
    return DisplayValue(
      text: mapped?.text ?? text, number: Double(text),
      ink: mapped?.color.flatMap { Ink.parse($0) })
  }

  private static func matches(_ condition: ValueMapping.Condition, _ value: Double?) -> Bool {
    switch condition {
    case .equals(let text): return value.map { Double(text) == $0 } ?? (text == "null")
    case .range(let from, let to): return value.map { $0 >= from && $0 <= to } ?? false
    case .null: return value == nil
    case .notANumber: return value?.isNaN ?? false
    case .nullOrNaN: return value?.isNaN ?? true
    case .true: return value == 1
    case .false: return value == 0
    case .regex(let pattern): return value.map { Patterns.contains("\($0)", pattern) } ?? false
    case .empty: return value == nil
    }
  }
}

/// Makes the fields of a panel from the answers to its queries.
struct FieldBuilder {
  let planned: PlannedPanel
  /// By target.
  let results: [Int: QueryResult]
  let canvas: Canvas

  /// More series than this in a panel tell a person nothing.
  static let seriesLimit = 500

  func fields() -> [DisplayField] {
    if needsFrames { return ByValue.applied(fieldsOfFrames(), planned, self) }
    var fields: [DisplayField] = []
    let matchers = planned.panel.overrides.map(OverrideMatcher.init)
    for query in planned.queries {
      guard let result = results[query.target] else { continue }
      let names = SeriesNames(
        target: planned.panel.targets[query.target], expr: query.expr, series: result.series,
        interpolation: planned.interpolation)
      for (index, series) in result.series.enumerated() where fields.count < Self.seriesLimit {
        let name = renamed(names.name(index))
        fields.append(
          field(name, query.refID, series, query.step, fields.count, matchers))
      }
    }
    return ByValue.applied(fields, planned, self)
  }

  /// renameByRegex is the one transformation of names that graphs have.
  private func renamed(_ name: String) -> String {
    planned.panel.transformations.reduce(name) { name, transformation in
      guard case .renameByRegex(let pattern, let replacement) = transformation.options else {
        return name
      }
      return Patterns.replace(name, pattern, with: replacement)
    }
  }

  func field(
    _ name: String, _ refID: String, _ series: QueryResult.Series, _ step: Int64, _ index: Int,
    _ matchers: [OverrideMatcher], said: FieldConfig? = nil
  ) -> DisplayField {
    var config = said.map(planned.panel.fields.merging) ?? planned.panel.fields
    // A transformation may name a field by a text that is not there.
    let name = TextTools.trim(name).isEmpty ? SeriesNames.full(series.labels) ?? "Value" : name
    for matcher in matchers where matcher.matches(name: name, refID: refID, type: "number") {
      config = config.merging(matcher.config)
    }
    var shown = name
    if let display = config.displayName {
      let filled = SeriesNames.displayName(display, name, series.labels, planned.interpolation)
      shown = TextTools.trim(filled).isEmpty ? name : filled
      // Overrides may name a field by what it is called on the screen.
      for matcher in matchers
      where !matcher.matches(name: name, refID: refID, type: "number")
        && matcher.matches(name: shown, refID: refID, type: "number")
      {
        config = config.merging(matcher.config)
      }
    }
    return DisplayField(
      name: shown, refID: refID, labels: series.labels, config: config,
      format: format(config), times: series.times, values: series.values, step: step,
      index: index)
  }

  func format(_ config: FieldConfig) -> ValueFormat {
    ValueFormat(
      unit: Unit.named(config.unit), decimals: config.decimals, zone: canvas.zone,
      now: canvas.now)
  }
}

/// Overrides that depend on what a field's values come to.
enum ByValue {
  static func applied(
    _ fields: [DisplayField], _ planned: PlannedPanel, _ builder: FieldBuilder
  ) -> [DisplayField] {
    let overrides = planned.panel.overrides.filter {
      if case .value = $0.matcher { true } else { false }
    }
    if overrides.isEmpty { return fields }
    return fields.map { field in
      var changed = field
      for override in overrides where matches(override.matcher, field.values) {
        changed.config = changed.config.merging(override.config)
      }
      changed.format = builder.format(changed.config)
      return changed
    }
  }

  static func matches(_ matcher: FieldOverride.Matcher, _ values: [Double]) -> Bool {
    guard case .value(let calculation, let sign, let limit) = matcher,
      let value = Reduction.reduce(values, calculation)
    else { return false }
    // What is true or false is not compared.
    if calculation == .allIsNull || calculation == .allIsZero { return value == 1 }
    switch sign {
    case "gt", ">": return value > limit
    case "gte", ">=": return value >= limit
    case "lt", "<": return value < limit
    case "lte", "<=": return value <= limit
    case "neq", "!=": return value != limit
    default: return value == limit
    }
  }
}

/// An override with its expression compiled once.
struct OverrideMatcher {
  let config: FieldConfig
  private let matcher: FieldOverride.Matcher
  private let regex: Regex?

  init(_ override: FieldOverride) {
    config = override.config
    matcher = override.matcher
    if case .regex(let pattern) = override.matcher {
      regex = Patterns.compile(Patterns.body(pattern))
    } else {
      regex = nil
    }
  }

  func matches(name: String, refID: String, type: String) -> Bool {
    switch matcher {
    case .name(let wanted): wanted == name
    case .names(let wanted): wanted.contains(name)
    case .regex: regex?.search(name) ?? false
    case .query(let wanted): wanted == refID
    case .type(let wanted): wanted == type
    case .value, .other: false
    }
  }
}

/// What series are called: `legendFormat`, `__auto`, or name and labels.
struct SeriesNames {
  let target: Target
  let expr: String
  let series: [QueryResult.Series]
  let interpolation: Interpolation

  func name(_ index: Int) -> String {
    let labels = series[index].labels
    if target.legend.isEmpty { return Self.full(labels) ?? expr }
    if target.legend == "__auto" { return automatic(labels) }
    // Nothing at all is no name: then it is called as if no name had been asked for.
    let filled = Self.filled(interpolation.expand(target.legend, format: .text), labels)
    return TextTools.trim(filled).isEmpty ? Self.full(labels) ?? expr : filled
  }

  /// The value of the one label that there is, or else all of it.
  private func automatic(_ labels: [QueryResult.Label]) -> String {
    let plain = labels.filter { $0.name != LabelName.metric }
    if plain.count == 1 { return plain[0].value }
    return Self.full(labels) ?? expr
  }

  static func full(_ labels: [QueryResult.Label]) -> String? {
    let metric = labels.first { $0.name == LabelName.metric }?.value ?? ""
    let plain = labels.filter { $0.name != LabelName.metric }
    if plain.isEmpty { return metric.isEmpty ? nil : metric }
    let pairs = plain.map { "\($0.name)=\(LabelKey.quoted($0.value))" }
    return "\(metric){\(pairs.joined(separator: ", "))}"
  }

  /// `{{label}}`, blanks allowed; a label that is not there is empty.
  static func filled(_ text: String, _ labels: [QueryResult.Label]) -> String {
    var rest = text
    var result = ""
    while let (before, after) = TextTools.split(rest, at: "{{") {
      guard let (inner, behind) = TextTools.split(after, at: "}}") else { break }
      let name = TextTools.trim(inner)
      result += before + (labels.first { $0.name == name }?.value ?? "")
      rest = behind
    }
    return result + rest
  }

  static func displayName(
    _ text: String, _ name: String, _ labels: [QueryResult.Label], _ interpolation: Interpolation
  ) -> String {
    var scope = interpolation
    for builtIn in ["__series_name", "__field_name"] { scope.builtIns[builtIn] = name }
    var shown = text
    for reference in ["${__series.name}", "${__field.name}", "${__field.displayName}"] {
      shown = TextTools.replacing(shown, reference, with: name)
    }
    for label in labels {
      shown = TextTools.replacing(shown, "${__field.labels.\(label.name)}", with: label.value)
      shown = TextTools.replacing(
        shown, "${__field.labels[\"\(label.name)\"]}", with: label.value)
    }
    return scope.expand(shown, format: .text)
  }
}
