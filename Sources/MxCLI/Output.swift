import Glibc

/// The streams of one run: data to stdout, everything else to stderr.
///
/// Data is buffered and may fail: a report cut short by a full disk must not
/// look like a short report, so `write` throws and `flush` must be called.
/// What goes to stderr cannot fail usefully and does not.
///
/// One thread uses it; parallel work hands its results over first.
package final class Output {
  /// What the options of all tools say about printing.
  package struct Settings: Equatable, Sendable {
    package var isQuiet = false
    package var isVerbose = false
    package var logsJSON = false
    package var color = Choice.auto
    package var progress = Choice.auto

    package init() {}
  }

  package enum Choice: String, Equatable, Sendable {
    case auto, always, never
  }

  package enum Color: String, Sendable {
    case red = "31"
    case green = "32"
    case yellow = "33"
    case blue = "34"
    case magenta = "35"
    case cyan = "36"
    case bold = "1"
    case dim = "2"
  }

  package let tool: String
  /// What every message, the report and the ledger of one run have in common.
  package let runId: String
  package private(set) var settings = Settings()
  /// Colours belong on standard output.
  package private(set) var hasColor = false
  /// Errors and warnings told so far, for `--report`.
  package private(set) var told: [(severity: Diagnostic.Severity, diagnostic: Diagnostic)] = []

  private let dataDescriptor: Int32
  private let logDescriptor: Int32
  private let environment: (String) -> String?
  /// Milliseconds since 1970, for `--log json`.
  private let clock: () -> Int64
  private var buffer: [UInt8] = []
  private var hasLogColor = false
  private var isReserved = false
  package private(set) var progress: ProgressBar

  /// 64 KiB: a pipe's size, beyond it larger writes gain nothing.
  private static let bufferSize = 65_536
  /// More are still printed, but a report need not repeat a million of them.
  private static let maximumTold = 1000

  package init(
    tool: String, runId: String, data: Int32 = STDOUT_FILENO, log: Int32 = STDERR_FILENO,
    environment: @escaping (String) -> String?, clock: @escaping () -> Int64
  ) {
    self.tool = tool
    self.runId = runId
    self.dataDescriptor = data
    self.logDescriptor = log
    self.environment = environment
    self.clock = clock
    progress = ProgressBar.hidden
    configure(Settings())
  }

  package func configure(_ settings: Settings) {
    self.settings = settings
    hasColor = wantsColor(dataDescriptor)
    hasLogColor = wantsColor(logDescriptor)
    progress = makeProgress()
  }

  private func wantsColor(_ descriptor: Int32) -> Bool {
    switch settings.color {
    case .always: return true
    case .never: return false
    case .auto:
      let isForbidden = !(environment("NO_COLOR") ?? "").isEmpty || environment("TERM") == "dumb"
      return !isForbidden && Descriptor.isTerminal(descriptor)
    }
  }

  private func makeProgress() -> ProgressBar {
    let isShown: Bool
    switch settings.progress {
    case .always: isShown = true
    case .never: isShown = false
    case .auto:
      isShown = Descriptor.isTerminal(logDescriptor) && !settings.isQuiet && !settings.logsJSON
    }
    guard isShown else { return ProgressBar.hidden }
    let log = logDescriptor
    let isTerminal = Descriptor.isTerminal(log)
    return ProgressBar(
      tool: tool, patience: settings.progress == .always ? 0 : 1000,
      width: isTerminal ? Descriptor.width(of: log) : 80, clock: clock
    ) { text in Output.put(text, to: log) }
  }

  /// Columns of the terminal that stdout is; elsewhere $COLUMNS, else 80.
  package var width: Int {
    if Descriptor.isTerminal(dataDescriptor) { return Descriptor.width(of: dataDescriptor) }
    guard let text = environment("COLUMNS"), let columns = Int(text), 20...1000 ~= columns else {
      return 80
    }
    return columns
  }

  // MARK: data

  package func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
  }

  package func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0) }
  }

  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    if isReserved {
      throw Diagnostic(
        .usage, "'--report -' cannot share standard output with data",
        hint: "write the report to a file: --report FILE")
    }
    buffer.append(contentsOf: bytes)
    if buffer.count >= Output.bufferSize { try flush() }
  }

  /// Hands everything written so far to the system, or says why it cannot.
  package func flush() throws {
    guard !buffer.isEmpty else { return }
    progress.clear()
    // Emptied first: what failed once must not be written again at the end.
    let bytes = buffer
    buffer.removeAll(keepingCapacity: true)
    try bytes.withUnsafeBytes { try Descriptor.write($0, to: dataDescriptor) }
  }

  /// Forgets data not handed over yet.
  package func discard() {
    buffer.removeAll()
  }

  /// Keeps standard output for the report: data from now on is a usage error.
  package func reserveForReport() {
    isReserved = true
  }

  package func writeReport(_ text: String) throws {
    isReserved = false
    try write(text)
    try flush()
  }

  /// `text` in a colour where stdout shows colours.
  package func paint(_ text: String, _ color: Color) -> String {
    hasColor ? "\u{1b}[\(color.rawValue)m\(text)\u{1b}[0m" : text
  }

  // MARK: the rest

  package func error(_ diagnostic: Diagnostic) {
    tell(.error, diagnostic)
  }

  /// Something to look at that did not stop the run; silent with `--quiet`.
  package func warn(_ diagnostic: Diagnostic) {
    tell(.warning, diagnostic)
  }

  /// What the run did; printed with `-v` only.
  package func summary(_ text: String) {
    guard settings.isVerbose else { return }
    log(.info, Diagnostic(.no, text))
  }

  private func tell(_ severity: Diagnostic.Severity, _ diagnostic: Diagnostic) {
    if told.count < Output.maximumTold { told.append((severity, diagnostic)) }
    if severity == .warning, settings.isQuiet { return }
    log(severity, diagnostic)
  }

  private func log(_ severity: Diagnostic.Severity, _ diagnostic: Diagnostic) {
    progress.clear()
    let text =
      settings.logsJSON
      ? Output.json(severity, diagnostic, tool: tool, run: runId, at: clock())
      : Output.lines(severity, diagnostic, tool: tool, colored: hasLogColor)
    Output.put(text, to: logDescriptor)
  }

  /// A failing stderr leaves nobody to tell.
  private static func put(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      do { try Descriptor.write(UnsafeRawBufferPointer(bytes), to: descriptor) } catch {}
    }
  }

  /// `tool: error: subject: message`, then `tool: hint: …`.
  static func lines(
    _ severity: Diagnostic.Severity, _ diagnostic: Diagnostic, tool: String, colored: Bool
  ) -> String {
    let tool = printable(tool)
    let message = printable(diagnostic.line)
    guard severity != .info else { return "\(tool): \(message)\n" }
    let code = severity == .error ? "1;31" : "1;33"
    let word = colored ? "\u{1b}[\(code)m\(severity.rawValue):\u{1b}[0m" : "\(severity.rawValue):"
    var text = "\(tool): \(word) \(message)\n"
    for line in diagnostic.excerpt { text += "\(printable(line))\n" }
    if let hint = diagnostic.hint { text += "\(tool): hint: \(printable(hint))\n" }
    return text
  }

  static func json(
    _ severity: Diagnostic.Severity, _ diagnostic: Diagnostic, tool: String, run: String,
    at time: Int64
  ) -> String {
    var members: [(String, JSONText)] = [
      ("time", .string(TimeText.rfc3339(time))), ("tool", .string(tool)),
      ("run", .string(run)), ("level", .string(severity.rawValue)),
    ]
    if severity == .error { members.append(("kind", .string(diagnostic.kind.rawValue))) }
    if let subject = diagnostic.subject { members.append(("subject", .string(subject))) }
    members.append(("message", .string(diagnostic.message)))
    if let hint = diagnostic.hint { members.append(("hint", .string(hint))) }
    return JSONText.object(members).text + "\n"
  }

  /// One line without control characters: a file name or a label value must
  /// neither forge a second message nor drive the terminal.
  package static func printable(_ text: String) -> String {
    // Most text is plain ASCII, and bytes are looked at faster than scalars.
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return text }
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      case _ where isControl(scalar): out += "\\u{\(String(scalar.value, radix: 16))}"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || 0x7f...0x9f ~= scalar.value
  }
}
