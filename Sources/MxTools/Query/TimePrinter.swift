import MxCLI
import MxEngine
import MxJSON
import MxTime

/// Times as `--time-format` and `--tz` want them.
struct TimePrinter {
  enum Style: String {
    case rfc3339
    case unix
    case unixMilliseconds = "unix-ms"
  }

  let style: Style
  let zone: Zone

  /// `standard`: where neither option was given; a zone alone asks for clocks.
  init(_ run: Run, standard: Style) throws {
    let zone = try TimePrinter.zone(run)
    self.zone = zone ?? .utc
    let named = run.arguments.string("time-format").flatMap(Style.init)
    style = named ?? (zone == nil ? standard : .rfc3339)
  }

  private static func zone(_ run: Run) throws(Diagnostic) -> Zone? {
    guard let name = run.arguments.string("tz") else { return nil }
    do throws(TimeError) {
      return try Zone.named(name)
    } catch {
      throw Diagnostic(
        .usage, subject: "--tz", "\(error)", hint: "names are such as Europe/Warsaw or UTC")
    }
  }

  func append(_ milliseconds: Int64, to out: inout [UInt8]) {
    switch style {
    case .unixMilliseconds: MxJSON.NumberText.append(milliseconds, to: &out)
    case .unix where milliseconds % 1000 == 0:
      MxJSON.NumberText.append(milliseconds / 1000, to: &out)
    case .unix: MxJSON.NumberText.append(Double(milliseconds) / 1000, .never, to: &out)
    case .rfc3339: out += Array(zone.text(milliseconds: milliseconds).utf8)
    }
  }

  func text(_ milliseconds: Int64) -> String {
    var out: [UInt8] = []
    append(milliseconds, to: &out)
    return String(decoding: out, as: UTF8.self)
  }
}

/// The text of each step's time: what all series of an answer have is made once.
struct StepTexts: Sendable {
  private let first: Int64
  private let step: Int64
  private let count: Int
  private var bytes: [UInt8] = []
  private var ends: [Int] = [0]
  private let printer: TimePrinter
  /// More are made as they come.
  private static let most = 1 << 16

  init(_ result: QueryResult, _ printer: TimePrinter) {
    self.printer = printer
    first = result.firstStep
    step = max(1, result.step)
    count = result.seriesCount == 0 ? 0 : min(max(1, result.stepCount), StepTexts.most)
    for number in 0..<count {
      printer.append(result.time(number), to: &bytes)
      ends.append(bytes.count)
    }
  }

  func append(_ time: Int64, to out: inout [UInt8]) {
    let (number, rest) = (time &- first).quotientAndRemainder(dividingBy: step)
    guard rest == 0, number >= 0, number < count else { return printer.append(time, to: &out) }
    out.append(contentsOf: bytes[ends[Int(number)]..<ends[Int(number) + 1]])
  }
}
