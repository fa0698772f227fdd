package import MxFiles

/// Where a machine tells about itself, and what no file tells.
///
/// Everything comes in from outside, so that a test reads a machine of its own.
package struct HostRoot {
  /// `/proc` and `/sys`, or where copies of them lie.
  package var proc = "/proc"
  package var sys = "/sys"
  /// The file that names the distribution.
  package var release = "/etc/os-release"
  package var files: any FileSystem
  /// Seconds since 1970.
  package var now: Double
  /// What uname(2) says.
  package var system: HostSystem
  /// Space of the file system that is mounted at a path; nil where it cannot be asked.
  package var space: (String) -> MountSpace?
  /// The path behind symbolic links; nil where there is none.
  package var resolve: (String) -> String?

  package init(
    files: any FileSystem, now: Double, system: HostSystem,
    space: @escaping (String) -> MountSpace?, resolve: @escaping (String) -> String?
  ) {
    self.files = files
    self.now = now
    self.system = system
    self.space = space
    self.resolve = resolve
  }

  /// More than /proc/mounts of a machine full of containers.
  private static let limit = 16 << 20

  /// A file's text; nil where it cannot be read: nearly everything here is not
  /// there on some machine.
  func text(_ path: String) -> String? {
    do throws(FileError) {
      return String(decoding: try files.contents(of: path, limit: Self.limit), as: UTF8.self)
    } catch {
      return nil
    }
  }

  func lines(_ path: String) -> [Substring]? { text(path)?.split(separator: "\n") }

  /// A file of one word.
  func word(_ path: String) -> String? {
    text(path).flatMap { text in
      text.split(whereSeparator: \.isWhitespace).first.map(String.init)
    }
  }

  /// A file of one line.
  func line(_ path: String) -> String? {
    text(path).flatMap { $0.split(separator: "\n").first.map(String.init) }
  }

  func number(_ path: String) -> Double? { word(path).flatMap { Double($0) } }

  func names(_ directory: String) -> [String] {
    do throws(FileError) { return try files.list(directory).map(\.name) } catch { return [] }
  }
}

/// The words of uname(2).
package struct HostSystem: Sendable {
  package var name: String
  package var node: String
  package var release: String
  package var version: String
  package var machine: String
  package var domain: String

  package init(
    name: String, node: String, release: String, version: String, machine: String, domain: String
  ) {
    self.name = name
    self.node = node
    self.release = release
    self.version = version
    self.machine = machine
    self.domain = domain
  }
}

extension Substring {
  /// The parts between blanks.
  var words: [Substring] { split(whereSeparator: { $0 == " " || $0 == "\t" }) }
}
