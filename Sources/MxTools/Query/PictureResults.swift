import MxCLI

/// Answers as one SVG picture.
struct PictureResults {
  let times: TimePrinter

  func write(_ answers: [QueryAnswer], to output: Output) throws {
    throw Diagnostic(.system, "'--format svg' does not work yet in this version")
  }
}
