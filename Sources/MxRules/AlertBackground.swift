package import MxModel

/// Elements that can be found by an alert's labels: those that have the labels of an
/// element, whatever else they have, belong to it.
package struct AlertIndex: Sendable {
  private var values: [(names: Set<String>, elements: [LabelSet: Double])] = []

  /// Labels of `hidden` do not count: the rule puts its own in their place.
  package init(_ vector: [(labels: LabelSet, value: Double)], hiding hidden: Set<String>) {
    var places: [Set<String>: Int] = [:]
    for element in vector {
      let labels = element.labels.removing(hidden)
      let names = Set(labels.pairs.map(\.name))
      let place = places[names] ?? values.count
      if place == values.count {
        places[names] = place
        values.append((names, [:]))
      }
      values[place].elements[labels] = element.value
    }
  }

  package func value(for alert: LabelSet) -> Double? {
    for (names, elements) in values {
      if let value = elements[alert.keeping(names)] { return value }
    }
    return nil
  }
}

/// What is known at an instant besides the elements of an alert's expression.
package struct AlertBackground: Sendable {
  /// The values of the alerts that 'resolve_threshold' holds up.
  package var lingering: AlertIndex?
  /// The alerts that 'resolve_expr' ends.
  package var ending: AlertIndex?
  /// The series that have data; nil where that cannot be told.
  package var data: AlertIndex?
  /// The alerts that these series would be, by what does not change with their values.
  /// Only where no data is to be an alert.
  package var series: [LabelSet: LabelSet] = [:]

  package init() {}
}

/// What a rule needs to know besides its expression's elements.
package struct AlertNeeds: Hashable, Sendable {
  package var resolve: Bool
  package var data: Bool
  package var series: Bool

  package init(resolve: Bool, data: Bool, series: Bool) {
    self.resolve = resolve
    self.data = data
    self.series = series
  }
}

/// Why a rule cannot be evaluated, for people.
struct RuleTrouble: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
