import Glibc
import Testing

@testable import MxCLI

@Suite struct OutputTests {
  /// What `body` puts on both streams.
  func streams(
    environment: [String: String] = [:], _ body: (Output) throws -> Void
  ) throws -> (data: String, log: String) {
    let data = try TemporaryFile()
    let log = try TemporaryFile()
    let output = Output(
      tool: "mx-x", runId: "r", data: data.descriptor, log: log.descriptor,
      environment: { environment[$0] }, clock: { 1_795_244_690_123 })
    try body(output)
    try output.flush()
    return (try data.text(), try log.text())
  }

  func settings(_ change: (inout Output.Settings) -> Void) -> Output.Settings {
    var settings = Output.Settings()
    change(&settings)
    return settings
  }

  @Test func dataAndMessagesGoTheirWays() throws {
    let found = try streams { output in
      try output.write("1\n")
      output.error(Diagnostic(.input, subject: "a.yml:3", "unknown field 'fro'", hint: "try for"))
      output.warn(Diagnostic(.no, "late"))
      output.summary("not without -v")
      try output.write([0x32, 0x0a])
    }
    #expect(found.data == "1\n2\n")
    #expect(
      found.log
        == "mx-x: error: a.yml:3: unknown field 'fro'\nmx-x: hint: try for\nmx-x: warning: late\n")
  }

  @Test func quietKeepsErrorsAndVerboseAddsTheSummary() throws {
    let quiet = try streams { output in
      output.configure(settings { $0.isQuiet = true })
      output.warn(Diagnostic(.no, "late"))
      output.error(Diagnostic(.no, "bad"))
      #expect(output.told.count == 2)
    }
    #expect(quiet.log == "mx-x: error: bad\n")
    let verbose = try streams { output in
      output.configure(settings { $0.isVerbose = true })
      output.summary("5 samples")
    }
    #expect(verbose.log == "mx-x: 5 samples\n")
  }

  @Test func logLinesAreJSONWhereAsked() throws {
    let found = try streams { output in
      output.configure(settings { $0.logsJSON = true })
      output.error(Diagnostic(.locked, subject: "a\"b", "held\u{1}", hint: "wait"))
    }
    #expect(
      found.log == """
        {"time":"2026-11-21T07:04:50.123Z","tool":"mx-x","run":"r","level":"error","kind":"locked",\
        "subject":"a\\"b","message":"held\\u0001","hint":"wait"}

        """)
  }

  @Test func coloursAppearOnlyWhereAsked() throws {
    let always = settings { $0.color = .always }
    let colored = try streams { output in
      output.configure(always)
      try output.write(output.paint("x", .red))
      output.error(Diagnostic(.no, "bad"))
    }
    #expect(colored.data == "\u{1b}[31mx\u{1b}[0m")
    #expect(colored.log == "mx-x: \u{1b}[1;31merror:\u{1b}[0m bad\n")
    let plain = try streams { output in
      try output.write(output.paint("x", .red))
    }
    #expect(plain.data == "x")
  }

  @Test func inputCannotForgeMessagesOrDriveTheTerminal() throws {
    let found = try streams { output in
      output.error(Diagnostic(.input, subject: "a\nmx-x: error: b", "c\u{1b}[2J\u{9b}"))
    }
    #expect(found.log == "mx-x: error: a\\nmx-x: error: b: c\\u{1b}[2J\\u{9b}\n")
  }

  @Test func aFullDiskIsAnError() throws {
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    let output = Output(
      tool: "mx-x", runId: "r", data: full, environment: { _ in nil }, clock: { 0 })
    try output.write("x")
    #expect(
      throws: Diagnostic(.system, subject: "standard output", "no space left on device")
    ) { try output.flush() }
    // It is told once: nothing is left to be written again.
    try output.flush()
  }

  @Test func aReaderThatLeftIsNoError() throws {
    signal(SIGPIPE) { _ in }
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    close(ends[0])
    defer { close(ends[1]) }
    let output = Output(
      tool: "mx-x", runId: "r", data: ends[1], environment: { _ in nil }, clock: { 0 })
    try output.write("x")
    #expect(throws: OutputClosed.self) { try output.flush() }
  }

  @Test func largeDataIsHandedOverAsItComes() throws {
    let line = String(repeating: "x", count: 999) + "\n"
    let found = try streams { output in
      for _ in 0..<500 { try output.write(line) }
    }
    #expect(found.data == String(repeating: line, count: 500))
  }

  @Test func aReportOnStdoutStandsAlone() throws {
    let found = try streams { output in
      output.reserveForReport()
      #expect(throws: Diagnostic.self) { try output.write("data") }
      try output.writeReport("{}\n")
    }
    #expect(found.data == "{}\n")
  }

  @Test func aFileIsReplacedAsAWhole() throws {
    let file = try TemporaryFile()
    try AtomicFile.replace(file.path, with: "new\n")
    #expect(try TemporaryFile.read(file.path) == "new\n")
    #expect(throws: Diagnostic.self) { try AtomicFile.replace("/nowhere/x", with: "") }
    #expect(throws: Diagnostic.self) { try AtomicFile.replace("/dev", with: "") }
  }

  @Test func theReportTellsWhatTheRunDid() {
    let report = RunReport()
    report.add("samples", 2, help: "Samples written.")
    report.add("samples", 3, help: "Samples written.")
    report.set("lag_seconds", 1.5, help: "Lag.")
    report.detail("files", .array([.string("a\n"), .null, .bool(true), .number(.nan)]))
    let end = RunReport.Ending(
      tool: "mx-x", verb: "look", runId: "r1", exitCode: .no, started: 1_795_244_690_123,
      elapsed: 250)
    let told = [(severity: Diagnostic.Severity.warning, diagnostic: Diagnostic(.no, "late"))]
    #expect(
      report.json(end, told: told) == """
        {"tool":"mx-x","verb":"look","version":"\(Version.text)","run":"r1",\
        "started":"2026-11-21T07:04:50.123Z","seconds":0.25,"exit":1,"samples":5,\
        "lag_seconds":1.5,"files":["a\\n",null,true,null],"errors":[],\
        "warnings":[{"kind":"no","message":"late"}]}

        """)
    #expect(
      report.prometheus(end).hasSuffix(
        """
        # HELP mx_run_samples Samples written.
        # TYPE mx_run_samples gauge
        mx_run_samples{tool="mx-x",verb="look"} 5
        # HELP mx_run_lag_seconds Lag.
        # TYPE mx_run_lag_seconds gauge
        mx_run_lag_seconds{tool="mx-x",verb="look"} 1.5

        """))
  }
}

/// A file that is gone when it is no longer used.
final class TemporaryFile {
  let path: String
  let descriptor: Int32

  init() throws {
    let marks = String(repeating: "X", count: 6)
    var template = Array("/tmp/mx-cli-\(marks)".utf8CString)
    descriptor = template.withUnsafeMutableBufferPointer {
      $0.baseAddress.map { mkstemp($0) } ?? -1
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    try #require(descriptor >= 0)
  }

  deinit {
    close(descriptor)
    unlink(path)
  }

  func text() throws -> String { try TemporaryFile.read(path) }

  static func read(_ path: String) throws -> String {
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var byte = fgetc(file)
    while byte != EOF {
      bytes.append(UInt8(truncatingIfNeeded: byte))
      byte = fgetc(file)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
