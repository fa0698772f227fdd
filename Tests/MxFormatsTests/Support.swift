import Glibc
import MxFormats
import MxModel
import Testing

/// What came out of decoding a whole text.
struct Decoded {
  var batch = SampleBatch()
  var problems = Problems()
  var error: FormatError?

  /// `name{labels} value @time` a row, in order.
  var rows: [String] {
    (0..<batch.count).map { row in
      let value = batch.values[row]
      // Without the payload, which description prints.
      let text = StaleMarker.isStale(value) ? "stale" : value.isNaN ? "nan" : "\(value)"
      return "\(batch.series.labels(batch.refs[row])) \(text) @\(batch.times[row])"
    }
  }

  var problemTexts: [String] { problems.all.map(\.description) }
}

/// The time that samples without one get.
let noTime: Int64 = -1

func decode(
  _ format: Format, _ bytes: [UInt8], piece: Int = .max,
  _ change: (inout FormatOptions) -> Void = { _ in }
) -> Decoded {
  var options = FormatOptions(defaultTime: noTime)
  change(&options)
  var result = Decoded()
  var decoder = FormatDecoder(format, options)
  do throws(FormatError) {
    var at = 0
    while at < bytes.count {
      let end = at + min(piece, bytes.count - at)
      // A copy of exactly this piece: a read behind its end is a read of nothing.
      let part = Array(bytes[at..<end])
      let outcome = part.withUnsafeBytes { part -> FormatError? in
        do throws(FormatError) {
          try decoder.feed(part, into: &result.batch, problems: &result.problems)
          return nil
        } catch {
          return error
        }
      }
      if let outcome { throw outcome }
      at = end
    }
    try decoder.finish(into: &result.batch, problems: &result.problems)
  } catch {
    result.error = error
  }
  return result
}

func decode(
  _ format: Format, _ text: String, piece: Int = .max,
  _ change: (inout FormatOptions) -> Void = { _ in }
) -> Decoded {
  decode(format, Array(text.utf8), piece: piece, change)
}

func check(
  _ decoded: Decoded, rows: [String], problems: [String] = [],
  at location: SourceLocation = #_sourceLocation
) {
  #expect(decoded.error == nil, sourceLocation: location)
  #expect(decoded.rows == rows, sourceLocation: location)
  #expect(decoded.problemTexts == problems, sourceLocation: location)
}

/// Files of the public test data, which lie beside the project or nowhere.
enum Corpora {
  static let root: String = {
    var path = #filePath
    for _ in 0..<3 { path = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)) }
    return path + "/../shared/corpora"
  }()

  /// False, and said, where the folder is absent.
  static func has(_ folder: String) -> Bool {
    if access("\(root)/\(folder)", R_OK) == 0 { return true }
    print("skipped: no corpora")
    return false
  }

  static func list(_ folder: String) -> [String] {
    guard let directory = opendir("\(root)/\(folder)") else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  static func read(_ path: String) -> [UInt8] {
    guard let file = fopen("\(root)/\(path)", "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&piece, 1, piece.count, file)
      if count == 0 { return bytes }
      bytes += piece[0..<count]
    }
  }

  static func text(_ path: String) -> String { String(decoding: read(path), as: UTF8.self) }
}

struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state = state &+ 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
