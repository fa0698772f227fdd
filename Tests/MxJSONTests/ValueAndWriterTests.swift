import Glibc
import Testing

@testable import MxJSON

@Suite struct JSONValueTests {
  @Test func membersKeepOrderAndPlace() throws {
    let value = try JSONValue.parse("{\n  \"b\": [1, 2.5],\n  \"a\": \"x\",\n  \"b\": null\n}")
    #expect(value.members?.map(\.name) == ["b", "a", "b"])
    #expect(value["b"]?.isNull == true)
    #expect(value["a"]?.string == "x")
    #expect(value["a"]?.line == 3)
    #expect(value["a"]?.column == 8)
    let list = value.members?.first?.value
    #expect(list?.line == 2)
    #expect(list?.column == 8)
    #expect(list?[0]?.int == 1)
    #expect(list?[0]?.column == 9)
    #expect(list?[1]?.double == 2.5)
    #expect(list?[2] == nil)
    #expect(value["c"] == nil)
  }

  @Test func numbersKeepAllTheyCan() throws {
    #expect(try JSONValue.parse("9223372036854775807").int == .max)
    #expect(try JSONValue.parse("9223372036854775808").int == nil)
    #expect(try JSONValue.parse("9223372036854775808").double == 0x1p63)
    #expect(try JSONValue.parse("3.0").int == 3)
    #expect(try JSONValue.parse("1e400").double == .infinity)
    #expect(try JSONValue.parse("-0").double?.sign == .plus)
    #expect(try JSONValue.parse("-0.0").double?.sign == .minus)
  }

  @Test func pathsLeadDownwards() throws {
    let value = try JSONValue.parse(#"{"a":{"b":{"c":true}}}"#)
    #expect(value[path: "a", "b", "c"]?.bool == true)
    #expect(value[path: "a", "x", "c"] == nil)
  }

  @Test func everyPublicDashboardIsRead() throws {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    let files = jsonFiles(under: root + "/../shared/corpora/dashboards", depth: 4)
    if files.isEmpty {
      print("skipped: no corpora")
      return
    }
    for file in files {
      let value = try JSONValue.parse(try #require(contents(file)))
      var writer = JSONWriter(indent: 2)
      writer.value(value)
      #expect(try JSONValue.parse(writer.bytes) == value, "\(file)")
    }
  }
}

@Suite struct JSONWriterTests {
  @Test func compactAndIndentedFormsAreAsExpected() {
    func write(_ writer: JSONWriter) -> String {
      var writer = writer
      writer.beginObject()
      writer.name("a")
      writer.beginArray()
      writer.int(1)
      writer.double(0.5)
      writer.beginObject()
      writer.endObject()
      writer.endArray()
      writer.name("b\n")
      writer.null()
      writer.endObject()
      return writer.text
    }
    #expect(write(JSONWriter()) == #"{"a":[1,0.5,{}],"b\n":null}"#)
    #expect(
      write(JSONWriter(indent: 2))
        == "{\n  \"a\": [\n    1,\n    0.5,\n    {}\n  ],\n  \"b\\n\": null\n}\n")
  }

  @Test func numbersThatAreNoneAreSaidTwoWays() {
    var plain = JSONWriter()
    var prometheus = JSONWriter(nonFinite: .string)
    plain.beginArray()
    prometheus.beginArray()
    for value in [Double.nan, .infinity, -.infinity, 1] {
      plain.double(value)
      prometheus.double(value)
    }
    plain.endArray()
    prometheus.quotedDouble(2)
    prometheus.endArray()
    #expect(plain.text == "[null,null,null,1]")
    #expect(prometheus.text == #"["NaN","+Inf","-Inf",1,"2"]"#)
  }

  @Test func inAScriptNothingCanEndTheScript() throws {
    let nasty = "</script><!-- & \u{2028}\u{2029} \u{1} \" \\ é"
    var safe = JSONWriter(safeInHTML: true)
    safe.string(nasty)
    #expect(
      safe.text
        == #""\u003c/script\u003e\u003c!-- \u0026 \u2028\u2029 \u0001 \" \\ é""#)
    #expect(try JSONValue.parse(safe.bytes).string == nasty)
    var plain = JSONWriter()
    plain.string(nasty)
    #expect(try JSONValue.parse(plain.bytes).string == nasty)
  }

  @Test func secondsAreExact() {
    var writer = JSONWriter()
    writer.beginArray()
    for time in [0, 1, 1500, 1_700_000_000_123, -1, -1500, 10, .min] as [Int64] {
      writer.seconds(milliseconds: time)
    }
    writer.endArray()
    #expect(
      writer.text == "[0,0.001,1.5,1700000000.123,-0.001,-1.5,0.01,-9223372036854775.808]")
  }

  @Test func bytesThatAreNotUTF8AreReplaced() {
    var writer = JSONWriter()
    writer.beginArray()
    ([0x61, 0xFF, 0x62] as [UInt8]).withUnsafeBytes { writer.string($0) }
    Array("é".utf8).withUnsafeBytes { writer.string($0) }
    writer.endArray()
    #expect(writer.text == "[\"a\u{FFFD}b\",\"é\"]")
  }

  @Test func piecesJoinToTheWhole() {
    var writer = JSONWriter()
    writer.beginArray()
    writer.int(1)
    let first = writer.take()
    writer.int(2)
    writer.endArray()
    #expect(String(decoding: first + writer.take(), as: UTF8.self) == "[1,2]")
  }
}

private func contents(_ path: String) -> [UInt8]? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var all: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65536)
  while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
    all += buffer[..<count]
  }
  return all
}

private func jsonFiles(under path: String, depth: Int) -> [String] {
  guard depth > 0, let directory = opendir(path) else { return [] }
  defer { closedir(directory) }
  var found: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name.hasPrefix(".") { continue }
    if name.hasSuffix(".json") { found.append(path + "/" + name) }
    found += jsonFiles(under: path + "/" + name, depth: depth - 1)
  }
  return found.sorted()
}
