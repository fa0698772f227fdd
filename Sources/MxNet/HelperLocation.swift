import Glibc

/// Where the helper is: `$MX_NET`; else `../libexec/mx-net` seen from this
/// program, as it is installed; else beside this program, as it is built.
enum HelperLocation {
  static func find() throws(NetError) -> String {
    let named = getenv("MX_NET").map { String(cString: $0) }
    return try find(named: named, program: programPath()) { access($0, X_OK) == 0 }
  }

  static func find(
    named: String?, program: String?, isExecutable: (String) -> Bool
  ) throws(NetError) -> String {
    var places: [String] = []
    if let named, !named.isEmpty {
      // Somebody wants this one: no other will do.
      places = [named]
    } else if let program, let slash = program.lastIndex(of: "/") {
      let directory = program[..<slash]
      places = ["\(directory)/../libexec/mx-net", "\(directory)/mx-net"]
    }
    if let found = places.first(where: isExecutable) { return found }
    throw .helperMissing(searched: places)
  }

  private static func programPath() -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0, count < buffer.count else { return nil }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
