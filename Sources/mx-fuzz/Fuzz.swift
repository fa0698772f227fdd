import Glibc
import MxCodec
import MxFormats
import MxIngest
import MxModel

/// `make fuzz`: libFuzzer over every parser and the quality gate. Built only with
/// MX_FUZZ set; MX_FUZZ_TARGET names what is fed.
///
/// Whatever the bytes, nothing may crash, hang or take memory without bound,
/// and the same bytes in two pieces must give the same rows.
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// SwiftPM calls a program's entry MODULE_main.
@c(mx_fuzz_main)
package func fuzzMain(
  _ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  var count = count
  var words = words
  return runDriver(&count, &words) { start, count in
    Fuzz.feed(UnsafeRawBufferPointer(start: start, count: count))
    return 0
  }
}

enum Fuzz {
  private static let target = getenv("MX_FUZZ_TARGET").map { String(cString: $0) } ?? "auto"

  static func feed(_ bytes: UnsafeRawBufferPointer) {
    switch target {
    case "gate": gate(bytes)
    case "inflate": inflate(bytes)
    case "auto":
      if let format = Format.detect(bytes, isWhole: true) { compare(format, bytes) }
    default:
      guard let format = Format(rawValue: target) else {
        fatalError("MX_FUZZ_TARGET: no format '\(target)'")
      }
      compare(format, bytes)
    }
  }

  /// In one piece and in two: the same rows, or an error both times.
  private static func compare(_ format: Format, _ bytes: UnsafeRawBufferPointer) {
    let whole = decode(format, [bytes])
    let middle = bytes.count / 2
    let parts = decode(
      format,
      [
        UnsafeRawBufferPointer(rebasing: bytes[..<middle]),
        UnsafeRawBufferPointer(rebasing: bytes[middle...]),
      ])
    // JSON may be read by line or as a whole, as its first piece shows.
    if format == .json { return }
    precondition(
      whole?.times == parts?.times
        && whole?.values.map(\.bitPattern) == parts?.values.map(\.bitPattern),
      "BUG: pieces matter")
  }

  private static func decode(
    _ format: Format, _ pieces: [UnsafeRawBufferPointer]
  ) -> SampleBatch? {
    var options = FormatOptions(defaultTime: 1_795_132_800_000)
    options.lineLimit = 1 << 16
    options.bodyLimit = 1 << 20
    var decoder = FormatDecoder(format, options)
    var batch = SampleBatch()
    var problems = Problems()
    do throws(FormatError) {
      for piece in pieces { try decoder.feed(piece, into: &batch, problems: &problems) }
      try decoder.finish(into: &batch, problems: &problems)
      return batch
    } catch {
      return nil
    }
  }

  /// What a parser lets through meets the gate, whose rules are what can be trusted behind it.
  private static func gate(_ bytes: UnsafeRawBufferPointer) {
    guard var batch = decode(.prometheus, [bytes]) else { return }
    var settings = GateSettings(now: 1_795_132_800_000)
    settings.limits.seriesPerMetric = 3
    settings.limits.labelsPerSeries = 4
    settings.limits.labelValueBytes = 16
    settings.limits.future = 600_000
    settings.labels = [("site", "lab")]
    let gate = Gate(settings, SeriesCatalogue(), Report())
    let lane = gate.lane(source: "fuzz")
    let rows = batch.count
    do {
      try gate.pass(&batch, lane)
      _ = gate.settle()
      precondition(
        lane.tally.passed + lane.tally.refusedRows + lane.tally.droppedRows == rows,
        "BUG: rows are neither in nor out")
      precondition(gate.batch.count == lane.tally.passed, "BUG: rows that nobody counted")
      _ = try gate.conclude()
    } catch {
      fatalError("BUG: a gate without a store threw \(error)")
    }
  }

  private static func inflate(_ bytes: UnsafeRawBufferPointer) {
    let inflater = Inflater(limits: .init(maxOutput: 1 << 22))
    // An error is an answer.
    do {
      try inflater.push(bytes) { _ in }
      try inflater.finish { _ in }
    } catch {}
  }
}
