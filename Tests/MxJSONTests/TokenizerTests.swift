import Testing

@testable import MxJSON

@Suite struct TokenizerTests {
  @Test func tokensComeInOrderWithTheirText() throws {
    let text =
      #" {"a" : [1, -2.5e+3, true,false,null], "a":{"b\n":"x\u0041\"\\\/\b\f\r\t"}, "":[]} "#
    #expect(
      try tokens(text) == [
        "{", "a:", "[", "1", "-2.5e+3", "true", "false", "null", "]", "a:", "{", "b\n:",
        "'xA\"\\/\u{8}\u{c}\r\t'", "}", ":", "[", "]", "}",
      ])
  }

  @Test func surrogatePairsJoinAndLoneOnesBecomeTheReplacementCharacter() throws {
    #expect(try tokens(#""\ud83d\ude00""#) == ["'😀'"])
    #expect(try tokens(#""\ud83d""#) == ["'\u{FFFD}'"])
    #expect(try tokens(#""\ude00x""#) == ["'\u{FFFD}x'"])
    #expect(try tokens(#""\ud83d\u0041""#) == ["'\u{FFFD}A'"])
    #expect(try tokens(#""\ud83d\ud83d\ude00""#) == ["'\u{FFFD}😀'"])
    #expect(try tokens(#""\u0000""#) == ["'\0'"])
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1,", "[1", "{\"a\"", "{\"a\":", "{\"a\":1,", "\"abc", "\"\\", "\"\\u12",
    "tru", "-", "1.", "1e", "1e+", "[\"a\"",
  ])
  func aTextThatEndsEarlyIsThat(text: String) {
    #expect {
      try tokens(text)
    } throws: {
      if case .unexpectedEnd? = $0 as? JSONError { true } else { false }
    }
  }

  @Test(arguments: [
    "[1,]", "{,}", "{\"a\":1,}", "[,1]", "{a:1}", "{\"a\" 1}", "{1:2}", "[1 2]", "]", "}", "[}",
    "{]", "01", "-01", "1.e3", ".5", "+1", "1.5.5", "--1", "0x10", "NaN", "Infinity", "nul",
    "truex", "'a'", "\"\\x\"", "\"\\u12g4\"", "\"a\u{1}\"", "\"\n\"", "1 2", "{} []", "[1]]",
    "/* */ 1", "1a", "[1,2,3", "\"a\"b", "\u{FEFF}\u{FEFF}1", "true\"x\"", "1e5.5", "-e5", "- 1",
  ])
  func whatIsNotJSONIsRefused(text: String) {
    #expect(throws: JSONError.self) { try tokens(text) }
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
      [0xF0, 0x80, 0x80, 0x80],
      [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xC3], [0xE2, 0x82],
      [0xC3, 0x28],
    ] as [[UInt8]])
  func invalidUTF8IsAnErrorAtItsPlace(bytes: [UInt8]) {
    let text: [UInt8] = Array("[1,\n \"ab".utf8) + bytes + Array("\"]".utf8)
    #expect(throws: JSONError.invalidUTF8(at: JSONPosition(offset: 8, line: 2, column: 5))) {
      try tokens(text)
    }
  }

  @Test func allOfUnicodeIsTakenAsItIs() throws {
    for code in stride(from: 0x80 as UInt32, through: 0x10FFFF, by: 61) {
      guard let scalar = UnicodeScalar(code) else { continue }
      let text = String(Character(scalar))
      #expect(try tokens("\"\(text)\"") == ["'\(text)'"])
    }
  }

  @Test func anErrorSaysWhereAndWhat() throws {
    #expect {
      try tokens("{\n  \"a\": 1,\n  \"b\": x\n}")
    } throws: {
      "\($0)" == "line 3, column 8: found 'x', expected a value"
    }
    #expect {
      try tokens("{\n  \"a\": 1\n  \"b\": 2\n}")
    } throws: {
      "\($0)" == "line 3, column 3: found '\"', expected ',' or '}'"
    }
  }

  @Test func depthIsBounded() throws {
    let fine = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
    #expect(try tokens(fine).count == 256)
    let mixed = String(repeating: "{\"a\":[", count: 64) + String(repeating: "]}", count: 64)
    #expect(try tokens(mixed).count == 64 * 5)
    #expect {
      try tokens(String(repeating: "[", count: 1_000_000))
    } throws: {
      $0 as? JSONError
        == .tooDeep(limit: 128, at: JSONPosition(offset: 128, line: 1, column: 129))
    }
  }

  @Test func manyValuesMayFollowEachOther() throws {
    #expect(
      try tokens("{}\n[1]\n\n2 \"x\"", manyValues: true) == ["{", "}", "[", "1", "]", "2", "'x'"])
    #expect(try tokens("  ", manyValues: true) == [])
    #expect(throws: JSONError.self) { try tokens("1-2", manyValues: true) }
    #expect(throws: JSONError.self) { try tokens("truefalse", manyValues: true) }
  }

  @Test func afterABadLineTheNextIsRead() throws {
    let text = Array("{\"a\":1}\n{\"a\":[[[x}\n{\"a\":3}\n".utf8)
    var good: [Int64] = []
    var bad: [Int] = []
    text.withUnsafeBytes { raw in
      var tokenizer = JSONTokenizer(raw, manyValues: true)
      while true {
        do throws(JSONError) {
          let token = try tokenizer.next()
          if token.kind == .end { return }
          if token.kind == .number, let value = tokenizer.int64(token) { good.append(value) }
        } catch {
          bad.append(error.position.line)
          tokenizer.skipLine()
        }
      }
    }
    #expect(good == [1, 3])
    #expect(bad == [2])
  }

  @Test func skippedValuesLeaveTheRestIntact() throws {
    let text = Array(#"{"skip":{"a":[1,{"b":2}]},"also":3,"keep":"k\u0065y"}"#.utf8)
    try text.withUnsafeBytes { raw in
      var tokenizer = JSONTokenizer(raw)
      var kept = ""
      var scratch: [UInt8] = []
      _ = try tokenizer.next()
      while case let key = try tokenizer.next(), key.kind == .key {
        if tokenizer.isEqual(key, "keep") {
          let token = try tokenizer.next()
          #expect(tokenizer.isEqual(token, "key"))
          kept = tokenizer.withText(token, scratch: &scratch) {
            String(decoding: $0, as: UTF8.self)
          }
        } else {
          try tokenizer.skipValue()
        }
      }
      #expect(kept == "key")
      #expect(try tokenizer.next().kind == .end)
    }
  }

  /// Random damage to a good text must end in tokens or an error, and whatever is
  /// accepted must be valid UTF-8 that is accepted again after a rewrite.
  @Test(arguments: 0..<300 as Range<UInt64>)
  func damageIsNeverMoreThanAnError(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var text = Array(
      #"{"a":[1,2.5e-3,-0,"é\u00e9😀\ud83d\ude00",{"b":null,"c":[true,false]}],"d":"\\\"\n","e":{}}"#
        .utf8)
    for _ in 0..<Int.random(in: 1...6, using: &generator) {
      let at = Int.random(in: 0..<text.count, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: text[at] = UInt8.random(in: 0...255, using: &generator)
      case 1: text.remove(at: at)
      case 2: text.insert(contentsOf: text[..<at], at: at)
      default: text.insert("{}[]\":,\\u0e1-.\n".utf8.randomElement(using: &generator) ?? 0, at: at)
      }
    }
    if Bool.random(using: &generator) { text.removeLast(text.count / 3) }
    guard let value = try? JSONValue.parse(text) else { return }
    var writer = JSONWriter()
    writer.value(value)
    #expect(throws: Never.self) {
      let again = try JSONValue.parse(writer.bytes)
      #expect(again == value)
    }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func randomBytesAreNeverMoreThanAnError(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let alphabet = Array("{}[]\":,\\u0123456789abcdefE+-. \n\ttruefalsn\u{e9}".utf8)
    let text = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
      alphabet.randomElement(using: &generator) ?? 0
    }
    for manyValues in [false, true] { _ = try? tokens(text, manyValues: manyValues) }
  }
}
