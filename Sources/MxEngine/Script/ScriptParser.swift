import MxModel
import MxPromQL

/// One command of a test script.
enum ScriptCommand {
  case clear
  case load(ScriptLoad)
  case evaluate(ScriptEvaluation)
}

struct ScriptLoad {
  var interval: Int64
  /// Native histograms with custom buckets are made of the classic ones.
  var convertsHistograms: Bool
  var series: [SeriesNotation] = []
}

/// `eval …` with what is expected of it.
struct ScriptEvaluation {
  struct Text {
    var exact: String?
    var pattern: Regex?

    func matches(_ text: String) -> Bool {
      if let exact { return exact == text }
      return pattern?.search(text) ?? true
    }
  }

  var line: Int
  var window: QueryWindow
  var query: String
  var isOrdered = false
  /// Nil: must not fail.
  var failure: Text?
  var warnings: [Text] = []
  var infos: [Text] = []
  var allowsNoWarnings = false
  var allowsNoInfos = false
  var scalar: Double?
  var string: String?
  /// Of an instant query that yields a range vector: where its points lie.
  var points: (from: Int64, to: Int64, step: Int64)?
  var series: [(line: Int, notation: SeriesNotation)] = []
}

/// Reads test scripts line by line.
struct ScriptParser {
  private let lines: [String]
  private var index = 0

