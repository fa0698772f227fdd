package import MxCodec
package import MxFiles
package import MxModel

/// Why the store could not do what was asked.
package enum StoreError: Error, Equatable {
  /// Bytes that are not what was written there: file, part, reason.
  case damaged(Damage)
  /// A file that is no part of an mx store.
  case foreign(path: String)
  /// Written by a newer version: it needs reader `needs`, this is `have`.
  case newer(path: String, needs: Int, have: Int)
  /// No store is there.
  case missing(path: String)
  /// Another run holds the lock.
  case locked(path: String)
  /// The disk refused; the store is what it was.
  case file(FileError)
  /// The disk refused in the very last step: what was to be committed is there whole now,
  /// and may be gone after a power cut. The same again is safe.
  case uncertain(FileError)
  /// A file of the snapshot is gone: take a new snapshot.
  case vanished(path: String)
  /// `on_conflict: error` met two values for one instant of a series.
  case conflict(series: String, time: Int64)
  /// Another run has taken the input of that id meanwhile.
  case held(batch: ContentHash)
}
