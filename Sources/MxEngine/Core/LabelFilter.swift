import MxModel

/// Which labels of a series are left.
enum LabelFilter: Hashable, Sendable {
  case all
  case dropping(Set<String>)
  case keeping(Set<String>)

  func dropping(_ names: Set<String>) -> LabelFilter {
    switch self {
    case .all: .dropping(names)
    case .dropping(let others): .dropping(others.union(names))
    case .keeping(let kept): .keeping(kept.subtracting(names))
    }
  }

  func keeping(_ names: Set<String>) -> LabelFilter {
    switch self {
    case .all: .keeping(names)
    case .dropping(let dropped): .keeping(names.subtracting(dropped))
    case .keeping(let kept): .keeping(kept.intersection(names))
    }
  }

  func allows(_ name: String) -> Bool {
    switch self {
    case .all: true
    case .dropping(let names): !names.contains(name)
    case .keeping(let names): names.contains(name)
    }
  }

  func apply(_ labels: LabelSet) -> LabelSet { cutter.cut(labels) }

  /// This filter made ready for many label sets.
  var cutter: LabelCutter {
    switch self {
    case .all: LabelCutter([], keeps: false)
    case .dropping(let names): LabelCutter(names, keeps: false)
    case .keeping(let names): LabelCutter(names, keeps: true)
    }
  }
}

/// Label sets cut and changed as bytes, without being taken apart into strings.
struct LabelCutter: Sendable {
  private let names: [[UInt8]]
  private let keeps: Bool

  /// Keeps the labels of these names only, or all but these.
  init(_ names: Set<String>, keeps: Bool) {
    self.names = names.map { LabelKey.escaped(Array($0.utf8)) }
    self.keeps = keeps
  }

  var changesNothing: Bool { names.isEmpty && !keeps }

  func cut(_ labels: LabelSet) -> LabelSet {
    if changesNothing { return labels }
    var key: [UInt8] = []
    labels.key.withUnsafeBytes { append($0, to: &key) }
    return LabelSet(key: key)
  }

  /// Appends what is left of `bytes` to `key`.
  func append(_ bytes: UnsafeRawBufferPointer, to key: inout [UInt8]) {
    key.reserveCapacity(key.count + bytes.count)
    if changesNothing {
      key.append(contentsOf: bytes)
      return
    }
    var cursor = LabelCursor(bytes)
    while let pair = cursor.next() {
      guard isNamed(pair.name) == keeps else { continue }
      key.append(contentsOf: pair.name)
      key.append(0)
      key.append(contentsOf: pair.value)
      key.append(0)
    }
  }

  private func isNamed(_ name: UnsafeRawBufferPointer) -> Bool {
    for wanted in names where wanted.count == name.count {
      let isEqual = wanted.withUnsafeBytes { LabelKey.compare($0, name) == 0 }
      if isEqual { return true }
    }
    return false
  }

  /// `labels` with one label set anew; an empty value removes it.
  static func setting(_ labels: LabelSet, _ name: [UInt8], to value: [UInt8]) -> LabelSet {
    setting(labels, escaped: LabelKey.escaped(name), to: LabelKey.escaped(value))
  }

  /// The same with a name and value in the form that keys have.
  static func setting(
    _ labels: LabelSet, escaped name: [UInt8], to value: [UInt8]
  ) -> LabelSet {
    var key: [UInt8] = []
    key.reserveCapacity(labels.key.count + name.count + value.count + 2)
    var isWritten = value.isEmpty
    func write() {
      key += name
      key.append(0)
      key += value
      key.append(0)
      isWritten = true
    }
    labels.key.withUnsafeBytes { bytes in
      var cursor = LabelCursor(bytes)
      while let pair = cursor.next() {
        let order = name.withUnsafeBytes { LabelKey.compare($0, pair.name) }
        if order <= 0, !isWritten { write() }
        if order == 0 { continue }
        key.append(contentsOf: pair.name)
        key.append(0)
        key.append(contentsOf: pair.value)
        key.append(0)
      }
    }
    if !isWritten { write() }
    return LabelSet(key: key)
  }
}
