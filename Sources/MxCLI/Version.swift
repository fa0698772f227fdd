/// The version of all mx tools: they are built, tested and released together.
package enum Version {
  package static let text = "0.1.0"
  /// When it was released, for man pages: a build has no date of its own, so
  /// that the same sources give the same bytes.
  package static let date = "2026-11-21"
}
