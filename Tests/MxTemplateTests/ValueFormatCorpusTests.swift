import Glibc
import MxJSON
import MxTemplate
import Testing

/// What a real Prometheus printed, compared byte for byte.
@Suite struct ValueFormatCorpusTests {
  @Test func everyValuePrintsAsPrometheusDoes() throws {
    let file = "templates/value-format-oracle.json"
    guard let bytes = Corpora.read(file) else {
      print("skipped: no corpora")
      return
    }
    let oracle = try JSONValue.parse(bytes)
    let templates = try #require(oracle["templates"]?.members)
    let cases = try #require(oracle["cases"]?.array)
    var count = 0
    for entry in cases {
      let text = try #require(entry["value"]?.string)
      let value = try #require(FloatParser.parseWithSpecials(text))
      for template in templates {
        let source = try #require(template.value.string)
        guard let expected = entry["out"]?[template.name]?.string else { continue }
        let found = try AlertTemplate(source, alert: "A")
          .expand(.init(labels: [], value: value), functions: prometheus)
        #expect(found == expected, "\(text) through \(source)")
        count += 1
      }
    }
    #expect(count == 42 * 18)
  }
}

enum Corpora {
  /// A file of the public test data beside the project; nil where there is none.
  static func read(_ path: String, here: String = #filePath) -> [UInt8]? {
    let root = here.split(separator: "/").dropLast(3).joined(separator: "/")
    guard let file = fopen("/\(root)/../shared/corpora/\(path)", "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }
}
