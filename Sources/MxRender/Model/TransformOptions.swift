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
}
