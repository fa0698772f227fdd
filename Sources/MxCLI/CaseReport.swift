/// Results that CI systems read: cases that passed or did not, in suites.
package struct CaseReport: Sendable {
  package enum Verdict: Equatable, Sendable {
    case passed
    /// What was expected and found, on as many lines as it takes.
    case failed(String)
    /// It could not be tried.
    case errored(String)
    /// Something less bad than a failure.
    case warned(String)
    /// It was not tried, or nothing can be said; no failure.
    case skipped(String)

    var isFailure: Bool {
      switch self {
      case .passed, .skipped: false
      case .failed, .errored, .warned: true
      }
    }
  }

  package struct Case: Equatable, Sendable {
    package var name: String
    package var verdict: Verdict
    /// Where it is written; nil where there is no file.
    package var file: String?
    package var line: Int?

    package init(_ name: String, _ verdict: Verdict, file: String? = nil, line: Int? = nil) {
      self.name = name
      self.verdict = verdict
      self.file = file
      self.line = line
    }
  }

  package struct Suite: Equatable, Sendable {
    package var name: String
    package var cases: [Case] = []

    package init(_ name: String, cases: [Case] = []) {
      self.name = name
      self.cases = cases
    }
  }

  package var suites: [Suite] = []

  package init() {}

  package var failureCount: Int {
    suites.reduce(0) { $0 + $1.cases.count { $0.verdict.isFailure } }
  }

  package var caseCount: Int { suites.reduce(0) { $0 + $1.cases.count } }

  // MARK: - JUnit

  /// JUnit's XML, as CI systems agree on it.
  package var junit: String {
    var out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    out += "<testsuites tests=\"\(caseCount)\" failures=\"\(failureCount)\">\n"
    for suite in suites {
      let errors = suite.cases.count { if case .errored = $0.verdict { true } else { false } }
      let failures = suite.cases.count { $0.verdict.isFailure } - errors
      out += "  <testsuite name=\"\(Self.xml(suite.name))\" tests=\"\(suite.cases.count)\" "
      out += "failures=\"\(failures)\" errors=\"\(errors)\">\n"
      for one in suite.cases { out += junit(one, suite) }
      out += "  </testsuite>\n"
    }
    return out + "</testsuites>\n"
  }

  private func junit(_ one: Case, _ suite: Suite) -> String {
    var out = "    <testcase name=\"\(Self.xml(one.name))\" classname=\"\(Self.xml(suite.name))\""
    if let file = one.file { out += " file=\"\(Self.xml(file))\"" }
    if let line = one.line { out += " line=\"\(line)\"" }
    func inner(_ element: String, _ text: String) -> String {
      let tag = element.split(separator: " ").first.map(String.init) ?? element
      let first = text.split(separator: "\n").first.map(String.init) ?? ""
      return ">\n      <\(element) message=\"\(Self.xml(first))\">\(Self.xml(text))</\(tag)>\n"
        + "    </testcase>\n"
    }
    switch one.verdict {
    case .passed: return out + "/>\n"
    case .failed(let text): return out + inner("failure", text)
    case .errored(let text): return out + inner("error", text)
    case .warned(let text): return out + inner("failure type=\"warning\"", text)
    case .skipped(let text): return out + inner("skipped", text)
    }
  }

  /// Characters that XML 1.0 cannot hold at all become U+FFFD.
  private static func xml(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "\n", "\t": out.unicodeScalars.append(scalar)
      case "\u{0}"..<" ", "\u{FFFE}", "\u{FFFF}": out += "\u{FFFD}"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  // MARK: - GitHub

  /// Workflow commands: each line becomes an annotation of the file it names.
  package var github: String {
    var out = ""
    for one in suites.flatMap(\.cases) {
      let (level, text): (String, String)
      switch one.verdict {
      case .passed: continue
      case .failed(let found), .errored(let found): (level, text) = ("error", found)
      case .warned(let found): (level, text) = ("warning", found)
      case .skipped(let found): (level, text) = ("notice", found)
      }
      var properties: [String] = []
      if let file = one.file { properties.append("file=\(Self.property(file))") }
      if let line = one.line { properties.append("line=\(line)") }
      properties.append("title=\(Self.property(one.name))")
      out += "::\(level) \(properties.joined(separator: ","))::\(Self.data(text))\n"
    }
    return out
  }

  private static func data(_ text: String) -> String {
    var out = ""
    for character in text.unicodeScalars {
      switch character {
      case "%": out += "%25"
      case "\r": out += "%0D"
      case "\n": out += "%0A"
      default: out.unicodeScalars.append(character)
      }
    }
    return out
  }

  private static func property(_ text: String) -> String {
    var out = ""
    for character in data(text).unicodeScalars {
      switch character {
      case ":": out += "%3A"
      case ",": out += "%2C"
      default: out.unicodeScalars.append(character)
      }
    }
    return out
  }
}

extension CaseReport.Verdict {
  package var text: String? {
    switch self {
    case .passed: nil
    case .failed(let text), .errored(let text), .warned(let text), .skipped(let text): text
    }
  }
}
