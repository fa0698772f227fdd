import Glibc
import MxAlert
import MxConfig
import MxModel
import MxNet
import MxTime

/// Prints what is to be printed; without `print` nothing can be told to anybody.
struct PrintingCourier: Courier {
  let print: ((String) -> Void)?

  func carry(_ dispatches: [Dispatch]) -> [DispatchOutcome] {
    dispatches.map { dispatch in
      guard let print, case .say(let text) = dispatch else {
        return .failed("no", retryAfter: nil)
      }
      print(text)
      return .sent
    }
  }
}

/// Remembers what it was given, and answers as it is told.
final class ScriptedCourier: Courier {
  private(set) var carried: [Dispatch] = []
  var answer: (Dispatch) -> DispatchOutcome

  init(_ answer: @escaping (Dispatch) -> DispatchOutcome = { _ in .sent }) {
    self.answer = answer
  }

  func carry(_ dispatches: [Dispatch]) -> [DispatchOutcome] {
    carried += dispatches
    return dispatches.map(answer)
  }

  /// Where each went, and its body.
  var bodies: [(url: String, body: String)] {
    carried.map { dispatch in
      switch dispatch {
      case .http(let request, _): (request.url, String(decoding: request.body, as: UTF8.self))
      case .mail(let request): (request.url, String(decoding: request.message, as: UTF8.self))
      case .program(let command, let input, _):
        (command.joined(separator: " "), String(decoding: input, as: UTF8.self))
      case .append(let path, let bytes): (path, String(decoding: bytes, as: UTF8.self))
      case .say(let text): ("stdout", text)
      }
    }
  }
}

extension MessageContext {
  static func plain(
    now: Int64, files: [String: String] = [:], chart: NoticeChart? = nil
  ) -> MessageContext {
    do {
      return MessageContext(
        templates: try NoticeTemplates(), now: now,
        secrets: SecretResolver(
          environment: { _ in nil }, read: { path in files[path].map { Array($0.utf8) } }),
        zone: { name in try Zone.named(name) }, chart: { _ in chart })
    } catch {
      fatalError("the default templates cannot be read: \(error)")
    }
  }
}

enum Config {
  /// A configuration from its text; its mistakes are thrown.
  static func read(_ text: String) throws -> NotifyConfig {
    let problems = ConfigProblems()
    let config = NotifyReader.read(Array(text.utf8), file: "n.yml", problems: problems) {
      try Zone.named($0)
    }
    try problems.check()
    guard let config else { throw ConfigError.invalid([]) }
    return config
  }
}

/// The public test cases, where they are installed beside the project.
enum NotifyCorpus {
  private static let folder =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    + "/../shared/corpora/alertmanager/"

  static func text(_ name: String) -> String? {
    guard let file = fopen(folder + name, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The names in the folder; none where it is absent.
  static var names: [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        })
    }
    return names.sorted()
  }
}
