/// At which resolutions the series of a selection are there.
package struct Resolutions: Hashable, Sendable {
  /// Of samples at this time and before, some may have been taken by retention; `.min`
  /// where none were.
  package var rawAfter = Int64.min
  /// At it and before there never was anything.
  package var oldest = Int64.min
  /// By width, ascending.
  package var tiers: [TierSpan] = []

  package init() {}
}

/// Where a rollup tier speaks for all samples. Window k of width w covers
/// (k·w - w, k·w] and is known by its end.
package struct TierSpan: Hashable, Sendable {
  /// Of a window, in ms.
  package var width: Int64
  /// Windows that begin here or later are all there; `.min` where none are missing.
  package var from: Int64
  /// The end of the newest window.
  package var to: Int64
  /// Samples that came later than the windows around them were computed.
  package var dirty: [TimeRange]

  package init(width: Int64, from: Int64, to: Int64, dirty: [TimeRange] = []) {
    self.width = width
    self.from = from
    self.to = to
    self.dirty = dirty
  }
}

/// The columns of windows that a reader asks for; ends and counts are always there.
package struct WindowFields: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let minima = WindowFields(rawValue: 1)
  package static let maxima = WindowFields(rawValue: 2)
  /// With what rounding took from them.
  package static let sums = WindowFields(rawValue: 4)
  package static let firsts = WindowFields(rawValue: 8)
  package static let lasts = WindowFields(rawValue: 16)
  package static let firstTimes = WindowFields(rawValue: 32)
  package static let lastTimes = WindowFields(rawValue: 64)
  /// Sums and counts of resets.
  package static let resets = WindowFields(rawValue: 128)
}

/// What happened in a window besides samples; see `WindowColumns.flags`.
///
/// The operations are written out and inlinable: those of `SetAlgebra` are generic
/// calls through witness tables in other modules, a fifth of a rollup's time (2026-11-28).
package struct WindowFlags: OptionSet, Hashable, Sendable {
  package var rawValue: UInt8

  @inlinable
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  @inlinable
  package init() { rawValue = 0 }

  /// A stale marker lies inside.
  @inlinable
  package static var stale: WindowFlags { WindowFlags(rawValue: 1) }
  /// Some sample is NaN.
  @inlinable
  package static var nan: WindowFlags { WindowFlags(rawValue: 2) }
  /// Late samples were folded in after their neighbours were gone.
  @inlinable
  package static var mergedLate: WindowFlags { WindowFlags(rawValue: 4) }
  /// The newest thing inside is a stale marker.
  @inlinable
  package static var endsStale: WindowFlags { WindowFlags(rawValue: 8) }
  /// The values fall too often for a counter: resets were not kept.
  @inlinable
  package static var noResets: WindowFlags { WindowFlags(rawValue: 16) }
  /// Nothing is stored of this window any more: read raw. Readers never see it.
  @inlinable
  package static var void: WindowFlags { WindowFlags(rawValue: 128) }

  @inlinable
  package var isEmpty: Bool { rawValue == 0 }

  @inlinable
  package func contains(_ other: WindowFlags) -> Bool {
    rawValue & other.rawValue == other.rawValue
  }

  @inlinable
  package mutating func formUnion(_ other: WindowFlags) { rawValue |= other.rawValue }

  @inlinable
  @discardableResult
  package mutating func insert(
    _ new: WindowFlags
  ) -> (inserted: Bool, memberAfterInsert: WindowFlags) {
    let isNew = !contains(new)
    rawValue |= new.rawValue
    return (isNew, new)
  }

  @inlinable
  @discardableResult
  package mutating func remove(_ old: WindowFlags) -> WindowFlags? {
    let held = WindowFlags(rawValue: rawValue & old.rawValue)
    rawValue &= ~old.rawValue
    return held.isEmpty ? nil : held
  }
}

/// The windows of one series of a rollup tier; borrowed memory. Window k of
/// width w covers (k·w - w, k·w]; `ends` holds k·w. Columns that nobody asked for are empty.
package struct WindowColumns {
  package let ends: UnsafeBufferPointer<Int64>
  package let counts: UnsafeBufferPointer<Double>
  package let minima: UnsafeBufferPointer<Double>
  package let maxima: UnsafeBufferPointer<Double>
  /// Sums as double-double: `sums[i] + sumTails[i]`.
  package let sums: UnsafeBufferPointer<Double>
  package let sumTails: UnsafeBufferPointer<Double>
  package let firsts: UnsafeBufferPointer<Double>
  package let lasts: UnsafeBufferPointer<Double>
  package let firstTimes: UnsafeBufferPointer<Int64>
  package let lastTimes: UnsafeBufferPointer<Int64>
  /// The sum of the values before each reset inside the window.
  package let resetSums: UnsafeBufferPointer<Double>
  package let resetCounts: UnsafeBufferPointer<Double>
  package let flags: UnsafeBufferPointer<UInt8>

  package init(
    ends: UnsafeBufferPointer<Int64>, counts: UnsafeBufferPointer<Double>,
    minima: UnsafeBufferPointer<Double>, maxima: UnsafeBufferPointer<Double>,
    sums: UnsafeBufferPointer<Double>, sumTails: UnsafeBufferPointer<Double>,
    firsts: UnsafeBufferPointer<Double>, lasts: UnsafeBufferPointer<Double>,
    firstTimes: UnsafeBufferPointer<Int64>, lastTimes: UnsafeBufferPointer<Int64>,
    resetSums: UnsafeBufferPointer<Double>, resetCounts: UnsafeBufferPointer<Double>,
    flags: UnsafeBufferPointer<UInt8>
  ) {
    self.ends = ends
    self.counts = counts
    self.minima = minima
    self.maxima = maxima
    self.sums = sums
    self.sumTails = sumTails
    self.firsts = firsts
    self.lasts = lasts
    self.firstTimes = firstTimes
    self.lastTimes = lastTimes
    self.resetSums = resetSums
    self.resetCounts = resetCounts
    self.flags = flags
  }
}
