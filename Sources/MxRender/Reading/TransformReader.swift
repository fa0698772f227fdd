import MxJSON

/// `transformations[]`; one that we do not have is reported and passed over.
enum TransformReader {
  static func transformation(_ scope: Scope) -> Transformation? {
    let id = scope.string("id") ?? ""
    let inner = scope["options"]
    guard let options = options(id, inner) ?? ShapeReader.options(id, inner) else {
      scope.report(.note, "transformation '\(id)' is not applied")
      return nil
    }
    let filter = scope["filter"]?.nonEmpty("options").map {
      TransformOptions.TableFilter(pattern: $0)
    }
    return Transformation(id: id, options: options, filter: filter)
  }

  private static func options(_ id: String, _ scope: Scope?) -> TransformOptions? {
    switch id {
    case "organize": return organize(scope)
    case "merge": return .merge
    case "joinByField", "seriesToColumns":
      return .join(
        by: scope?.nonEmpty("byField") ?? "Time", isInner: scope?.string("mode") == "inner")
    case "renameByRegex":
      return .renameByRegex(
        pattern: scope?.string("regex") ?? "", replacement: scope?.string("renamePattern") ?? "")
    case "groupBy": return .groupBy(groupFields(scope))
    case "filterFieldsByName": return filterFields(scope)
    case "filterByValue": return scope.map { .filterByValue(valueFilter($0)) }
    case "calculateField": return calculate(scope).map { .calculate($0) }
    case "reduce":
      return .reduce(
        calculations: scope.map { OptionsReader.calculations($0, "reducers") } ?? [],
        perField: scope?.string("mode") == "reduceFields")
    case "sortBy":
      guard let sort = scope?.elements("sort").first else { return TransformOptions.none }
      return .sortBy(field: sort.string("field") ?? "", descending: sort.bool("desc") ?? false)
    case "labelsToFields":
      let keep = scope?.strings("keepLabels") ?? []
      if scope?.string("mode") == "rows" { return .labelsToRows(keep: keep.isEmpty ? nil : keep) }
      return .labelsToFields(
        valueLabel: scope?.nonEmpty("valueLabel"), keep: keep.isEmpty ? nil : Set(keep))
    case "limit": return .limit(scope?.int("limitField", in: 0...1_000_000) ?? 10)
    case "timeSeriesTable": return .timeSeriesTable
    case "seriesToRows": return .seriesToRows
    case "extractFields": return extraction(scope)
    // Our frames are what it makes of others.
    case "prepareTimeSeries": return TransformOptions.none
    default: return nil
    }
  }

  private static func extraction(_ scope: Scope?) -> TransformOptions? {
    guard let source = scope?.nonEmpty("source") else { return TransformOptions.none }
    let format: TransformOptions.Extraction.Format
    switch scope?.string("format") ?? "auto" {
    case "json": format = .json
    case "kvp": format = .pairs
    case "auto": format = .auto
    default: return nil
    }
    return .extractFields(
      TransformOptions.Extraction(
        source: source, format: format, replaces: scope?.bool("replace") ?? false,
        keepsTime: scope?.bool("keepTime") ?? false))
  }

  private static func organize(_ scope: Scope?) -> TransformOptions {
    var rename: [String: String] = [:]
    var index: [String: Int] = [:]
    for member in scope?["renameByName"]?.value.members ?? [] {
      if let name = member.value.string, !name.isEmpty { rename[member.name] = name }
    }
    for member in scope?["indexByName"]?.value.members ?? [] {
      index[member.name] = member.value.int.map { Int(clamping: $0) }
    }
    return .organize(
      exclude: flagged(scope?["excludeByName"]), include: flagged(scope?["includeByName"]),
      index: index, rename: rename)
  }

  private static func flagged(_ scope: Scope?) -> Set<String> {
    Set((scope?.value.members ?? []).filter { $0.value.bool == true }.map(\.name))
  }

  private static func groupFields(_ scope: Scope?) -> [TransformOptions.GroupField] {
    (scope?["fields"]?.value.members ?? []).compactMap { member in
      guard let operation = member.value["operation"]?.string else { return nil }
      let names = member.value["aggregations"]?.array ?? []
      return TransformOptions.GroupField(
        name: member.name, isKey: operation == "groupby",
        calculations: names.compactMap(\.string).compactMap(Calculation.named))
    }
  }

