import MxCodec
package import MxModel

/// Type, help and unit of the metric families of a set.
///
/// Families are a symbol table; what is known of each lies in groups of 64,
/// an item a group, in family order:
///
///     per family:
///       1       type, as `MetricType` numbers them
///       varint  bytes of the unit, then the unit
///       varint  bytes of the help text, then the text
///
/// The section: the table (`varint` count, `varint` shift, place), then the
/// place of an item that is the item sequence of the groups.
enum SetMetadata {
  static let groupShift = 6

  struct Place: Sendable {
    var families: SetIndex.TablePlace
    var groups: ItemPlace

    func encode(into out: inout [UInt8]) {
      families.encode(into: &out)
      groups.encode(into: &out)
    }

    init(_ reader: inout ByteReader) throws(CodecError) {
      families = try SetIndex.TablePlace(&reader)
      groups = try ItemPlace(&reader)
    }

    init(families: SetIndex.TablePlace, groups: ItemPlace) {
      self.families = families
      self.groups = groups
    }
  }

  /// Writes `all`, of which a later entry of a family replaces an earlier one.
  static func write(_ all: [MetricMetadata], into pages: inout PageWriter) -> Place? {
    let sorted = latest(all)
    if sorted.isEmpty { return nil }
    var families = SymbolList()
    for entry in sorted {
      var name = entry.family
      name.withUTF8 { families.append(UnsafeRawBufferPointer($0)) }
    }
    let table = SetIndex.TablePlace(
      count: families.count, shift: families.shift, directory: families.write(into: &pages))
    var sequence = ItemSequence()
    for first in stride(from: 0, to: sorted.count, by: 1 << groupShift) {
      var item: [UInt8] = []
      for entry in sorted[first..<min(first + 1 << groupShift, sorted.count)] {
        item.append(entry.type.rawValue)
        item.append(varint: entry.unit.utf8.count)
        item += entry.unit.utf8
        item.append(varint: entry.help.utf8.count)
        item += entry.help.utf8
      }
      sequence.append(pages.append(item))
    }
    var directory: [UInt8] = []
    sequence.encode(into: &directory)
    return Place(families: table, groups: pages.append(directory))
  }

  /// One entry a family, in the order of their bytes.
  static func latest(_ all: [MetricMetadata]) -> [MetricMetadata] {
    var numbers: [String: Int] = [:]
    for (index, entry) in all.enumerated() { numbers[entry.family] = index }
    return all.enumerated().filter { numbers[$0.element.family] == $0.offset }
      .map { $0.element }
      .sorted { $0.family.utf8.lexicographicallyPrecedes($1.family.utf8) }
  }

  /// The entries of one group whose families are `families`.
  static func read(
    _ reader: inout ByteReader, families: SymbolItemNames
  ) throws(CodecError) -> [MetricMetadata] {
    var result: [MetricMetadata] = []
    for family in families.names {
      let number = try reader.uint8()
      guard let type = MetricType(rawValue: number) else {
        throw .malformed("metric type \(number)", at: reader.offset - 1)
      }
      let unit = String(
        decoding: try reader.bytes(try reader.count(atMost: reader.remaining)), as: UTF8.self)
      let help = String(
        decoding: try reader.bytes(try reader.count(atMost: reader.remaining)), as: UTF8.self)
      result.append(MetricMetadata(family: family, type: type, help: help, unit: unit))
    }
    return result
  }
}

/// The families of a group, as text.
struct SymbolItemNames {
  var names: [String]
}

extension SeriesSet {
  /// What is known of the family `family`; nil where nothing is.
  package func metadata(of family: String) throws(StoreError) -> MetricMetadata? {
    guard let place = index.metadata else { return nil }
    let table = try symbolTable(place.families, part: "families")
    var name = family
    var found: Result<(place: Int, isEqual: Bool), StoreError> = .success((0, false))
    name.withUTF8 { bytes in
      do throws(StoreError) {
        found = .success(try table.lowerBound(UnsafeRawBufferPointer(bytes)))
      } catch {
        found = .failure(error)
      }
    }
    let hit = try found.get()
    guard hit.isEqual else { return nil }
    let group = hit.place >> SetMetadata.groupShift
    let entries = try metadataGroup(group, table: table, groups: place.groups)
    return entries[hit.place - group << SetMetadata.groupShift]
  }

  /// Everything that is known, by family.
  package func allMetadata() throws(StoreError) -> [MetricMetadata] {
    guard let place = index.metadata else { return [] }
    let table = try symbolTable(place.families, part: "families")
    var result: [MetricMetadata] = []
    let groups = (table.count + 1 << SetMetadata.groupShift - 1) >> SetMetadata.groupShift
    for group in 0..<groups {
      result += try metadataGroup(group, table: table, groups: place.groups)
    }
    return result
  }

  private func metadataGroup(
    _ group: Int, table: SymbolTable, groups: ItemPlace
  ) throws(StoreError) -> [MetricMetadata] {
    let part = "metadata"
    let sequence = try pages.item(groups, part: part).read(region, part) {
      (reader) throws(CodecError) in try ItemSequence(&reader)
    }
    let first = group << SetMetadata.groupShift
    let last = min(first + 1 << SetMetadata.groupShift, table.count)
    guard group < sequence.count else { throw region.damaged(part, "a group is missing") }
    var names = SymbolItemNames(names: [])
    var symbols: (index: Int, item: SymbolItem)?
    for id in first..<last {
      let index = id >> table.shift
      let item: SymbolItem
      if let symbols, symbols.index == index {
        item = symbols.item
      } else {
        item = try table.unpack(index)
        symbols = (index, item)
      }
      names.names.append(
        String(decoding: item[id - index << table.shift], as: UTF8.self))
    }
    return try pages.item(sequence[group], part: part).read(region, part) {
      (reader) throws(CodecError) in try SetMetadata.read(&reader, families: names)
    }
  }
}
