import Glibc
import MxCodec
import Testing

/// The worked examples of docs/format-columns.md are the format. If one of
/// these fails, the format changed: raise its version and keep the old decoder.
@Suite struct FormatDocumentTests {
  struct Example {
    var title = ""
    var isArray = false
    var doubles: [Double]?
    var integers: [Int64] = []
    var runs: [Int32]?
    var effort = Effort.fresh
    var bytes: [UInt8] = []
  }

  @Test func everyExampleReadsBackAndIsWrittenAgain() throws {
    let examples = try parse(document())
    #expect(examples.count >= 13)
    for example in examples {
      let count = example.doubles?.count ?? example.integers.count
      let runs = example.runs ?? [Int32(count)]
      if example.isArray {
        let back = try example.bytes.withUnsafeBytes { try IntegerColumn.decode($0, limit: count) }
        #expect(back == example.integers, "\(example.title)")
        #expect(IntegerColumn.encode(example.integers) == example.bytes, "\(example.title)")
      } else if let doubles = example.doubles {
        #expect(
          decodedDoubles(example.bytes, runs: runs) == .success(doubles.map(\.bitPattern)),
          "\(example.title)")
        #expect(
          encoded(doubles, runs: runs, effort: example.effort) == example.bytes,
          "\(example.title)")
      } else {
        #expect(
          decodedIntegers(example.bytes, runs: runs) == .success(example.integers),
          "\(example.title)")
        // Another libzstd may write another frame for the same symbols.
        let again = encoded(example.integers, runs: runs, effort: example.effort)
        if example.effort == .fresh { #expect(again == example.bytes, "\(example.title)") }
        #expect(again.first == example.bytes.first, "\(example.title)")
      }
    }
  }

  /// Each kind, residual and optional part has an example.
  @Test func theExamplesCoverTheFormat() throws {
    var seen: Set<String> = []
    for example in try parse(document()) where !example.isArray {
      let header = try example.bytes.withUnsafeBytes { try ColumnDecoder.header($0) }
      seen.insert("\(header.kind)")
      seen.insert("\(header.residual)")
      if header.isDelta { seen.insert("delta") }
      if header.hasPatches { seen.insert("patches") }
      if header.hasExceptions { seen.insert("exceptions") }
      if header.gcd > 1 { seen.insert("gcd") }
      if header.width > 32 { seen.insert("wide") }
      if example.runs != nil { seen.insert("runs") }
    }
    #expect(
      seen == [
        "integer", "decimal", "bits", "constant", "packed", "entropy", "matched", "delta",
        "patches", "exceptions", "gcd", "wide", "runs",
      ])
  }

  // MARK: Reading the document

  private func document(file: String = #filePath) throws -> [Substring] {
    let root = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    let path = root.joined(separator: "/") + "/docs/format-columns.md"
    let stream = try #require(fopen(path, "r"), "no \(path)")
    defer { fclose(stream) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, stream)
    return String(decoding: bytes[..<count], as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
  }

  private func parse(_ lines: [Substring]) throws -> [Example] {
    var examples: [Example] = []
    var current: Example?
    var title = ""
    for line in lines {
      if line.hasPrefix("**") { title = String(line.dropFirst(2).prefix { $0 != "*" }) }
      if line.hasPrefix("```mx-") {
        current = Example(title: title, isArray: line == "```mx-integers")
      } else if line == "```", let example = current {
        examples.append(example)
        current = nil
      } else if var example = current {
        try read(line, into: &example)
        current = example
      }
    }
    return examples
  }

  private func read(_ line: Substring, into example: inout Example) throws {
    let words = line.split(separator: " ")
    let values = words.dropFirst()
    switch words.first {
    case "integers":
      for word in values { try append(word, to: &example.integers) }
    case "doubles":
      example.doubles = try values.map { try number($0) }
    case "repeat":
      let once = example.integers
      for _ in 1..<(try #require(Int(values.joined()))) { example.integers += once }
    case "runs":
      example.runs = try values.map { try #require(Int32($0)) }
    case "effort":
      example.effort = values.joined() == "index" ? .index : .merged
    case "bytes":
      example.bytes = bytes(hex: values.joined())
    default:
      Issue.record("what is '\(line)'?")
    }
  }

  private func append(_ word: Substring, to values: inout [Int64]) throws {
    guard word.hasPrefix("+") else {
      values.append(try #require(Int64(word)))
      return
    }
    let parts = word.dropFirst().split(separator: "*")
    let step = try #require(parts.first.flatMap { Int64($0) })
    for _ in 0..<(try #require(parts.last.flatMap { Int($0) })) {
      values.append(try #require(values.last) + step)
    }
  }

  private func number(_ word: Substring) throws -> Double {
    if word.hasPrefix("0x") {
      return Double(bitPattern: try #require(UInt64(word.dropFirst(2), radix: 16)))
    }
    return try #require(Double(word))
  }
}
