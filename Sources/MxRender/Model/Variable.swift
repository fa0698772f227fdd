/// A dashboard variable as declared.
package struct Variable: Sendable {
  package enum Kind: Sendable {
    /// `label_values(metric, label)` and its like, asked of the store.
    case query(String)
    /// Its values, in order.
    case custom([Option])
    case interval([String])
    case constant(String)
    case textBox(String)
    /// Which data source: there is one here, so any value will do.
    case dataSource
    case adHoc
    case other(String)
  }

  package struct Option: Hashable, Sendable {
    package var text: String
    package var value: String

    package init(text: String, value: String) {
      self.text = text
      self.value = value
    }
  }

  package var name = ""
  package var label = ""
  package var kind = Kind.textBox("")
  package var isMulti = false
  package var includesAll = false
  /// What `All` stands for, raw; nil: every value.
  package var allValue: String?
  /// Keeps and shortens the values of a query: `/.*host="([^"]+)".*/`.
  package var regex = ""
  package var sort = 0
  /// The values chosen when the dashboard was saved.
  package var current: [String] = []
  package var isHidden = false
}
