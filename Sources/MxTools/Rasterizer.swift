import Glibc
import MxCLI

/// `rsvg-convert`, where it is installed: makes PNG of SVG, for mail.
struct Rasterizer {
  private let program: String
  /// Seconds are plenty for a picture of a mail; what hangs must not hold a notice.
  private static let timeout: Int64 = 10_000
  private static let magic: [UInt8] = [0x89, 0x50, 0x4E, 0x47]

  /// Nil where there is none on the PATH.
  static func find() -> Rasterizer? {
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    for directory in path.split(separator: ":") {
      let program = "\(directory)/rsvg-convert"
      if access(program, X_OK) == 0 { return Rasterizer(program: program) }
    }
    return nil
  }

  /// Twice as many pixels as the picture is wide: screens of phones show them all.
  func png(_ svg: [UInt8]) throws -> [UInt8] {
    let png = ChildProcess.output(
      [program, "--zoom=2", "--format=png"], input: svg, timeout: Rasterizer.timeout)
    guard let png, png.starts(with: Rasterizer.magic) else {
      throw Diagnostic(.system, subject: program, "it could not draw a picture")
    }
    return png
  }
}
