import MxJSON
import Testing

@testable import MxFormats

/// Points as the reference implementation of the line protocol reads them.
@Suite struct InfluxCorpusTests {
  struct ReferencePoint: Equatable {
    var time: Int64
    var name: [UInt8]
    var tags: [String]
    var fields: [String]
  }

  @Test func everyDecodingCaseHasTheReferencesResult() throws {
    guard Corpora.has("lineprotocol/corpus.json") else { return }
    let corpus = try JSONValue.parse(Corpora.read("lineprotocol/corpus.json"))
    var cases = 0
    for member in corpus["decode"]?.members ?? [] {
      let input = try #require(member.value["input"])
      let bytes = try Self.bytes(input["text"])
      let unit = Self.unit(input["precision"]?.string)
      let result = Self.points(bytes, input["defaultTime"]?.int ?? 0, unit)
      let expected = try member.value[path: "output", "result"]?.array?.map(Self.point)
      let text = String(decoding: bytes, as: UTF8.self).debugDescription
      #expect(result == expected, "\(member.name): \(text)")
      cases += 1
    }
    #expect(cases >= 3969)
  }

  @Test func everyEncodingCaseHasTheReferencesText() throws {
    guard Corpora.has("lineprotocol/corpus.json") else { return }
    let corpus = try JSONValue.parse(Corpora.read("lineprotocol/corpus.json"))
    var cases = 0
    for member in corpus["encode"]?.members ?? [] {
      let point = try #require(member.value[path: "input", "point"])
      let unit = Self.unit(member.value[path: "input", "precision"]?.string)
      let expected = member.value[path: "output", "result"]?.string
      #expect(try Self.encoded(point, unit) == expected, "\(member.name)")
      cases += 1
    }
    #expect(cases >= 69)
  }

  /// The line of a point; nil where the protocol cannot say it.
  private static func encoded(_ point: JSONValue, _ unit: Int64) throws -> String? {
    var out: [UInt8] = []
    let name = try bytes(point["name"])
    guard InfluxEncoder.canSay(name, isMeasurement: true) else { return nil }
    InfluxEncoder.appendMeasurement(name, to: &out)
    for tag in point["tags"]?.array ?? [] {
      let (key, value) = (try bytes(tag["key"]), try bytes(tag["value"]))
      guard InfluxEncoder.canSay(key), InfluxEncoder.canSay(value) else { return nil }
      out.append(Byte.comma)
      InfluxEncoder.appendKey(key, to: &out)
      out.append(Byte.equals)
      InfluxEncoder.appendKey(value, to: &out)
    }
    for (index, field) in (point["fields"]?.array ?? []).enumerated() {
      out.append(index == 0 ? Byte.space : Byte.comma)
      InfluxEncoder.appendKey(try bytes(field["key"]), to: &out)
      out.append(Byte.equals)
      let pair = try #require(field["value"]?.members?.first)
      switch pair.name {
      case "string": InfluxEncoder.appendString(try bytes(pair.value), to: &out)
      case "bool": out += Array((pair.value.bool == true ? "true" : "false").utf8)
      case "float": TextValue.append(try #require(pair.value.double), to: &out)
      default: out += Array((try integer(pair.value) + String(pair.name.prefix(1))).utf8)
      }
    }
    let time = try #require(point["time"]?.int)
    return String(decoding: out, as: UTF8.self) + " \(time / unit)"
  }

  private static func bytes(_ value: JSONValue?) throws -> [UInt8] {
    if let text = value?.string { return Array(text.utf8) }
    return base64(try #require(value?["binary"]?.string))
  }

  private static func point(_ value: JSONValue) throws -> ReferencePoint {
    let time = try #require(value["time"]?.int)
    let tags = try (value["tags"]?.array ?? []).map { tag in
      "\(try bytes(tag["key"]))=\(try bytes(tag["value"]))"
    }
    let fields = try (value["fields"]?.array ?? []).map { field in
      let pair = try #require(field["value"]?.members?.first)
      let text: String
      switch pair.name {
      case "string": text = "\(try bytes(pair.value))"
      case "bool": text = pair.value.bool == true ? "true" : "false"
      // The corpus writes minus zero as zero.
      case "float": text = "\(try #require(pair.value.double) + 0.0)"
      default: text = try integer(pair.value)
      }
      return "\(try bytes(field["key"])) \(pair.name) \(text)"
    }
    return ReferencePoint(
      time: time, name: try bytes(value["name"]), tags: tags.sorted(), fields: fields.sorted())
  }

  private static func integer(_ value: JSONValue) throws -> String {
    if let int = value.int { return "\(int)" }
    // Beyond Int64 the corpus' own numbers are doubles.
    return "\(try #require(value.double))"
  }

  private static func unit(_ text: String?) -> Int64 {
    switch text {
    case "1s": 1_000_000_000
    case "1ms": 1_000_000
    case "1µs": 1000
    default: 1
    }
  }

  /// All points of `bytes`, or nil where one line is faulty.
  static func points(_ bytes: [UInt8], _ defaultTime: Int64, _ unit: Int64) -> [ReferencePoint]? {
    bytes.withUnsafeBytes { bytes in
      var points: [ReferencePoint] = []
      var start = 0
      while start < bytes.count {
        guard var scanner = InfluxScanner(bytes, from: start, final: true) else { return nil }
        do throws(LineFault) {
          if try !scanner.isEmpty() {
            points.append(try point(&scanner, defaultTime, unit))
          }
        } catch {
          return nil
        }
        start = scanner.end + 1
      }
      return points
    }
  }

  private static func point(
    _ scanner: inout InfluxScanner, _ defaultTime: Int64, _ unit: Int64
  ) throws(LineFault) -> ReferencePoint {
    let series = try InfluxSeries(scanner.bytes.part(try scanner.series()))
    var fields: [String] = []
    repeat {
      let key = InfluxSeries.key(scanner.bytes.part(try scanner.key()))
      guard let value = try scanner.value() else { throw LineFault(0, "incomplete") }
      switch value {
      case .float(let value): fields.append("\(key) float \(value + 0.0)")
      case .int(let value): fields.append("\(key) int \(value)")
      case .uint(let value):
        let text = value > UInt64(Int64.max) ? "\(Double(value))" : "\(value)"
        fields.append("\(key) uint \(text)")
      case .bool(let value): fields.append("\(key) bool \(value)")
      case .string(let range):
        fields.append("\(key) string \(InfluxSeries.string(scanner.bytes.part(range)))")
      }
    } while try scanner.nextField()
    var time = defaultTime - defaultTime % unit
    if let number = try scanner.time() {
      let (product, overflow) = number.multipliedReportingOverflow(by: unit)
      guard !overflow else { throw LineFault(0, "out of range") }
      time = product
    }
    return ReferencePoint(
      time: time, name: series.measurement,
      tags: series.tags.map { "\($0.key)=\($0.value)" }.sorted(),
      fields: fields.sorted())
  }

  private static func base64(_ text: String) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    var bits = 0
    var word = 0
    for byte in text.utf8 {
      guard let digit = alphabet.firstIndex(of: byte) else { break }
      word = word << 6 | digit
      bits += 6
      if bits >= 8 {
        bits -= 8
        result.append(UInt8(word >> bits & 0xFF))
      }
    }
    return result
  }
}
