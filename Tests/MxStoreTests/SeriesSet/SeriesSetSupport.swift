import MxCodec
import MxFiles
import MxModel
import MxStore
import Testing

/// A file that is an array, which counts what is read of it.
final class MemoryFile: ReadableFile, @unchecked Sendable {
  private let bytes: [UInt8]
  private(set) var bytesRead = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var size: Int { bytes.count }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
    let count = max(0, min(buffer.count, bytes.count - offset))
    for index in 0..<count { buffer[index] = bytes[offset + index] }
    bytesRead += count
    return count
  }
}

/// SplitMix64: the same numbers on every machine.
struct SetGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z &>> 31)
  }
}

func opened(_ bytes: [UInt8]) throws -> SeriesSet {
  try SeriesSet(
    region: FileRegion(file: MemoryFile(bytes), path: "s.set", base: 0, count: bytes.count))
}

func written(_ labels: [LabelSet], metadata: [MetricMetadata] = []) -> SeriesSetBytes {
  var writer = SeriesSetWriter()
  for set in Set(labels).sorted() { writer.add(set) }
  for entry in metadata { writer.add(entry) }
  return writer.finish()
}

/// Label sets as a cluster makes them: targets with metrics, some labels
/// determined by others, some missing, some odd.
func clusterLabels(_ count: Int, seed: UInt64) -> [LabelSet] {
  var generator = SetGenerator(seed: seed)
  var result: Set<LabelSet> = []
  let odd = ["ü", "a\u{0}b", "\u{1}", "日本", "a\u{1}\u{0}", " "]
  var attempt = 0
  while result.count < count {
    attempt += 1
    let pod = Int.random(in: 0...(count / 12 + attempt / 50), using: &generator)
    var pairs = [("__name__", "metric_\(Int.random(in: 0..<14, using: &generator))_total")]
    if pod % 7 != 3 { pairs.append(("pod", "pod-\(pod * 7919 % 1000)-\(pod)")) }
    pairs.append(("node", "node-\(pod % 13)"))
    if pod % 3 == 0 { pairs.append(("zone", "z\(pod % 2)")) }
    if Bool.random(using: &generator) {
      pairs.append(("le", ["0.1", "1", "10", "+Inf"].randomElement(using: &generator) ?? ""))
    }
    if Int.random(in: 0..<10, using: &generator) == 0 {
      pairs.append(("odd", odd.randomElement(using: &generator) ?? ""))
    }
    if Int.random(in: 0..<40, using: &generator) == 0 { pairs.remove(at: 0) }
    if Int.random(in: 0..<9, using: &generator) == 0 {
      pairs.append(("Upper", "\(Int.random(in: 0..<500, using: &generator))"))
    }
    result.insert(LabelSet(pairs))
  }
  return result.sorted()
}

/// What any implementation must answer: every series asked one by one.
func naiveMatch(_ labels: [LabelSet], _ matchers: [Matcher]) -> [UInt32] {
  labels.indices.filter { ref in
    matchers.allSatisfy { $0.matches(labels[ref][$0.name] ?? "") }
  }.map { UInt32($0) }
}

func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 { XXH64.hash(Array(bytes)) }

func write(_ value: UInt64, at place: Int, of bytes: inout [UInt8]) {
  for index in 0..<8 {
    bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
  }
}

/// Makes the header's checksums right for what the bytes now are.
func sign(_ bytes: inout [UInt8], indexCount: Int) {
  write(hash(bytes[48..<(48 + indexCount)]), at: 32, of: &bytes)
  write(hash(bytes[..<40]), at: 40, of: &bytes)
}

/// Where the checksum of the only page stands; nil where there are more. The
/// index begins with section 1: `03 01 length 01 stored saved checksum`.
func pageChecksum(_ bytes: [UInt8]) -> Int? {
  var place = 51
  guard bytes[48] == 3, bytes[place] == 1 else { return nil }
  place += 1
  for _ in 0..<2 {
    while bytes[place] >= 0x80 { place += 1 }
    place += 1
  }
  return place
}
