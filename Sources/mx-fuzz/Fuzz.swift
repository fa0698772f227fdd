import Glibc

/// `make fuzz`: libFuzzer over every parser, the quality gate and the files of a store.
/// Built only with MX_FUZZ set; MX_FUZZ_TARGET names what is fed.
///
///     mx-fuzz --targets          the names, one a line
///     mx-fuzz --seeds DIR        writes what the target begins with
///     mx-fuzz [libFuzzer's own words]
///
/// Whatever the bytes, nothing may crash, hang or take memory without bound. What a
/// target knows besides (the same bytes in two pieces give the same rows, a printed tree
/// reads back) it checks as well.
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
  let arguments = (1..<max(1, Int(count))).compactMap { words?[$0].map { String(cString: $0) } }
  switch arguments.first {
  case "--targets"?:
    for target in FuzzTarget.all { print(target.name) }
    return 0
  case "--seeds"? where arguments.count == 2:
    return FuzzTarget.chosen.writeSeeds(to: arguments[1])
  default: break
  }
  return runDriver(&count, &words) { start, count in
    FuzzTarget.chosen.feed(UnsafeRawBufferPointer(start: start, count: count))
    return 0
  }
}

/// One thing that is fed, and what it begins with.
struct FuzzTarget: Sendable {
  let name: String
  let seeds: @Sendable () -> [[UInt8]]
  let feed: @Sendable (UnsafeRawBufferPointer) -> Void

  init(
    _ name: String, seeds: @autoclosure @escaping @Sendable () -> [[UInt8]],
    feed: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
  ) {
    self.name = name
    self.seeds = seeds
    self.feed = feed
  }

  /// A target that is fed text.
  init(
    _ name: String, _ texts: [String], feed: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
  ) {
    self.init(name, seeds: texts.map { Array($0.utf8) }, feed: feed)
  }

  static let all = FormatTargets.all + LanguageTargets.all + FileTargets.all

  /// What MX_FUZZ_TARGET names.
  static let chosen: FuzzTarget = {
    let name = getenv("MX_FUZZ_TARGET").map { String(cString: $0) } ?? "auto"
    guard let target = all.first(where: { $0.name == name }) else {
      fatalError("MX_FUZZ_TARGET: there is no '\(name)'; --targets lists them")
    }
    return target
  }()

  func writeSeeds(to directory: String) -> CInt {
    for (number, seed) in seeds().enumerated() {
      guard let file = fopen("\(directory)/seed-\(number)", "w") else { return 1 }
      let written = fwrite(seed, 1, seed.count, file)
      guard fclose(file) == 0, written == seed.count else { return 1 }
    }
    return 0
  }
}