  init(_ text: String) {
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let trimmed = ScriptParser.trimmed(line)
      return trimmed.hasPrefix("#") ? "" : String(trimmed)
    }
  }

  static func trimmed(_ line: Substring) -> Substring {
    func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }
    var bytes = line.utf8[...]
    while let first = bytes.first, isBlank(first) { bytes = bytes.dropFirst() }
    while let last = bytes.last, isBlank(last) { bytes = bytes.dropLast() }
    return Substring(bytes)
  }

  mutating func commands() throws(ScriptError) -> [ScriptCommand] {
    var result: [ScriptCommand] = []
    while index < lines.count {
      let line = lines[index]
      if line.isEmpty {
        index += 1
        continue
      }
      let word = line.prefix { $0 != " " && $0 != "\t" }.lowercased()
      if word == "clear" {
        index += 1
        result.append(.clear)
      } else if word.hasPrefix("load") {
        result.append(.load(try load(word)))
      } else if word.hasPrefix("eval") {
        result.append(.evaluate(try evaluation()))
      } else {
        throw failure("'\(word)' is no command")
      }
    }
    return result
  }

  private func failure(_ message: String) -> ScriptError {
    ScriptError(line: index + 1, message: message)
  }

  private func duration(_ text: Substring) throws(ScriptError) -> Int64 {
    guard let result = DurationText.parse(String(ScriptParser.trimmed(text))) else {
      throw failure("'\(text)' is no duration")
    }
    return result
  }

  private mutating func load(_ word: String) throws(ScriptError) -> ScriptLoad {
    guard word == "load" || word == "load_with_nhcb" else {
      throw failure("'\(word)' is no command")
    }
    let interval = try duration(lines[index].dropFirst(word.count))
    var load = ScriptLoad(interval: interval, convertsHistograms: word == "load_with_nhcb")
    index += 1
    while index < lines.count, !lines[index].isEmpty {
      load.series.append(try SeriesNotation(lines[index], line: index + 1))
      index += 1
    }
    return load
  }

  private static func words(_ text: Substring) -> [Substring] {
    text.split { $0 == " " || $0 == "\t" }
  }

  /// The text after the first occurrence of `word` as a word of its own.
  private func after(_ word: String, _ text: Substring) -> (before: Substring, after: Substring)? {
    var start = text.startIndex
    while let range = text[start...].firstRange(of: word) {
      let isStart = range.lowerBound == text.startIndex || text[..<range.lowerBound].last == " "
      if isStart, text[range.upperBound...].first.map({ $0 == " " || $0 == "\t" }) ?? true {
        return (text[..<range.lowerBound], text[range.upperBound...])
      }
      start = range.upperBound
    }
    return nil
  }

  private mutating func evaluation() throws(ScriptError) -> ScriptEvaluation {
    let line = lines[index]
    let words = ScriptParser.words(line[...])
    guard words.count >= 3 else { throw failure("no query in '\(line)'") }
    var rest = line[words[1].endIndex...]
    rest = ScriptParser.trimmed(rest)
    var evaluation: ScriptEvaluation
    switch words[1] {
    case "instant":
      var time: Int64 = 0
      var query = rest
      if words[2] == "at", words.count > 4 {
        time = try duration(words[3])
        query = ScriptParser.trimmed(line[words[3].endIndex...])
      }
      evaluation = ScriptEvaluation(
        line: index + 1, window: .instant(time), query: String(query))
    case "range":
      guard words[2] == "from", let (start, afterStart) = after("to", rest.dropFirst(4)),
        let (end, afterEnd) = after("step", afterStart),
        let step = ScriptParser.words(afterEnd).first
      else { throw failure("a range is 'from A to B step S query'") }
      let window = QueryWindow.range(
        start: try duration(start), end: try duration(end), step: try duration(step))
      evaluation = ScriptEvaluation(
        line: index + 1, window: window,
        query: String(ScriptParser.trimmed(afterEnd[step.endIndex...])))
    default: throw failure("'\(words[1])' is neither instant nor range")
    }
    let mode = words[0].dropFirst(4)
    let any = ScriptEvaluation.Text()
    switch mode {
    case "": break
    case "_fail": evaluation.failure = any
    case "_warn": evaluation.warnings = [any]
    case "_info": evaluation.infos = [any]
    case "_ordered": evaluation.isOrdered = true
    default: throw failure("'\(words[0])' is no command")
    }
    index += 1
    while index < lines.count, !lines[index].isEmpty {
      let isLast = try expectation(lines[index], &evaluation)
      index += 1
      if isLast { break }
    }
    return evaluation
  }

  /// Reads one line of what is expected; true where nothing may follow.
  private func expectation(
    _ line: String, _ evaluation: inout ScriptEvaluation
  ) throws(ScriptError) -> Bool {
    let words = ScriptParser.words(line[...])
    switch words[0] {
    case "expect" where words.count > 1:
      try expect(words[1], ScriptParser.trimmed(line[words[1].endIndex...]), &evaluation)
    case "expected_fail_message":
      evaluation.failure = ScriptEvaluation.Text(
        exact: String(ScriptParser.trimmed(line[words[0].endIndex...])))
    case "expected_fail_regexp":
      evaluation.failure = try pattern(ScriptParser.trimmed(line[words[0].endIndex...]))
    default:
      if words.count == 1, let number = ScriptParser.number(line) {
        evaluation.scalar = number
        return true
      }
      evaluation.series.append((index + 1, try SeriesNotation(line, line: index + 1)))
    }
    return false
  }

  private static func number(_ text: String) -> Double? {
    do {
      var expr = try PromQL.parse(text)
      var sign = 1.0
      while case .unary(let node) = expr {
        if node.op == .minus { sign = -sign }
        expr = node.operand
      }
      if case .number(let literal) = expr { return sign * literal.value }
      return nil
    } catch {
      return nil
    }
  }

  private func pattern(_ text: Substring) throws(ScriptError) -> ScriptEvaluation.Text {
    do {
      return ScriptEvaluation.Text(pattern: try Regex(String(text)))
    } catch {
      throw failure("'\(text)' is no regular expression")
    }
  }

  private func expect(
    _ what: Substring, _ rest: Substring, _ evaluation: inout ScriptEvaluation
  ) throws(ScriptError) {
    switch what {
    case "ordered": evaluation.isOrdered = true
    case "no_warn": evaluation.allowsNoWarnings = true
    case "no_info": evaluation.allowsNoInfos = true
    case "string":
      do {
        guard case .string(let literal) = try PromQL.parse(String(rest)) else {
          throw failure("'\(rest)' is no string")
        }
        evaluation.string = literal.value
      } catch {
        throw failure("'\(rest)' is no string")
      }
    case "range":
      let words = ScriptParser.words(rest)
      guard words.count == 7, words[1] == "from", words[3] == "to", words[5] == "step" else {
        throw failure("expected 'range vector from A to B step S'")
      }
      evaluation.points = (try duration(words[2]), try duration(words[4]), try duration(words[6]))
    case "fail", "warn", "info":
      var text = ScriptEvaluation.Text()
      if rest.hasPrefix("msg:") {
        text.exact = String(ScriptParser.trimmed(rest.dropFirst(4)))
      } else if rest.hasPrefix("regex:") {
        text = try pattern(ScriptParser.trimmed(rest.dropFirst(6)))
      } else if !rest.isEmpty {
        throw failure("'\(rest)' is neither 'msg:' nor 'regex:'")
      }
      if what == "fail" { evaluation.failure = text }
      if what == "warn" { evaluation.warnings.append(text) }
      if what == "info" { evaluation.infos.append(text) }
    default: throw failure("'expect \(what)' is not known")
    }
  }
}

extension Substring {
  /// Where `word` occurs first.
  fileprivate func firstRange(of word: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(word) {
        return start..<index(start, offsetBy: word.count)
      }
      start = index(after: start)
    }
    return nil
  }
}
