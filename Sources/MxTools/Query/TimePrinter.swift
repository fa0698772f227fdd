import MxCLI
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
