import MxJSON

/// The options of transformations that change what columns and tables there are.
enum ShapeReader {
  static func options(_ id: String, _ scope: Scope?) -> TransformOptions? {
    switch id {
    case "transpose":
      return .transpose(
        TransformOptions.Transposition(
          first: scope?.nonEmpty("firstFieldName") ?? "Field",
          rest: scope?.nonEmpty("restFieldsName") ?? "Value"))
    case "groupingToMatrix": return .matrix(matrix(scope))
    case "concatenate": return .concatenate(naming(scope))
    case "partitionByValues": return .partition(partition(scope))
    case "joinByLabels":
      return scope?.nonEmpty("value").map {
        .joinByLabels(value: $0, join: scope?.strings("join") ?? [])
      }
    case "convertFieldType": return conversions(scope).map { .convert($0) }
    case "formatTime":
      guard let field = scope?.nonEmpty("timeField") else { return TransformOptions.none }
      let pattern = scope?.nonEmpty("outputFormat") ?? ""
      return .convert([TransformOptions.Conversion(field: field, kind: .string, pattern: pattern)])
    case "histogram":
      return .bins(
        TransformOptions.Bins(
          size: scope?.double("bucketSize").flatMap { $0 > 0 ? $0 : nil },
          count: scope?.int("bucketCount", in: 1...500) ?? 30,
          offset: scope?.double("bucketOffset") ?? 0, combines: scope?.bool("combine") ?? false))
    case "rowsToFields": return .rowsToFields(mappings(scope))
    case "configFromData":
      return .configFromData(
        query: scope?.nonEmpty("configRefId") ?? "config", mappings(scope),
        target: scope?["applyTo"].map { FieldReader.matcher($0) })
    case "filterByRefId":
      if let pattern = scope?.nonEmpty("include") {
        return .filterQueries(TransformOptions.TableFilter(pattern: pattern))
      }
      return scope?.nonEmpty("exclude").map {
        .filterQueries(TransformOptions.TableFilter(pattern: $0, isExclude: true))
      } ?? TransformOptions.none
    default: return nil
    }
  }

  private static func matrix(_ scope: Scope?) -> TransformOptions.Matrix {
    let empty: Frame.Cell =
      switch scope?.string("emptyValue") {
      case "null": .none
      case "true": .text("true")
      case "false": .text("false")
      case "zero": .number(0)
      default: .text("")
      }
    return TransformOptions.Matrix(
      column: scope?.nonEmpty("columnField") ?? "Time",
      row: scope?.nonEmpty("rowField") ?? "Time",
      value: scope?.nonEmpty("valueField") ?? "Value", empty: empty)
  }

  private static func naming(_ scope: Scope?) -> TransformOptions.TableNaming {
    switch scope?.string("frameNameMode") {
    case "label": .label(scope?.nonEmpty("frameNameLabel") ?? "frame")
    case "drop": .dropped
    default: .field
    }
  }

  private static func partition(_ scope: Scope?) -> TransformOptions.Partition {
    let naming = scope?["naming"]
    return TransformOptions.Partition(
      fields: scope?.strings("fields") ?? [], keepsFields: scope?.bool("keepFields") ?? false,
      asLabels: naming?.bool("asLabels") ?? true, appends: naming?.bool("append") ?? false,
      withNames: naming?.bool("withNames") ?? false,
      equals: naming?.nonEmpty("separator1") ?? "=",
      separator: naming?.nonEmpty("separator2") ?? " ")
  }

  /// Nil where a kind is wanted that cells do not have.
  private static func conversions(_ scope: Scope?) -> [TransformOptions.Conversion]? {
    var all: [TransformOptions.Conversion] = []
    for one in scope?.elements("conversions", limit: 100) ?? [] {
      guard let field = one.nonEmpty("targetField") else { continue }
      let kind: TransformOptions.Conversion.Kind
      switch one.string("destinationType") ?? "" {
      case "": continue
      case "time": kind = .time
      case "number": kind = .number
      case "string", "enum": kind = .string
      case "boolean": kind = .boolean
      default: return nil
      }
      all.append(
        TransformOptions.Conversion(
          field: field, kind: kind, pattern: one.nonEmpty("dateFormat") ?? ""))
    }
    return all
  }

  private static func mappings(_ scope: Scope?) -> [TransformOptions.FieldMapping] {
    (scope?.elements("mappings", limit: 100) ?? []).compactMap { one in
      guard let field = one.nonEmpty("fieldName") else { return nil }
      guard let use = TransformOptions.FieldMapping.Use(rawValue: one.string("handlerKey") ?? "")
      else {
        one.report(.note, "what '\(one.string("handlerKey") ?? "")' sets is not drawn")
        return TransformOptions.FieldMapping(
          field: field, use: .ignore, calculation: .lastNotNull)
      }
      let calculation = one.nonEmpty("reducerId").flatMap(Calculation.named) ?? .lastNotNull
      return TransformOptions.FieldMapping(field: field, use: use, calculation: calculation)
    }
  }
}
