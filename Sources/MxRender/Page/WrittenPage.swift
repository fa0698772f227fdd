/// A page as the last run wrote it: panels that did not change are taken from it, one file
/// instead of a file a panel.
package struct WrittenPage {
  private let bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Nil where the page does not hold the panel, byte for byte.
  package func fragment(_ panel: ViewIndex.Panel) -> ArraySlice<UInt8>? {
    guard let place = panel.place, place.upperBound <= bytes.count,
      ContentMark.of(bytes[place]) == panel.mark
    else { return nil }
    return bytes[place]
  }
}
