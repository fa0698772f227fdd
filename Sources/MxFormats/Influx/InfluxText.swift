package import MxModel

/// The Influx line protocol.
///
///     cpu,host=a,region=eu usage_user=12.92,usage_idle=42i 1767225600000000000
///
/// Each number of a field becomes a sample of `measurement_field`, or of the
/// measurement alone where the field is called `value`; tags are labels.
/// Booleans are 0 and 1. Strings are no samples: they are counted and left out.
/// Timestamps are nanoseconds unless a precision was given.
///
/// The text of measurement and tags is hashed; what stands behind it is a list
/// of fields remembered in their order, so a known line costs a hash, a
/// comparison of each field's name and the numbers.
package struct InfluxText {
  private struct Point {
    /// A range of `fields`.
    var first: Int
    var count: Int
  }

  private struct Field {
    /// Its key with the `=`, as it stands in lines: a range of `keys`.
    var keyStart: Int
    var keyEnd: Int
    var ref: UInt32
  }

  private let options: FormatOptions
  private(set) var line = 0
  private var known = RawTextTable()
  private var points: [Point] = []
  private var fields: [Field] = []
  private var keys: [UInt8] = []
  private var keyNumbers = SeriesTable()
  private var keyStarts: [Int] = []
  private var builder = KeyBuilder()

  /// Fields remembered of one point; those beyond are looked at anew each time,
  /// so that a line of a million fields costs no more memory than itself.
  private static let rememberedFields = 256

  var textsKnown: Int { known.count }

  package init(_ options: FormatOptions) { self.options = options }

  /// Decodes the whole lines of `bytes`, and the last one without a newline if
  /// `final`. Returns how many bytes it is done with.
  package mutating func feed(
    _ bytes: UnsafeRawBufferPointer, final: Bool, into batch: inout SampleBatch,
    problems: inout Problems
  ) throws(FormatError) -> Int {
    var start = 0
    while start < bytes.count {
      guard var scanner = InfluxScanner(bytes, from: start, final: final) else { return start }
      let rows = batch.count
      batch.lines.mark(line: line &+ 1, row: rows)
      do throws(LineFault) {
        guard try read(&scanner, into: &batch, &problems) else { return start }
        line += 1
      } catch {
        line += 1
        scanner.abandon()
        batch.removeRows(from: rows)
        problems.add(error.problem(line: line, bytes.part(start..<scanner.end)))
      }
      // A string may have held newlines.
      if scanner.spansLines { line += bytes.part(start..<scanner.end).count { $0 == 0x0A } }
      start = scanner.end &+ 1
    }
    return min(start, bytes.count)
  }

  /// False where the line goes on behind the bytes at hand.
  @inline(__always)
  private mutating func read(
    _ scanner: inout InfluxScanner, into batch: inout SampleBatch, _ problems: inout Problems
  ) throws(LineFault) -> Bool {
    if try scanner.isEmpty() { return true }
    let series = try scanner.series()
    let text = scanner.bytes.part(series)
    let hash = known.hash(text)
    let point: Int
    if let found = known.find(hash) {
      point = Int(found)
    } else {
      point = try remember(text, hash, at: series.lowerBound - scanner.start)
    }
    let firstRow = batch.count
    var strings = 0
    var next = 0
    repeat {
      let ref = try field(&scanner, point, series, &next, &batch.series)
      guard let value = try scanner.value() else { return abandon(&batch, firstRow) }
      switch value {
      case .float(let value): batch.push(ref, 0, value)
      case .int(let value): batch.push(ref, 0, Double(value))
      case .uint(let value): batch.push(ref, 0, Double(value))
      case .bool(let value): batch.push(ref, 0, value ? 1 : 0)
      case .string: strings &+= 1
      }
    } while try scanner.nextField()
    let timeStart = scanner.at
    var time = options.defaultTime
    if let number = try scanner.time() {
      guard let instant = Instant(number, options.precision ?? .nanoseconds) else {
        throw LineFault(timeStart - scanner.start, "a timestamp beyond 2^53 ms from 1970")
      }
      time = instant.rounded
    }
    for row in firstRow..<batch.count { batch.times[row] = time }
    if strings > 0 { problems.skip("a string is no sample", count: strings) }
    return true
  }

  private func abandon(_ batch: inout SampleBatch, _ firstRow: Int) -> Bool {
    batch.removeRows(from: firstRow)
    return false
  }

  @inline(never)
  private mutating func remember(
    _ text: UnsafeRawBufferPointer, _ hash: RawTextTable.Hash, at offset: Int
  ) throws(LineFault) -> Int {
    do throws(LineFault) {
      _ = try InfluxSeries(text)
    } catch {
      throw LineFault(error.offset + offset, error.what, expected: error.expected)
    }
    if known.count >= RawTextTable.limit {
      known.removeAll()
      points.removeAll()
      fields.removeAll()
    }
    points.append(Point(first: fields.count, count: 0))
    known.insert(hash, UInt32(truncatingIfNeeded: points.count - 1))
    return points.count - 1
  }

  /// The series of the field that stands here: most often the one that stood
  /// behind the same field the last time.
  @inline(__always)
  private mutating func field(
    _ scanner: inout InfluxScanner, _ point: Int, _ series: Range<Int>, _ next: inout Int,
    _ table: inout SeriesTable
  ) throws(LineFault) -> UInt32 {
    let place = points[point]
    if next < place.count {
      let field = fields[place.first &+ next]
      let isSame = keys.withUnsafeBytes { scanner.skip($0.part(field.keyStart..<field.keyEnd)) }
      if isSame {
        next &+= 1
        return field.ref
      }
    }
    return try findField(&scanner, point, series, &next, &table)
  }

  @inline(never)
  private mutating func findField(
    _ scanner: inout InfluxScanner, _ point: Int, _ series: Range<Int>, _ next: inout Int,
    _ table: inout SeriesTable
  ) throws(LineFault) -> UInt32 {
    let place = points[point]
    for index in 0..<place.count {
      let field = fields[place.first + index]
      let isSame = keys.withUnsafeBytes { scanner.skip($0.part(field.keyStart..<field.keyEnd)) }
      if isSame {
        next = index + 1
        return field.ref
      }
    }
    let start = scanner.at
    let key = try scanner.key()
    let ref = try intern(
      scanner.bytes.part(series), scanner.bytes.part(key), at: start - scanner.start, &table)
    if place.count < Self.rememberedFields {
      addField(scanner.bytes.part(key.lowerBound..<key.upperBound + 1), ref, to: point)
      next = points[point].count
    }
    return ref
  }

  private mutating func intern(
    _ series: UnsafeRawBufferPointer, _ key: UnsafeRawBufferPointer, at offset: Int,
    _ table: inout SeriesTable
  ) throws(LineFault) -> UInt32 {
    let parts = try InfluxSeries(series)
    let field = InfluxSeries.key(key)
    var name = parts.measurement
    if !field.elementsEqual("value".utf8) { name += [Byte.underscore] + field }
    builder.removeAll()
    name.withUnsafeBytes { builder.add(name: "__name__", value: $0) }
    for tag in parts.tags {
      tag.key.withUnsafeBytes { key in
        tag.value.withUnsafeBytes { builder.add(name: key, value: $0) }
      }
    }
    guard let ref = builder.intern(into: &table) else {
      throw LineFault(offset, "a tag called '__name__'")
    }
    return ref
  }

  private mutating func addField(_ key: UnsafeRawBufferPointer, _ ref: UInt32, to point: Int) {
    let known = Int(keyNumbers.intern(key))
    if known == keyStarts.count {
      keyStarts.append(keys.count)
      keys.append(contentsOf: key)
    }
    let field = Field(
      keyStart: keyStarts[known], keyEnd: keyStarts[known] + key.count, ref: ref)
    var place = points[point]
    if place.first + place.count < fields.count {
      // Another point's fields lie behind: move to the end.
      let moved = Array(fields[place.first..<place.first + place.count])
      place.first = fields.count
      fields.append(contentsOf: moved)
    }
    fields.append(field)
    place.count += 1
    points[point] = place
  }
}

extension SampleBatch {
  /// Takes back the newest rows: those of a line found faulty at its end.
  mutating func removeRows(from first: Int) {
    guard first < count else { return }
    refs.removeSubrange(first...)
    times.removeSubrange(first...)
    values.removeSubrange(first...)
    if let known = startTimes?.count, known > first { startTimes?.removeSubrange(first...) }
    if let known = histograms?.isHistogram.count, known > first {
      histograms?.isHistogram.removeSubrange(first...)
    }
  }
}
