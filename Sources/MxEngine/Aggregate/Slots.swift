import Synchronization

/// Results of workers, one place each, taken in order.
final class Slots<Value: Sendable>: Sendable {
  private let values: Mutex<[Value?]>

  init(_ count: Int) { values = Mutex([Value?](repeating: nil, count: count)) }

  func set(_ index: Int, _ value: Value) { values.withLock { $0[index] = value } }

  func take() -> [Value] { values.withLock { $0.compactMap { $0 } } }
}
