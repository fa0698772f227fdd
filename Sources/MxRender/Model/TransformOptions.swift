/// What a transformation does to the tables of a panel, with its settings.
package enum TransformOptions: Sendable {
  case none
  case organize(
    exclude: Set<String>, include: Set<String>, index: [String: Int], rename: [String: String])
  case merge
  case join(by: String, isInner: Bool)
  case renameByRegex(pattern: String, replacement: String)
  case groupBy([GroupField])
  case filterFields(
    names: Set<String>?, pattern: String?, excludes: Set<String>?, excludePattern: String?)
  case filterByValue(ValueFilter)
  case calculate(CalculatedField)
  case reduce(calculations: [Calculation], perField: Bool)
  case sortBy(field: String, descending: Bool)
  case labelsToFields(valueLabel: String?, keep: Set<String>?)
  case limit(Int)
  case timeSeriesTable
  case seriesToRows
  case extractFields(Extraction)
  case transpose(Transposition)
  case matrix(Matrix)
  case concatenate(TableNaming)
  case partition(Partition)
  case labelsToRows(keep: [String]?)
  case joinByLabels(value: String, join: [String])
  case convert([Conversion])
  case bins(Bins)
  case rowsToFields([FieldMapping])
  case configFromData(query: String, [FieldMapping], target: FieldOverride.Matcher?)
  case filterQueries(TableFilter)

  package struct Extraction: Sendable {
    package enum Format: Sendable { case auto, json, pairs }

    package var source: String
    package var format: Format
    /// Instead of the columns that are there, not beside them.
    package var replaces: Bool
    package var keepsTime: Bool
  }

  package struct GroupField: Sendable {
    package var name: String
    package var isKey: Bool
    package var calculations: [Calculation]
  }

  package struct CalculatedField: Sendable {
    package enum Operand: Sendable {
      case field(String)
      case constant(Double)
    }

    package enum Work: Sendable {
      case binary(Operand, Character, Operand)
      case reduceRow(Calculation, fields: Set<String>)
      /// `abs`, `exp`, `ln`, `floor`, `ceil` or `round` of a field.
      case unary(String, field: String)
      /// The number of the row, or how far down it is.
      case index(isShare: Bool)
      case cumulative(Calculation, field: String)
      case window(Window, field: String)
    }

    package struct Window: Sendable {
      package var calculation: Calculation
      package var isCentered: Bool
      /// In rows, or as a share of all rows.
      package var size: Double
      package var isShare: Bool
    }

    package var alias: String
    package var work: Work
    package var replacesFields: Bool
  }

  package struct ValueFilter: Sendable {
    package struct Condition: Sendable {
      package var field: String
      package var id: String
      package var value: Double?
      package var text: String
    }

    package var conditions: [Condition]
    package var matchesAll: Bool
    package var excludes: Bool
  }

  package struct Transposition: Sendable {
    /// What the first column is called, and the others where nothing names them.
    package var first: String
    package var rest: String
  }

  /// The columns whose values go across, down, and into the cells.
  package struct Matrix: Sendable {
    package var column: String
    package var row: String
    package var value: String
    var empty: Frame.Cell
  }

  /// Where a table's name goes when its columns join others.
  package enum TableNaming: Sendable {
    case field
    case label(String)
    case dropped
  }

  package struct Partition: Sendable {
    package var fields: [String]
    package var keepsFields: Bool
    package var asLabels: Bool
    /// Behind the name the table has, not in its place.
    package var appends: Bool
    /// `host=a` rather than `a`.
    package var withNames: Bool
    package var equals: String
    package var separator: String
  }

  package struct Conversion: Sendable {
    package enum Kind: Sendable { case time, number, string, boolean }

    package var field: String
    package var kind: Kind
    /// moment.js' tokens, for times.
    package var pattern: String
  }

  /// How many values lie in each range of values.
  package struct Bins: Sendable {
    /// Nil: a round one that makes about `count` of them.
    package var size: Double?
    package var count: Int
    package var offset: Double
    package var combines: Bool
  }

  /// What the values of a column say about others.
  package struct FieldMapping: Sendable {
    /// By the names of Grafana's handlers.
    package enum Use: String, Sendable {
      case name = "field.name"
      case value = "field.value"
      case label = "field.label"
      case ignore = "__ignore"
      case min, max, unit, decimals, color, displayName, noValue
      case threshold = "threshold1"
      case mappedValue = "mappings.value"
      case mappedText = "mappings.text"
      case mappedColor = "mappings.color"
    }

    package var field: String
    package var use: Use
    package var calculation: Calculation
  }

  /// Tables of these queries: `A`, or `/^(A|B)$/`.
  package struct TableFilter: Sendable {
    package var pattern: String
    package var isExclude = false

    func matches(_ frame: Frame) -> Bool {
      let isMatch =
        pattern.hasPrefix("/") ? Patterns.contains(frame.refID, pattern) : frame.refID == pattern
      return isMatch != isExclude
    }
  }
}