  private static func filterFields(_ scope: Scope?) -> TransformOptions {
    let include = scope?["include"]
    let exclude = scope?["exclude"]
    return .filterFields(
      names: include.flatMap { $0["names"] == nil ? nil : Set($0.strings("names")) },
      pattern: include?.nonEmpty("pattern"),
      excludes: exclude.flatMap { $0["names"] == nil ? nil : Set($0.strings("names")) },
      excludePattern: exclude?.nonEmpty("pattern"))
  }

  private static func valueFilter(_ scope: Scope) -> TransformOptions.ValueFilter {
    TransformOptions.ValueFilter(
      conditions: scope.elements("filters", limit: 50).map { filter in
        let config = filter["config"]
        let value = config?["options"]?.value["value"]
        return TransformOptions.ValueFilter.Condition(
          field: filter.string("fieldName") ?? "", id: config?.string("id") ?? "",
          value: value?.double ?? value?.string.flatMap { Double($0) }, text: value?.string ?? "")
      },
      matchesAll: scope.string("match") == "all",
      excludes: scope.string("type") == "exclude")
  }

  private static func calculate(_ scope: Scope?) -> TransformOptions.CalculatedField? {
    guard let scope, let (name, work) = work(scope) else { return nil }
    return TransformOptions.CalculatedField(
      alias: scope.nonEmpty("alias") ?? name, work: work,
      replacesFields: scope.bool("replaceFields") ?? false)
  }

  /// What is calculated, and what Grafana calls that.
  private static func work(
    _ scope: Scope
  ) -> (name: String, work: TransformOptions.CalculatedField.Work)? {
    switch scope.string("mode") ?? "" {
    case "", "reduceRow":
      let reducer = scope["reduce"]?.string("reducer").flatMap(Calculation.named) ?? .sum
      let fields = Set(scope["reduce"]?.strings("include") ?? [])
      return (reducer.title, .reduceRow(reducer, fields: fields))
    case "binary":
      guard let binary = scope["binary"], let left = operand(binary, "left"),
        let right = operand(binary, "right")
      else { return nil }
      let text = binary.string("operator") ?? "+"
      let sign = text == "**" ? "^" : text.first ?? "+"
      return ("\(name(left)) \(text) \(name(right))", .binary(left, sign, right))
    case "unary":
      let function = scope["unary"]?.string("operator") ?? "abs"
      guard let field = scope["unary"]?.nonEmpty("fieldName"),
        ["abs", "exp", "ln", "floor", "ceil", "round"].contains(function)
      else { return nil }
      return ("\(function)(\(field))", .unary(function, field: field))
    case "index": return ("Row", .index(isShare: scope["index"]?.bool("asPercentile") ?? false))
    case "cumulativeFunctions":
      let reducer = scope["cumulative"]?.string("reducer").flatMap(Calculation.named) ?? .sum
      guard let field = scope["cumulative"]?.nonEmpty("field") else { return nil }
      return ("cumulative \(reducer.rawValue) \(field)", .cumulative(reducer, field: field))
    case "windowFunctions": return scope["window"].flatMap(window)
    default: return nil
    }
  }

  private static func window(
    _ scope: Scope
  ) -> (name: String, work: TransformOptions.CalculatedField.Work)? {
    guard let field = scope.nonEmpty("field") else { return nil }
    let reducer = scope.string("reducer").flatMap(Calculation.named) ?? .mean
    let alignment = scope.string("windowAlignment") ?? "centered"
    let window = TransformOptions.CalculatedField.Window(
      calculation: reducer, isCentered: alignment == "centered",
      size: scope["windowSize"]?.value.double ?? 0.1,
      isShare: scope.string("windowSizeMode") != "fixed")
    return ("\(alignment) moving \(reducer.rawValue) \(field)", .window(window, field: field))
  }

  private static func operand(
    _ scope: Scope, _ name: String
  ) -> TransformOptions.CalculatedField.Operand? {
    guard let member = scope[name] else { return nil }
    if let number = member.value.double { return .constant(number) }
    if let text = member.value.string {
      return Double(text).map { .constant($0) } ?? .field(text)
    }
    if let fixed = member.value["fixed"]?.string { return Double(fixed).map { .constant($0) } }
    return member.value[path: "matcher", "options"]?.string.map { .field($0) }
  }

  private static func name(_ operand: TransformOptions.CalculatedField.Operand) -> String {
    switch operand {
    case .field(let name): name
    case .constant(let value): NumberText.fixed(value)
    }
  }
}
