import Glibc
import MxCodec

/// `mx-bench codecs [PROFILE...]`: what a column costs in bytes and time.
///
/// Each profile is encoded merged (entropy-coded where that pays) and fresh
/// (bit-packed), decoded in full to doubles, and compared bit for bit. Speeds
/// are M samples/s of one thread, as `median ±spread best`; beside them stands
/// what this machine's memcpy does with the same doubles.
enum CodecBench {
  private static let repeats = 31

  static func run(_ names: [String]) -> Int32 {
    let profiles = CodecProfile.all.filter { names.isEmpty || names.contains($0.name) }
    guard !profiles.isEmpty else {
      print("no such profile; there are: \(CodecProfile.all.map(\.name).joined(separator: ", "))")
      return 2
    }
    printLimits()
    print(
      "\n" + Harness.left("profile", 12) + Harness.left("effort", 8)
        + Harness.right("B/sample", 9) + Harness.right("target", 8) + Harness.right("off", 8)
        + Harness.right("decode M/s  best", 19) + Harness.right("encode M/s  best", 19)
        + "  columns")
    var failures = 0
    for profile in profiles {
      let series = profile.allSeries()
      for effort in [Effort.merged, .fresh] where !measure(profile, series, effort) {
        failures += 1
      }
    }
    if failures > 0 { print("\n\(failures) not bit-exact or more than 3 % above the target") }
    return failures == 0 ? 0 : 1
  }

  // MARK: Limits of the machine

  private static func printLimits() {
    print("limits of this machine, one thread (median ±spread best)")
    for (label, count) in [("cache", CodecProfile.samples), ("memory", 8 << 20)] {
      let from = UnsafeMutablePointer<Double>.allocate(capacity: count)
      let to = UnsafeMutablePointer<Double>.allocate(capacity: count)
      from.initialize(repeating: 1, count: count)
      to.initialize(repeating: 0, count: count)
      let rounds = max(1, (1 << 20) / count)
      let rate = Harness.rate(units: count * rounds, times: repeats) {
        for round in 0..<rounds {
          from[round % count] = to[(round &* 7) % count] + 1
          memcpy(to, from, count * 8)
        }
      }
      print("  memcpy of doubles, \(label):  " + Harness.millions(rate) + " M doubles/s")
      from.deallocate()
      to.deallocate()
    }
    let blob = [UInt8](repeating: 7, count: 1 << 20)
    var sum: UInt64 = 0
    let hash = Harness.rate(units: blob.count, times: repeats) {
      sum ^= XXH64.hash(blob, seed: sum)
    }
    print("  XXH64 of 1 MiB:             " + Harness.millions(hash) + " MB/s")
  }

  // MARK: Profiles

  /// Columns of one profile, and buffers to decode them into.
  private final class Work {
    let series: [CodecProfile.Series]
    let effort: Effort
    var columns: [[UInt8]] = []
    private let runs = [Int32(CodecProfile.samples)]
    private let encoder = ColumnEncoder()
    private let decoder = ColumnDecoder()
    private var doubles = [Double](repeating: 0, count: CodecProfile.samples)
    private var integers = [Int64](repeating: 0, count: CodecProfile.samples)

    init(_ series: [CodecProfile.Series], _ effort: Effort) {
      self.series = series
      self.effort = effort
      for one in series {
        var column: [UInt8] = []
        encode(one, into: &column)
        columns.append(column)
      }
    }

    func encode(_ one: CodecProfile.Series, into out: inout [UInt8]) {
      runs.withUnsafeBufferPointer { runs in
        switch one {
        case .doubles(let values):
          values.withUnsafeBufferPointer {
            encoder.encode(doubles: $0, runs: runs, effort: effort, into: &out)
          }
        case .integers(let values):
          values.withUnsafeBufferPointer {
            encoder.encode(integers: $0, runs: runs, effort: effort, into: &out)
          }
        }
      }
    }

    func decode(_ index: Int) {
      let result: Result<Void, CodecError> = columns[index].withUnsafeBytes { bytes in
        runs.withUnsafeBufferPointer { runs in
          do throws(CodecError) {
            switch series[index] {
            case .doubles:
              try doubles.withUnsafeMutableBufferPointer { out throws(CodecError) in
                try decoder.decodeDoubles(bytes, runs: runs, into: out)
              }
            case .integers:
              try integers.withUnsafeMutableBufferPointer { out throws(CodecError) in
                try decoder.decodeIntegers(bytes, runs: runs, into: out)
              }
            }
            return .success(())
          } catch { return .failure(error) }
        }
      }
      if case .failure(let error) = result { preconditionFailure("BUG: own column: \(error)") }
    }

    func isExact(_ index: Int) -> Bool {
      decode(index)
      switch series[index] {
      case .doubles(let values):
        return values.elementsEqual(doubles) { $0.bitPattern == $1.bitPattern }
      case .integers(let values):
        return values == integers
      }
    }
  }

  /// Prints a line or two; false if something is not as it must be.
  private static func measure(
    _ profile: CodecProfile, _ series: [CodecProfile.Series], _ effort: Effort
  ) -> Bool {
    let work = Work(series, effort)
    let samples = series.reduce(0) { $0 + $1.count }
    let bytes = work.columns.reduce(0) { $0 + $1.count }
    let perSample = Double(bytes) / Double(samples)
    let isExact = series.indices.allSatisfy { work.isExact($0) }
    let off = perSample / profile.target - 1
    // The targets' third decimal is rounded: half of it is no excess.
    let isSmall = effort != .merged || perSample <= profile.target * 1.03 + 0.0005
    let decode = Harness.rate(units: samples, times: repeats) {
      for index in series.indices { work.decode(index) }
    }
    var out: [UInt8] = []
    let encode = Harness.rate(units: samples, times: repeats / 3) {
      for one in series {
        out.removeAll(keepingCapacity: true)
        work.encode(one, into: &out)
      }
    }
    print(
      Harness.left(profile.name, 12) + Harness.left("\(effort)", 8)
        + Harness.right(Harness.fixed(perSample, 4), 9)
        + (effort == .merged
          ? Harness.right(Harness.fixed(profile.target, 3), 8)
            + Harness.right(Harness.fixed(off * 100, 1) + "%", 8)
          : Harness.right("", 16))
        + "  " + Harness.millions(decode) + "  " + Harness.millions(encode)
        + "  " + describe(work.columns)
        + (isExact ? "" : "  NOT EXACT") + (isSmall ? "" : "  TOO LARGE"))
    return isExact && isSmall
  }

  /// The commonest kind of the columns.
  private static func describe(_ columns: [[UInt8]]) -> String {
    var seen: [String: Int] = [:]
    for column in columns {
      guard case .success(let header) = header(column) else { continue }
      var text = "\(header.kind) \(header.residual)"
      if header.isDelta { text += " delta" }
      if header.kind == .decimal { text += " e\(header.exponent) \(header.method)" }
      if header.width > 0 { text += " \(header.width) bits" }
      if header.perSymbol > 1 { text += " by \(header.perSymbol)" }
      if header.gcd > 1 { text += " gcd \(header.gcd)" }
      if header.hasPatches { text += " patches" }
      seen[text, default: 0] += 1
    }
    let common = seen.max { ($0.value, $1.key) < ($1.value, $0.key) }
    return common.map { "\($0.value)x \($0.key)" } ?? ""
  }

  private static func header(_ column: [UInt8]) -> Result<ColumnHeader, CodecError> {
    column.withUnsafeBytes { bytes in
      do throws(CodecError) {
        return .success(try ColumnDecoder.header(bytes))
      } catch { return .failure(error) }
    }
  }
}
