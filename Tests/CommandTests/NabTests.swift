import Glibc
import MxTime
import Testing

/// Real series as CSV files, in and out again.
@Suite struct NabTests {
  private static let folder = "\(CommandTests.root)/../shared/corpora/nab"

  @Test func everyFileComesOutAsItWentIn() throws {
    guard access(Self.folder, R_OK) == 0 else {
      print("skipped: no corpora")
      return
    }
    let shell = try Shell(tools: try Folder.tools(root: CommandTests.root))
    defer { shell.remove() }
    let list = try shell.run("ls \(Self.folder)/*/*.csv", input: nil)
    let files = list.stdout.split(separator: "\n").map(String.init)
    #expect(files.count > 30)
    for file in files {
      let taken = try shell.run(
        "rm -rf store && mx-ingest --store store --csv-name nab \(file)", input: nil)
      #expect(taken.exit == 0, "\(file): \(taken.stderr)")
      let asked = try shell.run(
        "mx-query --store store --at 2026-01-01 --format csv --no-header 'nab[20y]'", input: nil)
      #expect(try samples(csv: Shell.read(file)) == samples(answer: asked.stdout), "\(file)")
    }
  }

  /// Seconds since 1970 -> value; of two rows of one instant the later counts.
  private func samples(csv text: String) throws -> [Double: Double] {
    var result: [Double: Double] = [:]
    for line in text.split(whereSeparator: \.isNewline).dropFirst() {
      let cells = line.split(separator: ",")
      let stamp = cells[0].split(separator: " ").joined(separator: "T") + "Z"
      let time = try #require(RFC3339.parse(stamp))
      let value = try number(String(cells[1]))
      result[Double(time.seconds) + Double(time.nanoseconds) / 1e9] = value
    }
    return result
  }

  private func samples(answer text: String) throws -> [Double: Double] {
    var result: [Double: Double] = [:]
    for line in text.split(separator: "\n") {
      let cells = line.split(separator: ",")
      result[try number(String(cells[0]))] = try number(String(cells[cells.count - 1]))
    }
    return result
  }

  private func number(_ text: String) throws -> Double {
    guard let value = Double(text) else { throw Shell.Failure(description: "'\(text)': no number") }
    return value
  }
}
