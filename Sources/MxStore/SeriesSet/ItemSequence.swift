import MxCodec

/// Items that were laid into the pages one after the other, and where each is.
///
/// Neighbours follow each other within a page or start the next one, so that
/// a length and one bit say where an item lies:
///
///     varint  number of items
///     varint  page of the first item
///     varint  its offset in the unpacked page
///     per item: varint  bytes << 1 | begins a new page (0 for the first)
struct ItemSequence: Sendable {
  private(set) var places: [ItemPlace] = []

  init() {}

  var count: Int { places.count }

  subscript(index: Int) -> ItemPlace { places[index] }

  /// The bytes of all items, for the inspector.
  var bytes: Int { places.reduce(0) { $0 + $1.count } }

  mutating func append(_ place: ItemPlace) { places.append(place) }

  func encode(into out: inout [UInt8]) {
    out.append(varint: places.count)
    guard let first = places.first else { return }
    out.append(varint: first.page)
    out.append(varint: first.offset)
    var page = first.page
    for place in places {
      precondition(place.page - page <= 1, "BUG: items of a sequence lie apart")
      out.append(varint: place.count << 1 | (place.page - page))
      page = place.page
    }
  }

  init(_ reader: inout ByteReader) throws(CodecError) {
    let count = try reader.count(atMost: reader.remaining)
    guard count > 0 else { return }
    var page = try reader.count(atMost: 1 << 31)
    var offset = try reader.count(atMost: SetPage.maxRawBytes)
    places.reserveCapacity(count)
    for _ in 0..<count {
      let field = try reader.count(atMost: SetPage.maxRawBytes << 1 | 1)
      if field & 1 == 1 {
        page += 1
        offset = 0
      }
      places.append(ItemPlace(page: page, offset: offset, count: field >> 1))
      offset += field >> 1
    }
  }
}

extension ItemPlace {
  /// `varint page, varint offset, varint bytes`.
  func encode(into out: inout [UInt8]) {
    out.append(varint: page)
    out.append(varint: offset)
    out.append(varint: count)
  }

  init(_ reader: inout ByteReader) throws(CodecError) {
    page = try reader.count(atMost: 1 << 31)
    offset = try reader.count(atMost: SetPage.maxRawBytes)
    count = try reader.count(atMost: SetPage.maxRawBytes)
  }
}
