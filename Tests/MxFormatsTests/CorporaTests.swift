import MxFormats
import MxModel
import Testing

/// Public test data that no one here wrote; each case says what must happen.
@Suite struct CorporaTests {
  @Test func everyOpenMetricsCaseParsesOrIsRefusedAsItSays() {
    guard Corpora.has("openmetrics") else { return }
    var cases = 0
    for name in Corpora.list("openmetrics") where !name.hasPrefix("LICENSE") {
      let text = Corpora.text("openmetrics/\(name)/test.json")
      let should = text.contains(#""shouldParse": true"#) || text.contains(#""shouldParse":true"#)
      let decoded = decode(.openmetrics, Corpora.read("openmetrics/\(name)/metrics"))
      #expect((decoded.error == nil) == should, "\(name): \(String(describing: decoded.error))")
      cases += 1
    }
    #expect(cases >= 126)
  }

  @Test func everyPrometheusTextFuzzSeedIsTakenOrRefusedAsItsNameSays() {
    guard Corpora.has("expfmt/fuzz") else { return }
    for name in Corpora.list("expfmt/fuzz") {
      let decoded = decode(.prometheus, Corpora.read("expfmt/fuzz/\(name)"))
      #expect(decoded.error == nil)
      // 0: a last line without a newline, which Prometheus' own reader takes and we do.
      if name.contains("error"), name != "from_test_parse_error_0" {
        #expect(decoded.problems.count > 0, "\(name)")
      } else {
        #expect(decoded.problemTexts == [], "\(name)")
      }
    }
  }

  @Test(arguments: ["dumps/kubernetes", "dumps/node_exporter"])
  func realScrapesComeInWithoutLoss(folder: String) {
    guard Corpora.has(folder) else { return }
    for name in Corpora.list(folder) {
      let bytes = Corpora.read("\(folder)/\(name)")
      let lines = bytes.split(separator: UInt8(ascii: "\n")).filter { $0.first != 0x23 }
      let decoded = decode(.prometheus, bytes, piece: 4099)
      #expect(decoded.error == nil)
      #expect(decoded.problemTexts == [], "\(name)")
      #expect(decoded.batch.count == lines.count, "\(name)")
      #expect(!decoded.batch.metadata.isEmpty)
    }
  }

  @Test func realExpositionsOfBothTextFormatsComeInWithoutLoss() {
    guard Corpora.has("expfmt/textparse") else { return }
    for path in ["expfmt/textparse/alltypes.237mfs.prom.txt", "expfmt/testdata/text"] {
      let bytes = Corpora.read(path)
      let lines = bytes.split(separator: UInt8(ascii: "\n")).filter { $0.first != 0x23 }
      let decoded = decode(.prometheus, bytes)
      check(decoded, rows: decoded.rows)
      #expect(decoded.batch.count == lines.count, "\(path)")
    }
    let histogram = decode(.openmetrics, Corpora.read("expfmt/textparse/1histogram.om.txt"))
    #expect(histogram.error == nil)
    #expect(histogram.batch.count > 10)
  }

  @Test func promtoolDumpsComeInWithoutLoss() {
    guard Corpora.has("expfmt/promtool") else { return }
    for name in ["dump-test-1", "dump-test-3"] {
      let bytes = Corpora.read("expfmt/promtool/\(name).prom")
      let decoded = decode(.prometheus, bytes)
      #expect(decoded.problemTexts == [])
      #expect(decoded.batch.count == bytes.count { $0 == 0x0A })
    }
    let bytes = Corpora.read("expfmt/promtool/dump-openmetrics-roundtrip-test.prom")
    let decoded = decode(.openmetrics, bytes)
    #expect(decoded.error == nil)
    #expect(decoded.batch.count == bytes.count { $0 == 0x0A } - 1)
  }
}
